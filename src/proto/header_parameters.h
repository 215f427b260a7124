/* SPDX-License-Identifier: Apache-2.0 */
/* Header values of the form `value; name=text; name="text"`, such as Content-Disposition. */
#ifndef GALE_PROTO_HEADER_PARAMETERS_H
#define GALE_PROTO_HEADER_PARAMETERS_H

#include "core/arena.h"

/* What stands before the first ";", without white space around it. A view. */
gale_str gale__header_value(gale_str header);

/*
 * The parameter `name` (lower case), as Tornado's parse has it: the last of that name; quotes and
 * \" \\ undone; `name*=charset'language'text` (RFC 5987) and parts `name*0=`, `name*1*=` (RFC 2231)
 * put together, and preferred to a plain one. UTF-8, US-ASCII and ISO-8859-1 are decoded; what is
 * invalid, or of another charset and no UTF-8, becomes U+FFFD. Takes time linear in the header.
 *
 * *ret_text is a NUL-terminated copy in `arena`; its `data` is NULL when there is no such
 * parameter. Returns 0; GALE_EINPUT for more than 100 parts, and for a decoded control character
 * other than TAB; -ENOMEM.
 */
int gale__header_parameter(gale__arena *arena, gale_str header, const char *name,
                           gale_str *ret_text);

#endif
