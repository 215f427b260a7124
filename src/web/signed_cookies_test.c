/* SPDX-License-Identifier: Apache-2.0 */
/* Signed values, and cookies that hold them. Many cases are Tornado's SignedValueTest and
 * SecureCookie tests. */
#include <errno.h>

#include "web/web_test.h"

#define SECRET "It's a secret to everybody"
#define PAST 1300000000
#define PRESENT 1300000001

static const gale_signed_value_options at_past = { .now = PAST };
static const gale_signed_value_options at_present = { .now = PRESENT };

static const gale_cookie_secret two_secrets[] = {
    { .key_version = 0, .secret = "ajklasdf0ojaisdf" },
    { .key_version = 1, .secret = "aslkjasaolwkjsdf" },
    { 0 }
};

static void signs(gale_str value, const gale_signed_value_options *options, const char *expected)
{
    gale_bytes *text;
    assert_ok(gale_create_signed_value(SECRET, "key", value, options, &text));
    assert_str(gale_bytes_str(text), expected);
    gale_bytes_unref(text);
}

static void decodes(const char *secret, const char *name, gale_str text,
                    const gale_signed_value_options *options, const char *expected)
{
    gale_bytes *value;
    int result = gale_decode_signed_value(secret, name, text, options, &value);
    assert_int_equal(result, expected ? 0 : GALE_EINPUT);
    if (!expected)
        return;
    assert_str(gale_bytes_str(value), expected);
    gale_bytes_unref(value);
}

#define V1 "dmFsdWU=|1300000000|31c934969f53e48164c50768b40cbd7e2daaaa4f"
#define V2_SIGNED "2|1:0|10:1300000000|3:key|8:dmFsdWU=|"
#define V2 V2_SIGNED "3d4e60b996ff9c5d5788e333a0cba6f238a22c6c0f94788870e1a9ecd482e152"

TEST(known_values)
{
    signs(GALE_STR("value"), &(gale_signed_value_options){ .version = 1, .now = PAST }, V1);
    signs(GALE_STR("value"), &at_past, V2);
    signs(GALE_STR(""), &at_past,
          "2|1:0|10:1300000000|3:key|0:|"
          "6e95660506257587586edb4dbac28ab1c44d8163a37af507ec5c99232c6d4a87");
    static const gale_cookie_secret secrets[] = { { 0, "asdfbasdf", 0 },
                                                  { 1, "12312312-ignored", 8 },
                                                  { 0, NULL, 0 } };
    signs(GALE_STR("\xe9"),
          &(gale_signed_value_options){ .secrets = secrets, .key_version = 1, .now = PAST },
          "2|1:1|10:1300000000|3:key|4:6Q==|"
          "75fed969da3a9a9d3f1a48f2e97dbc8a875c97fec091ae0b07c176494da223fc");
    decodes(SECRET, "key", GALE_STR(V2), &at_present, "value");
    decodes(SECRET, "key", GALE_STR(V1), &at_present, "value");
}

TEST(the_name_is_signed)
{
    gale_bytes *text;
    assert_ok(gale_create_signed_value(SECRET, "key1", GALE_STR("value"), &at_past, &text));
    decodes(SECRET, "key1", gale_bytes_str(text), &at_past, "value");
    decodes(SECRET, "key2", gale_bytes_str(text), &at_past, NULL);
    decodes("another", "key1", gale_bytes_str(text), &at_past, NULL);
    gale_bytes_unref(text);
}

TEST(values_expire)
{
    const double day = 86400;
    test_expect_log(GALE_LOG_WARNING, "Expired cookie dmFsdWU=|1300000000|");
    for (int version = 1; version <= 2; version++) {
        gale_str text = version == 1 ? GALE_STR(V1) : GALE_STR(V2);
        gale_signed_value_options options = { .now = PAST + 30 * day };
        decodes(SECRET, "key", text, &options, "value");
        options.now = PAST + 31 * day;
        decodes(SECRET, "key", text, &options, "value");
        options.now = PAST + 31 * day + 0.5;
        decodes(SECRET, "key", text, &options, NULL);
        options.max_age_days = 32;
        decodes(SECRET, "key", text, &options, "value");
        options.max_age_days = GALE_NONE;
        options.now = PAST + 10000 * day;
        decodes(SECRET, "key", text, &options, "value");
    }
}

/* Only format 2 says where each part ends, so only format 1 must look at the future. */
TEST(values_of_the_future)
{
    gale_signed_value_options early = { .now = PAST - 32 * 86400 };
    decodes(SECRET, "key", GALE_STR(V2), &early, "value");
    test_expect_log(GALE_LOG_WARNING, "Cookie timestamp in future; possible tampering dmFsdWU=|");
    decodes(SECRET, "key", GALE_STR(V1), &early, NULL);
}

TEST(tampered_payloads)
{
    static const char *const bad[] = {
        "",
        "2|1:0|10:1300000000|3:key|8:dmFsdWU=|",
        "2|1:1|10:1300000000|3:key|8:dmFsdWU=|"
        "3d4e60b996ff9c5d5788e333a0cba6f238a22c6c0f94788870e1a9ecd482e152",
        "2|1:0|10:130000000|3:key|8:dmFsdWU=|"
        "3d4e60b996ff9c5d5788e333a0cba6f238a22c6c0f94788870e1a9ecd482e152",
        "2|1:0|10:1300000000|3:keey|8:dmFsdWU=|"
        "3d4e60b996ff9c5d5788e333a0cba6f238a22c6c0f94788870e1a9ecd482e152",
        V2_SIGNED "3d4e60b996ff9c5d5788e333a0cba6f238a22c6c0f94788870e1a9ecd482e153",
        V2_SIGNED "3d4e60b996ff9c5d5788e333a0cba6f238a22c6c0f94788870e1a9ecd482e15",
        V2 "38",
        V2 " ",
        "2|",
        "2|1",
        "2|:|",
        "2|1:0",
        "2|-1:0|10:1300000000|3:key|8:dmFsdWU=|",
        "2|99999999999999999999:0|x",
        "2|1:x|10:1300000000|3:key|8:dmFsdWU=|00",
        "3|" V2,
        "999|" V2,
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        decodes(SECRET, "key", (gale_str){ bad[i], strlen(bad[i]) }, &at_past, NULL);
}

/* What is no format 2 is taken for format 1, whose parts are three. */
TEST(tampered_payloads_of_format_1)
{
    static const char *const silent[] = { "a",          "a|b",     "a|b|c|d",
                                          "02|1:0|x|y", "1|a|b|c", "2|\n1:0|10|3\n" };
    for (size_t i = 0; i < sizeof silent / sizeof *silent; i++)
        decodes(SECRET, "key", (gale_str){ silent[i], strlen(silent[i]) }, &at_past, NULL);
    test_expect_log(GALE_LOG_WARNING, "Invalid cookie signature 1000|a|b");
    decodes(SECRET, "key", GALE_STR("1000|a|b"), &at_past, NULL);
    test_expect_log(GALE_LOG_WARNING, "Invalid cookie signature |1300000000|");
    decodes(SECRET, "key", GALE_STR("|1300000000|"), &at_past, NULL);
}

/* Digits that are moved from the value to the time leave the signature as it was. */
static void refuses_moved_digits(gale_str value, const char *encoded, const char *why)
{
    gale_bytes *text;
    char tampered[200];
    assert_ok(gale_create_signed_value(
        SECRET, "foo", value, &(gale_signed_value_options){ .version = 1, .now = PAST }, &text));
    const char *genuine = gale_bytes_str(text).data;
    assert_memory_equal(genuine, encoded, 8);
    snprintf(tampered, sizeof tampered, "%.4s|%.4s1300000000%s", genuine, genuine + 4,
             strrchr(genuine, '|'));
    test_expect_log(GALE_LOG_WARNING, why);
    decodes(SECRET, "foo", (gale_str){ tampered, strlen(tampered) }, &at_past, NULL);
    gale_bytes_unref(text);
}

TEST(format_1_with_a_moved_border)
{
    refuses_moved_digits(GALE_STR("\xd7\x6d\xf8\xd7\x6d\xf8"), "12341234",
                         "Cookie timestamp in future; possible tampering 1234|12341300000000|");
    refuses_moved_digits(GALE_STR("\xd7\x6d\xf8\xd3\x4d\x34"), "12340000",
                         "Tampered cookie 1234|00001300000000|");
    refuses_moved_digits(GALE_STR("\xd7\x6d\xf8\x69\xb7\x1d"), "1234abcd",
                         "Tampered cookie 1234|abcd1300000000|");
}

TEST(any_bytes)
{
    char all[256];
    for (int i = 0; i < 256; i++)
        all[i] = (char)i;
    for (int version = 1; version <= 2; version++) {
        gale_signed_value_options options = { .version = version, .now = PAST };
        gale_bytes *text, *value;
        assert_ok(gale_create_signed_value(SECRET, "key", (gale_str){ all, sizeof all }, &options,
                                           &text));
        assert_ok(gale_decode_signed_value(SECRET, "key", gale_bytes_str(text), &at_past, &value));
        assert_bytes(gale_bytes_str(value), ((gale_str){ all, sizeof all }));
        gale_bytes_unref(text);
        gale_bytes_unref(value);
    }
}

TEST(several_secrets)
{
    for (int version = 0; version < 2; version++) {
        gale_signed_value_options options = { .secrets = two_secrets,
                                              .key_version = version,
                                              .now = PRESENT };
        gale_bytes *text;
        assert_ok(gale_create_signed_value(NULL, "key", GALE_STR("\xe9"), &options, &text));
        assert_int_equal(gale_get_signature_key_version(gale_bytes_str(text)), version);
        gale_signed_value_options reading = { .secrets = two_secrets, .now = PRESENT };
        decodes(NULL, "key", gale_bytes_str(text), &reading, "\xe9");
        static const gale_cookie_secret other[] = { { 7, "ajklasdf0ojaisdf", 0 }, { 0 } };
        reading.secrets = other;
        decodes(NULL, "key", gale_bytes_str(text), &reading, NULL);
        gale_bytes_unref(text);
    }
    gale_signed_value_options reading = { .secrets = two_secrets, .now = PRESENT };
    decodes(NULL, "key", GALE_STR(V1), &reading, NULL);
}

TEST(key_versions)
{
    assert_int_equal(gale_get_signature_key_version(GALE_STR(V2)), 0);
    assert_int_equal(gale_get_signature_key_version(GALE_STR("2|3:123|1:0|0:|0:|")), 123);
    assert_error(gale_get_signature_key_version(GALE_STR(V1)), GALE_EINPUT);
    assert_error(gale_get_signature_key_version(GALE_STR("2|1:0|")), GALE_EINPUT);
    assert_error(gale_get_signature_key_version(GALE_STR("2|11:99999999999|1:0|0:|0:|")),
                 GALE_EINPUT);
    assert_error(gale_get_signature_key_version(GALE_STR("")), GALE_EINPUT);
}

TEST(what_cannot_be_asked_for)
{
    gale_bytes *text;
    gale_signed_value_options options = { .version = 3 };
    assert_error(gale_create_signed_value(SECRET, "a", GALE_STR(""), &options, &text),
                 GALE_EINVALID);
    assert_error(gale_create_signed_value("", "a", GALE_STR(""), NULL, &text), GALE_EINVALID);
    assert_error(gale_create_signed_value(NULL, "a", GALE_STR(""), NULL, &text), GALE_EINVALID);
    assert_error(gale_decode_signed_value(NULL, "a", GALE_STR("b"), NULL, &text), GALE_EINVALID);
    options = (gale_signed_value_options){ .min_version = 3 };
    assert_error(gale_decode_signed_value(SECRET, "a", GALE_STR(V2), &options, &text),
                 GALE_EINVALID);
    options = (gale_signed_value_options){ .secrets = two_secrets, .version = 1 };
    assert_error(gale_create_signed_value(NULL, "a", GALE_STR(""), &options, &text), GALE_EINVALID);
    options = (gale_signed_value_options){ .secrets = two_secrets, .key_version = 2 };
    assert_error(gale_create_signed_value(NULL, "a", GALE_STR(""), &options, &text), GALE_EINVALID);
    assert_non_null(strstr(gale_error_detail(), "key_version 2"));
    gale_signed_value_options newest = { .min_version = 2, .now = PAST };
    decodes(SECRET, "key", GALE_STR(V1), &newest, NULL);
    decodes(SECRET, "key", GALE_STR(V2), &newest, "value");
}

TEST(now_is_now)
{
    gale_bytes *text, *value;
    assert_ok(gale_create_signed_value(SECRET, "key", GALE_STR("v"), NULL, &text));
    assert_ok(gale_decode_signed_value(SECRET, "key", gale_bytes_str(text), NULL, &value));
    gale_bytes_unref(text);
    gale_bytes_unref(value);
}

TEST(out_of_memory)
{
    for (int version = 1; version <= 2; version++) {
        gale_signed_value_options options = { .version = version, .now = PAST };
        gale_bytes *text = NULL, *value = NULL;
        int result;
        size_t n = 0;
        do {
            test_fail_allocation(++n);
            result = gale_create_signed_value(SECRET, "key", GALE_STR("value"), &options, &text);
            assert_int_equal(result, test_allocation_failed() ? -ENOMEM : 0);
        } while (test_allocation_failed());
        n = 0;
        do {
            test_fail_allocation(++n);
            result =
                gale_decode_signed_value(SECRET, "key", gale_bytes_str(text), &options, &value);
            assert_int_equal(result, test_allocation_failed() ? -ENOMEM : 0);
        } while (test_allocation_failed());
        gale_bytes_unref(text);
        gale_bytes_unref(value);
    }
}

/* ---- In handlers ----------------------------------------------------------------------- */

static int set(gale_handler *self)
{
    int version = atoi(gale_get_argument(self, "version", "0"));
    GALE_TRY(gale_set_signed_cookie(self, "a", "1", NULL));
    GALE_TRY(gale_set_signed_cookie(self, "b", "2",
                                    &(gale_cookie_options){ .expires_days = GALE_NONE,
                                                            .signed_version = version,
                                                            .httponly = true }));
    return gale_set_signed_cookie_str(self, "c", GALE_STR("\0\xff"), NULL);
}

static int get(gale_handler *self)
{
    gale_signed_value_options options = { .min_version =
                                              atoi(gale_get_argument(self, "min", "0")) };
    const char *value = gale_get_argument(self, "value", "");
    if (*value)
        options.value = value;
    const char *a = gale_get_signed_cookie(self, "a", &options);
    gale_str c = gale_get_signed_cookie_str(self, "c", NULL);
    return gale_writef(self, "%s %d %d", a ? a : "none",
                       gale_get_signed_cookie_key_version(self, "a", &options), (int)c.len);
}

static int value_for_other_uses(gale_handler *self)
{
    const char *text = gale_handler_create_signed_value(self, "a", GALE_STR("other"), 0);
    return text ? gale_write(self, text) : 0;
}

static int text_with_nul(gale_handler *self)
{
    const char *text = gale_handler_create_signed_value(self, "c", GALE_STR("a\0b"), 0);
    gale_signed_value_options options = { .value = text };
    if (gale_get_signed_cookie_str(self, "c", &options).len != 3)
        return gale_http_error(self, 500, "not 3");
    return gale_get_signed_cookie(self, "c", &options) ? 0 : gale_write(self, "lost");
}

static const gale_handler_class set_handler = { .get = set };
static const gale_handler_class get_handler = { .get = get };
static const gale_handler_class other_handler = { .get = value_for_other_uses };
static const gale_handler_class nul_handler = { .get = text_with_nul };

static const gale_route routes[] = { ROUTE("/set", set_handler),
                                     ROUTE("/get", get_handler),
                                     ROUTE("/other", other_handler),
                                     ROUTE("/nul", nul_handler),
                                     { 0 } };

/* The request's Cookie header out of the Set-Cookie lines of an answer. */
static void collect_cookies(const char *answer, char *out, size_t size)
{
    const char *separator = "";
    size_t at = 0;
    for (const char *line = strstr(answer, "Set-Cookie: "); line;
         line = strstr(line, "Set-Cookie: ")) {
        line += strlen("Set-Cookie: ");
        at += (size_t)snprintf(out + at, size - at, "%s%.*s", separator, (int)strcspn(line, ";"),
                               line);
        separator = "; ";
    }
}

static char *get_cookies(int port, const char *target)
{
    static char cookies[2000];
    char request[200];
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\n" CLOSE "\r\n", target);
    char *answer = ask(port, request);
    collect_cookies(answer, cookies, sizeof cookies);
    free(answer);
    return cookies;
}

static void gets(int port, const char *target, const char *cookies, const char *body)
{
    char request[3000], end[100];
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nCookie: %s\r\n" CLOSE "\r\n", target,
             cookies);
    snprintf(end, sizeof end, "\r\n\r\n%s", body);
    assert_answer(port, request, "HTTP/1.1 200 OK\r\n", end);
}

TEST(signed_cookies_of_a_handler)
{
    int port;
    serve(routes, &(gale_application_settings){ .cookie_secret = SECRET }, &port);
    char *cookies = get_cookies(port, "/set?version=1");
    gets(port, "/get", cookies, "1 0 2");
    gets(port, "/get?min=2", cookies, "1 0 2");
    gets(port, "/get", "b=x", "none -10011 0");
    char *answer = ask(port, GET("/set"));
    assert_non_null(strstr(answer, "Set-Cookie: a=\"2|1:0|10:"));
    assert_non_null(strstr(answer, "; Path=/\r\nSet-Cookie: b=\"2|1:0|10:"));
    assert_non_null(strstr(answer, "; expires="));
    assert_non_null(strstr(answer, "; HttpOnly; Path=/\r\nSet-Cookie: c=\"2|1:0|10:"));
    free(answer);
    char old[200];
    gale_bytes *text;
    assert_ok(gale_create_signed_value(SECRET, "a", GALE_STR("old"),
                                       &(gale_signed_value_options){ .version = 1 }, &text));
    snprintf(old, sizeof old, "a=%s", gale_bytes_str(text).data);
    gale_bytes_unref(text);
    gets(port, "/get", old, "old -10009 0");
    gets(port, "/get?min=2", old, "none -10009 0");
    stop();
}

TEST(other_values_than_cookies)
{
    int port;
    serve(routes, &(gale_application_settings){ .cookie_secret = SECRET }, &port);
    char *answer = ask(port, GET("/other"));
    char target[300];
    snprintf(target, sizeof target, "/get?value=%s", strstr(answer, "\r\n\r\n") + 4);
    free(answer);
    gets(port, target, "a=x", "other 0 0");
    test_expect_log(GALE_LOG_WARNING, "the signed cookie c is no text");
    test_expect_log(GALE_LOG_WARNING, "400 GET /nul (127.0.0.1) ");
    assert_status(port, "/nul", "400 Bad Request");
    stop();
}

TEST(several_secrets_of_an_application)
{
    int old_port, port;
    serve(routes, &(gale_application_settings){ .cookie_secrets = two_secrets }, &old_port);
    char old[2000];
    snprintf(old, sizeof old, "%s", get_cookies(old_port, "/set"));
    serve(routes, &(gale_application_settings){ .cookie_secrets = two_secrets, .key_version = 1 },
          &port);
    gets(port, "/get", old, "1 0 2");
    gets(port, "/get", get_cookies(port, "/set"), "1 1 2");
    static const gale_cookie_secret newer[] = { { 1, "aslkjasaolwkjsdf", 0 }, { 0 } };
    serve(routes, &(gale_application_settings){ .cookie_secrets = newer, .key_version = 1 }, &port);
    gets(port, "/get", old, "none 0 0");
    stop();
}

TEST(without_a_secret)
{
    int port = serve_routes(routes);
    test_expect_log(GALE_LOG_ERROR,
                    "invalid argument: You must define the 'cookie_secret' setting in "
                    "your application to use signed cookies");
    test_expect_log(GALE_LOG_ERROR, "500 GET /set (127.0.0.1) ");
    test_expect_log(GALE_LOG_WARNING,
                    "500 GET /get (127.0.0.1): You must define the 'cookie_secret'");
    test_expect_log(GALE_LOG_ERROR, "500 GET /get (127.0.0.1) ");
    assert_status(port, "/set", "500 Internal Server Error");
    assert_status(port, "/get", "500 Internal Server Error");
    stop();
}

static void cannot_serve(const gale_application_settings *settings, const char *why)
{
    test_expect_log(GALE_LOG_ERROR, why);
    assert_null(gale_application_new(routes, settings));
}

TEST(settings_that_contradict_each_other)
{
    cannot_serve(
        &(gale_application_settings){ .cookie_secret = "a", .cookie_secrets = two_secrets },
        "both cookie_secret and cookie_secrets are set");
    cannot_serve(&(gale_application_settings){ .cookie_secrets = two_secrets, .key_version = 2 },
                 "cookie_secrets has none with key_version 2");
    cannot_serve(&(gale_application_settings){ .xsrf_cookie_version = 3 },
                 "unknown xsrf cookie version 3");
    stop();
}

GALE_TEST_MAIN
