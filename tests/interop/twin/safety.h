/* SPDX-License-Identifier: Apache-2.0 */
/* The twin's pages of cookies, users, tokens and ETags; safety.py is the same in Tornado. */
#ifndef TWIN_SAFETY_H
#define TWIN_SAFETY_H

#include <stdlib.h>
#include <string.h>

#include <gale/gale.h>

#define SAFETY_CLASS(class, ...)                                                                   \
    static const gale_handler_class class = { .name = #class, __VA_ARGS__ }
#define SAFETY_SECRET "It's a secret to everybody"

/* ---- Cookies --------------------------------------------------------------------------- */

static const char *argument_or_null(gale_handler *self, const char *name)
{
    const char *value = gale_get_argument(self, name, "");
    return value && *value ? value : NULL;
}

static int set_cookie(gale_handler *self)
{
    gale_cookie_options options = {
        .domain = argument_or_null(self, "domain"),
        .path = gale_get_argument(self, "path", "/"),
        .expires = atof(gale_get_argument(self, "expires", "0")),
        .expires_days = atof(gale_get_argument(self, "expires_days", "0")),
        .max_age = atoi(gale_get_argument(self, "max_age", "0")),
        .httponly = argument_or_null(self, "httponly") != NULL,
        .secure = argument_or_null(self, "secure") != NULL,
        .samesite = argument_or_null(self, "samesite"),
    };
    GALE_TRY(gale_set_cookie(self, gale_get_argument(self, "name", "a"),
                             gale_get_argument(self, "value", ""), &options));
    return gale_write(self, "ok");
}

SAFETY_CLASS(set_cookie_handler, .get = set_cookie, .head = set_cookie);

static int several_cookies(gale_handler *self)
{
    GALE_TRY(gale_set_cookie(self, "a", "1", NULL));
    GALE_TRY(gale_set_cookie(self, "b", "2", NULL));
    return gale_set_cookie(self, "a", "3", &(gale_cookie_options){ .domain = "x" });
}

static int several(gale_handler *self)
{
    const char *how = gale_get_argument(self, "how", "");
    GALE_TRY(several_cookies(self));
    if (strcmp(how, "error") == 0)
        return gale_http_error(self, 403, NULL);
    if (strcmp(how, "send_error") == 0)
        return gale_send_error(self, 404);
    if (strcmp(how, "redirect") == 0)
        return gale_redirect(self, "/", false);
    if (strcmp(how, "clear") == 0)
        GALE_TRY(gale_clear(self));
    if (strcmp(how, "status") == 0)
        return gale_set_status(self, 204, NULL);
    GALE_TRY(gale_write(self, "one"));
    if (strcmp(how, "flush") == 0)
        GALE_TRY(gale_flush(self));
    return gale_write(self, "two");
}

SAFETY_CLASS(several_handler, .get = several, .head = several);

static int clear_cookies(gale_handler *self)
{
    GALE_TRY(gale_set_cookie(self, "a", "new", NULL));
    GALE_TRY(gale_clear_cookie(self, "one", &(gale_cookie_options){ .path = "/x", .domain = "d" }));
    GALE_TRY(gale_clear_all_cookies(self, NULL));
    return gale_write(self, "ok");
}

SAFETY_CLASS(clear_cookies_handler, .get = clear_cookies);

static int get_signed(gale_handler *self)
{
    gale_signed_value_options options = { .max_age_days = 100000,
                                          .min_version =
                                              atoi(gale_get_argument(self, "min", "1")) };
    const char *value = gale_get_signed_cookie(self, "key", &options);
    int version = gale_get_signed_cookie_key_version(self, "key", NULL);
    return gale_writef(self, "%s %d", value ? value : "None", version < 0 ? -1 : version);
}

static int set_signed(gale_handler *self)
{
    gale_cookie_options options = { .httponly = true,
                                    .signed_version =
                                        atoi(gale_get_argument(self, "version", "2")) };
    return gale_set_signed_cookie(self, "key", gale_get_argument(self, "value", ""), &options);
}

SAFETY_CLASS(signed_handler, .get = get_signed);
SAFETY_CLASS(set_signed_handler, .get = set_signed);

/* ---- Users ----------------------------------------------------------------------------- */

static int user_of_argument(gale_handler *self, json_t **ret_user)
{
    const char *user = gale_get_argument(self, "user", "");
    *ret_user = user ? json_string(user) : NULL;
    return 0;
}

static const char *login_of_argument(gale_handler *self)
{
    return gale_get_argument(self, "login", "/login");
}

static int secret_page(gale_handler *self)
{
    GALE_TRY(gale_authenticated(self));
    return gale_writef(self, "secret of %s", json_string_value(gale_current_user(self)));
}

SAFETY_CLASS(secret_handler, .get = secret_page, .head = secret_page, .post = secret_page,
             .get_current_user = user_of_argument, .get_login_url = login_of_argument);

static int with_slash(gale_handler *self)
{
    GALE_TRY(gale_addslash(self));
    return gale_write(self, "with");
}

static int without_slash(gale_handler *self)
{
    GALE_TRY(gale_removeslash(self));
    return gale_write(self, "without");
}

SAFETY_CLASS(addslash_handler, .get = with_slash, .head = with_slash, .post = with_slash);
SAFETY_CLASS(removeslash_handler, .get = without_slash, .head = without_slash,
             .post = without_slash);

/* ---- Tokens ---------------------------------------------------------------------------- */

static int token(gale_handler *self)
{
    return gale_write(self, gale_xsrf_token(self));
}

static int token_form(gale_handler *self)
{
    return gale_write(self, gale_xsrf_form_html(self));
}

static int posted(gale_handler *self)
{
    return gale_write(self, "posted");
}

SAFETY_CLASS(token_handler, .get = token, .post = posted, .put = posted, .delete_ = posted,
             .patch = posted, .options = posted, .head = posted,
             .get_current_user = user_of_argument);
SAFETY_CLASS(token_form_handler, .get = token_form);

static int not_checked(gale_handler *self)
{
    (void)self;
    return 0;
}

SAFETY_CLASS(unchecked_handler, .post = posted, .check_xsrf_cookie = not_checked);

/* ---- ETags ----------------------------------------------------------------------------- */

static int etag_page(gale_handler *self)
{
    const char *status = gale_get_argument(self, "status", "200");
    const char *own = argument_or_null(self, "own");
    GALE_TRY(gale_set_status(self, atoi(status), NULL));
    if (own)
        GALE_TRY(gale_set_header(self, "Etag", own));
    GALE_TRY(gale_set_header(self, "Content-Language", "en"));
    return gale_write(self, gale_get_argument(self, "body", "Hello, world"));
}

SAFETY_CLASS(etag_handler, .get = etag_page, .head = etag_page, .post = etag_page,
             .compute_etag = gale_compute_etag);

static const char *given_etag(gale_handler *self)
{
    return argument_or_null(self, "etag");
}

SAFETY_CLASS(given_etag_handler, .get = etag_page, .compute_etag = given_etag);

#define SAFETY_ROUTES                                                                              \
    { .pattern = "/set_cookie", .handler = &set_cookie_handler },                                  \
        { .pattern = "/several", .handler = &several_handler },                                    \
        { .pattern = "/clear_cookies", .handler = &clear_cookies_handler },                        \
        { .pattern = "/signed", .handler = &signed_handler },                                      \
        { .pattern = "/set_signed", .handler = &set_signed_handler },                              \
        { .pattern = "/secret", .handler = &secret_handler },                                      \
        { .pattern = "/slash.*", .handler = &addslash_handler },                                   \
        { .pattern = "/noslash.*", .handler = &removeslash_handler },                              \
        { .pattern = "//evil.*", .handler = &addslash_handler },                                   \
        { .pattern = "/token", .handler = &token_handler },                                        \
        { .pattern = "/token_form", .handler = &token_form_handler },                              \
        { .pattern = "/unchecked", .handler = &unchecked_handler },                                \
        { .pattern = "/etag", .handler = &etag_handler },                                          \
    {                                                                                              \
        .pattern = "/given_etag", .handler = &given_etag_handler                                   \
    }

static bool is_option(const char *argument, const char *name, const char **ret_value);

/* Settings that are the same in every run, and those that are options. */
static void safety_settings(gale_application_settings *settings)
{
    settings->cookie_secret = SAFETY_SECRET;
    settings->login_url = "/login";
}

static bool set_safety_option(gale_application_settings *settings, const char *argument)
{
    const char *value;
    if (is_option(argument, "xsrf_cookies", &value))
        settings->xsrf_cookies = atoi(value) != 0;
    else if (is_option(argument, "xsrf_cookie_version", &value))
        settings->xsrf_cookie_version = atoi(value);
    else
        return false;
    return true;
}

#endif
