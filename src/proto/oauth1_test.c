/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/oauth1.h"

#include <errno.h>

#include "test.h"

/* `parameters` is JSON. */
static void assert_signature(const char *method, const char *url, const char *parameters,
                             const char *consumer_secret, const char *token_secret, bool plain,
                             const char *expected)
{
    json_t *object = json_loads(parameters, 0, NULL);
    assert_non_null(object);
    gale__buffer out;
    gale__buffer_init(&out, SIZE_MAX);
    gale__oauth1_request request = { .method = method,
                                     .url = url,
                                     .parameters = object,
                                     .consumer_secret = consumer_secret,
                                     .token_secret = token_secret,
                                     .plain_secrets = plain };
    assert_ok(gale__oauth1_sign(&out, &request));
    assert_str(gale__buffer_str(&out), expected);
    gale__buffer_clear(&out);
    json_decref(object);
}

TEST(the_example_of_the_first_specification)
{
    assert_signature("GET", "http://photos.example.net/photos?file=vacation.jpg&size=original",
                     "{\"oauth_consumer_key\": \"dpf43f3p2l4k3l03\", \"oauth_nonce\": "
                     "\"kllo9940pd9333jh\", \"oauth_signature_method\": \"HMAC-SHA1\", "
                     "\"oauth_timestamp\": 1191242096, \"oauth_token\": \"nnch734d00sl2jdk\", "
                     "\"oauth_version\": \"1.0\"}",
                     "kd94hf93k423kf44", "pfkkdhi9sl3r4s00", false, "tR3+Ty81lMeYAr/Fid0kMTYa/WM=");
}

TEST(the_example_of_rfc_5849)
{
    assert_signature("GET", "http://photos.example.net/photos?file=vacation.jpg&size=original",
                     "{\"oauth_consumer_key\": \"dpf43f3p2l4k3l03\", \"oauth_nonce\": \"chapoH\", "
                     "\"oauth_signature_method\": \"HMAC-SHA1\", \"oauth_timestamp\": "
                     "\"137131202\", \"oauth_token\": \"nnch734d00sl2jdk\"}",
                     "kd94hf93k423kf44", "pfkkdhi9sl3r4s00", false, "MdpQcU8iPSUjWoN/UDMsK2sui9I=");
}

/* Made with tornado.auth._oauth10a_signature and _oauth_signature. */
TEST(tornado_signs_the_same)
{
    static const char parameters[] =
        "{\"a\": \"1 +/~\\u00e9\", \"b\": \"\", \"oauth_nonce\": \"n\"}";
    assert_signature("post", "HTTPS://Example.com/x%20y", parameters, "s/ecret", "t&oken", false,
                     "PBdPH6HLAMbZufQi72jpKtnMt9A=");
    assert_signature("POST", "https://example.com/x%20y", parameters, "s/ecret", "t&oken", true,
                     "h6bcXS/wsvu7e7RHtZ42XrNSVV8=");
    assert_signature("GET", "http://example.com:8080/", "{}", "c", NULL, false,
                     "K9n85ku8RYOTLrtzujObEYeq0fs=");
}

TEST(equal_requests_have_equal_signatures)
{
    static const char *const urls[] = { "http://h/", "http://h", "HTTP://H:80/", "http://h/#x" };
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++)
        assert_signature("GET", urls[i], "{\"a\": 1}", "c", "t", false,
                         "EzQjHDIS+GLSrlTMcas54s4ppnE=");
    assert_signature("GET", "https://h:443/?a=1", "{}", "c", "t", false,
                     "zcfAXNavPIDCOKV/IySR5uhfW+Y=");
    assert_signature("GET", "https://h/", "{\"a\": \"1\"}", "c", "t", false,
                     "zcfAXNavPIDCOKV/IySR5uhfW+Y=");
}

static void assert_refused(const char *url, const char *parameters)
{
    json_t *object = json_loads(parameters, 0, NULL);
    gale__buffer out;
    gale__buffer_init(&out, SIZE_MAX);
    gale__oauth1_request request = {
        .method = "GET", .url = url, .parameters = object, .consumer_secret = ""
    };
    assert_error(gale__oauth1_sign(&out, &request), GALE_EINVALID);
    gale__buffer_clear(&out);
    json_decref(object);
}

TEST(what_cannot_be_signed)
{
    assert_refused("nothing", "{}");
    assert_refused("://h/", "{}");
    assert_refused("http:///x", "{}");
    assert_refused("http://h/", "{\"a\": []}");
    assert_refused("http://h/", "{\"a\": null}");
}

TEST(out_of_memory)
{
    json_t *object = json_pack("{s:s}", "a", "b");
    gale__oauth1_request request = {
        .method = "GET", .url = "http://h/?c=d", .parameters = object, .consumer_secret = ""
    };
    size_t n = 0;
    int result;
    do {
        gale__buffer out;
        gale__buffer_init(&out, SIZE_MAX);
        test_fail_allocation(++n);
        result = gale__oauth1_sign(&out, &request);
        gale__buffer_clear(&out);
        assert_true(result == 0 || result == -ENOMEM);
    } while (test_allocation_failed());
    assert_int_equal(result, 0);
    json_decref(object);
}

GALE_TEST_MAIN
