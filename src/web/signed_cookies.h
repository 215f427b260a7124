/* SPDX-License-Identifier: Apache-2.0 */
/* What an application signs with. */
#ifndef GALE_WEB_SIGNED_COOKIES_H
#define GALE_WEB_SIGNED_COOKIES_H

#include <gale/web.h>

/* Says of settings that cannot work why; GALE_EINVALID. */
int gale__check_secrets(const gale_application_settings *settings);

#endif
