/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/status.h"

#include <gale/httputil.h>

#include "test.h"

TEST(reasons)
{
    assert_string_equal(gale_http_reason(200), "OK");
    assert_string_equal(gale_http_reason(404), "Not Found");
    assert_string_equal(gale_http_reason(413), "Request Entity Too Large");
    assert_string_equal(gale_http_reason(418), "I'm a Teapot");
    assert_string_equal(gale_http_reason(511), "Network Authentication Required");
}

TEST(codes_without_a_reason)
{
    static const int codes[] = { -1, 0, 99, 104, 299, 306, 420, 499, 509, 512, 999, 100000 };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        assert_string_equal(gale_http_reason(codes[i]), "Unknown");
}

GALE_TEST_MAIN
