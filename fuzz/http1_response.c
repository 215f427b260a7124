/* SPDX-License-Identifier: Apache-2.0 */
/* A response head, as http1_request.c does with requests. */
#include "http1_fuzz.h"
#include "proto/http1_write.h"

static int parse(gale__http1_response *response, gale_http_headers *headers, gale__arena *arena,
                 const char *data, size_t size)
{
    char *head = gale__http1_head_copy(arena, data, size);
    CHECK(head);
    gale__http_headers_init(headers, arena);
    memset(response, 0xa5, sizeof *response);
    return gale__http1_parse_response(response, headers, head, size);
}

static void check_written(gale__arena *arena, const gale__http1_response *response,
                          gale_http_headers *headers)
{
    gale__http1_response_head head = {
        response->code, response->phrase.data, headers, { .content_length = -1 }
    };
    gale__http1_response again;
    gale_http_headers again_headers;
    size_t room = gale__http1_response_head_size(&head);
    char *out = malloc(room);
    CHECK(out);
    size_t size = (size_t)(gale__http1_response_head_write(out, &head) - out);
    CHECK(size <= room && room <= size + 160);
    CHECK(parse(&again, &again_headers, arena, out, size) == 0);
    free(out);
    CHECK(again.code == response->code && !strcmp(again.phrase.data, response->phrase.data));
    check_same_fields(headers, &again_headers);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gale__http1_framing framing;
    int pieces;
    char *input = fuzz_copy(data, size);
    int head = frame_both(&framing, input, size, &pieces);
    if (head > 0) {
        fuzz_arena memory;
        gale__http1_response response;
        gale_http_headers headers;
        fuzz_arena_open(&memory);
        int result = parse(&response, &headers, &memory.arena, input + framing.skip, (size_t)head);
        if (result < 0) {
            CHECK(result == GALE_EINPUT && response.reason);
        } else {
            CHECK(pieces == head);
            CHECK(response.code >= 0 && response.code <= 999);
            CHECK_TEXT(response.phrase);
            CHECK(gale__http_all(response.phrase.data, response.phrase.len, GALE__CHARACTER_FIELD));
            check_head(input + framing.skip, (size_t)head);
            check_fields(&headers);
            if (response.code >= 100)
                check_written(&memory.arena, &response, &headers);
        }
        fuzz_arena_close(&memory);
    }
    free(input);
    return 0;
}
