/* SPDX-License-Identifier: Apache-2.0 */
/* Who the client is, and what only somebody may see. */
#include <errno.h>
#include <string.h>

#include "core/error.h"
#include "core/escape.h"
#include "web/application.h"
#include "web/visitor.h"

static void leave(void *arg)
{
    gale__visitor *visitor = arg;
    json_decref(visitor->user);
    visitor->user = NULL;
}

/* Takes the reference. */
static void keep_user(gale_handler *self, json_t *user)
{
    gale__visitor *visitor = self->visitor;
    json_decref(visitor->user);
    visitor->user = user;
    visitor->user_known = true;
    if (!user || visitor->leave.function)
        return;
    visitor->leave = (gale__defer){ .function = leave, .arg = visitor };
    gale__scope_defer_last(self->scope, &visitor->leave);
}

int gale_set_current_user(gale_handler *self, json_t *user)
{
    if (!gale__handler_visitor(self)) {
        json_decref(user);
        return -ENOMEM;
    }
    self->visitor->user_error = 0;
    keep_user(self, user);
    return 0;
}

static void remember_error(gale_handler *self, int error)
{
    self->visitor->user_error = error;
    if (error == GALE_EHTTP)
        self->failed = true;
    else if (error != GALE_ECANCELED && error != GALE_EFINISH)
        gale__handler_remember_failure(self, 500, "get_current_user: %s%s%s", gale_strerror(error),
                                       *gale_error_detail() ? ": " : "", gale_error_detail());
}

json_t *gale_current_user(gale_handler *self)
{
    if (!gale__handler_visitor(self)) {
        gale__handler_remember_failure(self, 500, "out of memory");
        return NULL;
    }
    if (self->visitor->user_known)
        return self->visitor->user;
    json_t *user = NULL;
    int result =
        self->type->slots.get_current_user ? self->type->slots.get_current_user(self, &user) : 0;
    if (result < 0) {
        json_decref(user);
        user = NULL;
        remember_error(self, result);
    }
    keep_user(self, user);
    return user;
}

/* ---- Only for somebody ----------------------------------------------------------------- */

/* As Python sees it. */
static bool is_somebody(const json_t *user)
{
    switch (user ? json_typeof(user) : JSON_NULL) {
    case JSON_OBJECT:
        return json_object_size(user) > 0;
    case JSON_ARRAY:
        return json_array_size(user) > 0;
    case JSON_STRING:
        return json_string_length(user) > 0;
    case JSON_INTEGER:
    case JSON_REAL:
        return json_number_value(user) != 0;
    case JSON_TRUE:
        return true;
    case JSON_FALSE:
    case JSON_NULL:
        break;
    }
    return false;
}

bool gale__visitor_is_somebody(gale_handler *self)
{
    return is_somebody(gale_current_user(self));
}

const char *gale_get_login_url(gale_handler *self)
{
    if (self->type->slots.get_login_url)
        return self->type->slots.get_login_url(self);
    const char *url = self->application->settings.login_url;
    if (gale__require_setting(url, "login_url", "gale_authenticated") >= 0)
        return url;
    gale__handler_remember_failure(self, 500, "%s", gale_error_detail());
    return NULL;
}

static bool reads_only(const gale_handler *self)
{
    gale__http_method method = self->request->head.method_id;
    return method == GALE__HTTP_METHOD_GET || method == GALE__HTTP_METHOD_HEAD;
}

/* RFC 3986 §3.1. */
static bool has_scheme(const char *url)
{
    size_t size = strspn(url, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-.");
    return size > 0 && url[size] == ':' && (url[0] | 0x20) >= 'a' && (url[0] | 0x20) <= 'z';
}

static int redirect_to_login(gale_handler *self)
{
    const char *url = gale_get_login_url(self);
    if (!url)
        return GALE_EHTTP;
    if (strchr(url, '?'))
        return gale_redirect(self, url, false);
    const char *next = has_scheme(url) ? gale_http_server_request_full_url(self->request)
                                       : gale_http_server_request_uri(self->request);
    if (!next)
        return -ENOMEM;
    gale__buffer whole;
    gale__buffer_init(&whole, SIZE_MAX);
    gale__buffer_printf(&whole, "%s?next=", url);
    int result = gale__url_escape(&whole, (gale_str){ next, strlen(next) }, true);
    if (result >= 0)
        result = gale_redirect(self, gale__buffer_str(&whole).data, false);
    gale__buffer_clear(&whole);
    return result;
}

int gale_authenticated(gale_handler *self)
{
    if (gale__visitor_is_somebody(self))
        return 0;
    if (self->visitor && self->visitor->user_error < 0)
        return self->visitor->user_error;
    if (self->failed)
        return GALE_EHTTP;
    if (!reads_only(self))
        return gale_http_error(self, 403, NULL);
    GALE_TRY(redirect_to_login(self));
    return GALE_EFINISH;
}

/* ---- Slashes --------------------------------------------------------------------------- */

/* Browsers take a backslash for a slash. */
static bool leads_elsewhere(gale_str path)
{
    return path.len > 1 && (path.data[1] == '/' || path.data[1] == '\\');
}

static int redirect_to_path(gale_handler *self, gale_str path, const char *slash)
{
    if (leads_elsewhere(path))
        return gale_http_error(self, 403, "cannot redirect path with two initial slashes");
    const char *query = gale_http_server_request_query(self->request);
    char *url = gale__arena_printf(gale__handler_arena(self), NULL, "%.*s%s%s%s", (int)path.len,
                                   path.data, slash, *query ? "?" : "", query);
    if (!url)
        return -ENOMEM;
    GALE_TRY(gale_redirect(self, url, true));
    return GALE_EFINISH;
}

int gale_addslash(gale_handler *self)
{
    gale_str path = self->request->head.path;
    if (path.len > 0 && path.data[path.len - 1] == '/')
        return 0;
    return reads_only(self) ? redirect_to_path(self, path, "/") : gale_http_error(self, 404, NULL);
}

int gale_removeslash(gale_handler *self)
{
    gale_str path = self->request->head.path;
    if (path.len == 0 || path.data[path.len - 1] != '/')
        return 0;
    if (!reads_only(self))
        return gale_http_error(self, 404, NULL);
    while (path.len > 0 && path.data[path.len - 1] == '/')
        path.len--;
    return path.len > 0 ? redirect_to_path(self, path, "") : 0;
}
