/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An arena: memory that is given back all at once. Its first block comes from a pool and goes
 * back there, so that a request that needs little allocates nothing. Allocations are aligned
 * to 16 bytes and not zeroed. The address sanitizer sees every use of memory past the end of an
 * allocation, and of all of it after clear.
 */
#ifndef GALE_CORE_ARENA_H
#define GALE_CORE_ARENA_H

#include "core/memory.h"
#include "core/pool.h"

enum { GALE__ARENA_BLOCK = 2048 }; /* the size of a pooled first block */

struct gale__arena_block {
    struct gale__arena_block *next; /* older; NULL marks the pooled block */
    size_t size;                    /* with this head */
};

typedef struct gale__arena {
    char *at, *end;                   /* the free part of the newest block */
    struct gale__arena_block *blocks; /* newest first; NULL until something was allocated */
    gale__pool *pool;                 /* of GALE__ARENA_BLOCK sized blocks; borrowed */
    bool failed;                      /* an allocation has failed */
} gale__arena;

void gale__arena_init(gale__arena *arena, gale__pool *pool);
/* The slow path of gale__arena_clear. */
GALE__APART void gale__arena_free_blocks(gale__arena *arena);
/* The slow path of gale__arena_alloc: a new block. */
GALE__APART void *gale__arena_grow(gale__arena *arena, size_t size);

/* What an allocation takes; smaller than `size` when that overflows. */
static inline size_t gale__arena_need(size_t size)
{
    return ((size + 15 + !size) & ~(size_t)15) + 16 * GALE__ASAN;
}

/* NULL when out of memory, and `failed` is set. */
static inline void *gale__arena_alloc(gale__arena *arena, size_t size)
{
    size_t need = gale__arena_need(size);
    if (GALE__LIKELY(need >= size && need <= (size_t)(arena->end - arena->at))) {
        void *memory = arena->at;
        arena->at += need;
        GALE__UNPOISON(memory, size);
        return memory;
    }
    return gale__arena_grow(arena, size);
}

/* Makes an arena, and the first allocation of it, which must fit into a pooled block; NULL when out
 * of memory. As init and alloc, but quicker. */
static inline void *gale__arena_begin(gale__arena *arena, gale__pool *pool, size_t size)
{
    struct gale__arena_block *block = (struct gale__arena_block *)gale__pool_get(pool);
    if (GALE__UNLIKELY(!block))
        return NULL;
    block->next = NULL;
    block->size = GALE__ARENA_BLOCK;
    GALE__POISON(block + 1, GALE__ARENA_BLOCK - sizeof *block);
    GALE__UNPOISON(block + 1, size);
    *arena = (gale__arena){ .at = (char *)(block + 1) + gale__arena_need(size),
                            .end = (char *)block + GALE__ARENA_BLOCK,
                            .blocks = block,
                            .pool = pool };
    return block + 1;
}

/* Gives everything back. The arena is then as after init. */
static inline void gale__arena_clear(gale__arena *arena)
{
    if (arena->blocks)
        gale__arena_free_blocks(arena);
    *arena = (gale__arena){ .pool = arena->pool };
}

/* The same for an arena that is not used again. */
static inline void gale__arena_end(gale__arena *arena)
{
    struct gale__arena_block *block = arena->blocks;
    if (GALE__LIKELY(block && !block->next)) {
        GALE__UNPOISON(block, block->size);
        gale__pool_put(arena->pool, block);
    } else {
        gale__arena_free_blocks(arena);
    }
}

/* Gives back what was allocated since `rest` was the free part of the arena's only block. */
static inline void gale__arena_rewind(gale__arena *arena, char *rest)
{
    GALE__POISON(rest, (size_t)(arena->end - rest));
    arena->at = rest;
    arena->failed = false;
}

void *gale__arena_calloc(gale__arena *arena, size_t size);
/* A NUL-terminated copy. */
char *gale__arena_strdup(gale__arena *arena, const char *text, size_t size);
/* Text formatted as by printf, NUL-terminated; *ret_size (may be NULL) is its length. */
char *gale__arena_printf(gale__arena *arena, size_t *ret_size, const char *format, ...)
    GALE_PRINTF(3, 4);
char *gale__arena_vprintf(gale__arena *arena, size_t *ret_size, const char *format,
                          va_list arguments);

#endif
