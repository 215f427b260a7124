/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pool of equally sized blocks. Blocks are cut from slabs; a freed block is the next one to
 * be handed out, so that it is still in the cache. A pool keeps its slabs until it is closed.
 * The address sanitizer sees every use of a block that is not handed out.
 */
#ifndef GALE_CORE_POOL_H
#define GALE_CORE_POOL_H

#include "core/memory.h"
#include "core/sanitize.h"

typedef struct gale__pool {
    struct gale__pool_block {
        struct gale__pool_block *next;
    } * free_blocks;
    struct gale__pool_slab *slabs;
    size_t block_size;       /* a multiple of 16 */
    size_t slab_size;        /* bytes of memory taken at a time */
    size_t used;             /* blocks handed out */
    char *fresh, *fresh_end; /* never used part of the newest slab */
} gale__pool;

/* `block_size` is rounded up to a multiple of 16. `slab_size` 0: about 64 KiB a slab. */
void gale__pool_init(gale__pool *pool, size_t block_size, size_t slab_size);
/* Frees all slabs. All blocks must have been given back. */
void gale__pool_close(gale__pool *pool);
/* The slow path of gale__pool_get. */
GALE__APART void *gale__pool_grow(gale__pool *pool);

/* A block that is not zeroed; NULL when out of memory. */
static inline void *gale__pool_get(gale__pool *pool)
{
    struct gale__pool_block *block = pool->free_blocks;
    if (GALE__UNLIKELY(!block))
        return gale__pool_grow(pool);
    GALE__UNPOISON(block, pool->block_size);
    pool->free_blocks = block->next;
    pool->used++;
    return block;
}

static inline void gale__pool_put(gale__pool *pool, void *memory)
{
    struct gale__pool_block *block = (struct gale__pool_block *)memory;
    block->next = pool->free_blocks;
    pool->free_blocks = block;
    pool->used--;
    GALE__POISON(block, pool->block_size);
}

#endif
