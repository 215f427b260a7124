/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "test.h"

TEST(the_text_and_the_numbers_agree)
{
    char text[32];
    snprintf(text, sizeof text, "%d.%d.%d", GALE_VERSION_MAJOR, GALE_VERSION_MINOR,
             GALE_VERSION_PATCH);
    assert_string_equal(gale_version(), text);
    assert_string_equal(gale_version(), GALE_VERSION);
}

GALE_TEST_MAIN
