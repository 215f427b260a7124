/* SPDX-License-Identifier: Apache-2.0 */
/* What a server answers to a WebSocket client's handshake: the first byte chooses what was asked.
 */
#include "http1_fuzz.h"
#include "proto/websocket_handshake.h"

#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

static const char *const subprotocols[] = { "chat", "superchat", NULL };
static const gale__websocket_deflate offers[] = { { false, false, 15, 15 }, { true, true, 9, 10 } };

static void check_deflate(const gale__websocket_deflate *agreed,
                          const gale__websocket_deflate *offered)
{
    CHECK(agreed->server_max_window_bits >= 8);
    CHECK(agreed->server_max_window_bits <= offered->server_max_window_bits);
    CHECK(agreed->client_max_window_bits >= 8);
    CHECK(agreed->client_max_window_bits <= offered->client_max_window_bits);
    CHECK(agreed->client_no_context_takeover || !offered->client_no_context_takeover);
}

static void check_answer(gale_http_headers *headers, int choice)
{
    gale__websocket_question asked = { .key = KEY };
    gale__websocket_answer answer;
    if (choice & 1)
        asked.subprotocols = subprotocols;
    if (choice & 2)
        asked.deflate = &offers[choice >> 2 & 1];
    int result = gale__websocket_check_answer(&asked, headers, &answer);
    if (result < 0) {
        CHECK(result == GALE_EINPUT && answer.reason);
        return;
    }
    CHECK(result == 0);
    CHECK(!strcmp(gale__http_headers_get(headers, GALE__HTTP_SEC_WEBSOCKET_ACCEPT), ACCEPT));
    const char *selected = gale__http_headers_get(headers, GALE__HTTP_SEC_WEBSOCKET_PROTOCOL);
    CHECK(!selected == !answer.subprotocol);
    CHECK(!selected || (asked.subprotocols && !strcmp(selected, answer.subprotocol)));
    CHECK(!answer.compressed || asked.deflate);
    if (answer.compressed)
        check_deflate(&answer.deflate, asked.deflate);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gale__http1_framing framing = { 0 };
    if (size == 0)
        return 0;
    char *input = fuzz_copy(data + 1, size - 1);
    int head_size = gale__http1_frame(&framing, input, size - 1);
    if (head_size > 0) {
        fuzz_arena memory;
        gale__http1_response response;
        gale_http_headers headers;
        fuzz_arena_open(&memory);
        char *head = gale__http1_head_copy(&memory.arena, input + framing.skip, (size_t)head_size);
        CHECK(head);
        gale__http_headers_init(&headers, &memory.arena);
        if (gale__http1_parse_response(&response, &headers, head, (size_t)head_size) == 0)
            check_answer(&headers, data[0]);
        fuzz_arena_close(&memory);
    }
    free(input);
    return 0;
}
