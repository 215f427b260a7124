/* SPDX-License-Identifier: Apache-2.0 */
/* Shared bytes: the count, the size and the bytes in one block. */
#include "core/memory.h"

#include <stdatomic.h>
#include <string.h>

struct gale_bytes {
    atomic_size_t references; /* atomic, as a message may be made by a worker thread */
    size_t size;
    char data[];
};

gale_bytes *gale_bytes_new(const void *data, size_t size)
{
    if (size >= PTRDIFF_MAX - sizeof(gale_bytes))
        return NULL;
    gale_bytes *bytes = (gale_bytes *)gale__malloc(sizeof *bytes + size + 1);
    if (!bytes)
        return NULL;
    atomic_init(&bytes->references, 1);
    bytes->size = size;
    if (size)
        memcpy(bytes->data, data, size);
    bytes->data[size] = '\0';
    return bytes;
}

gale_bytes *gale_bytes_ref(gale_bytes *bytes)
{
    atomic_fetch_add_explicit(&bytes->references, 1, memory_order_relaxed);
    return bytes;
}

void gale_bytes_unref(gale_bytes *bytes)
{
    if (bytes && atomic_fetch_sub_explicit(&bytes->references, 1, memory_order_acq_rel) == 1)
        gale__free(bytes);
}

gale_str gale_bytes_str(const gale_bytes *bytes)
{
    return (gale_str){ bytes->data, bytes->size };
}
