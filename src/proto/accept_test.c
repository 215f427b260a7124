/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/accept.h"

#include <string.h>

#include "test.h"

static int quality(const char *list, const char *name)
{
    return gale__http_accept_quality((gale_str){ list, strlen(list) },
                                     (gale_str){ name, strlen(name) });
}

/* RFC 9110 §12.4.2, §12.5.3 */
TEST(qualities)
{
    assert_int_equal(quality("gzip", "gzip"), 1000);
    assert_int_equal(quality("GZip ; Q=0.25 , br", "gzip"), 250);
    assert_int_equal(quality("br, gzip;level=1;q=0.125", "gzip"), 125);
    assert_int_equal(quality("gzip;q=1.000", "gzip"), 1000);
    assert_int_equal(quality("gzip;q=0", "gzip"), 0);
    assert_int_equal(quality("*;q=0.5, br", "gzip"), 500);
    assert_int_equal(quality("*;q=0.5, gzip;q=0", "gzip"), 0);
    assert_int_equal(quality("x-gzip, gzipped", "gzip"), -1);
    assert_int_equal(quality("", "gzip"), -1);
    assert_int_equal(quality(", ,gzip", "gzip"), 1000);
}

TEST(malformed_qualities_count_as_none)
{
    static const char *const lists[] = {
        "gzip;q=",   "gzip;q=2",   "gzip;q=1.001", "gzip;q=-1",
        "gzip;q=.5", "gzip;q=0,5", "gzip;q=0.5x",  "gzip;q=0.1234"
    };
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        assert_int_equal(quality(lists[i], "gzip"), 0);
}

static gale__coding choice(const char *list)
{
    return gale__http_choose_coding((gale_str){ list, strlen(list) });
}

TEST(choosing)
{
    gale__coding best = GALE_BROTLI ? GALE__CODING_BROTLI : GALE__CODING_GZIP;
    assert_int_equal(choice("gzip, deflate, br"), best);
    assert_int_equal(choice("*"), best);
    assert_int_equal(choice("br;q=0.5, gzip;q=0.6"), GALE__CODING_GZIP);
    assert_int_equal(choice("br;q=0, *;q=0.1"), GALE__CODING_GZIP);
    assert_int_equal(choice("gzip;q=0.5, identity"), GALE__CODING_IDENTITY);
    assert_int_equal(choice("gzip, identity;q=0.5"), GALE__CODING_GZIP);
    assert_int_equal(choice("deflate"), GALE__CODING_IDENTITY);
    assert_int_equal(choice(""), GALE__CODING_IDENTITY);
    assert_string_equal(gale__http_coding_name(GALE__CODING_GZIP), "gzip");
    assert_null(gale__http_coding_name(GALE__CODING_IDENTITY));
}

GALE_TEST_MAIN
