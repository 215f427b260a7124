/* SPDX-License-Identifier: Apache-2.0 */
#include "core/zlib.h"

#include "core/memory.h"

static void *allocate(void *arg, unsigned count, unsigned size)
{
    (void)arg;
    return gale__malloc((size_t)count * size);
}

static void release(void *arg, void *memory)
{
    (void)arg;
    gale__free(memory);
}

z_stream gale__zlib_stream(void)
{
    return (z_stream){ .zalloc = allocate, .zfree = release };
}
