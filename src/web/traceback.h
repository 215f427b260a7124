/* SPDX-License-Identifier: Apache-2.0 */
/* What an error page tells with the setting serve_traceback. */
#ifndef GALE_WEB_TRACEBACK_H
#define GALE_WEB_TRACEBACK_H

#include <gale/web.h>

/* Remembers what each request logs. Around all other filters. */
extern const gale_filter_class gale__traceback_filter;

/* Writes the page for an error that is not only a status. */
int gale__traceback_write(gale_handler *self, int status, int error);

#endif
