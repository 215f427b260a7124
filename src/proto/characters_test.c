/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/characters.h"

#include "test.h"

static bool is_alphanumeric(int byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z');
}

/* False for NUL, which strchr would find. */
static bool is_one_of(int byte, const char *set)
{
    return byte && strchr(set, byte);
}

TEST(every_byte_has_the_classes_of_the_grammar)
{
    for (int byte = 0; byte < 256; byte++) {
        char c = (char)byte;
        bool token = is_alphanumeric(byte) || is_one_of(byte, "!#$%&'*+-.^_`|~");
        bool host = is_alphanumeric(byte) || is_one_of(byte, "-._~!$&'()*+;=[]:");
        bool field = byte == '\t' || (byte >= 0x20 && byte <= 0x7e) || byte >= 0x80;
        assert_int_equal(gale__http_is(c, GALE__CHARACTER_TOKEN), token);
        assert_int_equal(gale__http_is(c, GALE__CHARACTER_HOST), host);
        assert_int_equal(gale__http_is(c, GALE__CHARACTER_FIELD), field);
        assert_int_equal(gale__http_is(c, GALE__CHARACTER_VISIBLE),
                         field && byte != '\t' && byte != ' ');
        assert_int_equal(gale__http_is(c, GALE__CHARACTER_HEX),
                         is_one_of(byte, "0123456789abcdefABCDEF"));
        assert_int_equal(gale__http_is_digit(c), is_one_of(byte, "0123456789"));
        assert_int_equal(gale__http_is_space(c), is_one_of(byte, " \t"));
    }
}

TEST(tokens)
{
    assert_true(gale__http_is_token("GET", 3));
    assert_false(gale__http_is_token("", 0));
    assert_false(gale__http_is_token("G T", 3));
    assert_false(gale__http_is_token("GET:", 4));
    assert_true(gale__http_all("", 0, GALE__CHARACTER_TOKEN));
}

TEST(trim_takes_space_and_tab_only)
{
    assert_str(gale__http_trim(GALE_STR(" \t a b\t ")), "a b");
    assert_str(gale__http_trim(GALE_STR("a")), "a");
    assert_str(gale__http_trim(GALE_STR(" \t ")), "");
    assert_str(gale__http_trim(GALE_STR("")), "");
    assert_str(gale__http_trim(GALE_STR("\va\n")), "\va\n");
}

GALE_TEST_MAIN
