/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gale/auth.h: logging in with an account of another site. Tornado's counterpart: tornado.auth.
 *
 * With OpenID Connect (Google, Microsoft, Keycloak and most others), which is what new sites want:
 *
 *     static const gale_oidc_options provider = { .issuer = "https://accounts.google.com",
 *                                                 .client_id = "...", .client_secret = "...",
 *                                                 .redirect_uri = "/login/callback" };
 *
 *     static int login(gale_handler *self)               // GET /login
 *     {
 *         return gale_oidc_authorize_redirect(self, &provider);
 *     }
 *
 *     static int callback(gale_handler *self)            // GET /login/callback
 *     {
 *         json_t *user;
 *         GALE_TRY(gale_oidc_get_authenticated_user(self, &provider, &user));
 *         const char *id = json_string_value(json_object_get(user, "sub"));
 *         GALE_TRY(gale_set_signed_cookie(self, "user", id, NULL));
 *         return gale_redirect(self, gale_auth_next(self, "/"), false);
 *     }
 *
 * The first page leads to the provider, which leads back to the second. In between a signed cookie
 * (setting cookie_secret), for at most ten minutes, keeps what ties both together: another site can
 * not make a browser log in as somebody else. docs/auth.md explains more.
 *
 * A login that fails (the user refuses, the answer is forged or late, the provider does not accept
 * it) is GALE_EHTTP from these functions: returned from the handler it answers 403, and the reason
 * is logged. Tornado: auth.AuthError. A provider that cannot be reached, or answers with an error,
 * is GALE_EHTTP for a 502; one whose answer is malformed GALE_EINPUT. GALE_EINVALID are options
 * that are not fit. GALE_ECANCELED and -ENOMEM are as everywhere.
 *
 * JSON values that these functions give are borrowed until the request ends. Objects that they
 * take are parameters: texts and numbers by their names.
 */
#ifndef GALE_AUTH_H
#define GALE_AUTH_H

#include <gale/core.h>
#include <gale/httpclient.h>
#include <gale/json.h>
#include <gale/web.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Where to go after the login: the argument "next" of the page that has called one of the
 * ..._authorize_redirect functions, as gale_authenticated sets it, if it is a page of this site;
 * else `default_url`. For the page that the provider leads back to.
 */
GALE_API const char *gale_auth_next(gale_handler *self, const char *default_url);

/* ---- OpenID Connect -------------------------------------------------------------------- */

/** An OpenID provider, and what this site is there. Zero is the default of each member but
 * `issuer` and `client_id`. */
typedef struct gale_oidc_options {
    /** Its https:// URL; http:// only for a provider on this machine (localhost). Everything else
     * is read from there. OpenID Connect Discovery. */
    const char *issuer;
    const char *client_id;     /**< what the provider calls this site */
    const char *client_secret; /**< NULL: the provider demands none */
    /** Where the provider leads back to, as it is registered there: an URL, or a path of this site,
     * which begins with "/". NULL: the page itself that calls these functions. */
    const char *redirect_uri;
    /** What is asked for; NULL: "openid profile email". It must have "openid". */
    const char *scope;
    /** Further parameters for the provider's login page: names and values in turn, NULL ends:
     * (const char *const[]){ "prompt", "consent", NULL } */
    const char *const *extra_params;
    /** The provider is also asked for what it knows of the user (its userinfo endpoint). */
    bool userinfo;
    /** Seconds that clocks may differ; 0: 60. */
    double leeway;
    /** Talks to the provider; NULL: the client of the loop. */
    gale_http_client *http_client;
    void *reserved_[8];
} gale_oidc_options;

/** Leads to the provider's login page, and finishes. Uses state, nonce and PKCE (S256), always.
 * Returns 0 or as said above. OpenID Connect Core §3.1.2, RFC 7636. */
GALE_API GALE_SUSPENDS int gale_oidc_authorize_redirect(gale_handler *self,
                                                        const gale_oidc_options *options);
/**
 * Who has logged in. For the page that the provider leads back to. *ret_user is what the ID token
 * says: `sub`, which is the user's name for good at this provider (not `email`, which may change
 * hands), and often `name`, `email`, `email_verified`, `picture`; besides, `access_token`,
 * `id_token` and, if they were given, `refresh_token` and `expires_in`.
 *
 * Verified are state, nonce, and of the ID token the signature (RS256 or ES256, with the provider's
 * current keys), issuer, audience and times. Returns 0 or as said above. OpenID Connect Core
 * §3.1.3, RFC 9207.
 */
GALE_API GALE_SUSPENDS int gale_oidc_get_authenticated_user(gale_handler *self,
                                                            const gale_oidc_options *options,
                                                            json_t **ret_user);

/* ---- OAuth 2 --------------------------------------------------------------------------- */

/** A provider of OAuth 2. */
typedef struct gale_oauth2_provider {
    const char *authorize_url;    /**< its login page. Tornado: _OAUTH_AUTHORIZE_URL */
    const char *access_token_url; /**< Tornado: _OAUTH_ACCESS_TOKEN_URL */
    /** What gale_facebook_request puts before its path. Tornado: _FACEBOOK_BASE_URL. */
    const char *api_url;
    /** The token is asked for by GET, as Facebook wants it. */
    bool get_token;
    /** It does not take the parameters of RFC 7636. */
    bool no_pkce;
    void *reserved_[4];
} gale_oauth2_provider;

/** Google. Tornado: auth.GoogleOAuth2Mixin. For logins alone gale_oidc_authorize_redirect with the
 * issuer "https://accounts.google.com" is better: it verifies who has logged in. */
GALE_API extern const gale_oauth2_provider gale_google_oauth2;
/** Facebook. Tornado: auth.FacebookGraphMixin. */
GALE_API extern const gale_oauth2_provider gale_facebook_oauth2;

/** What this site is at a provider. Zero is the default of each member but the first three.
 * Tornado: the arguments of OAuth2Mixin.authorize_redirect; the settings google_oauth,
 * facebook_api_key and facebook_secret. */
typedef struct gale_oauth2_options {
    const gale_oauth2_provider *provider;
    const char *client_id;
    const char *client_secret;
    const char *redirect_uri; /**< as gale_oidc_options.redirect_uri */
    const char *scope;        /**< names with spaces between them; NULL: none */
    /** As gale_oidc_options.extra_params. */
    const char *const *extra_params;
    /** Talks to the provider; NULL: the client of the loop. Tornado: get_auth_http_client. */
    gale_http_client *http_client;
    void *reserved_[8];
} gale_oauth2_options;

/** Leads to the provider's login page, and finishes; with state, which Tornado leaves to the
 * program, and PKCE. Returns 0 or GALE_EINVALID. Tornado: OAuth2Mixin.authorize_redirect.
 * RFC 6749 §4.1.1. */
GALE_API int gale_oauth2_authorize_redirect(gale_handler *self, const gale_oauth2_options *options);
/** The token, with which gale_oauth2_request can ask for more: for the page that the provider leads
 * back to. *ret_token is the provider's answer: `access_token`, `token_type`, `expires_in` and
 * others. Returns 0 or as said above. Tornado: GoogleOAuth2Mixin.get_authenticated_user.
 * RFC 6749 §4.1.3. */
GALE_API GALE_SUSPENDS int gale_oauth2_get_access_token(gale_handler *self,
                                                        const gale_oauth2_options *options,
                                                        json_t **ret_token);
/**
 * Asks a service in the name of the user. `args` (NULL: none) are added to the URL; with
 * `post_args` it is a POST of a form; references to both are taken, always. The token is sent as
 * "Authorization: Bearer" (NULL: none is). *ret_answer is the JSON of the answer. Returns 0;
 * GALE_EHTTP for a status other than 2xx, too. `options` NULL: the client of the loop. Tornado:
 * OAuth2Mixin.oauth2_request. RFC 6750 §2.1.
 */
GALE_API GALE_SUSPENDS int gale_oauth2_request(gale_handler *self,
                                               const gale_oauth2_options *options, const char *url,
                                               const char *access_token, json_t *args,
                                               json_t *post_args, json_t **ret_answer);

/** Who has logged in at Facebook: `id`, `name`, `first_name`, `last_name`, `locale`, `picture`,
 * `link`, those of `extra_fields` (NULL: none; NULL ends the list), `access_token`, and
 * `session_expires`, a text. Returns 0 or as said above. Tornado:
 * FacebookGraphMixin.get_authenticated_user. */
GALE_API GALE_SUSPENDS int gale_facebook_get_authenticated_user(gale_handler *self,
                                                                const gale_oauth2_options *options,
                                                                const char *const *extra_fields,
                                                                json_t **ret_user);
/** gale_oauth2_request of a path such as "/me/feed". Tornado:
 * FacebookGraphMixin.facebook_request. */
GALE_API GALE_SUSPENDS int gale_facebook_request(gale_handler *self,
                                                 const gale_oauth2_options *options,
                                                 const char *path, const char *access_token,
                                                 json_t *args, json_t *post_args,
                                                 json_t **ret_answer);

/* ---- OAuth 1 --------------------------------------------------------------------------- */

/** A provider of OAuth 1.0a (RFC 5849) or 1.0, and what this site is there. Zero is the default of
 * each member but the URLs and the consumer's. Tornado: OAuthMixin. */
typedef struct gale_oauth_options {
    const char *request_token_url; /**< Tornado: _OAUTH_REQUEST_TOKEN_URL */
    const char *authorize_url;     /**< Tornado: _OAUTH_AUTHORIZE_URL */
    const char *access_token_url;  /**< Tornado: _OAUTH_ACCESS_TOKEN_URL */
    const char *consumer_key;      /**< Tornado: _oauth_consumer_token */
    const char *consumer_secret;   /**< see consumer_key */
    /** Where the provider leads back to: an URL, a path of this site, or "oob": nowhere, the
     * user types a code. NULL: what is registered at the provider. */
    const char *callback_uri;
    /** The older protocol. Tornado: _OAUTH_VERSION = "1.0". */
    bool version_1_0;
    /** As gale_oidc_options.extra_params, for the request token; not with version_1_0. */
    const char *const *extra_params;
    /** Finds out who the user is, with gale_oauth_request. *ret_user is an object, as a new
     * reference; NULL: the login fails. Tornado: _oauth_get_user_future. */
    int (*get_user)(gale_handler *self, const struct gale_oauth_options *options,
                    json_t *access_token, json_t **ret_user);
    /** Talks to the provider; NULL: the client of the loop. Tornado: get_auth_http_client. */
    gale_http_client *http_client;
    void *reserved_[8];
} gale_oauth_options;

/** Leads to the provider's login page, and finishes; with callback_uri "oob" the answer is the URL
 * of that page. The cookie _oauth_request_token is Tornado's. Returns 0, GALE_EINVALID, or as said
 * above. Tornado: OAuthMixin.authorize_redirect. RFC 5849 §2.1, §2.2. */
GALE_API GALE_SUSPENDS int gale_oauth_authorize_redirect(gale_handler *self,
                                                         const gale_oauth_options *options);
/** Who has logged in: what `get_user` says, and `access_token`, an object with `key`, `secret` and
 * what the provider has added. For the page that the provider leads back to. Returns 0 or as said
 * above. Tornado: OAuthMixin.get_authenticated_user. RFC 5849 §2.3. */
GALE_API GALE_SUSPENDS int gale_oauth_get_authenticated_user(gale_handler *self,
                                                             const gale_oauth_options *options,
                                                             json_t **ret_user);
/** The parameters that sign a request (oauth_consumer_key ... oauth_signature), as a new reference;
 * NULL, with gale_error_detail, when the URL or a parameter is none, or out of memory.
 * `parameters` (NULL: none) are those of the request, of its URL's query and its form.
 * `access_token` as from gale_oauth_get_authenticated_user. Tornado: _oauth_request_parameters.
 * RFC 5849 §3.4. */
GALE_API json_t *gale_oauth_request_parameters(const gale_oauth_options *options,
                                               const char *method, const char *url,
                                               const json_t *access_token,
                                               const json_t *parameters);
/** Asks a service in the name of the user: as gale_oauth2_request, but signed.
 * Tornado: TwitterMixin.twitter_request. */
GALE_API GALE_SUSPENDS int gale_oauth_request(gale_handler *self, const gale_oauth_options *options,
                                              const char *url, const json_t *access_token,
                                              json_t *args, json_t *post_args, json_t **ret_answer);

#ifdef __cplusplus
}
#endif

#endif
