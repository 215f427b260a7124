/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The oldest block of an arena is always the pooled one. Later blocks double in size. What is
 * large next to such a block gets one of its own, and the newest shared block stays in use.
 */
#include "core/arena.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { MAX_BLOCK_SIZE = 64 * 1024 };

void gale__arena_init(gale__arena *arena, gale__pool *pool)
{
    assert(pool->block_size == GALE__ARENA_BLOCK);
    *arena = (gale__arena){ .pool = pool };
}

void gale__arena_free_blocks(gale__arena *arena)
{
    struct gale__arena_block *block = arena->blocks;
    while (block) {
        struct gale__arena_block *older = block->next;
        GALE__UNPOISON(block, block->size);
        if (older)
            gale__free(block);
        else
            gale__pool_put(arena->pool, block);
        block = older;
    }
}

static void *fail(gale__arena *arena)
{
    arena->failed = true;
    return NULL;
}

/* Makes `block` the newest one, from which allocations are cut. */
static void use_block(gale__arena *arena, struct gale__arena_block *block, size_t size)
{
    block->next = arena->blocks;
    block->size = size;
    arena->blocks = block;
    arena->at = (char *)(block + 1);
    arena->end = (char *)block + size;
    GALE__POISON(arena->at, size - sizeof *block);
}

static void *alloc_alone(gale__arena *arena, size_t size)
{
    struct gale__arena_block *block =
        (struct gale__arena_block *)gale__malloc(sizeof *block + size);
    if (!block)
        return fail(arena);
    block->size = sizeof *block + size;
    block->next = arena->blocks;
    arena->blocks = block;
    return block + 1;
}

static size_t next_size(const gale__arena *arena)
{
    size_t newest = arena->blocks->size;
    if (newest < GALE__ARENA_BLOCK)
        newest = GALE__ARENA_BLOCK;
    return newest < MAX_BLOCK_SIZE / 2 ? newest * 2 : MAX_BLOCK_SIZE;
}

void *gale__arena_grow(gale__arena *arena, size_t size)
{
    if (size > PTRDIFF_MAX - 64)
        return fail(arena);
    struct gale__arena_block *block;
    if (!arena->blocks) {
        block = (struct gale__arena_block *)gale__pool_get(arena->pool);
        if (!block)
            return fail(arena);
        use_block(arena, block, GALE__ARENA_BLOCK);
        return gale__arena_alloc(arena, size);
    }
    size_t block_size = next_size(arena);
    if (gale__arena_need(size) > block_size / 4)
        return alloc_alone(arena, size);
    block = (struct gale__arena_block *)gale__malloc(block_size);
    if (!block)
        return fail(arena);
    use_block(arena, block, block_size);
    return gale__arena_alloc(arena, size);
}

void *gale__arena_calloc(gale__arena *arena, size_t size)
{
    void *memory = gale__arena_alloc(arena, size);
    if (memory)
        memset(memory, 0, size);
    return memory;
}

char *gale__arena_strdup(gale__arena *arena, const char *text, size_t size)
{
    if (size == SIZE_MAX)
        return (char *)fail(arena);
    char *copy = (char *)gale__arena_alloc(arena, size + 1);
    if (!copy)
        return NULL;
    if (size)
        memcpy(copy, text, size);
    copy[size] = '\0';
    return copy;
}

char *gale__arena_vprintf(gale__arena *arena, size_t *ret_size, const char *format,
                          va_list arguments)
{
    char local[256];
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(local, sizeof local, format, arguments);
    char *text = NULL;
    if (length < 0)
        fail(arena);
    else
        text = (char *)gale__arena_alloc(arena, (size_t)length + 1);
    if (text && (size_t)length < sizeof local)
        memcpy(text, local, (size_t)length + 1);
    else if (text)
        vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    if (text && ret_size)
        *ret_size = (size_t)length;
    return text;
}

char *gale__arena_printf(gale__arena *arena, size_t *ret_size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = gale__arena_vprintf(arena, ret_size, format, arguments);
    va_end(arguments);
    return text;
}
