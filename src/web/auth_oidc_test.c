/* SPDX-License-Identifier: Apache-2.0 */
/* OpenID Connect, with a provider of its own that can be told to misbehave. */
#include <errno.h>
#include <time.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "core/base64.h"
#include "core/digest.h"
#include "web/auth_test.h"

/* ---- Keys of the provider -------------------------------------------------------------- */

static EVP_PKEY *keys[3]; /* P-256, P-256, RSA */

static void make_keys(void)
{
    for (int i = 0; i < 3 && !keys[i]; i++)
        keys[i] = i < 2 ? EVP_EC_gen("P-256") : EVP_RSA_gen(2048);
}

static json_t *base64url(const unsigned char *bytes, size_t size)
{
    char text[1000];
    return json_stringn(text, gale__base64url_encode(text, bytes, size));
}

static json_t *number_of(EVP_PKEY *key, const char *name, size_t size)
{
    unsigned char bytes[300];
    BIGNUM *number = NULL;
    assert_true(EVP_PKEY_get_bn_param(key, name, &number));
    if (!size)
        size = (size_t)BN_num_bytes(number);
    BN_bn2binpad(number, bytes, (int)size);
    BN_free(number);
    return base64url(bytes, size);
}

static json_t *jwk_of(int index)
{
    EVP_PKEY *key = keys[index];
    char id[16];
    snprintf(id, sizeof id, "k%d", index);
    return index == 2 ? json_pack("{s:s, s:s, s:o, s:o}", "kty", "RSA", "kid", id, "n",
                                  number_of(key, OSSL_PKEY_PARAM_RSA_N, 0), "e",
                                  number_of(key, OSSL_PKEY_PARAM_RSA_E, 0))
                      : json_pack("{s:s, s:s, s:s, s:o, s:o}", "kty", "EC", "crv", "P-256", "kid",
                                  id, "x", number_of(key, OSSL_PKEY_PARAM_EC_PUB_X, 32), "y",
                                  number_of(key, OSSL_PKEY_PARAM_EC_PUB_Y, 32));
}

/* ---- What the provider does ------------------------------------------------------------ */

static struct {
    int signing;           /* the key that signs */
    int published;         /* how many keys it publishes */
    const char *algorithm; /* that the token says; NULL: the key's */
    const char *nonce;     /* NULL: that of the login */
    const char *issuer;    /* NULL: its own */
    const char *audience;  /* NULL: the site */
    double expires_in;     /* of the ID token */
    const char *answer;    /* instead of tokens; NULL: tokens */
    int status;            /* of the answer */
    const char *subject_of_userinfo;
    bool takes_form, tells_sender;
    char challenge[100], given_nonce[100]; /* of the login page */
    int discoveries, key_requests;
} provider;

static int discovery(gale_handler *self)
{
    provider.discoveries++;
    json_t *metadata = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:b}", "issuer", provider.issuer ? provider.issuer : site("/p"),
        "authorization_endpoint", site("/p/login"), "token_endpoint", site("/p/token"), "jwks_uri",
        site("/p/keys"), "userinfo_endpoint", site("/p/userinfo"),
        "authorization_response_iss_parameter_supported", provider.tells_sender);
    if (provider.takes_form)
        json_object_set_new(metadata, "token_endpoint_auth_methods_supported",
                            json_pack("[s]", "client_secret_post"));
    return gale_write_json(self, metadata);
}

static int publish_keys(gale_handler *self)
{
    json_t *list = json_array();
    provider.key_requests++;
    for (int i = 0; i < provider.published; i++)
        json_array_append_new(list, jwk_of(i));
    return gale_write_json(self, json_pack("{s:o}", "keys", list));
}

static size_t append_part(char *out, const void *data, size_t size)
{
    return gale__base64url_encode(out, data, size);
}

static size_t append_json(char *out, json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT);
    size_t size = append_part(out, text, strlen(text));
    free(text);
    json_decref(value);
    return size;
}

/* RFC 7518 §3.4: two numbers of 32 bytes. */
static size_t flatten(unsigned char *signature, size_t size)
{
    const unsigned char *at = signature;
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)size);
    BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature + 32, 32);
    ECDSA_SIG_free(pair);
    return 64;
}

static json_t *id_token(void)
{
    static char token[4000];
    const char *key_algorithm = provider.signing == 2 ? "RS256" : "ES256";
    char id[16];
    snprintf(id, sizeof id, "k%d", provider.signing);
    double now = (double)time(NULL);
    size_t size = append_json(
        token, json_pack("{s:s, s:s}", "alg",
                         provider.algorithm ? provider.algorithm : key_algorithm, "kid", id));
    token[size++] = '.';
    size += append_json(
        token + size, json_pack("{s:s, s:s, s:s, s:s, s:s, s:f, s:f}", "iss",
                                provider.issuer ? provider.issuer : site("/p"), "aud",
                                provider.audience ? provider.audience : "me", "nonce",
                                provider.nonce ? provider.nonce : provider.given_nonce, "sub", "s1",
                                "name", "Ann", "iat", now, "exp", now + provider.expires_in));
    unsigned char signature[600];
    size_t signature_size = sizeof signature;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    assert_int_equal(
        EVP_DigestSignInit_ex(context, NULL, "SHA256", NULL, NULL, keys[provider.signing], NULL),
        1);
    assert_int_equal(
        EVP_DigestSign(context, signature, &signature_size, (const unsigned char *)token, size), 1);
    EVP_MD_CTX_free(context);
    if (provider.signing < 2)
        signature_size = flatten(signature, signature_size);
    token[size++] = '.';
    size += append_part(token + size, signature, signature_size);
    return json_stringn(token, size);
}

static bool verifier_fits(const char *verifier)
{
    unsigned char digest[GALE__DIGEST_MAX];
    char text[100];
    gale__hash hash;
    assert_ok(gale__hash_begin(&hash, GALE__SHA256));
    assert_ok(gale__hash_update(&hash, verifier, strlen(verifier)));
    assert_ok(gale__hash_end(&hash, digest));
    text[append_part(text, digest, 32)] = '\0';
    return strcmp(text, provider.challenge) == 0;
}

/* The site shows who it is in one way or the other. */
static bool site_is_known(gale_handler *self)
{
    if (provider.takes_form)
        return !strcmp(asked(self, "client_id"), "me") &&
               !strcmp(asked(self, "client_secret"), "s/cret") &&
               !*asked_header(self, "Authorization");
    return !strcmp(asked_header(self, "Authorization"),
                   "Basic bWU6cyUyRmNyZXQ=") && /* me:s%2Fcret */
           !*asked(self, "client_secret");
}

static int give_tokens(gale_handler *self)
{
    if (provider.answer) {
        GALE_TRY(gale_set_status(self, provider.status, NULL));
        return gale_write(self, provider.answer);
    }
    if (!site_is_known(self) || !verifier_fits(asked(self, "code_verifier")) ||
        strcmp(asked(self, "code"), "c0de") != 0 ||
        strcmp(asked(self, "redirect_uri"), site("/callback")) != 0 ||
        strcmp(asked(self, "grant_type"), "authorization_code") != 0) {
        GALE_TRY(gale_set_status(self, 400, NULL));
        return gale_write_json(self, json_pack("{s:s}", "error", "invalid_grant"));
    }
    return gale_write_json(self,
                           json_pack("{s:s, s:s, s:i, s:o}", "access_token", "t0ken", "token_type",
                                     "Bearer", "expires_in", 60, "id_token", id_token()));
}

static int userinfo(gale_handler *self)
{
    if (strcmp(asked_header(self, "Authorization"), "Bearer t0ken") != 0)
        return gale_http_error(self, 401, NULL);
    return gale_write_json(self, json_pack("{s:s, s:s, s:s}", "sub", provider.subject_of_userinfo,
                                           "email", "ann@example.com", "name", "Not this"));
}

/* ---- The site -------------------------------------------------------------------------- */

static gale_oidc_options options;
static char issuer[100];

static int login(gale_handler *self)
{
    return gale_oidc_authorize_redirect(self, &options);
}

static int come_back(gale_handler *self)
{
    json_t *user;
    GALE_TRY(gale_oidc_get_authenticated_user(self, &options, &user));
    const char *email = json_string_value(json_object_get(user, "email"));
    return gale_writef(self, "%s %s %s %s %s", json_string_value(json_object_get(user, "sub")),
                       json_string_value(json_object_get(user, "name")),
                       json_string_value(json_object_get(user, "access_token")),
                       email ? email : "-", gale_auth_next(self, "/home"));
}

#define CLASS(name, method, function) static const gale_handler_class name = { .method = function }
CLASS(discovery_handler, get, discovery);
CLASS(keys_handler, get, publish_keys);
CLASS(token_handler, post, give_tokens);
CLASS(userinfo_handler, get, userinfo);
CLASS(login_handler, get, login);
CLASS(callback_handler, get, come_back);

static void open_site(void)
{
    static const gale_route routes[] = {
        ROUTE("/p/.well-known/openid-configuration", discovery_handler),
        ROUTE("/p/keys", keys_handler),
        ROUTE("/p/token", token_handler),
        ROUTE("/p/userinfo", userinfo_handler),
        ROUTE("/login", login_handler),
        ROUTE("/callback", callback_handler),
        { 0 },
    };
    make_keys();
    memset(&provider, 0, sizeof provider);
    provider.published = 1;
    provider.expires_in = 300;
    provider.subject_of_userinfo = "s1";
    cookie[0] = '\0';
    serve(routes, &(gale_application_settings){ .cookie_secret = "for tests" }, &port);
    snprintf(issuer, sizeof issuer, "%s", site("/p"));
    options = (gale_oidc_options){
        .issuer = issuer, .client_id = "me", .client_secret = "s/cret", .redirect_uri = "/callback"
    };
}

static char state[60];

static void begin(const char *target)
{
    begin_login(target);
    snprintf(state, sizeof state, "%s", parameter("state"));
    snprintf(provider.challenge, sizeof provider.challenge, "%s", parameter("code_challenge"));
    snprintf(provider.given_nonce, sizeof provider.given_nonce, "%s", parameter("nonce"));
}

/* The way back from the provider; what follows is added. */
static const char *way_back(const char *more)
{
    static char target[4000];
    snprintf(target, sizeof target, "/callback?code=c0de&state=%s%s", state, more);
    return target;
}

/* ---- Tests ----------------------------------------------------------------------------- */

TEST(a_login)
{
    open_site();
    begin("/login");
    assert_non_null(
        strstr(location, "/p/login?response_type=code&client_id=me&redirect_uri=http%3A%2F%2F"));
    assert_string_equal(parameter("scope"), "openid+profile+email");
    assert_string_equal(parameter("code_challenge_method"), "S256");
    assert_int_equal(strlen(parameter("state")), 43);
    assert_int_equal(strlen(parameter("nonce")), 43);
    assert_string_not_equal(state, parameter("nonce"));
    visit_for(way_back(""), "HTTP/1.1 200 OK\r\n", "\r\n\r\ns1 Ann t0ken - /home");
    stop();
}

TEST(the_cookie_of_a_login)
{
    open_site();
    char *answer = visit("/login");
    assert_non_null(strstr(answer, "\r\nSet-Cookie: _oauth2_state="));
    assert_non_null(strstr(answer, "; HttpOnly; Max-Age=600; Path=/; SameSite=Lax\r\n"));
    free(answer);
    begin("/login");
    answer = visit(way_back(""));
    assert_non_null(strstr(answer, "\r\nSet-Cookie: _oauth2_state=\"\"; expires="));
    free(answer);
    stop();
}

TEST(rsa_keys_secrets_in_forms_and_userinfo)
{
    open_site();
    provider.signing = 2;
    provider.published = 3;
    provider.takes_form = true;
    options.userinfo = true;
    begin("/login");
    visit_for(way_back(""), "HTTP/1.1 200 OK\r\n", "\r\n\r\ns1 Ann t0ken ann@example.com /home");
    provider.subject_of_userinfo = "s2";
    begin("/login");
    assert_refused(way_back(""), "the provider tells of another user");
    stop();
}

TEST(where_to_go_afterwards)
{
    static const char *const elsewhere[] = { "//evil", "/%5Cevil", "http://evil/", "/%09/evil",
                                             "" };
    open_site();
    begin("/login?next=%2Fa%3Fb%3Dc");
    visit_for(way_back(""), "HTTP/1.1 200 OK\r\n", " /a?b=c");
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++) {
        char target[100];
        snprintf(target, sizeof target, "/login?next=%s", elsewhere[i]);
        begin(target);
        visit_for(way_back(""), "HTTP/1.1 200 OK\r\n", " /home");
    }
    stop();
}

TEST(answers_that_belong_to_no_login)
{
    static const char reason[] = "the answer belongs to no login of this browser";
    open_site();
    assert_refused("/callback?code=c0de&state=x", reason);
    begin("/login");
    assert_refused("/callback?code=c0de", reason);
    assert_refused("/callback?code=c0de&state=", reason);
    assert_refused("/callback?code=c0de&state=x", reason);
    char mine[200];
    snprintf(mine, sizeof mine, "/callback?code=c0de&state=%s", state);
    begin("/login"); /* another browser's */
    assert_refused(mine, reason);
    cookie[strlen(cookie) - 2] ^= 1; /* not signed by us */
    assert_refused(way_back(""), reason);
    cookie[0] = '\0';
    assert_refused(way_back(""), reason);
    begin("/login");
    options.issuer = "https://other";
    assert_refused(way_back(""), reason);
    stop();
}

TEST(a_user_who_refuses)
{
    char target[300];
    open_site();
    begin("/login");
    snprintf(target, sizeof target,
             "/callback?error=access_denied&error_description=No%%21&state=%s", state);
    assert_refused(target, "the login has failed: access_denied: No!");
    snprintf(target, sizeof target, "/callback?state=%s", state);
    assert_refused(target, "the answer has no code");
    stop();
}

TEST(id_tokens_that_do_not_fit)
{
    open_site();
    begin("/login");
    provider.nonce = "another";
    assert_refused(way_back(""), "the ID token belongs to another login (nonce)");
    provider.nonce = NULL;
    provider.audience = "you";
    assert_refused(way_back(""), "the ID token is for somebody else (aud)");
    provider.audience = NULL;
    provider.issuer = "https://evil";
    assert_refused(way_back(""), "the ID token is from somebody else (iss)");
    provider.issuer = NULL;
    provider.expires_in = -61;
    assert_refused(way_back(""), "the ID token has expired");
    provider.expires_in = 300;
    provider.algorithm = "none";
    assert_refused(way_back(""), "neither RS256 nor ES256");
    provider.algorithm = "HS256";
    assert_refused(way_back(""), "neither RS256 nor ES256");
    provider.algorithm = NULL;
    provider.signing = 1;
    assert_refused(way_back(""), "signed with a key that is not known");
    provider.signing = 0;
    visit_for(way_back(""), "HTTP/1.1 200 OK\r\n", "\r\n\r\ns1 Ann t0ken - /home");
    stop();
}

/* The keys are not asked for again and again when tokens are forged. */
TEST(keys_that_change)
{
    open_site();
    begin("/login");
    visit_for(way_back(""), "HTTP/1.1 200 OK\r\n", "");
    provider.signing = 1;
    provider.published = 2;
    assert_refused(way_back(""), "signed with a key that is not known");
    assert_int_equal(provider.key_requests, 1);
    assert_int_equal(provider.discoveries, 1);
    stop();
    open_site();
    provider.signing = 1;
    provider.published = 2;
    begin("/login");
    visit_for(way_back(""), "HTTP/1.1 200 OK\r\n", "");
    stop();
}

TEST(a_provider_that_gives_no_token)
{
    open_site();
    begin("/login");
    provider.status = 400;
    provider.answer = "{\"error\": \"invalid_grant\"}";
    test_expect_log(GALE_LOG_WARNING, "400 POST /p/token");
    assert_refused(way_back(""), "the provider gives no token: 400 invalid_grant");
    provider.status = 500;
    provider.answer = "oops";
    test_expect_log(GALE_LOG_ERROR, "500 POST /p/token");
    assert_refused(way_back(""), "the provider gives no token: 500");
    provider.status = 200;
    provider.answer = "[]";
    assert_refused(way_back(""), "the provider gives no token: 200");
    provider.answer = "{\"access_token\": \"t\"}";
    assert_refused(way_back(""), "the provider gives no ID token");
    provider.answer = "{\"access_token\": \"t\", \"id_token\": \"x.y\"}";
    assert_refused(way_back(""), "the token has not three parts");
    provider.answer = NULL;
    provider.challenge[0] ^= 1;
    test_expect_log(GALE_LOG_WARNING, "400 POST /p/token");
    assert_refused(way_back(""), "the provider gives no token: 400 invalid_grant");
    stop();
}

/* RFC 9207 */
TEST(answers_of_another_provider)
{
    char sender[200];
    open_site();
    begin("/login");
    assert_refused(way_back("&iss=https%3A%2F%2Fevil"), "the answer is from another provider");
    snprintf(sender, sizeof sender, "&iss=http%%3A%%2F%%2F127.0.0.1%%3A%d%%2Fp", port);
    visit_for(way_back(sender), "HTTP/1.1 200 OK\r\n", "");
    stop();
    open_site();
    provider.tells_sender = true;
    begin("/login");
    assert_refused(way_back(""), "the answer is from another provider");
    stop();
}

static void assert_no_login(const char *status, const char *reason)
{
    test_expect_log(*status == '5' && status[2] == '0' ? GALE_LOG_ERROR : GALE_LOG_WARNING, reason);
    test_expect_log(GALE_LOG_ERROR, " GET /login ");
    char start[100];
    snprintf(start, sizeof start, "HTTP/1.1 %s", status);
    visit_for("/login", start, "");
}

TEST(issuers_that_are_none)
{
    static const char *const unsafe[] = { "http://example.com", "http://localhost.example.com",
                                          "http://localhost:80@evil", "ftp://localhost", "" };
    open_site();
    for (size_t i = 0; i < sizeof unsafe / sizeof *unsafe; i++) {
        options.issuer = unsafe[i];
        assert_no_login("500", "is no https:// URL");
    }
    snprintf(issuer, sizeof issuer, "%s", site("/nowhere"));
    options.issuer = issuer;
    test_expect_log(GALE_LOG_WARNING, "404 GET /nowhere/");
    assert_no_login("502", "has answered 404");
    snprintf(issuer, sizeof issuer, "%s", site("/p/"));
    assert_no_login("500", "says that it is http://");
    options.issuer = "http://127.0.0.1:1";
    assert_no_login("502", "http://127.0.0.1:1/.well-known/openid-configuration: ");
    options.issuer = NULL;
    assert_no_login("500", "needs an issuer and a client_id");
    snprintf(issuer, sizeof issuer, "%s", site("/p"));
    options.issuer = issuer;
    options.redirect_uri = "callback";
    assert_no_login("500", "callback is neither an URL nor a path");
    stop();
}

TEST(a_login_without_secrets)
{
    static const gale_route routes[] = { ROUTE("/p/.well-known/openid-configuration",
                                               discovery_handler),
                                         ROUTE("/login", login_handler),
                                         { 0 } };
    open_site();
    stop();
    serve(routes, NULL, &port);
    snprintf(issuer, sizeof issuer, "%s", site("/p"));
    test_expect_log(GALE_LOG_ERROR, "cookie_secret");
    test_expect_log(GALE_LOG_ERROR, "500 GET /login");
    visit_for("/login", "HTTP/1.1 500 ", "");
    stop();
    for (int i = 0; i < 3; i++)
        EVP_PKEY_free(keys[i]);
    memset(keys, 0, sizeof keys);
}

GALE_TEST_MAIN
