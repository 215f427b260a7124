/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request head: framed whole and in pieces, parsed, and judged. What was accepted is written
 * again and must mean the same to the parser.
 */
#include "http1_fuzz.h"
#include "proto/http1_body.h"
#include "proto/http1_write.h"

static int parse(gale__http1_request *request, gale_http_headers *headers, gale__arena *arena,
                 const char *data, size_t size)
{
    char *head = gale__http1_head_copy(arena, data, size);
    CHECK(head);
    gale__http_headers_init(headers, arena);
    memset(request, 0xa5, sizeof *request);
    return gale__http1_parse_request(request, headers, head, size);
}

static void check_request(const gale__http1_request *request)
{
    CHECK_TEXT(request->method);
    CHECK_TEXT(request->target);
    CHECK_TEXT(request->path);
    CHECK_TEXT(request->query);
    CHECK(gale__http_is_token(request->method.data, request->method.len));
    CHECK(request->target.len > 0);
    CHECK(gale__http_all(request->target.data, request->target.len, GALE__CHARACTER_VISIBLE));
    CHECK(!memchr(request->path.data, '?', request->path.len));
    CHECK(request->minor >= 0 && request->minor <= 9 && request->status == 0);
    CHECK(gale__http_method_find(request->method.data, request->method.len) == request->method_id);
    if (!request->authority.data) {
        size_t question = request->target.len != request->path.len;
        CHECK(request->path.len + question + request->query.len == request->target.len);
    }
}

static void check_body(const gale__http1_request *request, gale_http_headers *headers)
{
    gale__http1_body body;
    memset(&body, 0xa5, sizeof body);
    int result = gale__http1_request_framing(&body, request, headers);
    if (result < 0) {
        CHECK(result == GALE_EINPUT && body.reason && (body.status == 400 || body.status == 417));
        return;
    }
    bool length = gale_http_headers_has(headers, "content-length");
    bool coding = gale_http_headers_has(headers, "transfer-encoding");
    CHECK(body.status == 0);
    CHECK(length == (body.kind == GALE__HTTP1_BODY_LENGTH));
    CHECK(coding == (body.kind == GALE__HTTP1_BODY_CHUNKED));
    CHECK(!(length && coding) && !(coding && request->minor == 0));
    CHECK(body.length <= INT64_MAX && (length || body.length == 0));
    CHECK(body.host.data || request->minor == 0);
    CHECK(!gale_http_headers_get_list(headers, "host", 1));
    if (coding)
        CHECK(!gale_http_headers_get_list(headers, "transfer-encoding", 1));
}

/* Writing the request and parsing it again changes nothing. */
static void check_written(gale__arena *arena, const gale__http1_request *request,
                          gale_http_headers *headers)
{
    gale__http1_request_head head = {
        request->method, request->target, headers, { .content_length = -1 }
    };
    gale__http1_request again;
    gale_http_headers again_headers;
    size_t room = gale__http1_request_head_size(&head);
    CHECK(room > 0);
    char *out = malloc(room);
    CHECK(out);
    size_t size = (size_t)(gale__http1_request_head_write(out, &head) - out);
    CHECK(size <= room);
    CHECK(parse(&again, &again_headers, arena, out, size) == 0);
    free(out);
    CHECK(again.target.len == request->target.len &&
          !memcmp(again.target.data, request->target.data, again.target.len));
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
        gale__http1_request request;
        gale_http_headers headers;
        fuzz_arena_open(&memory);
        int result = parse(&request, &headers, &memory.arena, input + framing.skip, (size_t)head);
        if (result < 0) {
            CHECK(result == GALE_EINPUT && request.reason);
            CHECK(request.status == 400 || request.status == 505);
        } else {
            CHECK(pieces == head);
            check_head(input + framing.skip, (size_t)head);
            check_request(&request);
            check_fields(&headers);
            check_body(&request, &headers);
            check_written(&memory.arena, &request, &headers);
        }
        fuzz_arena_close(&memory);
    }
    free(input);
    return 0;
}
