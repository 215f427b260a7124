/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments from the query, the form, the path; cookies. Decoding as Tornado's. */
#include <errno.h>
#include <string.h>

#include "core/error.h"
#include "core/letters.h"
#include "core/utf8.h"
#include "web/handler.h"

enum { SHOWN_BYTES = 40 };

/* ---- Cleaning -------------------------------------------------------------------------- */

static const char *refuse(gale_handler *self, const char *name, gale_str value)
{
    int shown = value.len < SHOWN_BYTES ? (int)value.len : SHOWN_BYTES;
    gale__handler_remember_failure(self, 400, "Invalid unicode in %s: %.*s", name, shown,
                                   value.data);
    return NULL;
}

/* What the class makes of the bytes; NULL with a failure remembered. */
static const char *decode_by_class(gale_handler *self, const char *name, gale_str value)
{
    const char *text = self->type->slots.decode_argument(self, value, name);
    return text || self->failed ? text : refuse(self, name ? name : "url", value);
}

static const char *clean(gale_handler *self, const char *name, gale_str value)
{
    if (self->type->slots.decode_argument) {
        const char *decoded = decode_by_class(self, name, value);
        if (!decoded)
            return NULL;
        value = (gale_str){ decoded, strlen(decoded) };
    } else if (!gale__utf8_valid(value.data, value.len)) {
        return refuse(self, name, value);
    }
    char *text = gale__arena_strdup(gale__handler_arena(self), value.data, value.len);
    if (!text) {
        gale__handler_remember_failure(self, 500, "out of memory");
        return NULL;
    }
    for (size_t i = 0; i < value.len; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte <= 0x08 || (byte >= 0x0E && byte < 0x20))
            text[i] = ' ';
    }
    gale_str stripped = gale__strip((gale_str){ text, value.len });
    text[(size_t)(stripped.data - text) + stripped.len] = '\0';
    return stripped.data;
}

/* ---- Query and form -------------------------------------------------------------------- */

enum { QUERY = 1, BODY = 2 };

/* The parsed list, or NULL with the failure remembered. */
static const gale_http_arguments *list_of(gale_handler *self, int source)
{
    const gale_http_arguments *list = source == QUERY
                                          ? gale_http_server_request_query_arguments(self->request)
                                          : gale_http_server_request_body_arguments(self->request);
    if (!list && gale__handler_arena(self)->failed)
        gale__handler_remember_failure(self, 500, "out of memory");
    else if (!list)
        gale__handler_remember_failure(self, 400, "Invalid %s: %s",
                                       source == QUERY ? "query" : "body", gale_error_detail());
    return list;
}

/* The value that counts; *ret_found stays NULL when there is none. */
static int find_argument(gale_handler *self, const char *name, int sources,
                         const gale_str **ret_found)
{
    for (int source = BODY; source && !*ret_found; source >>= 1) {
        if (!(sources & source))
            continue;
        const gale_http_arguments *list = list_of(self, source);
        if (!list)
            return GALE_EHTTP;
        *ret_found = gale_http_arguments_get(list, name);
    }
    return 0;
}

gale_str gale_get_argument_str(gale_handler *self, const char *name)
{
    const gale_str *found = NULL;
    if (find_argument(self, name, QUERY | BODY, &found) < 0 || !found)
        return (gale_str){ NULL, 0 };
    return *found;
}

static int get_argument(gale_handler *self, const char *name, const char *default_value,
                        int sources, const char **ret_value)
{
    const gale_str *found = NULL;
    GALE_TRY(find_argument(self, name, sources, &found));
    if (found)
        return (*ret_value = clean(self, name, *found)) ? 0 : GALE_EHTTP;
    *ret_value = default_value;
    if (!default_value)
        gale__handler_remember_failure(self, 400, "Missing argument %s", name);
    return 0;
}

static const char *argument(gale_handler *self, const char *name, const char *default_value,
                            int sources)
{
    const char *value;
    return get_argument(self, name, default_value, sources, &value) < 0 ? NULL : value;
}

const char *gale_get_argument(gale_handler *self, const char *name, const char *default_value)
{
    return argument(self, name, default_value, QUERY | BODY);
}

const char *gale_get_query_argument(gale_handler *self, const char *name, const char *default_value)
{
    return argument(self, name, default_value, QUERY);
}

const char *gale_get_body_argument(gale_handler *self, const char *name, const char *default_value)
{
    return argument(self, name, default_value, BODY);
}

static size_t count_of(const gale_http_arguments *list, const char *name)
{
    size_t count = 0;
    while (gale_http_arguments_get_list(list, name, count))
        count++;
    return count;
}

static int get_arguments(gale_handler *self, const char *name, int sources,
                         const char *const **ret_values)
{
    const gale_http_arguments *lists[2] = { NULL, NULL };
    size_t counts[2] = { 0, 0 };
    for (int i = 0; i < 2; i++) {
        if (!(sources & (1 << i)))
            continue;
        if (!(lists[i] = list_of(self, 1 << i)))
            return GALE_EHTTP;
        counts[i] = count_of(lists[i], name);
    }
    size_t total = counts[0] + counts[1], at = 0;
    const char **values =
        gale__arena_calloc(gale__handler_arena(self), (total + 1) * sizeof *values);
    if (!values)
        return -ENOMEM;
    for (int i = 0; i < 2; i++)
        for (size_t j = 0; j < counts[i]; j++)
            if (!(values[at++] =
                      clean(self, name, *gale_http_arguments_get_list(lists[i], name, j))))
                return GALE_EHTTP;
    *ret_values = values;
    return (int)total;
}

int gale_get_arguments(gale_handler *self, const char *name, const char *const **ret_values)
{
    return get_arguments(self, name, QUERY | BODY, ret_values);
}

int gale_get_query_arguments(gale_handler *self, const char *name, const char *const **ret_values)
{
    return get_arguments(self, name, QUERY, ret_values);
}

int gale_get_body_arguments(gale_handler *self, const char *name, const char *const **ret_values)
{
    return get_arguments(self, name, BODY, ret_values);
}

/* ---- Path ------------------------------------------------------------------------------ */

size_t gale_path_arg_count(const gale_handler *self)
{
    return self->path_arguments->count;
}

gale_str gale_path_arg_str(gale_handler *self, size_t index)
{
    if (index >= self->path_arguments->count)
        return (gale_str){ NULL, 0 };
    return self->path_arguments->values[index];
}

/* As text: UTF-8 without a NUL. Path arguments are not stripped. */
static const char *path_text(gale_handler *self, size_t index, const char *name)
{
    gale_str value = self->path_arguments->values[index];
    if (!value.data)
        return NULL;
    if (self->type->slots.decode_argument)
        return decode_by_class(self, name, value);
    bool valid = gale__utf8_valid(value.data, value.len) && !memchr(value.data, 0, value.len);
    return valid ? value.data : refuse(self, name ? name : "url", value);
}

const char *gale_path_arg_at(gale_handler *self, size_t index)
{
    if (index < self->path_arguments->count)
        return path_text(self, index, NULL);
    gale__handler_remember_failure(self, 500, "the route has no group number %zu", index);
    return NULL;
}

const char *gale_path_arg(gale_handler *self, const char *name)
{
    const gale__path_arguments *arguments = self->path_arguments;
    for (size_t i = 0; arguments->count && arguments->pattern->group_names && i < arguments->count;
         i++)
        if (strcmp(arguments->pattern->group_names[i], name) == 0)
            return path_text(self, i, name);
    gale__handler_remember_failure(self, 500, "the route has no group named %s", name);
    return NULL;
}

int gale_path_arg_int(gale_handler *self, const char *name, int64_t *ret_number)
{
    const char *text = gale_path_arg(self, name);
    if (!text && self->failed)
        return GALE_EHTTP;
    uint64_t number;
    if (!text || gale__http_parse_int((gale_str){ text, strlen(text) }, &number) < 0)
        return gale_http_error(self, 404, NULL);
    *ret_number = (int64_t)number;
    return 0;
}

/* ---- Cookies --------------------------------------------------------------------------- */

const char *gale_get_cookie(gale_handler *self, const char *name, const char *default_value)
{
    const gale_http_arguments *cookies = gale_http_server_request_cookies(self->request);
    if (!cookies && gale__handler_arena(self)->failed) {
        gale__handler_remember_failure(self, 500, "out of memory");
        return NULL;
    }
    const gale_str *value = cookies ? gale_http_arguments_get(cookies, name) : NULL;
    return value ? value->data : default_value;
}
