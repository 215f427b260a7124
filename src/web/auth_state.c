/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is remembered between the page that leads to a provider and the one that it leads back to,
 * in a signed cookie of the browser that began: nobody else can end what it began. RFC 9700 §2.1.
 */
#include <errno.h>
#include <string.h>

#include "core/base64.h"
#include "core/digest.h"
#include "core/error.h"
#include "web/auth.h"

static const char COOKIE[] = "_oauth2_state";
enum { SECONDS = 600, NEXT_MAX = 1000, SAID_MAX = 200 };

static const gale_cookie_options cookie_options = {
    .max_age = SECONDS, .expires_days = GALE_NONE, .httponly = true, .samesite = "Lax"
};

/* ---- Beginning ------------------------------------------------------------------------- */

static json_t *random_text(void)
{
    unsigned char bytes[32];
    char text[GALE__AUTH_RANDOM + 1];
    if (gale__random(bytes, sizeof bytes) < 0)
        return NULL;
    return json_stringn(text, gale__base64url_encode(text, bytes, sizeof bytes));
}

/* Browsers take "/\" for "//", and skip what strpbrk finds besides. */
static bool is_local(const char *url)
{
    return url && url[0] == '/' && url[1] != '/' && strlen(url) <= NEXT_MAX &&
           !strpbrk(url, "\\\t\r\n");
}

static int remember(gale_handler *self, const json_t *state)
{
    gale_cookie_options options = cookie_options;
    options.secure = strcmp(gale_http_server_request_protocol(self->request), "https") == 0;
    gale_bytes *text = gale_json_encode(state);
    if (!text)
        return -ENOMEM;
    int result = gale_set_signed_cookie_str(self, COOKIE, gale_bytes_str(text), &options);
    gale_bytes_unref(text);
    return result;
}

int gale__auth_begin(gale_handler *self, const char *provider, json_t **ret_state)
{
    const char *next = gale_get_query_argument(self, "next", "");
    json_t *state = json_pack("{s:o, s:o, s:o, s:s, s:s}", "state", random_text(), "nonce",
                              random_text(), "verifier", random_text(), "provider", provider,
                              "next", is_local(next) ? next : "");
    int result = state ? remember(self, state) : -ENOMEM;
    if (result < 0)
        json_decref(state);
    else
        *ret_state = state;
    return result;
}

int gale__auth_add_challenge(json_t *parameters, const json_t *state)
{
    unsigned char digest[GALE__DIGEST_MAX];
    char text[GALE__AUTH_RANDOM + 1];
    const json_t *verifier = json_object_get(state, "verifier");
    gale__hash hash;
    GALE_TRY(gale__hash_begin(&hash, GALE__SHA256));
    GALE_TRY(gale__hash_update(&hash, json_string_value(verifier), json_string_length(verifier)));
    GALE_TRY(gale__hash_end(&hash, digest));
    size_t size = gale__base64url_encode(text, digest, gale__digest_size(GALE__SHA256));
    if (json_object_set_new(parameters, "code_challenge", json_stringn(text, size)) < 0 ||
        json_object_set_new(parameters, "code_challenge_method", json_string("S256")) < 0)
        return -ENOMEM;
    return 0;
}

/* ---- Coming back ----------------------------------------------------------------------- */

/* A new reference; NULL when there is none. */
static json_t *remembered(gale_handler *self)
{
    gale_signed_value_options options = { .max_age_days = SECONDS / 86400.0, .min_version = 2 };
    gale_str text = gale_get_signed_cookie_str(self, COOKIE, &options);
    return text.data ? json_loadb(text.data, text.len, 0, NULL) : NULL;
}

static bool is_text(const json_t *state, const char *name, const char *text)
{
    const char *its = gale__auth_text(state, name);
    return its && gale__equal_in_constant_time((gale_str){ its, strlen(its) },
                                               (gale_str){ text, strlen(text) });
}

/* RFC 6749 §4.1.2.1 */
static int refused(gale_handler *self, const char *error)
{
    const char *more = gale_get_query_argument(self, "error_description", "");
    return gale_http_error(self, 403, "the login has failed: %.*s%s%.*s", SAID_MAX, error,
                           more && *more ? ": " : "", SAID_MAX, more ? more : "");
}

static int check(gale_handler *self, const char *provider, const json_t *state,
                 const char **ret_code)
{
    const char *given = gale_get_query_argument(self, "state", "");
    const char *error = gale_get_query_argument(self, "error", "");
    *ret_code = gale_get_query_argument(self, "code", "");
    if (!given || !error || !*ret_code)
        return GALE_EHTTP;
    if (!state || !is_text(state, "state", given) || !is_text(state, "provider", provider))
        return gale_http_error(self, 403, "the answer belongs to no login of this browser");
    if (*error)
        return refused(self, error);
    return **ret_code ? 0 : gale_http_error(self, 403, "the answer has no code");
}

int gale__auth_resume(gale_handler *self, const char *provider, const char **ret_code,
                      json_t **ret_state)
{
    json_t *state = remembered(self);
    int result = check(self, provider, state, ret_code);
    if (result >= 0)
        result = gale_clear_cookie(self, COOKIE, NULL);
    if (result < 0)
        json_decref(state);
    else
        *ret_state = state;
    return result;
}

const char *gale_auth_next(gale_handler *self, const char *default_url)
{
    json_t *state = remembered(self);
    const char *next = gale__auth_text(state, "next"), *url = default_url;
    if (next && *next)
        url = gale__arena_strdup(gale__handler_arena(self), next, strlen(next));
    json_decref(state);
    if (!url)
        gale__handler_remember_failure(self, 500, "out of memory");
    return url;
}

int gale__auth_take_token(gale_handler *self, int status, json_t *answer, json_t **ret_token)
{
    const char *error = gale__auth_text(answer, "error");
    if (status / 100 == 2 && gale__auth_text(answer, "access_token")) {
        *ret_token = answer;
        return 0;
    }
    int result = gale_http_error(self, 403, "the provider gives no token: %d%s%.*s", status,
                                 error ? " " : "", SAID_MAX, error ? error : "");
    json_decref(answer);
    return result;
}
