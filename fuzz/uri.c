/* SPDX-License-Identifier: Apache-2.0 */
/* URLs and references: two lines, a page and what it refers to. */
#include "proto/uri.h"
#include "fuzz.h"
#include "proto/characters.h"
#include "proto/own_arena.h"

static void check_uri(const gale__uri *uri)
{
    CHECK(uri->text.data[uri->text.len] == '\0' && strlen(uri->text.data) == uri->text.len);
    CHECK(uri->target.len > 0 && uri->target.data[0] == '/');
    CHECK(uri->host.data[uri->host.len] == '\0' && uri->authority.len > 0);
    CHECK(uri->port >= -1 && uri->port <= 65535);
    for (size_t i = 0; i < uri->text.len; i++)
        CHECK(uri->text.data[i] > 0x20 && uri->text.data[i] < 0x7f && uri->text.data[i] != '#');
}

/* What was parsed is parsed to the same once more. */
static void check_again(const gale__uri *uri, gale__arena *arena)
{
    gale__uri again;
    CHECK(gale__uri_parse(&again, arena, uri->text) == 0);
    CHECK(again.text.len == uri->text.len &&
          !memcmp(again.text.data, uri->text.data, uri->text.len));
    CHECK(again.port == uri->port && !strcmp(again.host.data, uri->host.data));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gale__own_arena memory;
    gale__uri base, target;
    char *input = fuzz_copy(data, size);
    const char *line = size ? memchr(input, '\n', size) : NULL;
    size_t first = line ? (size_t)(line - input) : size;
    gale__own_arena_init(&memory);
    int result = gale__uri_parse(&base, &memory.arena, (gale_str){ input, first });
    CHECK(result == 0 || (result == GALE_EINVALID && base.reason));
    if (result == 0) {
        check_uri(&base);
        check_again(&base, &memory.arena);
    }
    if (result == 0 && line) {
        gale_str reference = { line + 1, size - first - 1 };
        result = gale__uri_resolve(&target, &memory.arena, &base, reference);
        CHECK(result == 0 || (result == GALE_EINVALID && target.reason));
        if (result == 0) {
            check_uri(&target);
            check_again(&target, &memory.arena);
        }
    }
    gale__own_arena_close(&memory);
    free(input);
    return 0;
}
