/* SPDX-License-Identifier: Apache-2.0 */
/* Handler classes that only want an argument: an error, a redirect, a fallback. */
#include <errno.h>
#include <string.h>

#include "core/error.h"
#include "web/handler.h"

static void *route_argument(gale_handler *self, const gale_handler_class *of_class)
{
    return *(void **)gale_handler_state(self, of_class);
}

/* The state of each of these classes is the route's argument. */
#define KEEP_ARGUMENT(name, of_class)                                                              \
    static int name(gale_handler *self, void *arg)                                                 \
    {                                                                                              \
        *(void **)gale_handler_state(self, &(of_class)) = arg;                                     \
        return 0;                                                                                  \
    }

/* ---- An error -------------------------------------------------------------------------- */

KEEP_ARGUMENT(error_initialize, gale_error_handler)

static int error_prepare(gale_handler *self)
{
    const int *status = route_argument(self, &gale_error_handler);
    return gale_http_error(self, status ? *status : 404, NULL);
}

/* The error is told, whoever asks. */
static int error_check_xsrf_cookie(gale_handler *self)
{
    (void)self;
    return 0;
}

const gale_handler_class gale_error_handler = { .name = "error handler",
                                                .state_size = sizeof(void *),
                                                .initialize = error_initialize,
                                                .check_xsrf_cookie = error_check_xsrf_cookie,
                                                .prepare = error_prepare };

/* ---- A redirect ------------------------------------------------------------------------ */

KEEP_ARGUMENT(redirect_initialize, gale_redirect_handler)

/* The path argument that the text between two braces names. */
static const char *named_argument(gale_handler *self, const char *name, size_t size)
{
    char *copy = gale__arena_strdup(gale__handler_arena(self), name, size);
    if (!copy)
        return NULL;
    char *end;
    unsigned long index = strtoul(copy, &end, 10);
    return *copy >= '0' && *copy <= '9' && !*end ? gale_path_arg_at(self, index)
                                                 : gale_path_arg(self, copy);
}

/* Appends what begins at *at: a doubled brace, a reference, or text up to the next brace. */
static int append_piece(gale_handler *self, gale__buffer *out, const char **at)
{
    const char *text = *at;
    size_t size = strcspn(text, "{}");
    if (size > 0) {
        *at += size;
        return gale__buffer_append(out, text, size);
    }
    if (text[0] == text[1]) {
        *at += 2;
        return gale__buffer_append_char(out, *text);
    }
    const char *end = strchr(text, '}');
    if (*text == '}' || !end)
        return gale__fail(GALE_EINVALID, "redirect to %s: a single brace", text);
    const char *value = named_argument(self, text + 1, (size_t)(end - text - 1));
    *at = end + 1;
    if (!value)
        return gale__fail(GALE_EINVALID, "redirect to %s: no such path argument", text);
    return gale__buffer_append(out, value, strlen(value));
}

static int add_query(gale_handler *self, const char *url, gale_bytes **ret_url)
{
    const gale_http_arguments *query = gale_http_server_request_query_arguments(self->request);
    if (!query)
        return gale_http_error(self, 400, "%s", gale_error_detail());
    size_t count = gale_http_arguments_count(query);
    const gale_http_argument *first = count ? gale_http_arguments_at(query, 0) : NULL;
    *ret_url = gale_url_concat(url, first, count);
    return *ret_url ? 0 : -ENOMEM;
}

static int redirect(gale_handler *self, const char *url, bool permanent)
{
    gale_bytes *whole = NULL;
    GALE_TRY(add_query(self, url, &whole));
    int result = gale_redirect(self, gale_bytes_str(whole).data, permanent);
    gale_bytes_unref(whole);
    return result;
}

static int redirect_get(gale_handler *self)
{
    const gale_redirect_options *options = route_argument(self, &gale_redirect_handler);
    if (!options || !options->url)
        return gale__fail(GALE_EINVALID, "a route to gale_redirect_handler needs a URL as its arg");
    gale__buffer url;
    gale__buffer_init(&url, SIZE_MAX);
    int result = 0;
    for (const char *at = options->url; *at && result >= 0;)
        result = append_piece(self, &url, &at);
    if (result >= 0)
        result = redirect(self, gale__buffer_str(&url).data, !options->temporary);
    gale__buffer_clear(&url);
    return result;
}

const gale_handler_class gale_redirect_handler = { .name = "redirect handler",
                                                   .state_size = sizeof(void *),
                                                   .initialize = redirect_initialize,
                                                   .get = redirect_get };

/* ---- A fallback ------------------------------------------------------------------------ */

KEEP_ARGUMENT(fallback_initialize, gale_fallback_handler)

static int fallback_prepare(gale_handler *self)
{
    const gale_fallback_options *options = route_argument(self, &gale_fallback_handler);
    if (!options || !options->callback)
        return gale__fail(GALE_EINVALID,
                          "a route to gale_fallback_handler needs a callback as its arg");
    GALE_TRY(options->callback(self->request, options->arg));
    gale_http_connection *left = gale_http_server_request_connection(self->request);
    if (left && left->headers_written) {
        gale__http_exchange_abandon(left);
        gale__handler_give_away(self);
    }
    if (left)
        return gale__fail(GALE_ESTATE, "a fallback returned without a whole answer");
    gale__handler_give_away(self);
    return 0;
}

const gale_handler_class gale_fallback_handler = { .name = "fallback handler",
                                                   .state_size = sizeof(void *),
                                                   .initialize = fallback_initialize,
                                                   .prepare = fallback_prepare };
