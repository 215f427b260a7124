/* SPDX-License-Identifier: Apache-2.0 */
#include "core/pool.h"

#include <assert.h>

enum { DEFAULT_SLAB_SIZE = 64 * 1024 };

/* Stands at the front of each slab; blocks follow. */
struct gale__pool_slab {
    struct gale__pool_slab *next;
    void *padding; /* blocks are aligned to 16 bytes */
};

void gale__pool_init(gale__pool *pool, size_t block_size, size_t slab_size)
{
    block_size = (block_size + 15 + !block_size) & ~(size_t)15;
    size_t least = sizeof(struct gale__pool_slab) + block_size;
    if (!slab_size)
        slab_size = DEFAULT_SLAB_SIZE;
    *pool = (gale__pool){ .block_size = block_size,
                          .slab_size = slab_size > least ? slab_size : least };
}

void gale__pool_close(gale__pool *pool)
{
    assert(pool->used == 0);
    while (pool->slabs) {
        struct gale__pool_slab *slab = pool->slabs;
        pool->slabs = slab->next;
        GALE__UNPOISON(slab, pool->slab_size);
        gale__free(slab);
    }
    gale__pool_init(pool, pool->block_size, pool->slab_size);
}

static int add_slab(gale__pool *pool)
{
    struct gale__pool_slab *slab = (struct gale__pool_slab *)gale__malloc(pool->slab_size);
    if (!slab)
        return -1;
    slab->next = pool->slabs;
    pool->slabs = slab;
    pool->fresh = (char *)(slab + 1);
    pool->fresh_end = (char *)slab + pool->slab_size;
    GALE__POISON(pool->fresh, (size_t)(pool->fresh_end - pool->fresh));
    return 0;
}

void *gale__pool_grow(gale__pool *pool)
{
    if ((size_t)(pool->fresh_end - pool->fresh) < pool->block_size && add_slab(pool) < 0)
        return NULL;
    void *block = pool->fresh;
    pool->fresh += pool->block_size;
    pool->used++;
    GALE__UNPOISON(block, pool->block_size);
    return block;
}
