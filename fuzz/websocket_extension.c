/* SPDX-License-Identifier: Apache-2.0 */
/* Sec-WebSocket-Extensions: what a server answers to any offer is acceptable to a client that has
 * offered all of it, and an answer that a client accepts is read the same when written again. */
#include "proto/websocket_handshake.h"

#include "fuzz.h"

static void check(const gale__websocket_deflate *deflate)
{
    CHECK(deflate->server_max_window_bits >= 8 && deflate->server_max_window_bits <= 15);
    CHECK(deflate->client_max_window_bits >= 8 && deflate->client_max_window_bits <= 15);
}

static gale_str answer(const gale__websocket_deflate *agreed,
                       char out[GALE__WEBSOCKET_DEFLATE_TEXT_MAX])
{
    gale__websocket_deflate_answer(agreed, out);
    CHECK(strlen(out) < GALE__WEBSOCKET_DEFLATE_TEXT_MAX - 1);
    return (gale_str){ out, strlen(out) };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const gale__websocket_deflate wanted[] = { { false, false, 15, 15 },
                                                      { true, true, 9, 10 } };
    char *input = fuzz_copy(data, size), out[GALE__WEBSOCKET_DEFLATE_TEXT_MAX];
    gale_str header = { input, size };
    gale__websocket_deflate agreed, again;
    int well_formed = gale__websocket_deflate_accept(header, NULL, &agreed);
    for (int i = 0; i < 2; i++) {
        int accepted = gale__websocket_deflate_accept(header, &wanted[i], &agreed);
        CHECK(well_formed == (accepted < 0 ? GALE_EINPUT : 0));
        if (accepted > 0) {
            check(&agreed);
            CHECK(gale__websocket_deflate_agree(answer(&agreed, out), &wanted[0], &again) == 1);
            CHECK(!memcmp(&again, &agreed, sizeof again));
        }
    }
    if (gale__websocket_deflate_agree(header, &wanted[0], &agreed) == 1) {
        check(&agreed);
        CHECK(gale__websocket_deflate_agree(answer(&agreed, out), &wanted[0], &again) == 1);
        CHECK(!memcmp(&again, &agreed, sizeof again));
    }
    free(input);
    return 0;
}
