/* SPDX-License-Identifier: Apache-2.0 */
/* Cookies: what is read from a Cookie header, written by Set-Cookie and read again, is the same. */
#include <gale/httputil.h>

#include "fuzz.h"
#include "proto/characters.h"
#include "proto/set_cookie.h"

static bool is_visible(gale_str value)
{
    for (size_t i = 0; i < value.len; i++)
        if ((uint8_t)value.data[i] <= 0x20)
            return false;
    return true;
}

/* What a browser sends back: the line up to its attributes. */
static void read_again(gale_str line, const gale_http_argument *pair)
{
    const char *end = memchr(line.data, ';', line.len);
    gale_http_arguments *again;
    CHECK(end);
    CHECK(gale_parse_cookie((gale_str){ line.data, (size_t)(end - line.data) }, &again) == 0);
    CHECK(gale_http_arguments_count(again) == 1);
    const gale_http_argument *found = gale_http_arguments_at(again, 0);
    CHECK(found->name.len == pair->name.len &&
          !memcmp(found->name.data, pair->name.data, pair->name.len));
    CHECK(found->value.len == pair->value.len &&
          !memcmp(found->value.data, pair->value.data, pair->value.len));
    gale_http_arguments_free(again);
}

static void write(const gale_http_argument *pair, const gale_http_argument *attributes)
{
    gale__set_cookie cookie = { .name = pair->name.data,
                                .value = pair->value,
                                .domain = attributes->name.data,
                                .path = "/",
                                .samesite = attributes->value.data,
                                .httponly = true };
    gale__buffer out;
    gale__buffer_init(&out, SIZE_MAX);
    int result = gale__set_cookie_write(&out, &cookie);
    CHECK(result == 0 || result == GALE_EINVALID);
    gale_str line = gale__buffer_str(&out);
    CHECK(gale__http_all(line.data, line.len, GALE__CHARACTER_FIELD));
    if (result == 0)
        read_again(line, pair);
    bool good = strlen(pair->name.data) == pair->name.len && is_visible(pair->value) &&
                gale__cookie_name_valid(pair->name);
    CHECK(good || result == GALE_EINVALID || strlen(pair->name.data) != pair->name.len);
    gale__buffer_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *input = fuzz_copy(data, size);
    gale_http_arguments *cookies;
    CHECK(gale_parse_cookie((gale_str){ input, size }, &cookies) == 0);
    size_t count = gale_http_arguments_count(cookies);
    for (size_t i = 0; i < count; i++) {
        const gale_http_argument *pair = gale_http_arguments_at(cookies, i);
        CHECK_TEXT(pair->name);
        CHECK_TEXT(pair->value);
        if (strlen(pair->name.data) == pair->name.len)
            write(pair, gale_http_arguments_at(cookies, count - 1));
    }
    gale_http_arguments_free(cookies);
    free(input);
    return 0;
}
