/* SPDX-License-Identifier: Apache-2.0 */
#include <gale/json.h>

#include "test.h"

static void assert_encoded(const char *text, const char *expected)
{
    json_t *value = gale_json_decode((gale_str){ text, strlen(text) });
    assert_non_null(value);
    gale_bytes *encoded = gale_json_encode(value);
    json_decref(value);
    assert_non_null(encoded);
    assert_str(gale_bytes_str(encoded), expected);
    gale_bytes_unref(encoded);
}

TEST(json_is_decoded_as_utf8)
{
    json_t *value = gale_json_decode(GALE_STR("\"\\u00e9\""));
    assert_string_equal(json_string_value(value), "\xc3\xa9");
    json_decref(value);
    value = gale_json_decode(GALE_STR("\"\xc3\xa9\""));
    assert_string_equal(json_string_value(value), "\xc3\xa9");
    json_decref(value);
    assert_null(gale_json_decode(GALE_STR("\"\xe9\"")));
    assert_non_null(strstr(gale_error_detail(), "line 1"));
    assert_null(gale_json_decode(GALE_STR("")));
    assert_null(gale_json_decode(GALE_STR("{} x")));
}

TEST(json_is_encoded_in_ascii)
{
    assert_encoded("\"\xc3\xa9\"", "\"\\u00e9\"");
    assert_encoded("[1, 2.5, true, null, {\"a\": \"</script>\"}]",
                   "[1, 2.5, true, null, {\"a\": \"<\\/script>\"}]");
    assert_encoded("\"\x7f\\u00AB\"", "\"\\u007f\\u00ab\"");
}

/* Tornado: EscapeTestCase.test_recursive_unicode */
TEST(text_is_utf8_at_every_depth)
{
    static const char *const good[] = { "{\"f\xc3\xb6\": \"b\xc3\xa4r\"}",
                                        "[\"foo\", [\"b\xc3\xa4r\", {\"a\": [\"\xc3\xa9\"]}]]",
                                        "\"\xc3\xa9\"" };
    static const char *const bad[] = { "{\"f\xf6\": \"bar\"}", "{\"foo\": \"b\xe4r\"}",
                                       "[\"foo\", [\"bar\", {\"a\": [\"\xe9\"]}]]",
                                       "[\"\xed\xa0\x80\"]", "\"\xe9\"" };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        json_t *value = gale_json_decode((gale_str){ good[i], strlen(good[i]) });
        assert_non_null(value);
        char *text = json_dumps(value, JSON_ENCODE_ANY);
        assert_string_equal(text, good[i]);
        free(text);
        json_decref(value);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_null(gale_json_decode((gale_str){ bad[i], strlen(bad[i]) }));
}

GALE_TEST_MAIN
