/* SPDX-License-Identifier: Apache-2.0 */
/* Dates as HTTP writes them (RFC 9110 §5.6.7), without the C library's locale. */
#ifndef GALE_CORE_DATE_H
#define GALE_CORE_DATE_H

#include <gale/core.h>

enum { GALE__HTTP_DATE_SIZE = 29 }; /* "Sun, 06 Nov 1994 08:49:37 GMT" */

/* Writes exactly GALE__HTTP_DATE_SIZE bytes and no NUL. Years 1 to 9999; others are clamped. */
void gale__http_date_format(int64_t unix_seconds, char *out);
/* All three forms of RFC 9110 §5.6.7. GALE_EINPUT when it is none of them. */
int gale__http_date_parse(gale_str text, int64_t *ret_unix_seconds);
/* `month` is 1 to 12. GALE_EINPUT when there is no such day; `second_of_day` is just added. */
int gale__date_seconds(int year, int month, int day, int second_of_day, int64_t *ret_unix_seconds);

#endif
