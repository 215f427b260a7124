/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of gale_http_headers, for the parser, the writer and the HTTP floor. Everything lives
 * in an arena. Appending neither searches nor copies.
 *
 * A response's standard lines (Server, Date, Content-Type) come as a block: text that the writer
 * copies as it is. The block stands before the fields. It is turned into fields only when somebody
 * asks for, or changes, a name that it holds, or walks over all fields.
 */
#ifndef GALE_PROTO_HEADERS_H
#define GALE_PROTO_HEADERS_H

#include <errno.h>
#include <gale/httputil.h>

#include "core/arena.h"
#include "proto/header_names.h"

typedef struct gale__http_header_field {
    const char *name, *value; /* NUL-terminated */
    uint32_t name_size, value_size;
    uint32_t room; /* bytes that `value` may grow to in place; 0: it must not be written to */
    gale__http_header id;
} gale__http_header_field;

/* The status line that most responses begin with. */
#define GALE__HTTP_OK_LINE "HTTP/1.1 200 OK\r\n"

enum {
    GALE__HTTP_OK_SIZE = sizeof GALE__HTTP_OK_LINE - 1,
    GALE__HTTP_READY_SIZE =
        128 /* of a block with its status line, and what is readable behind it */
};

/* Complete lines "Name: value" CRLF whose names all have numbers. */
typedef struct gale__http_header_block {
    gale_str text;    /* borrowed for as long as headers refer to it */
    uint64_t present; /* the set of its names */
    const char
        *ready; /* GALE__HTTP_OK_LINE and the same lines, in GALE__HTTP_READY_SIZE bytes; or NULL */
} gale__http_header_block;

struct gale_http_headers {
    gale__arena *arena;
    gale__http_header_field *fields;
    uint32_t count, capacity;
    uint64_t present;                        /* the set of names in `fields` */
    uint64_t repeated;                       /* those that occur more than once */
    gale__http_header_block block;           /* text.len 0 when there is none */
    struct gale__http_joined *joined;        /* texts made by gale_http_headers_get */
    uint32_t first[GALE__HTTP_HEADER_COUNT]; /* index of the first field; unset unless present */
};

/* Makes `block` from complete, valid lines. GALE_EINPUT when a line is malformed or a name has no
 * number. */
int gale__http_header_block_init(gale__http_header_block *block, gale_str text);

static inline void gale__http_headers_init(gale_http_headers *headers, gale__arena *arena)
{
    headers->arena = arena;
    headers->fields = NULL;
    headers->count = headers->capacity = 0;
    headers->present = headers->repeated = 0;
    headers->block = (gale__http_header_block){ { NULL, 0 }, 0, NULL };
    headers->joined = NULL;
}

/* The same for headers that are used again, without a block; their first fields go to `fields`. */
static inline void gale__http_headers_reset(gale_http_headers *headers,
                                            gale__http_header_field *fields, uint32_t capacity)
{
    headers->fields = fields;
    headers->count = 0;
    headers->capacity = capacity;
    headers->present = headers->repeated = 0;
    headers->joined = NULL;
}

/* Room for the first fields at once, so that the parser does not have to grow. */
static inline int gale__http_headers_reserve(gale_http_headers *headers)
{
    enum { FIRST_CAPACITY = 8 };
    headers->fields = (gale__http_header_field *)gale__arena_alloc(
        headers->arena, FIRST_CAPACITY * sizeof *headers->fields);
    if (GALE__UNLIKELY(!headers->fields))
        return -ENOMEM;
    headers->capacity = FIRST_CAPACITY;
    return 0;
}

/* Room for more fields. -ENOMEM, or GALE_ETOOBIG at 2^31 fields. */
GALE__APART int gale__http_headers_grow(gale_http_headers *headers);

/* Appends a field as it is: the texts are NUL-terminated, valid and live as long as the arena. */
static inline int gale__http_headers_append(gale_http_headers *headers, gale__http_header id,
                                            const char *name, uint32_t name_size, const char *value,
                                            uint32_t value_size)
{
    if (GALE__UNLIKELY(headers->count == headers->capacity))
        GALE_TRY(gale__http_headers_grow(headers));
    uint32_t index = headers->count++;
    headers->fields[index] = (gale__http_header_field){ name, value, name_size, value_size, 0, id };
    headers->joined = NULL;
    uint64_t bit = gale__http_header_bit(id);
    if (headers->present & bit)
        headers->repeated |= bit;
    else
        headers->first[id] = index;
    headers->present |= bit;
    return 0;
}

/* The first field with that number among the fields (not the block), or NULL. O(1). */
static inline const gale__http_header_field *
gale__http_headers_first(const gale_http_headers *headers, gale__http_header id)
{
    if (!(headers->present & gale__http_header_bit(id)))
        return NULL;
    return &headers->fields[headers->first[id]];
}

/* True when the name is there, in the fields or in the block. O(1). */
static inline bool gale__http_headers_present(const gale_http_headers *headers,
                                              gale__http_header id)
{
    return ((headers->present | headers->block.present) & gale__http_header_bit(id)) != 0;
}

/* Turns the block into fields. */
int gale__http_headers_expand(gale_http_headers *headers);

/* As gale_http_headers_set, _get and _remove, for a known name. */
int gale__http_headers_set(gale_http_headers *headers, gale__http_header id, gale_str value);
const char *gale__http_headers_get(gale_http_headers *headers, gale__http_header id);
int gale__http_headers_remove(gale_http_headers *headers, gale__http_header id);

/* Copies all fields to the end of `to`, into its arena. */
int gale__http_headers_copy(gale_http_headers *to, gale_http_headers *from);

#endif
