/* SPDX-License-Identifier: Apache-2.0 */
/* All memory of gale goes through these four, and so through the user's allocator. */
#ifndef GALE_CORE_MEMORY_H
#define GALE_CORE_MEMORY_H

#include <gale/core.h>

void *gale__malloc(size_t size);
void *gale__calloc(size_t count, size_t size);
void *gale__realloc(void *memory, size_t size);
void gale__free(void *memory);
/* A NUL-terminated copy; NULL when out of memory. */
char *gale__strdup(const char *text, size_t size);

#define GALE__NEW(type) ((type *)gale__calloc(1, sizeof(type)))

#define GALE__CONTAINER_OF(pointer, type, member)                                                  \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

#define GALE__LIKELY(condition) __builtin_expect(!!(condition), 1)
#define GALE__UNLIKELY(condition) __builtin_expect(!!(condition), 0)
/* Rare work of a function that every request calls: inlined it would cost the others registers. */
#define GALE__APART __attribute__((noinline))

#endif
