/* SPDX-License-Identifier: Apache-2.0 */
/* The dates of cookies, in whatever form servers write them (RFC 6265 §5.1.1). */
#ifndef GALE_PROTO_COOKIE_DATE_H
#define GALE_PROTO_COOKIE_DATE_H

#include <gale/core.h>

/* GALE_EINPUT when time, day, month or year is missing or there is no such day. */
int gale__cookie_date_parse(gale_str text, int64_t *ret_unix_seconds);

#endif
