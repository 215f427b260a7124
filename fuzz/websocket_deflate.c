/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of permessage-deflate: any input is inflated within the limit or refused, twice with the
 * same outcome when no window is kept; what was deflated is inflated again. */
#include "proto/websocket_deflate.h"

#include "fuzz.h"

enum { LIMIT = 100000 };

static void inflate_any(gale_str input, int bits)
{
    gale__websocket_inflater inflater;
    gale__buffer out[2];
    int results[2];
    CHECK(gale__websocket_inflater_begin(&inflater, bits, false) == 0);
    for (int i = 0; i < 2; i++) {
        gale__buffer_init(&out[i], LIMIT);
        results[i] = gale__websocket_inflater_run(&inflater, input, &out[i]);
        CHECK(results[i] == 0 || results[i] == GALE_EINPUT || results[i] == GALE_ETOOBIG);
        CHECK(out[i].size <= LIMIT);
    }
    CHECK(results[0] == results[1] && out[0].size == out[1].size);
    CHECK(!out[0].size ||
          !memcmp(gale__buffer_begin(&out[0]), gale__buffer_begin(&out[1]), out[0].size));
    gale__websocket_inflater_end(&inflater);
    gale__buffer_clear(&out[0]);
    gale__buffer_clear(&out[1]);
}

static void round_trip(gale_str input, int bits, bool keep)
{
    gale__websocket_deflater deflater;
    gale__websocket_inflater inflater;
    CHECK(gale__websocket_deflater_begin(&deflater, bits, 6, 8, keep) == 0);
    CHECK(gale__websocket_inflater_begin(&inflater, bits, keep) == 0);
    for (int i = 0; i < 3; i++) {
        gale__buffer small, large;
        gale__buffer_init(&small, SIZE_MAX);
        gale__buffer_init(&large, input.len);
        gale_str text = i == 1 ? (gale_str){ input.data, input.len / 2 } : input;
        CHECK(gale__websocket_deflater_run(&deflater, text, &small) == 0);
        CHECK(gale__websocket_inflater_run(&inflater, gale__buffer_str(&small), &large) == 0);
        CHECK(large.size == text.len &&
              (!text.len || !memcmp(gale__buffer_begin(&large), text.data, text.len)));
        gale__buffer_clear(&small);
        gale__buffer_clear(&large);
    }
    gale__websocket_deflater_end(&deflater);
    gale__websocket_inflater_end(&inflater);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    char *input = fuzz_copy(data + 1, size - 1);
    gale_str text = { input, size - 1 };
    int bits = 8 + (data[0] & 7);
    inflate_any(text, bits);
    round_trip(text, bits, data[0] & 8);
    free(input);
    return 0;
}
