/* SPDX-License-Identifier: Apache-2.0 */
/* Cookies that the response sets. They wait beside the headers, so that one can be replaced, and so
 * that an error page, for which the headers are forgotten, still carries them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "platform/clock.h"
#include "proto/set_cookie.h"
#include "web/application.h"
#include "web/visitor.h"

enum { SECONDS_OF_A_DAY = 86400, DAYS_AGO = 365 };

gale__visitor *gale__handler_visitor(gale_handler *self)
{
    if (!self->visitor)
        self->visitor = gale__arena_calloc(gale__handler_arena(self), sizeof *self->visitor);
    return self->visitor;
}

int gale__require_setting(const char *value, const char *name, const char *feature)
{
    if (value && *value)
        return 0;
    return gale__fail(GALE_EINVALID,
                      "You must define the '%s' setting in your application to use %s", name,
                      feature);
}

/* ---- The list -------------------------------------------------------------------------- */

static int make_room(gale_handler *self, gale__visitor *visitor)
{
    enum { FIRST_CAPACITY = 4 };
    if (visitor->cookie_count < visitor->cookie_capacity)
        return 0;
    size_t capacity = visitor->cookie_capacity ? 2 * visitor->cookie_capacity : FIRST_CAPACITY;
    gale__new_cookie *cookies =
        gale__arena_alloc(gale__handler_arena(self), capacity * sizeof *cookies);
    if (!cookies)
        return -ENOMEM;
    if (visitor->cookie_count)
        memcpy(cookies, visitor->cookies, visitor->cookie_count * sizeof *cookies);
    visitor->cookies = cookies;
    visitor->cookie_capacity = capacity;
    return 0;
}

/* Takes out the one of that name, if it is among the first `count`. Returns how many it took. */
static size_t remove_cookie(gale__visitor *visitor, gale_str name, size_t count)
{
    gale__new_cookie *cookies = visitor->cookies;
    for (size_t i = 0; i < count; i++) {
        if (cookies[i].name.len != name.len ||
            memcmp(cookies[i].name.data, name.data, name.len) != 0)
            continue;
        memmove(&cookies[i], &cookies[i + 1], (--visitor->cookie_count - i) * sizeof *cookies);
        return 1;
    }
    return 0;
}

static int append_cookie(gale_handler *self, gale__visitor *visitor, gale_str name, gale_str line)
{
    GALE_TRY(make_room(self, visitor));
    char *copy = gale__arena_strdup(gale__handler_arena(self), line.data, line.len);
    if (!copy)
        return -ENOMEM;
    visitor->cookies[visitor->cookie_count++] =
        (gale__new_cookie){ { copy, name.len }, { copy, line.len } };
    return 0;
}

int gale__visitor_add_cookies(gale_handler *self)
{
    gale__visitor *visitor = self->visitor;
    if (visitor->cookies_added)
        return 0;
    for (size_t i = 0; i < visitor->cookie_count; i++) {
        gale_str line = visitor->cookies[i].line;
        gale_str name = gale__http_header_name(GALE__HTTP_SET_COOKIE);
        GALE_TRY(gale__http_headers_append(&self->headers, GALE__HTTP_SET_COOKIE, name.data,
                                           (uint32_t)name.len, line.data, (uint32_t)line.len));
    }
    visitor->cookies_added = true;
    return 0;
}

/* ---- One cookie ------------------------------------------------------------------------ */

static double now(void)
{
    return (double)gale__clock_wall() / 1e9;
}

/* Python's rule: a given time beats a number of days. */
static void set_expires(gale__set_cookie *cookie, double expires, double days)
{
    const double latest = 1e12; /* beyond the year 9999 */
    if (expires == 0 && days > 0)
        expires = now() + days * SECONDS_OF_A_DAY;
    if (expires == 0)
        return;
    cookie->expires = true;
    cookie->expires_at =
        expires < latest ? (int64_t)(expires > -latest ? expires : -latest) : (int64_t)latest;
}

static gale__set_cookie with_options(const char *name, gale_str value,
                                     const gale_cookie_options *options)
{
    static const gale_cookie_options defaults = { 0 };
    if (!options)
        options = &defaults;
    gale__set_cookie cookie = { .name = name,
                                .value = value,
                                .domain = options->domain,
                                .path = options->path ? options->path : "/",
                                .max_age = options->max_age,
                                .httponly = options->httponly,
                                .secure = options->secure,
                                .partitioned = options->partitioned,
                                .samesite = options->samesite };
    set_expires(&cookie, options->expires, options->expires_days);
    return cookie;
}

/* `known`: only so many cookies of the list can be of that name. */
static int set_among(gale_handler *self, const gale__set_cookie *cookie, size_t *known)
{
    gale__visitor *visitor = self->visitor;
    gale__buffer line;
    gale__buffer_init(&line, UINT32_MAX);
    int result = gale__set_cookie_write(&line, cookie);
    gale_str name = { cookie->name, strlen(cookie->name) };
    if (result >= 0)
        result = append_cookie(self, visitor, name, gale__buffer_str(&line));
    if (result >= 0)
        *known -= remove_cookie(visitor, name, *known);
    gale__buffer_clear(&line);
    return result;
}

static int set(gale_handler *self, const gale__set_cookie *cookie)
{
    if (!gale__handler_visitor(self))
        return -ENOMEM;
    return set_among(self, cookie, &(size_t){ self->visitor->cookie_count });
}

int gale_set_cookie(gale_handler *self, const char *name, const char *value,
                    const gale_cookie_options *options)
{
    if (!value)
        return gale__handler_no_text(self, "gale_set_cookie");
    gale__set_cookie cookie = with_options(name, (gale_str){ value, strlen(value) }, options);
    return set(self, &cookie);
}

/* ---- Clearing -------------------------------------------------------------------------- */

static int cleared(const char *name, const gale_cookie_options *options, gale__set_cookie *cookie)
{
    if (options && (options->expires != 0 || options->expires_days != 0 || options->max_age != 0))
        return gale__fail(GALE_EINVALID, "a cookie that is cleared ends at once");
    *cookie = with_options(name, GALE_STR(""), options);
    set_expires(cookie, now() - (double)DAYS_AGO * SECONDS_OF_A_DAY, 0);
    return 0;
}

int gale_clear_cookie(gale_handler *self, const char *name, const gale_cookie_options *options)
{
    gale__set_cookie cookie;
    GALE_TRY(cleared(name, options, &cookie));
    return set(self, &cookie);
}

static int compare_names(const gale_http_argument *a, const gale_http_argument *b)
{
    size_t size = a->name.len < b->name.len ? a->name.len : b->name.len;
    int order = memcmp(a->name.data, b->name.data, size);
    return order ? order : (a->name.len > b->name.len) - (a->name.len < b->name.len);
}

/* By name, then by place. */
static int compare_pairs(const void *a, const void *b)
{
    const gale_http_argument *const *first = a, *const *second = b;
    int order = compare_names(*first, *second);
    return order ? order : (*first > *second) - (*first < *second);
}

static int compare_places(const void *a, const void *b)
{
    const gale_http_argument *const *first = a, *const *second = b;
    return (*first > *second) - (*first < *second);
}

/* The cookies of the request with fit names, each name once, in the order in which they came. A
 * client may send thousands. */
static int different_cookies(gale_handler *self, const gale_http_argument ***ret_pairs)
{
    const gale_http_arguments *cookies = gale_http_server_request_cookies(self->request);
    if (!cookies)
        return -ENOMEM;
    size_t all = gale_http_arguments_count(cookies), count = 0, kept = 0;
    const gale_http_argument **pairs =
        gale__arena_alloc(gale__handler_arena(self), (all + 1) * sizeof(void *));
    if (!pairs)
        return -ENOMEM;
    for (size_t i = 0; i < all; i++) {
        const gale_http_argument *pair = gale_http_arguments_at(cookies, i);
        if (gale__cookie_name_valid(pair->name))
            pairs[count++] = pair;
    }
    qsort(pairs, count, sizeof *pairs, compare_pairs);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || compare_names(pairs[i], pairs[kept - 1]) != 0)
            pairs[kept++] = pairs[i];
    qsort(pairs, kept, sizeof *pairs, compare_places);
    *ret_pairs = pairs;
    return (int)kept;
}

int gale_clear_all_cookies(gale_handler *self, const gale_cookie_options *options)
{
    const gale_http_argument **pairs;
    int count = different_cookies(self, &pairs);
    GALE_TRY(count);
    if (!gale__handler_visitor(self))
        return -ENOMEM;
    size_t known = self->visitor->cookie_count;
    for (int i = 0; i < count; i++) {
        gale__set_cookie cookie;
        GALE_TRY(cleared(pairs[i]->name.data, options, &cookie));
        GALE_TRY(set_among(self, &cookie, &known));
    }
    return 0;
}
