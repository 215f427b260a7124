/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a handler knows of who asks, and tells him to remember: cookies to set, the current user,
 * the XSRF token. Most handlers need none of it, and have none.
 */
#ifndef GALE_WEB_VISITOR_H
#define GALE_WEB_VISITOR_H

#include "web/handler.h"

/* A cookie to set, as it is sent. */
typedef struct gale__new_cookie {
    gale_str name;
    gale_str line; /* the header's value; begins with the name */
} gale__new_cookie;

typedef struct gale__visitor {
    gale__new_cookie *cookies;
    size_t cookie_count, cookie_capacity;
    bool cookies_added; /* to the headers */
    bool user_known;
    json_t *user;   /* NULL: nobody */
    int user_error; /* of get_current_user */
    gale__defer leave;
    const char *xsrf_token; /* NULL until asked for */
    gale_str xsrf_raw;      /* data NULL until it is known */
    bool xsrf_sent;         /* it came with the request's cookie */
    int64_t xsrf_time;      /* when it was made, in seconds since 1970 */
} gale__visitor;

/* The handler's; made when there is none. NULL when out of memory. */
gale__visitor *gale__handler_visitor(gale_handler *self);
/* Adds the cookies to the headers, once for all: clearing the headers makes it possible again. */
GALE__APART int gale__visitor_add_cookies(gale_handler *self);

/* gale_authenticated's question. May suspend. */
bool gale__visitor_is_somebody(gale_handler *self);

/* A setting that a call cannot do without. Returns GALE_EINVALID with a detail when it is NULL or
 * empty. */
int gale__require_setting(const char *value, const char *name, const char *feature);

#endif
