/* SPDX-License-Identifier: Apache-2.0 */
/* Everything of <gale/escape.h> sees each input. */
#include <gale/escape.h>

#include "fuzz.h"

static gale_str checked(gale_bytes *bytes)
{
    CHECK(bytes);
    CHECK_TEXT(gale_bytes_str(bytes));
    return gale_bytes_str(bytes);
}

/* What stands outside the tags of `linked` is the escaped text, with fewer letters at most. */
static void check_links(const char *linked, size_t escaped_size)
{
    size_t outside = 0;
    while (*linked) {
        if (*linked == '<') {
            CHECK(!strncmp(linked, "<a href=\"", 9) || !strncmp(linked, "</a>", 4));
            linked = strchr(linked, '>');
            CHECK(linked);
        } else {
            outside++;
        }
        linked++;
    }
    CHECK(outside <= escaped_size);
}

static void links(const char *text, size_t escaped_size, bool valid)
{
    for (int shorten = 0; shorten < 2; shorten++) {
        gale_bytes *linked = gale_linkify(text, &(gale_linkify_options){ .shorten = shorten });
        check_links(checked(linked).data, escaped_size);
        CHECK(!valid || shorten || gale_utf8_valid(gale_bytes_str(linked)));
        gale_bytes_unref(linked);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    CHECK(text);
    memcpy(text, data, size);
    text[size] = '\0';
    bool valid = gale_utf8_valid((gale_str){ text, strlen(text) });

    gale_bytes *escaped = gale_xhtml_escape(text);
    gale_bytes *back = gale_xhtml_unescape(checked(escaped).data);
    CHECK(!strcmp(checked(back).data, text));
    links(text, gale_bytes_str(escaped).len, valid);
    gale_bytes_unref(back);
    gale_bytes_unref(escaped);

    gale_bytes *unescaped = gale_xhtml_unescape(text);
    CHECK(!valid || gale_utf8_valid(checked(unescaped)));
    gale_bytes_unref(unescaped);
    for (int plus = 0; plus < 2; plus++) {
        gale_bytes *url = gale_url_escape(text, plus);
        back = gale_url_unescape_bytes(checked(url).data, plus);
        CHECK(!strcmp(checked(back).data, text));
        gale_bytes_unref(back);
        gale_bytes_unref(url);
        unescaped = gale_url_unescape(text, plus);
        CHECK(gale_utf8_valid(checked(unescaped)));
        gale_bytes_unref(unescaped);
    }
    gale_bytes *squeezed = gale_squeeze(text);
    CHECK(!strstr(checked(squeezed).data, "  "));
    gale_bytes_unref(squeezed);
    free(text);
    return 0;
}
