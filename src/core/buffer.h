/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growable byte buffer with a limit fixed at init. It is always NUL-terminated once it holds
 * memory. Appending is sticky: after a failure (out of memory, over the limit) every later
 * append returns the same error, so that a writer checks once, at its end.
 */
#ifndef GALE_CORE_BUFFER_H
#define GALE_CORE_BUFFER_H

#include "core/memory.h"

typedef struct gale__buffer {
    char *data;
    size_t start; /* consumed bytes at the front */
    size_t size;  /* unconsumed bytes after `start` */
    size_t capacity;
    size_t limit; /* of `size`; SIZE_MAX for none */
    int error;    /* 0, -ENOMEM, GALE_ETOOBIG, or the -errno of a format */
} gale__buffer;

void gale__buffer_init(gale__buffer *buffer, size_t limit);
/* Frees the memory; the buffer is then as after init, with the same limit. */
void gale__buffer_clear(gale__buffer *buffer);
int gale__buffer_append(gale__buffer *buffer, const void *data, size_t size);
int gale__buffer_append_char(gale__buffer *buffer, char byte);
int gale__buffer_printf(gale__buffer *buffer, const char *format, ...) GALE_PRINTF(2, 3);
int gale__buffer_vprintf(gale__buffer *buffer, const char *format, va_list arguments);
/* Room for `size` more bytes at gale__buffer_end(); make them count with gale__buffer_commit. */
int gale__buffer_reserve(gale__buffer *buffer, size_t size);
void gale__buffer_commit(gale__buffer *buffer, size_t size);
/* What the buffer holds, as bytes with one reference; NULL after a failure. The buffer is cleared.
 */
gale_bytes *gale__buffer_take(gale__buffer *buffer);
/* Drops `size` bytes from the front. */
void gale__buffer_consume(gale__buffer *buffer, size_t size);

static inline char *gale__buffer_begin(const gale__buffer *buffer)
{
    return buffer->data + buffer->start;
}

static inline char *gale__buffer_end(const gale__buffer *buffer)
{
    return buffer->data + buffer->start + buffer->size;
}

static inline gale_str gale__buffer_str(const gale__buffer *buffer)
{
    return (gale_str){ buffer->data ? gale__buffer_begin(buffer) : "", buffer->size };
}

#endif
