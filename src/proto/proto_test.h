/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of this floor share: an arena, and reading a head from literal text. */
#ifndef GALE_PROTO_PROTO_TEST_H
#define GALE_PROTO_PROTO_TEST_H

#include <stdio.h>

#include "proto/http1_body.h"
#include "test.h"

typedef struct test_arena {
    gale__pool pool;
    gale__arena arena;
} test_arena;

static inline void test_arena_open(test_arena *memory)
{
    gale__pool_init(&memory->pool, GALE__ARENA_BLOCK, 0);
    gale__arena_init(&memory->arena, &memory->pool);
}

static inline void test_arena_close(test_arena *memory)
{
    gale__arena_clear(&memory->arena);
    gale__pool_close(&memory->pool);
}

static inline gale_str str(const char *text)
{
    return (gale_str){ text, strlen(text) };
}

/* A message head on its way through framing and one of the parsers. */
typedef struct test_head {
    test_arena memory;
    gale_http_headers headers;
    gale__http1_framing framing;
    gale__http1_request request;
    gale__http1_response response;
    gale__http1_body body;
    size_t used; /* bytes up to the end of the head */
} test_head;

static inline void test_head_open(test_head *head)
{
    memset(head, 0, sizeof *head);
    test_arena_open(&head->memory);
    gale__http_headers_init(&head->headers, &head->memory.arena);
}

static inline void test_head_close(test_head *head)
{
    test_arena_close(&head->memory);
}

/* Frames the text in one go and copies its head; 0 bytes: more is needed. */
static inline int test_head_copy(test_head *head, gale_str text, char **ret_copy)
{
    int size = gale__http1_frame(&head->framing, text.data, text.len);
    if (size <= 0)
        return size;
    head->used = head->framing.skip + (size_t)size;
    *ret_copy =
        gale__http1_head_copy(&head->memory.arena, text.data + head->framing.skip, (size_t)size);
    return *ret_copy ? size : -ENOMEM;
}

/* Returns what the first step that fails returns, 1 when more bytes are needed, else 0. */
static inline int test_head_request(test_head *head, gale_str text)
{
    char *copy = NULL;
    int size = test_head_copy(head, text, &copy);
    if (size <= 0)
        return size ? size : 1;
    GALE_TRY(gale__http1_parse_request(&head->request, &head->headers, copy, (size_t)size));
    return gale__http1_request_framing(&head->body, &head->request, &head->headers);
}

static inline int test_head_response(test_head *head, gale_str text)
{
    char *copy = NULL;
    int size = test_head_copy(head, text, &copy);
    if (size <= 0)
        return size ? size : 1;
    return gale__http1_parse_response(&head->response, &head->headers, copy, (size_t)size);
}

#endif
