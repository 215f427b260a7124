/* SPDX-License-Identifier: Apache-2.0 */
#include "core/buffer.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { LEAST_CAPACITY = 256 };

void gale__buffer_init(gale__buffer *buffer, size_t limit)
{
    *buffer = (gale__buffer){ .limit = limit };
}

void gale__buffer_clear(gale__buffer *buffer)
{
    gale__free(buffer->data);
    gale__buffer_init(buffer, buffer->limit);
}

static int fail(gale__buffer *buffer, int error)
{
    buffer->error = error;
    return error;
}

/* Moves the content to the front of the memory. */
static void compact(gale__buffer *buffer)
{
    if (!buffer->start)
        return;
    memmove(buffer->data, gale__buffer_begin(buffer), buffer->size + 1);
    buffer->start = 0;
}

/* Grows the memory to hold at least `need` bytes, and at most what the limit can ever use. */
static int grow(gale__buffer *buffer, size_t need)
{
    size_t capacity = buffer->capacity <= SIZE_MAX / 2 ? buffer->capacity * 2 : need;
    if (capacity < LEAST_CAPACITY)
        capacity = LEAST_CAPACITY;
    if (capacity < need)
        capacity = need;
    if (capacity - 1 > buffer->limit)
        capacity = buffer->limit + 1;
    compact(buffer);
    char *data = (char *)gale__realloc(buffer->data, capacity);
    if (!data)
        return fail(buffer, -ENOMEM);
    buffer->data = data;
    buffer->capacity = capacity;
    return 0;
}

int gale__buffer_reserve(gale__buffer *buffer, size_t size)
{
    if (GALE__UNLIKELY(buffer->error))
        return buffer->error;
    if (size > buffer->limit - buffer->size)
        return fail(buffer, GALE_ETOOBIG);
    size_t need = buffer->size + size + 1;
    if (need == 0)
        return fail(buffer, -ENOMEM);
    if (GALE__LIKELY(need <= buffer->capacity - buffer->start))
        return 0;
    /* Moving at most as much as was consumed keeps the cost of a byte constant. */
    if (need <= buffer->capacity && buffer->start >= buffer->size) {
        compact(buffer);
        return 0;
    }
    return grow(buffer, need);
}

void gale__buffer_commit(gale__buffer *buffer, size_t size)
{
    assert(size < buffer->capacity - buffer->start - buffer->size);
    buffer->size += size;
    *gale__buffer_end(buffer) = '\0';
}

int gale__buffer_append(gale__buffer *buffer, const void *data, size_t size)
{
    if (!size)
        return buffer->error;
    GALE_TRY(gale__buffer_reserve(buffer, size));
    memcpy(gale__buffer_end(buffer), data, size);
    gale__buffer_commit(buffer, size);
    return 0;
}

int gale__buffer_append_char(gale__buffer *buffer, char byte)
{
    return gale__buffer_append(buffer, &byte, 1);
}

/* Formats into the free memory; returns the length that the text has or would have. */
static int format_at_end(gale__buffer *buffer, const char *format, va_list arguments)
{
    size_t room = buffer->capacity - buffer->start - buffer->size;
    int length = vsnprintf(room ? gale__buffer_end(buffer) : NULL, room, format, arguments);
    if (length < 0)
        fail(buffer, -errno);
    if (room && (length < 0 || (size_t)length >= room))
        *gale__buffer_end(buffer) = '\0';
    return length;
}

int gale__buffer_vprintf(gale__buffer *buffer, const char *format, va_list arguments)
{
    if (buffer->error)
        return buffer->error;
    va_list again;
    va_copy(again, arguments);
    int length = format_at_end(buffer, format, arguments);
    size_t room = buffer->capacity - buffer->start - buffer->size;
    if (length >= 0 && (size_t)length >= room && gale__buffer_reserve(buffer, (size_t)length) == 0)
        length = format_at_end(buffer, format, again);
    va_end(again);
    if (buffer->error)
        return buffer->error;
    gale__buffer_commit(buffer, (size_t)length);
    return 0;
}

int gale__buffer_printf(gale__buffer *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int result = gale__buffer_vprintf(buffer, format, arguments);
    va_end(arguments);
    return result;
}

void gale__buffer_consume(gale__buffer *buffer, size_t size)
{
    assert(size <= buffer->size);
    buffer->start += size;
    buffer->size -= size;
    if (buffer->size == 0 && buffer->data) {
        buffer->start = 0;
        buffer->data[0] = '\0';
    }
}

gale_bytes *gale__buffer_take(gale__buffer *buffer)
{
    gale_str text = gale__buffer_str(buffer);
    gale_bytes *bytes = buffer->error ? NULL : gale_bytes_new(text.data, text.len);
    gale__buffer_clear(buffer);
    return bytes;
}
