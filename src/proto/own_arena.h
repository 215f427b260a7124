/* SPDX-License-Identifier: Apache-2.0 */
/* An arena with a pool of its own, for objects that stand alone on the heap. */
#ifndef GALE_PROTO_OWN_ARENA_H
#define GALE_PROTO_OWN_ARENA_H

#include "core/arena.h"

typedef struct gale__own_arena {
    gale__arena arena;
    gale__pool pool; /* holds the arena's first block and nothing else */
} gale__own_arena;

static inline void gale__own_arena_init(gale__own_arena *own)
{
    gale__pool_init(&own->pool, GALE__ARENA_BLOCK, 1);
    gale__arena_init(&own->arena, &own->pool);
}

static inline void gale__own_arena_close(gale__own_arena *own)
{
    gale__arena_clear(&own->arena);
    gale__pool_close(&own->pool);
}

#endif
