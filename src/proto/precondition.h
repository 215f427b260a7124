/* SPDX-License-Identifier: Apache-2.0 */
/* Conditional requests (RFC 9110 §13), for a GET or HEAD of what is there. */
#ifndef GALE_PROTO_PRECONDITION_H
#define GALE_PROTO_PRECONDITION_H

#include <gale/core.h>

/* What the response says of itself. */
typedef struct gale__validators {
    const char *etag; /* NULL: it has none */
    bool has_modified;
    int64_t modified; /* Unix time in seconds */
} gale__validators;

/* The values of request headers; NULL: not there. A date that is none counts as not there. */

/* §13.1.1 and §13.1.4: the answer is 412. */
bool gale__precondition_fails(const char *if_match, const char *if_unmodified_since,
                              const gale__validators *validators);
/* §13.1.2 and §13.1.3: the answer is 304. */
bool gale__not_modified(const char *if_none_match, const char *if_modified_since,
                        const gale__validators *validators);
/* §13.1.5: the client's parts are of what is there now, so that Range counts. A date tells that
 * only of what has been left alone for a second by `now` (Unix time). */
bool gale__if_range_holds(const char *if_range, const gale__validators *validators, int64_t now);

#endif
