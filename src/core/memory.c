/* SPDX-License-Identifier: Apache-2.0 */
#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

static void *libc_malloc(size_t size, void *arg)
{
    (void)arg;
    return malloc(size);
}

static void *libc_realloc(void *memory, size_t size, void *arg)
{
    (void)arg;
    return realloc(memory, size);
}

static void libc_free(void *memory, void *arg)
{
    (void)arg;
    free(memory);
}

static const gale_allocator libc_allocator = { libc_malloc, libc_realloc, libc_free, NULL };
static gale_allocator allocator = { libc_malloc, libc_realloc, libc_free, NULL };

void gale_set_allocator(const gale_allocator *replacement)
{
    allocator = replacement ? *replacement : libc_allocator;
}

/* Nothing of size 0 reaches the allocator: what malloc and realloc then do is left open. */
static size_t at_least_one(size_t size)
{
    return size ? size : 1;
}

void *gale__malloc(size_t size)
{
    return allocator.malloc(at_least_one(size), allocator.arg);
}

void *gale__calloc(size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total))
        return NULL;
    void *memory = gale__malloc(total);
    if (memory)
        memset(memory, 0, total);
    return memory;
}

void *gale__realloc(void *memory, size_t size)
{
    return allocator.realloc(memory, at_least_one(size), allocator.arg);
}

void gale__free(void *memory)
{
    allocator.free(memory, allocator.arg);
}

char *gale__strdup(const char *text, size_t size)
{
    if (size == SIZE_MAX)
        return NULL;
    char *copy = (char *)gale__malloc(size + 1);
    if (!copy)
        return NULL;
    if (size)
        memcpy(copy, text, size);
    copy[size] = '\0';
    return copy;
}
