/* SPDX-License-Identifier: Apache-2.0 */
/* What the fuzz targets share. */
#ifndef GALE_FUZZ_H
#define GALE_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An invariant: also in builds without asserts. */
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* Where to cut an input: depends on its bytes only, so that a finding can be repeated. */
typedef struct fuzz_random {
    uint64_t state;
} fuzz_random;

static inline fuzz_random fuzz_seed(const uint8_t *data, size_t size)
{
    fuzz_random random = { 14695981039346656037u };
    for (size_t i = 0; i < size; i++)
        random.state = (random.state ^ data[i]) * 1099511628211u;
    return random;
}

/* A number below `limit`, which is not 0. */
static inline size_t fuzz_below(fuzz_random *random, size_t limit)
{
    random->state = random->state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(random->state >> 33) % limit;
}

/* A copy that ends where its memory ends, so that the sanitizer sees a read too far. */
static inline char *fuzz_copy(const void *data, size_t size)
{
    char *copy = malloc(size ? size : 1);
    CHECK(copy);
    memcpy(copy, data, size);
    return copy;
}

/* A NUL-terminated copy. */
static inline char *fuzz_string(const void *data, size_t size)
{
    char *copy = malloc(size + 1);
    CHECK(copy);
    memcpy(copy, data, size);
    copy[size] = '\0';
    return copy;
}

typedef struct fuzz_arena {
    gale__pool pool;
    gale__arena arena;
} fuzz_arena;

static inline void fuzz_arena_open(fuzz_arena *memory)
{
    gale__pool_init(&memory->pool, GALE__ARENA_BLOCK, 0);
    gale__arena_init(&memory->arena, &memory->pool);
}

static inline void fuzz_arena_close(fuzz_arena *memory)
{
    gale__arena_clear(&memory->arena);
    gale__pool_close(&memory->pool);
}

/* The text is followed by a NUL, as all text that gale hands out. */
#define CHECK_TEXT(text) CHECK((text).data[(text).len] == '\0')

#endif
