/* SPDX-License-Identifier: Apache-2.0 */
/* A jar: lines "URL TAB Set-Cookie". What it sends is a field value, within its limits, and goes
 * only to hosts and paths that its cookies name. */
#include "proto/cookie_jar.h"
#include "fuzz.h"
#include "proto/characters.h"
#include "proto/cookie_domain.h"

enum { MOST = 20, MOST_PER_DOMAIN = 5 };

static gale_str take_until(gale_str *text, char delimiter)
{
    const char *end = text->len ? memchr(text->data, delimiter, text->len) : NULL;
    gale_str taken = { text->data, end ? (size_t)(end - text->data) : text->len };
    size_t size = taken.len + (end != NULL);
    *text = (gale_str){ text->data + size, text->len - size };
    return taken;
}

static void check_cookies(const gale__cookie_jar *jar)
{
    size_t count = 0;
    for (const gale__cookie *cookie = NULL; (cookie = gale__cookie_jar_next(jar, cookie));
         count++) {
        CHECK_TEXT(cookie->name);
        CHECK_TEXT(cookie->value);
        CHECK_TEXT(cookie->path);
        CHECK(cookie->domain->count <= MOST_PER_DOMAIN);
        CHECK(cookie->host_only || !gale__cookie_domain_is_shared(cookie->domain->name));
    }
    CHECK(count == jar->count && count <= MOST);
}

static void exchange(gale__cookie_jar *jar, gale_str line, int64_t now)
{
    gale__cookie_place place;
    place.secure = line.len && *line.data == 's';
    gale_str url = take_until(&line, '\t');
    place.host = take_until(&url, '/');
    place.path = url.data > place.host.data ? (gale_str){ url.data - 1, url.len + 1 } : url;
    gale__buffer out;
    gale__buffer_init(&out, SIZE_MAX);
    CHECK(gale__cookie_jar_receive(jar, &place, line, now) >= 0);
    CHECK(gale__cookie_jar_write(jar, &place, now, &out) == 0);
    gale_str header = gale__buffer_str(&out);
    CHECK(header.len <= GALE__COOKIE_HEADER_MAX);
    CHECK(gale__http_all(header.data, header.len, GALE__CHARACTER_FIELD));
    gale__buffer_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *input = fuzz_copy(data, size);
    gale_str rest = { input, size };
    gale__cookie_jar jar;
    CHECK(gale__cookie_jar_init(&jar, MOST, MOST_PER_DOMAIN) == 0);
    for (int64_t now = 784111777; rest.len; now++) {
        exchange(&jar, take_until(&rest, '\n'), now);
        check_cookies(&jar);
    }
    gale__cookie_jar_clear(&jar);
    free(input);
    return 0;
}
