/* SPDX-License-Identifier: Apache-2.0 */
/* OAuth 2, and Facebook, which is a dialect of it. */
#include <errno.h>
#include <string.h>

#include "core/digest.h"
#include "core/error.h"
#include "web/auth.h"

const gale_oauth2_provider gale_google_oauth2 = {
    .authorize_url = "https://accounts.google.com/o/oauth2/v2/auth",
    .access_token_url = "https://www.googleapis.com/oauth2/v4/token",
};

const gale_oauth2_provider gale_facebook_oauth2 = {
    .authorize_url = "https://www.facebook.com/dialog/oauth?",
    .access_token_url = "https://graph.facebook.com/oauth/access_token?",
    .api_url = "https://graph.facebook.com",
    .get_token = true,
};

/* ---- Leading to the provider ----------------------------------------------------------- */

static int set_text(json_t *parameters, const char *name, const char *text)
{
    return !text || json_object_set_new(parameters, name, json_string(text)) == 0 ? 0 : -ENOMEM;
}

static int fill_authorization(gale_handler *self, const gale_oauth2_options *options,
                              const json_t *state, json_t *parameters)
{
    const char *back = NULL;
    GALE_TRY(gale__auth_own_url(self, options->redirect_uri, &back));
    GALE_TRY(set_text(parameters, "response_type", "code"));
    GALE_TRY(set_text(parameters, "redirect_uri", back));
    GALE_TRY(set_text(parameters, "client_id", options->client_id));
    GALE_TRY(gale__auth_add_extra(parameters, options->extra_params));
    GALE_TRY(set_text(parameters, "scope", options->scope));
    GALE_TRY(set_text(parameters, "state", gale__auth_text(state, "state")));
    return options->provider->no_pkce ? 0 : gale__auth_add_challenge(parameters, state);
}

static int check_options(const gale_oauth2_options *options)
{
    if (!options->provider || !options->client_id)
        return gale__fail(GALE_EINVALID, "OAuth 2 needs a provider and a client_id");
    return 0;
}

int gale_oauth2_authorize_redirect(gale_handler *self, const gale_oauth2_options *options)
{
    GALE_TRY(check_options(options));
    const char *url = options->provider->authorize_url;
    json_t *state, *parameters = json_object();
    int result = gale__auth_begin(self, url, &state);
    if (result >= 0) {
        result = fill_authorization(self, options, state, parameters);
        json_decref(state);
    }
    if (result >= 0)
        result = gale__auth_url(self, url, parameters, &url);
    json_decref(parameters);
    return result < 0 ? result : gale_redirect(self, url, false);
}

/* ---- The token ------------------------------------------------------------------------- */

static int fill_token(gale_handler *self, const gale_oauth2_options *options, const char *code,
                      const json_t *state, json_t *parameters)
{
    const char *back = NULL;
    GALE_TRY(gale__auth_own_url(self, options->redirect_uri, &back));
    GALE_TRY(set_text(parameters, "redirect_uri", back));
    GALE_TRY(set_text(parameters, "code", code));
    GALE_TRY(set_text(parameters, "client_id", options->client_id));
    GALE_TRY(set_text(parameters, "client_secret", options->client_secret));
    if (!options->provider->get_token)
        GALE_TRY(set_text(parameters, "grant_type", "authorization_code"));
    return options->provider->no_pkce
               ? 0
               : set_text(parameters, "code_verifier", gale__auth_text(state, "verifier"));
}

static int ask_for_token(gale_handler *self, const gale_oauth2_options *options,
                         const json_t *parameters, json_t **ret_token)
{
    const gale_oauth2_provider *provider = options->provider;
    gale__auth_question question = { .client = options->http_client,
                                     .url = provider->access_token_url };
    if (provider->get_token) {
        GALE_TRY(gale__auth_url(self, question.url, parameters, &question.url));
    } else {
        question.post = true;
        question.form = parameters;
    }
    int status = 0;
    json_t *answer = NULL;
    GALE_TRY(gale__auth_ask_json(self, &question, &status, &answer));
    return gale__auth_take_token(self, status, answer, ret_token);
}

int gale_oauth2_get_access_token(gale_handler *self, const gale_oauth2_options *options,
                                 json_t **ret_token)
{
    const char *code = NULL;
    json_t *state = NULL, *token = NULL, *parameters;
    *ret_token = NULL;
    GALE_TRY(check_options(options));
    GALE_TRY(gale__auth_resume(self, options->provider->authorize_url, &code, &state));
    parameters = json_object();
    int result = fill_token(self, options, code, state, parameters);
    json_decref(state);
    if (result >= 0)
        result = ask_for_token(self, options, parameters, &token);
    json_decref(parameters);
    return result < 0 ? result : gale__auth_keep(self, token, ret_token);
}

/* ---- Services -------------------------------------------------------------------------- */

int gale_oauth2_request(gale_handler *self, const gale_oauth2_options *options, const char *url,
                        const char *access_token, json_t *args, json_t *post_args,
                        json_t **ret_answer)
{
    gale__auth_question question = { .client = options ? options->http_client : NULL,
                                     .bearer = access_token,
                                     .post = post_args != NULL,
                                     .form = post_args };
    *ret_answer = NULL;
    int result = gale__auth_url(self, url, args, &question.url);
    if (result >= 0)
        result = gale__auth_ask_service(self, &question, ret_answer);
    json_decref(args);
    json_decref(post_args);
    return result;
}

/* ---- Facebook -------------------------------------------------------------------------- */

int gale_facebook_request(gale_handler *self, const gale_oauth2_options *options, const char *path,
                          const char *access_token, json_t *args, json_t *post_args,
                          json_t **ret_answer)
{
    const char *api = options->provider->api_url;
    const char *url =
        gale__arena_printf(gale__handler_arena(self), NULL, "%s%s", api ? api : "", path);
    if (url)
        return gale_oauth2_request(self, options, url, access_token, args, post_args, ret_answer);
    json_decref(args);
    json_decref(post_args);
    return -ENOMEM;
}

static const char *const user_fields[] = { "id",     "name",    "first_name", "last_name",
                                           "locale", "picture", "link",       NULL };

/* The names, with commas; NULL when out of memory. */
static json_t *join_fields(const char *const *extra)
{
    gale__buffer text;
    gale__buffer_init(&text, SIZE_MAX);
    for (const char *const *at = user_fields; *at; at++)
        gale__buffer_printf(&text, "%s%s", at > user_fields ? "," : "", *at);
    for (; extra && *extra; extra++)
        gale__buffer_printf(&text, ",%s", *extra);
    json_t *fields = text.error ? NULL : json_string(gale__buffer_str(&text).data);
    gale__buffer_clear(&text);
    return fields;
}

/* That the token was given to this site: without it a stolen one would do. */
static json_t *make_proof(const gale_oauth2_options *options, const char *token)
{
    unsigned char digest[GALE__DIGEST_MAX];
    char text[2 * GALE__DIGEST_MAX];
    const char *secret = options->client_secret ? options->client_secret : "";
    size_t size = gale__digest_size(GALE__SHA256);
    if (gale__hmac(GALE__SHA256, (gale_str){ secret, strlen(secret) },
                   (gale_str){ token, strlen(token) }, digest) < 0)
        return NULL;
    gale__hex_encode(text, digest, size);
    return json_stringn(text, 2 * size);
}

static int copy_field(json_t *to, const json_t *from, const char *name)
{
    json_t *value = json_object_get(from, name);
    return json_object_set_new(to, name, value ? json_incref(value) : json_null()) < 0 ? -ENOMEM
                                                                                       : 0;
}

static int copy_fields(json_t *to, const json_t *from, const char *const *names)
{
    for (; names && *names; names++)
        GALE_TRY(copy_field(to, from, *names));
    return 0;
}

static json_t *session_expires(const json_t *token)
{
    const json_t *seconds = json_object_get(token, "expires_in");
    return json_is_integer(seconds)
               ? json_sprintf("%lld", (long long)json_integer_value(seconds))
               : json_string(json_is_string(seconds) ? json_string_value(seconds) : "None");
}

static json_t *make_user(const json_t *answer, const json_t *token, const char *const *extra)
{
    json_t *user = json_pack("{s:O, s:o}", "access_token", json_object_get(token, "access_token"),
                             "session_expires", session_expires(token));
    if (user && copy_fields(user, answer, user_fields) >= 0 &&
        copy_fields(user, answer, extra) >= 0)
        return user;
    json_decref(user);
    return NULL;
}

int gale_facebook_get_authenticated_user(gale_handler *self, const gale_oauth2_options *options,
                                         const char *const *extra_fields, json_t **ret_user)
{
    json_t *token = NULL, *answer = NULL;
    *ret_user = NULL;
    GALE_TRY(gale_oauth2_get_access_token(self, options, &token));
    const char *access_token = gale__auth_text(token, "access_token");
    json_t *args = json_pack("{s:o, s:o}", "appsecret_proof", make_proof(options, access_token),
                             "fields", join_fields(extra_fields));
    if (!args)
        return -ENOMEM;
    GALE_TRY(gale_facebook_request(self, options, "/me", access_token, args, NULL, &answer));
    return gale__auth_keep(self, make_user(answer, token, extra_fields), ret_user);
}
