/* SPDX-License-Identifier: Apache-2.0 */
/* The header Forwarded: RFC 7239. */
#ifndef GALE_PROTO_FORWARDED_H
#define GALE_PROTO_FORWARDED_H

#include <gale/core.h>

/* One element, views of the header; `data` NULL for what it does not say. */
typedef struct gale__forwarded {
    gale_str node; /* for= */
    gale_str protocol;
    gale_str host;
} gale__forwarded;

/* Takes the element at the front of *value. Returns 1, 0 at the end, or GALE_EINPUT; a backslash in
 * a quoted string is malformed, too, since nothing that is asked for has use for one. */
int gale__forwarded_next(gale_str *value, gale__forwarded *ret_element);
/* The address of a node, without its port and brackets; `data` NULL for "unknown" and for hidden
 * ones. It is not checked. */
gale_str gale__forwarded_address(gale_str node);

#endif
