/* SPDX-License-Identifier: Apache-2.0 */
/* OpenID Connect: Core §3.1, the code flow. */
#include <errno.h>
#include <string.h>

#include "core/error.h"
#include "core/escape.h"
#include "platform/clock.h"
#include "proto/jwt.h"
#include "web/auth.h"
#include "web/auth_provider.h"

static const double LEEWAY = 60;

static int check_options(const gale_oidc_options *options)
{
    if (!options->issuer || !options->client_id)
        return gale__fail(GALE_EINVALID, "OpenID Connect needs an issuer and a client_id");
    return 0;
}

/* ---- Leading to the provider ----------------------------------------------------------- */

static int make_authorization(gale_handler *self, const gale_oidc_options *options,
                              const json_t *state, json_t **ret_parameters)
{
    const char *back = NULL;
    GALE_TRY(gale__auth_own_url(self, options->redirect_uri, &back));
    json_t *parameters = json_pack(
        "{s:s, s:s, s:s, s:s, s:O, s:O}", "response_type", "code", "client_id", options->client_id,
        "redirect_uri", back, "scope", options->scope ? options->scope : "openid profile email",
        "state", json_object_get(state, "state"), "nonce", json_object_get(state, "nonce"));
    int result = parameters ? gale__auth_add_challenge(parameters, state) : -ENOMEM;
    if (result >= 0)
        result = gale__auth_add_extra(parameters, options->extra_params);
    if (result < 0)
        json_decref(parameters);
    else
        *ret_parameters = parameters;
    return result;
}

int gale_oidc_authorize_redirect(gale_handler *self, const gale_oidc_options *options)
{
    json_t *state = NULL, *metadata = NULL, *parameters = NULL;
    GALE_TRY(check_options(options));
    GALE_TRY(gale__auth_provider_find(self, options, &metadata));
    const char *url = gale__auth_text(metadata, "authorization_endpoint");
    GALE_TRY(gale__auth_begin(self, options->issuer, &state));
    int result = make_authorization(self, options, state, &parameters);
    json_decref(state);
    if (result >= 0)
        result = gale__auth_url(self, url, parameters, &url);
    json_decref(parameters);
    return result < 0 ? result : gale_redirect(self, url, false);
}

/* ---- The tokens ------------------------------------------------------------------------ */

/* RFC 6749 §2.3.1: as in a form. NULL when out of memory. */
static const char *encoded(gale_handler *self, const char *text)
{
    gale__buffer out;
    gale__buffer_init(&out, SIZE_MAX);
    gale__url_escape(&out, (gale_str){ text, strlen(text) }, true);
    gale_str made = gale__buffer_str(&out);
    const char *copy =
        out.error ? NULL : gale__arena_strdup(gale__handler_arena(self), made.data, made.len);
    gale__buffer_clear(&out);
    return copy;
}

/* Discovery §3: without the member only the header is promised. */
static bool takes_form(const json_t *metadata)
{
    const json_t *methods = json_object_get(metadata, "token_endpoint_auth_methods_supported");
    for (size_t i = 0; i < json_array_size(methods); i++) {
        const char *method = json_string_value(json_array_get(methods, i));
        if (method && strcmp(method, "client_secret_post") == 0)
            return true;
    }
    return false;
}

/* How this site shows that it is itself: in the form, or as the default is, in a header. */
static int add_secret(gale_handler *self, const gale_oidc_options *options, const json_t *metadata,
                      json_t *form, gale__auth_question *question)
{
    const char *id = options->client_id, *secret = options->client_secret;
    if (secret && !takes_form(metadata)) {
        question->basic_name = encoded(self, id);
        question->basic_word = encoded(self, secret);
        return question->basic_name && question->basic_word ? 0 : -ENOMEM;
    }
    if (json_object_set_new(form, "client_id", json_string(id)) < 0 ||
        (secret && json_object_set_new(form, "client_secret", json_string(secret)) < 0))
        return -ENOMEM;
    return 0;
}

static int ask_for_tokens(gale_handler *self, const gale_oidc_options *options,
                          const json_t *metadata, const char *code, const json_t *state,
                          json_t **ret_tokens)
{
    const char *back = NULL;
    GALE_TRY(gale__auth_own_url(self, options->redirect_uri, &back));
    json_t *form =
        json_pack("{s:s, s:s, s:s, s:O}", "grant_type", "authorization_code", "code", code,
                  "redirect_uri", back, "code_verifier", json_object_get(state, "verifier"));
    gale__auth_question question = { .client = options->http_client,
                                     .url = gale__auth_text(metadata, "token_endpoint"),
                                     .post = true,
                                     .form = form };
    int status = 0;
    json_t *answer = NULL;
    int result = form ? add_secret(self, options, metadata, form, &question) : -ENOMEM;
    if (result >= 0)
        result = gale__auth_ask_json(self, &question, &status, &answer);
    json_decref(form);
    return result < 0 ? result : gale__auth_take_token(self, status, answer, ret_tokens);
}

/* ---- The ID token ---------------------------------------------------------------------- */

/* A key that is not known may be new. */
static int verify(gale_handler *self, const gale_oidc_options *options, const json_t *metadata,
                  const gale__jwt *jwt)
{
    json_t *keys = NULL;
    GALE_TRY(gale__auth_provider_keys(self, options, metadata, false, &keys));
    int result = gale__jwt_verify(jwt, keys);
    json_decref(keys);
    if (result != GALE_ENOTFOUND)
        return result;
    GALE_TRY(gale__auth_provider_keys(self, options, metadata, true, &keys));
    result = gale__jwt_verify(jwt, keys);
    json_decref(keys);
    return result == GALE_ENOTFOUND ? GALE_EINPUT : result;
}

static int check_id_token(gale_handler *self, const gale_oidc_options *options,
                          const json_t *metadata, const json_t *state, const gale__jwt *jwt)
{
    gale__id_token_wanted wanted = { .issuer = options->issuer,
                                     .client_id = options->client_id,
                                     .nonce = gale__auth_text(state, "nonce"),
                                     .now = (double)gale__clock_wall() / 1e9,
                                     .leeway = options->leeway > 0 ? options->leeway : LEEWAY };
    GALE_TRY(gale__id_token_check(jwt->claims, &wanted));
    return verify(self, options, metadata, jwt);
}

/* *ret_user is what it says, a new reference. */
static int read_id_token(gale_handler *self, const gale_oidc_options *options,
                         const json_t *metadata, const json_t *state, const json_t *tokens,
                         json_t **ret_user)
{
    gale__jwt jwt = { 0 };
    const json_t *text = json_object_get(tokens, "id_token");
    gale_str token = { json_string_value(text), json_string_length(text) };
    int result = token.data ? gale__jwt_parse(&jwt, token)
                            : gale__fail(GALE_EINPUT, "the provider gives no ID token");
    if (result >= 0)
        result = check_id_token(self, options, metadata, state, &jwt);
    if (result >= 0)
        *ret_user = json_incref(jwt.claims);
    gale__jwt_clear(&jwt);
    return result == GALE_EINPUT ? gale_http_error(self, 403, "%s", gale_error_detail()) : result;
}

/* ---- The user -------------------------------------------------------------------------- */

static int add_tokens(json_t *user, const json_t *tokens)
{
    static const char *const names[] = { "access_token", "id_token", "refresh_token",
                                         "expires_in" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        json_t *value = json_object_get(tokens, names[i]);
        if (value && json_object_set(user, names[i], value) < 0)
            return -ENOMEM;
    }
    return 0;
}

/* What the provider knows besides. Core §5.3.2: it must be of the same user. */
static int add_userinfo(gale_handler *self, const gale_oidc_options *options,
                        const json_t *metadata, json_t *user)
{
    gale__auth_question question = {
        .client = options->http_client,
        .url = gale__auth_text(metadata, "userinfo_endpoint"),
        .bearer = gale__auth_text(user, "access_token"),
    };
    json_t *answer = NULL;
    if (!question.url)
        return gale__fail(GALE_ENOTSUP, "%s has no userinfo_endpoint", options->issuer);
    GALE_TRY(gale__auth_ask_service(self, &question, &answer));
    if (!json_equal(json_object_get(answer, "sub"), json_object_get(user, "sub")))
        return gale_http_error(self, 403, "the provider tells of another user");
    return json_object_update_missing(user, answer) < 0 ? -ENOMEM : 0;
}

static int complete_user(gale_handler *self, const gale_oidc_options *options,
                         const json_t *metadata, json_t *user, const json_t *tokens)
{
    GALE_TRY(add_tokens(user, tokens));
    return options->userinfo ? add_userinfo(self, options, metadata, user) : 0;
}

/* RFC 9207: the answer of another provider is not taken for this one's. */
static int check_sender(gale_handler *self, const gale_oidc_options *options,
                        const json_t *metadata)
{
    const char *sender = gale_get_query_argument(self, "iss", "");
    bool must =
        json_is_true(json_object_get(metadata, "authorization_response_iss_parameter_supported"));
    if (!sender)
        return GALE_EHTTP;
    return (*sender || must) && strcmp(sender, options->issuer) != 0
               ? gale_http_error(self, 403, "the answer is from another provider")
               : 0;
}

static int log_in(gale_handler *self, const gale_oidc_options *options, const char *code,
                  const json_t *state, json_t **ret_user)
{
    json_t *metadata = NULL, *tokens = NULL, *user = NULL;
    GALE_TRY(gale__auth_provider_find(self, options, &metadata));
    GALE_TRY(check_sender(self, options, metadata));
    GALE_TRY(ask_for_tokens(self, options, metadata, code, state, &tokens));
    int result = read_id_token(self, options, metadata, state, tokens, &user);
    if (result >= 0) {
        result = complete_user(self, options, metadata, user, tokens);
        if (result < 0)
            json_decref(user);
    }
    json_decref(tokens);
    return result < 0 ? result : gale__auth_keep(self, user, ret_user);
}

int gale_oidc_get_authenticated_user(gale_handler *self, const gale_oidc_options *options,
                                     json_t **ret_user)
{
    const char *code = NULL;
    json_t *state = NULL;
    *ret_user = NULL;
    GALE_TRY(check_options(options));
    GALE_TRY(gale__auth_resume(self, options->issuer, &code, &state));
    int result = log_in(self, options, code, state, ret_user);
    json_decref(state);
    return result;
}
