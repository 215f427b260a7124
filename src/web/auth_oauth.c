/* SPDX-License-Identifier: Apache-2.0 */
/* OAuth 1.0 and 1.0a. The cookie between the two pages is Tornado's. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base64.h"
#include "core/digest.h"
#include "core/error.h"
#include "platform/clock.h"
#include "proto/oauth1.h"
#include "web/auth.h"

static const char COOKIE[] = "_oauth_request_token";

/* ---- Signed requests ------------------------------------------------------------------- */

static json_t *make_nonce(void)
{
    unsigned char bytes[16];
    char text[32];
    if (gale__random(bytes, sizeof bytes) < 0)
        return NULL;
    gale__hex_encode(text, bytes, sizeof bytes);
    return json_stringn(text, sizeof text);
}

/* Those of OAuth but for the signature; NULL when out of memory. */
static json_t *base_parameters(const gale_oauth_options *options, const json_t *token)
{
    json_t *base =
        json_pack("{s:s, s:s, s:o, s:o, s:s}", "oauth_consumer_key", options->consumer_key,
                  "oauth_signature_method", "HMAC-SHA1", "oauth_timestamp",
                  json_sprintf("%lld", (long long)(gale__clock_wall() / 1000000000)), "oauth_nonce",
                  make_nonce(), "oauth_version", "1.0");
    if (base && token && json_object_set(base, "oauth_token", json_object_get(token, "key")) < 0) {
        json_decref(base);
        return NULL;
    }
    return base;
}

/* Adds the signature to `base`; `more` are signed, too. */
static int sign(const gale_oauth_options *options, const char *method, const char *url,
                const json_t *token, json_t *base, const json_t *more)
{
    json_t *all = json_copy(base);
    gale__oauth1_request request = { .method = method,
                                     .url = url,
                                     .parameters = all,
                                     .consumer_secret = options->consumer_secret,
                                     .token_secret = gale__auth_text(token, "secret"),
                                     .plain_secrets = options->version_1_0 };
    gale__buffer text;
    gale__buffer_init(&text, SIZE_MAX);
    int result = all && json_object_update(all, (json_t *)(uintptr_t)more) == 0 ? 0 : -ENOMEM;
    if (result >= 0)
        result = gale__oauth1_sign(&text, &request);
    if (result >= 0 &&
        json_object_set_new(base, "oauth_signature", json_string(gale__buffer_str(&text).data)) < 0)
        result = -ENOMEM;
    gale__buffer_clear(&text);
    json_decref(all);
    return result;
}

json_t *gale_oauth_request_parameters(const gale_oauth_options *options, const char *method,
                                      const char *url, const json_t *access_token,
                                      const json_t *parameters)
{
    json_t *base = base_parameters(options, access_token), *none = json_object();
    if (base &&
        sign(options, method, url, access_token, base, parameters ? parameters : none) < 0) {
        json_decref(base);
        base = NULL;
    }
    json_decref(none);
    return base;
}

/* `args` and `form` (NULL: none) together; NULL when out of memory. */
static json_t *join(json_t *args, json_t *form)
{
    json_t *all = json_object();
    if (all && (!args || json_object_update(all, args) == 0) &&
        (!form || json_object_update(all, form) == 0))
        return all;
    json_decref(all);
    return NULL;
}

/* The URL with `args` (NULL: none), and a signature over them and the form (NULL: none). */
static int signed_url(gale_handler *self, const gale_oauth_options *options, const char *url,
                      const json_t *token, json_t *args, json_t *form, const char **ret_url)
{
    json_t *all = join(args, form);
    if (!all)
        return -ENOMEM;
    json_t *signature =
        gale_oauth_request_parameters(options, form ? "POST" : "GET", url, token, all);
    json_decref(all);
    if (!signature)
        return GALE_EINVALID;
    json_t *query = join(args, signature);
    json_decref(signature);
    int result = query ? gale__auth_url(self, url, query, ret_url) : -ENOMEM;
    json_decref(query);
    return result;
}

int gale_oauth_request(gale_handler *self, const gale_oauth_options *options, const char *url,
                       const json_t *access_token, json_t *args, json_t *post_args,
                       json_t **ret_answer)
{
    gale__auth_question question = { .client = options->http_client,
                                     .post = post_args != NULL,
                                     .form = post_args };
    *ret_answer = NULL;
    int result = signed_url(self, options, url, access_token, args, post_args, &question.url);
    if (result >= 0)
        result = gale__auth_ask_service(self, &question, ret_answer);
    json_decref(args);
    json_decref(post_args);
    return result;
}

/* ---- Tokens ---------------------------------------------------------------------------- */

/* What a provider answers: a form. *ret_token is an object with `key`, `secret` and the others. */
static int read_token(gale_str body, json_t **ret_token)
{
    gale_http_arguments *form;
    json_t *token = json_object();
    GALE_TRY(gale_http_arguments_parse(body, 0, &form));
    const gale_http_argument *pair;
    for (size_t i = 0; (pair = gale_http_arguments_at(form, i)); i++) {
        const char *name = !strcmp(pair->name.data, "oauth_token")          ? "key"
                           : !strcmp(pair->name.data, "oauth_token_secret") ? "secret"
                                                                            : pair->name.data;
        if (pair->value.len && !json_object_get(token, name))
            json_object_set_new(token, name, json_stringn(pair->value.data, pair->value.len));
    }
    gale_http_arguments_free(form);
    *ret_token = token;
    if (gale__auth_text(token, "key") && gale__auth_text(token, "secret"))
        return 0;
    json_decref(token);
    return gale__fail(GALE_EINPUT, "the provider has answered with what is no token");
}

static int ask_for_token(gale_handler *self, const gale_oauth_options *options, const char *url,
                         const json_t *with, json_t *args, int *ret_status, json_t **ret_token)
{
    gale__auth_question question = { .client = options->http_client };
    gale_str body = { NULL, 0 };
    GALE_TRY(signed_url(self, options, url, with, args, NULL, &question.url));
    GALE_TRY(gale__auth_ask(self, &question, ret_status, &body));
    return *ret_status / 100 == 2 ? read_token(body, ret_token) : 0;
}

/* ---- Leading to the provider ----------------------------------------------------------- */

/* Base64 of key and secret, with "|" between them. */
static int remember(gale_handler *self, const json_t *token)
{
    const json_t *key = json_object_get(token, "key"), *secret = json_object_get(token, "secret");
    size_t key_size = gale__base64_size(json_string_length(key));
    size_t secret_size = gale__base64_size(json_string_length(secret));
    char *text = gale__arena_alloc(gale__handler_arena(self), key_size + secret_size + 2);
    if (!text)
        return -ENOMEM;
    gale__base64_encode(text, json_string_value(key), json_string_length(key));
    text[key_size] = '|';
    gale__base64_encode(text + key_size + 1, json_string_value(secret), json_string_length(secret));
    text[key_size + 1 + secret_size] = '\0';
    return gale_set_cookie(self, COOKIE, text,
                           &(gale_cookie_options){ .httponly = true, .samesite = "Lax" });
}

static bool is_out_of_band(const gale_oauth_options *options)
{
    return options->callback_uri && !strcmp(options->callback_uri, "oob");
}

/* `callback` is NULL when the provider knows it. */
static int find_callback(gale_handler *self, const gale_oauth_options *options,
                         const char **callback)
{
    *callback = options->callback_uri;
    return *callback && !is_out_of_band(options)
               ? gale__auth_own_url(self, options->callback_uri, callback)
               : 0;
}

static int ask_for_request_token(gale_handler *self, const gale_oauth_options *options,
                                 const char *callback, json_t **ret_token)
{
    int status = 0;
    json_t *args = callback && !options->version_1_0
                       ? json_pack("{s:s}", "oauth_callback", callback)
                       : json_object();
    int result = args ? 0 : -ENOMEM;
    if (result >= 0 && !options->version_1_0)
        result = gale__auth_add_extra(args, options->extra_params);
    if (result >= 0)
        result = ask_for_token(self, options, options->request_token_url, NULL, args, &status,
                               ret_token);
    json_decref(args);
    if (result < 0)
        return result;
    return *ret_token ? 0 : gale__auth_refused(self, options->request_token_url, status);
}

static int lead(gale_handler *self, const gale_oauth_options *options, const json_t *token,
                const char *callback)
{
    const char *url = NULL;
    bool tell = callback && !is_out_of_band(options);
    json_t *args = json_pack("{s:O, s:s*}", "oauth_token", json_object_get(token, "key"),
                             "oauth_callback", tell ? callback : NULL);
    int result = args ? gale__auth_url(self, options->authorize_url, args, &url) : -ENOMEM;
    json_decref(args);
    GALE_TRY(result);
    if (!is_out_of_band(options))
        return gale_redirect(self, url, false);
    GALE_TRY(gale_write(self, url));
    return gale_finish(self);
}

int gale_oauth_authorize_redirect(gale_handler *self, const gale_oauth_options *options)
{
    const char *callback = NULL;
    json_t *token = NULL;
    GALE_TRY(find_callback(self, options, &callback));
    GALE_TRY(ask_for_request_token(self, options, callback, &token));
    int result = remember(self, token);
    if (result >= 0)
        result = lead(self, options, token, callback);
    json_decref(token);
    return result;
}

/* ---- Coming back ----------------------------------------------------------------------- */

/* Half of the cookie, as JSON; NULL when it is none. */
static json_t *decode_half(gale_handler *self, gale_str half)
{
    size_t size;
    char *bytes = gale__arena_alloc(gale__handler_arena(self), half.len + 1);
    if (!bytes || gale__base64_decode(bytes, half, &size) < 0)
        return NULL;
    return json_stringn(bytes, size);
}

/* *ret_token is an object with `key` and `secret`. */
static int recall(gale_handler *self, const char *key, json_t **ret_token)
{
    const char *cookie = gale_get_cookie(self, COOKIE, "");
    const char *bar = cookie ? strchr(cookie, '|') : NULL;
    if (!cookie || !*cookie)
        return gale_http_error(self, 403, "Missing OAuth request token cookie");
    GALE_TRY(gale_clear_cookie(self, COOKIE, NULL));
    json_t *token =
        bar ? json_pack("{s:o, s:o}", "key",
                        decode_half(self, (gale_str){ cookie, (size_t)(bar - cookie) }), "secret",
                        decode_half(self, (gale_str){ bar + 1, strlen(bar + 1) }))
            : NULL;
    const char *known = gale__auth_text(token, "key");
    if (known && gale__equal_in_constant_time((gale_str){ known, strlen(known) },
                                              (gale_str){ key, strlen(key) })) {
        *ret_token = token;
        return 0;
    }
    json_decref(token);
    return gale_http_error(self, 403, "Request token does not match cookie");
}

static int exchange(gale_handler *self, const gale_oauth_options *options,
                    const json_t *request_token, const char *verifier, json_t **ret_token)
{
    int status = 0;
    json_t *token = NULL;
    json_t *args = json_pack("{s:s*}", "oauth_verifier", *verifier ? verifier : NULL);
    int result = args ? ask_for_token(self, options, options->access_token_url, request_token, args,
                                      &status, &token)
                      : -ENOMEM;
    json_decref(args);
    GALE_TRY(result);
    if (!token)
        return gale_http_error(self, 403, "the provider gives no token: %d", status);
    return gale__auth_keep(self, token, ret_token);
}

int gale_oauth_get_authenticated_user(gale_handler *self, const gale_oauth_options *options,
                                      json_t **ret_user)
{
    const char *key = gale_get_argument(self, "oauth_token", NULL);
    const char *verifier = gale_get_argument(self, "oauth_verifier", "");
    json_t *request_token = NULL, *access_token = NULL, *user = NULL;
    *ret_user = NULL;
    if (!key || !verifier)
        return GALE_EHTTP;
    if (!options->get_user)
        return gale__fail(GALE_EINVALID, "OAuth needs get_user");
    GALE_TRY(recall(self, key, &request_token));
    int result = exchange(self, options, request_token, verifier, &access_token);
    json_decref(request_token);
    GALE_TRY(result);
    result = options->get_user(self, options, access_token, &user);
    if (result >= 0 && !json_is_object(user))
        result = gale_http_error(self, 403, "Error getting user");
    if (result >= 0 && json_object_set(user, "access_token", access_token) < 0)
        result = -ENOMEM;
    if (result >= 0)
        return gale__auth_keep(self, user, ret_user);
    json_decref(user);
    return result;
}
