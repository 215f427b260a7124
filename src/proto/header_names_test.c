/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/header_names.h"

#include <ctype.h>

#include "test.h"

static const struct known {
    gale__http_header id;
    const char *name, *lower;
    char first, last;
} known[] = {
#define KNOWN(id, name, lower, first, last) { GALE__HTTP_##id, name, lower, first, last },
    GALE__HTTP_HEADERS(KNOWN)
#undef KNOWN
};

enum { KNOWN_COUNT = sizeof known / sizeof *known };

TEST(the_list_agrees_with_itself)
{
    for (size_t i = 0; i < KNOWN_COUNT; i++) {
        size_t size = strlen(known[i].name);
        char normal[32] = "";
        assert_true(size < sizeof gale__http_known_names[0].lower);
        for (size_t j = 0; j <= size; j++)
            assert_int_equal(tolower(known[i].name[j]), known[i].lower[j]);
        assert_int_equal(known[i].first, known[i].lower[0]);
        assert_int_equal(known[i].last, known[i].lower[size - 1]);
        gale__http_header_normalize(normal, known[i].lower, size);
        assert_string_equal(normal, known[i].name);
        assert_str(gale__http_header_name(known[i].id), known[i].name);
    }
}

TEST(known_names_are_found_in_any_case)
{
    for (size_t i = 0; i < KNOWN_COUNT; i++) {
        char name[32] = "";
        size_t size = strlen(known[i].name);
        assert_int_equal(gale__http_header_find(known[i].name, size), known[i].id);
        assert_int_equal(gale__http_header_find(known[i].lower, size), known[i].id);
        for (size_t j = 0; j < size; j++)
            name[j] = (char)toupper(known[i].name[j]);
        assert_int_equal(gale__http_header_find(name, size), known[i].id);
    }
}

TEST(near_misses_are_other_names)
{
    for (size_t i = 0; i < KNOWN_COUNT; i++) {
        size_t size = strlen(known[i].name);
        for (size_t j = 0; j < size; j++)
            for (int byte = 0; byte < 256; byte++) {
                char name[32] = "";
                memcpy(name, known[i].lower, size);
                if (tolower(byte) == name[j])
                    continue;
                name[j] = (char)byte;
                gale__http_header id = gale__http_header_find(name, size);
                if (id == known[i].id)
                    fail_msg("byte %d at %zu of %s", byte, j, known[i].name);
            }
        assert_int_not_equal(gale__http_header_find(known[i].name, size - 1), known[i].id);
    }
    assert_int_equal(gale__http_header_find("", 0), GALE__HTTP_OTHER);
    assert_int_equal(gale__http_header_find("X-Unknown", 9), GALE__HTTP_OTHER);
}

TEST(equal_folds_ascii_letters_only)
{
    for (int a = 0; a < 256; a++)
        for (int b = 0; b < 256; b++) {
            char left = (char)a, right = (char)b;
            bool letters = isalpha(a) && isalpha(b) && a < 128 && b < 128;
            bool expected = a == b || (letters && tolower(a) == tolower(b));
            assert_int_equal(gale__http_equal(&left, 1, &right, 1), expected);
        }
    assert_false(gale__http_equal("ab", 2, "abc", 3));
    assert_true(gale__http_equal("", 0, "", 0));
}

TEST(normalize)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        { "coNtent-TYPE", "Content-Type" },
        { "x-xss-protection", "X-Xss-Protection" },
        { "ETag", "Etag" },
        { "--a--B-", "--A--B-" },
        { "a_B-1c", "A_b-1c" },
        { "", "" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[32] = "";
        gale__http_header_normalize(out, cases[i].in, strlen(cases[i].in));
        assert_string_equal(out, cases[i].out);
    }
}

GALE_TEST_MAIN
