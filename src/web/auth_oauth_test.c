/* SPDX-License-Identifier: Apache-2.0 */
/* OAuth 1 and 2 with providers of their own; Tornado's cases. */
#include <errno.h>

#include "core/base64.h"
#include "proto/oauth1.h"
#include "web/auth_test.h"

/* ---- A provider of OAuth 1 ------------------------------------------------------------- */

static int broken; /* the status that the provider answers with; 0: it works */
static const char *given_token;

/* What the request is signed with, made anew. */
static bool is_signed(gale_handler *self, const char *secret, bool plain)
{
    gale_http_server_request *request = gale_handler_request(self);
    const gale_http_arguments *query = gale_http_server_request_query_arguments(request);
    json_t *all = json_object();
    for (size_t i = 0; i < gale_http_arguments_count(query); i++) {
        const gale_http_argument *pair = gale_http_arguments_at(query, i);
        if (strcmp(pair->name.data, "oauth_signature") != 0)
            json_object_set_new(all, pair->name.data, json_string(pair->value.data));
    }
    gale__buffer signature;
    gale__buffer_init(&signature, SIZE_MAX);
    gale__oauth1_request wanted = { .method = gale_http_server_request_method(request),
                                    .url = site(gale_http_server_request_path(request)),
                                    .parameters = all,
                                    .consumer_secret = "qw/er",
                                    .token_secret = secret,
                                    .plain_secrets = plain };
    const gale_http_arguments *form = gale_http_server_request_body_arguments(request);
    for (size_t i = 0; i < gale_http_arguments_count(form); i++)
        json_object_set_new(all, gale_http_arguments_at(form, i)->name.data,
                            json_string(gale_http_arguments_at(form, i)->value.data));
    assert_ok(gale__oauth1_sign(&signature, &wanted));
    bool same = !strcmp(gale__buffer_str(&signature).data, asked(self, "oauth_signature")) &&
                !strcmp(asked(self, "oauth_consumer_key"), "asdf") &&
                strlen(asked(self, "oauth_nonce")) == 32;
    gale__buffer_clear(&signature);
    json_decref(all);
    return same;
}

static int give_request_token(gale_handler *self)
{
    if (broken)
        return gale_http_error(self, broken, NULL);
    if (!is_signed(self, NULL, !*asked(self, "oauth_callback")))
        return gale_http_error(self, 401, NULL);
    return gale_write(self, given_token);
}

static int give_access_token(gale_handler *self)
{
    bool old = !*asked(self, "oauth_verifier");
    if (broken)
        return gale_http_error(self, broken, NULL);
    if (!is_signed(self, "12/34", old) || strcmp(asked(self, "oauth_token"), "zxcv") != 0)
        return gale_http_error(self, 401, NULL);
    return gale_write(self, "oauth_token=uiop&oauth_token_secret=5678&user_id=7&empty=");
}

static int tell_name(gale_handler *self)
{
    if (!is_signed(self, "5678", false) || strcmp(asked(self, "oauth_token"), "uiop") != 0)
        return gale_http_error(self, 401, NULL);
    return gale_write_json(
        self, json_pack("{s:s, s:s}", "screen_name", "foo", "said", asked(self, "say")));
}

/* ---- The site -------------------------------------------------------------------------- */

static gale_oauth_options one, old;

static int get_user(gale_handler *self, const gale_oauth_options *options, json_t *access_token,
                    json_t **ret_user)
{
    (void)self;
    (void)options;
    if (!strcmp(asked(self, "who"), "nobody"))
        return 0;
    if (!strcmp(asked(self, "who"), "eio"))
        return -EIO;
    assert_string_equal(json_string_value(json_object_get(access_token, "key")), "uiop");
    assert_string_equal(json_string_value(json_object_get(access_token, "secret")), "5678");
    assert_null(json_object_get(access_token, "empty"));
    *ret_user = json_pack("{s:s, s:O}", "email", "foo@example.com", "id",
                          json_object_get(access_token, "user_id"));
    return 0;
}

static int log_in(gale_handler *self, const gale_oauth_options *options)
{
    json_t *user;
    if (!*asked(self, "oauth_token"))
        return gale_oauth_authorize_redirect(self, options);
    GALE_TRY(gale_oauth_get_authenticated_user(self, options, &user));
    return gale_write_json(self, json_incref(user));
}

static int log_in_10a(gale_handler *self)
{
    return log_in(self, &one);
}

static int log_in_10(gale_handler *self)
{
    return log_in(self, &old);
}

/* As TwitterMixin.twitter_request is used. */
static int ask_service(gale_handler *self)
{
    json_t *token = json_pack("{s:s, s:s}", "key", "uiop", "secret", asked(self, "secret"));
    json_t *answer, *args = json_pack("{s:s}", "say", "a b&\xC3\xA9"),
                    *form = *asked(self, "post") ? json_pack("{s:s, s:i}", "x", "y", "n", 1) : NULL;
    int result = gale_oauth_request(self, &one, site("/name"), token, args, form, &answer);
    json_decref(token);
    return result < 0 ? result : gale_write_json(self, json_incref(answer));
}

#define CLASS(name, ...) static const gale_handler_class name = { __VA_ARGS__ }
CLASS(request_token_handler, .get = give_request_token);
CLASS(access_token_handler, .get = give_access_token);
CLASS(name_handler, .get = tell_name, .post = tell_name);
CLASS(log_in_10a_handler, .get = log_in_10a);
CLASS(log_in_10_handler, .get = log_in_10);
CLASS(ask_service_handler, .get = ask_service);

static void open_oauth(void)
{
    static const gale_route routes[] = { ROUTE("/request_token", request_token_handler),
                                         ROUTE("/access_token", access_token_handler),
                                         ROUTE("/name", name_handler),
                                         ROUTE("/10a", log_in_10a_handler),
                                         ROUTE("/10", log_in_10_handler),
                                         ROUTE("/service", ask_service_handler),
                                         { 0 } };
    static char urls[3][100];
    broken = 0;
    given_token = "oauth_token=zxcv&oauth_token_secret=12/34&oauth_callback_confirmed=true";
    cookie[0] = '\0';
    serve(routes, NULL, &port);
    strcpy(urls[0], site("/request_token"));
    strcpy(urls[1], site("/authorize"));
    strcpy(urls[2], site("/access_token"));
    one = (gale_oauth_options){ .request_token_url = urls[0],
                                .authorize_url = urls[1],
                                .access_token_url = urls[2],
                                .consumer_key = "asdf",
                                .consumer_secret = "qw/er",
                                .callback_uri = "/back?a=b",
                                .get_user = get_user };
    old = one;
    old.version_1_0 = true;
}

TEST(oauth_1_leads_to_the_provider)
{
    char wanted[300];
    open_oauth();
    begin_login("/10a");
    snprintf(wanted, sizeof wanted,
             "http://127.0.0.1:%d/authorize?oauth_token=zxcv&oauth_callback="
             "http%%3A%%2F%%2F127.0.0.1%%3A%d%%2Fback%%3Fa%%3Db",
             port, port);
    assert_string_equal(location, wanted);
    assert_string_equal(cookie, "_oauth_request_token=\"enhjdg==|MTIvMzQ=\"");
    begin_login("/10");
    assert_string_equal(location, wanted);
    one.callback_uri = "http://elsewhere/";
    begin_login("/10a");
    assert_non_null(strstr(location, "&oauth_callback=http%3A%2F%2Felsewhere%2F"));
    stop();
}

TEST(oauth_1_out_of_band)
{
    char wanted[300];
    open_oauth();
    one.callback_uri = "oob";
    snprintf(wanted, sizeof wanted, "\r\n\r\nhttp://127.0.0.1:%d/authorize?oauth_token=zxcv", port);
    visit_for("/10a", "HTTP/1.1 200 OK\r\n", wanted);
    stop();
}

TEST(oauth_1_tells_who_has_logged_in)
{
    open_oauth();
    begin_login("/10a");
    visit_for("/10a?oauth_token=zxcv&oauth_verifier=v", "HTTP/1.1 200 OK\r\n",
              "\r\n\r\n{\"email\": \"foo@example.com\", \"id\": \"7\", \"access_token\": {\"key\": "
              "\"uiop\", \"secret\": \"5678\", \"user_id\": \"7\"}}");
    old.http_client = gale_http_client_new(NULL);
    char *answer = visit("/10?oauth_token=zxcv");
    assert_non_null(strstr(answer, "HTTP/1.1 200 OK\r\n"));
    assert_non_null(strstr(answer, "\r\nSet-Cookie: _oauth_request_token=\"\"; expires="));
    free(answer);
    gale_http_client_free(old.http_client);
    stop();
}

TEST(oauth_1_logins_that_fail)
{
    open_oauth();
    assert_refused("/10a?oauth_token=zxcv", "Missing OAuth request token cookie");
    begin_login("/10a");
    assert_refused("/10a?oauth_token=another", "Request token does not match cookie");
    assert_refused("/10a?oauth_token=zxcv&oauth_verifier=v&who=nobody", "Error getting user");
    test_expect_log(GALE_LOG_ERROR, "Input/output error");
    test_expect_log(GALE_LOG_ERROR, "500 GET /10a");
    visit_for("/10a?oauth_token=zxcv&oauth_verifier=v&who=eio", "HTTP/1.1 500 ", "");
    strcpy(cookie, "_oauth_request_token=enhjdg==");
    assert_refused("/10a?oauth_token=zxcv", "Request token does not match cookie");
    strcpy(cookie, "_oauth_request_token=|");
    assert_refused("/10a?oauth_token=zxcv", "Request token does not match cookie");
    begin_login("/10a");
    broken = 503;
    test_expect_log(GALE_LOG_ERROR, "503 GET /access_token");
    assert_refused("/10a?oauth_token=zxcv&oauth_verifier=v", "the provider gives no token: 503");
    stop();
}

TEST(oauth_1_providers_that_are_broken)
{
    open_oauth();
    broken = 503;
    test_expect_log(GALE_LOG_ERROR, "503 GET /request_token");
    test_expect_log(GALE_LOG_WARNING, "/request_token has answered 503");
    test_expect_log(GALE_LOG_ERROR, "502 GET /10a");
    visit_for("/10a", "HTTP/1.1 502 ", "");
    broken = 0;
    given_token = "nonsense";
    test_expect_log(GALE_LOG_ERROR, "the provider has answered with what is no token");
    test_expect_log(GALE_LOG_ERROR, "500 GET /10a");
    visit_for("/10a", "HTTP/1.1 500 ", "");
    stop();
}

TEST(oauth_1_signs_requests)
{
    static const char wanted[] = "\r\n\r\n{\"screen_name\": \"foo\", \"said\": \"a b&\\u00e9\"}";
    open_oauth();
    visit_for("/service?secret=5678", "HTTP/1.1 200 OK\r\n", wanted);
    visit_for("/service?secret=5678&post=1", "HTTP/1.1 200 OK\r\n", wanted);
    test_expect_log(GALE_LOG_WARNING, "401 GET /name");
    test_expect_log(GALE_LOG_WARNING, "/name has answered 401");
    test_expect_log(GALE_LOG_ERROR, "502 GET /service");
    visit_for("/service?secret=other", "HTTP/1.1 502 ", "");
    stop();
}

TEST(oauth_1_parameters_of_a_request)
{
    static const gale_oauth_options options = { .consumer_key = "asdf", .consumer_secret = "qwer" };
    json_t *token = json_pack("{s:s, s:s}", "key", "uiop", "secret", "5678");
    json_t *parameters = gale_oauth_request_parameters(&options, "GET", "http://h/", token, NULL);
    assert_int_equal(json_object_size(parameters), 7);
    assert_string_equal(json_string_value(json_object_get(parameters, "oauth_token")), "uiop");
    assert_string_equal(json_string_value(json_object_get(parameters, "oauth_signature_method")),
                        "HMAC-SHA1");
    json_decref(parameters);
    parameters = json_pack("{s:n}", "a");
    assert_null(gale_oauth_request_parameters(&options, "GET", "http://h/", token, parameters));
    json_decref(parameters);
    json_decref(token);
}

/* ---- OAuth 2 --------------------------------------------------------------------------- */

static gale_oauth2_provider provider;
static gale_oauth2_options two;
static char challenged[100];

static int give_token(gale_handler *self)
{
    if (broken)
        return gale_http_error(self, broken, NULL);
    bool good = !strcmp(asked(self, "code"), "c") && !strcmp(asked(self, "client_id"), "me") &&
                !strcmp(asked(self, "client_secret"), "secret") &&
                !strcmp(asked(self, "redirect_uri"), site("/two")) &&
                (provider.no_pkce || strlen(asked(self, "code_verifier")) == 43);
    if (!provider.get_token && strcmp(asked(self, "grant_type"), "authorization_code") != 0)
        good = false;
    if (!good)
        return gale_http_error(self, 400, NULL);
    return gale_write_json(self,
                           json_pack("{s:s, s:i}", "access_token", "fake", "expires_in", 3600));
}

static int tell_user(gale_handler *self)
{
    if (strcmp(asked_header(self, "Authorization"), "Bearer fake") != 0)
        return gale_http_error(self, 401, NULL);
    return gale_write_json(self, json_pack("{s:s, s:s, s:s}", "name", "Foo", "fields",
                                           asked(self, "fields"), "proof",
                                           asked(self, "appsecret_proof")));
}

static int log_in_2(gale_handler *self)
{
    json_t *token, *user;
    if (!*asked(self, "code"))
        return gale_oauth2_authorize_redirect(self, &two);
    GALE_TRY(gale_oauth2_get_access_token(self, &two, &token));
    GALE_TRY(gale_oauth2_request(self, &two, site("/me"),
                                 json_string_value(json_object_get(token, "access_token")), NULL,
                                 NULL, &user));
    return gale_write(self, json_string_value(json_object_get(user, "name")));
}

static int log_in_facebook(gale_handler *self)
{
    static const char *const extra[] = { "fields", "proof", "missing", NULL };
    json_t *user;
    if (!*asked(self, "code"))
        return gale_oauth2_authorize_redirect(self, &two);
    GALE_TRY(gale_facebook_get_authenticated_user(self, &two, extra, &user));
    return gale_write_json(self, json_incref(user));
}

CLASS(token_handler, .get = give_token, .post = give_token);
CLASS(user_handler, .get = tell_user);
CLASS(two_handler, .get = log_in_2);
CLASS(facebook_handler, .get = log_in_facebook);

static void open_oauth2(bool facebook)
{
    static const gale_route routes[] = { ROUTE("/token", token_handler),
                                         ROUTE("/me", user_handler),
                                         ROUTE("/two", two_handler),
                                         { 0 } };
    static const gale_route with_facebook[] = { ROUTE("/token", token_handler),
                                                ROUTE("/me", user_handler),
                                                ROUTE("/two", facebook_handler),
                                                { 0 } };
    static char urls[3][100];
    broken = 0;
    cookie[0] = '\0';
    serve(facebook ? with_facebook : routes,
          &(gale_application_settings){ .cookie_secret = "for tests" }, &port);
    strcpy(urls[0], site("/authorize"));
    strcpy(urls[1], site("/token"));
    strcpy(urls[2], site(""));
    provider = (gale_oauth2_provider){ .authorize_url = urls[0],
                                       .access_token_url = urls[1],
                                       .api_url = urls[2],
                                       .get_token = facebook };
    two = (gale_oauth2_options){ .provider = &provider,
                                 .client_id = "me",
                                 .client_secret = "secret",
                                 .scope = "profile email" };
}

static const char *back(const char *more)
{
    static char target[300];
    snprintf(target, sizeof target, "/two?code=c&state=%s%s", parameter("state"), more);
    return target;
}

TEST(oauth_2_leads_to_the_provider)
{
    char wanted[300];
    open_oauth2(false);
    two.extra_params = (const char *const[]){ "approval_prompt", "auto", NULL };
    begin_login("/two");
    snprintf(wanted, sizeof wanted,
             "http://127.0.0.1:%d/authorize?response_type=code&redirect_uri=http%%3A%%2F%%2F127.0."
             "0.1%%3A%d%%2Ftwo&client_id=me&approval_prompt=auto&scope=profile+email&state=",
             port, port);
    assert_memory_equal(location, wanted, strlen(wanted));
    assert_string_equal(parameter("code_challenge_method"), "S256");
    snprintf(challenged, sizeof challenged, "%s", parameter("code_challenge"));
    begin_login("/two");
    assert_string_not_equal(parameter("code_challenge"), challenged);
    provider.no_pkce = true;
    begin_login("/two");
    assert_string_equal(parameter("code_challenge"), "");
    provider.authorize_url = "http://h/?";
    begin_login("/two");
    assert_memory_equal(location, "http://h/?response_type=code&", 29);
    stop();
}

TEST(oauth_2_tells_who_has_logged_in)
{
    open_oauth2(false);
    begin_login("/two");
    visit_for(back(""), "HTTP/1.1 200 OK\r\n", "\r\n\r\nFoo");
    provider.no_pkce = true;
    begin_login("/two");
    visit_for(back(""), "HTTP/1.1 200 OK\r\n", "\r\n\r\nFoo");
    two.http_client = gale_http_client_new(NULL);
    begin_login("/two");
    visit_for(back(""), "HTTP/1.1 200 OK\r\n", "\r\n\r\nFoo");
    gale_http_client_free(two.http_client);
    stop();
}

TEST(oauth_2_logins_that_fail)
{
    open_oauth2(false);
    assert_refused("/two?code=c", "the answer belongs to no login of this browser");
    begin_login("/two");
    assert_refused("/two?code=c&state=x", "the answer belongs to no login of this browser");
    begin_login("/two");
    broken = 400;
    test_expect_log(GALE_LOG_WARNING, "400 POST /token");
    assert_refused(back(""), "the provider gives no token: 400");
    stop();
}

TEST(facebook_tells_who_has_logged_in)
{
    open_oauth2(true);
    begin_login("/two");
    visit_for(
        back(""), "HTTP/1.1 200 OK\r\n",
        "\r\n\r\n{\"access_token\": \"fake\", \"session_expires\": \"3600\", \"id\": null, "
        "\"name\": \"Foo\", \"first_name\": null, \"last_name\": null, \"locale\": null, "
        "\"picture\": null, \"link\": null, \"fields\": \"id,name,first_name,last_name,"
        "locale,picture,link,fields,proof,missing\", \"proof\": "
        "\"842347ad20b7f4b7eaa514aed012b2affd7cdc83a504b0bc3c2fa72497c8f0ec\", \"missing\": null}");
    stop();
}

TEST(the_providers_that_are_known)
{
    assert_string_equal(gale_google_oauth2.authorize_url,
                        "https://accounts.google.com/o/oauth2/v2/auth");
    assert_string_equal(gale_google_oauth2.access_token_url,
                        "https://www.googleapis.com/oauth2/v4/token");
    assert_string_equal(gale_facebook_oauth2.api_url, "https://graph.facebook.com");
}

GALE_TEST_MAIN
