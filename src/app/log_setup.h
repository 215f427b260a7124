/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GALE_APP_LOG_SETUP_H
#define GALE_APP_LOG_SETUP_H

#include <gale/log.h>

/* The options with what their zeroes stand for. */
gale_log_options gale__log_options_complete(const gale_log_options *options);
/* Undoes gale_enable_pretty_logging, but for the level. */
void gale__log_setup_end(void);

#endif
