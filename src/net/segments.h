/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list of pieces of output. Small pieces are copied, one behind the other, into pooled blocks;
 * large ones get a block of their own; bytes may also be shared or given, and are not copied; and
 * they may be those of a file, which the kernel sends without our reading them.
 */
#ifndef GALE_NET_SEGMENTS_H
#define GALE_NET_SEGMENTS_H

#include <errno.h>
#include <string.h>

#include "net/net.h"

typedef enum gale__segment_storage {
    GALE__SEGMENT_POOLED,
    GALE__SEGMENT_ALLOCATED,
    GALE__SEGMENT_EMBEDDED /* in its owner: it never moves to another list */
} gale__segment_storage;

/* Bytes of a file are no fewer than this, so that a small body never holds any: those are copied
 * together with their head. */
enum { GALE__SEGMENT_FILE_LEAST = 8192 };

typedef struct gale__segment {
    struct gale__segment *next;
    const char *data; /* what is still to be sent; NULL: a gale__file_range behind the segment */
    size_t size;
    char *room, *end;      /* free bytes after the data; equal when it was not copied here */
    gale_callback release; /* of shared or given bytes, else NULL */
    void *release_arg;
    gale__segment_storage storage;
} gale__segment;

typedef struct gale__segments {
    gale__segment *first, *last;
    size_t size; /* of all data */
} gale__segments;

/* The slow path of gale__segments_clear. */
GALE__APART void gale__segments_free(gale__segments *segments, gale__net *net);

/* Gives all segments back. */
static inline void gale__segments_clear(gale__segments *segments, gale__net *net)
{
    gale__segment *first = segments->first;
    if (!first)
        return;
    if (GALE__UNLIKELY(first->next || first->release || first->storage == GALE__SEGMENT_ALLOCATED))
        gale__segments_free(segments, net);
    else if (first->storage == GALE__SEGMENT_POOLED)
        gale__pool_put(&net->segments, first);
    segments->first = segments->last = NULL;
    segments->size = 0;
}

/* Begins an empty list with a segment in the owner's own memory, for what is small. */
static inline void gale__segments_embed(gale__segments *segments, gale__segment *segment,
                                        char *room, size_t size)
{
    segment->next = NULL;
    segment->data = segment->room = room;
    segment->size = 0;
    segment->end = room + size;
    segment->release = NULL;
    segment->storage = GALE__SEGMENT_EMBEDDED;
    segments->first = segments->last = segment;
    segments->size = 0;
}

/* The slow path of gale__segments_reserve: a new block. */
GALE__APART char *gale__segments_grow(gale__segments *segments, gale__net *net, size_t size);

/* Room for `size` bytes in one piece; NULL when out of memory. Commit what was written. */
static inline char *gale__segments_reserve(gale__segments *segments, gale__net *net, size_t size)
{
    gale__segment *last = segments->last;
    if (GALE__LIKELY(last && (size_t)(last->end - last->room) >= size))
        return last->room;
    return gale__segments_grow(segments, net, size);
}

static inline void gale__segments_commit(gale__segments *segments, size_t size)
{
    segments->last->room += size;
    segments->last->size += size;
    segments->size += size;
}

/* Appends a copy. */
static inline int gale__segments_append(gale__segments *segments, gale__net *net, const void *data,
                                        size_t size)
{
    if (size == 0)
        return 0;
    char *room = gale__segments_reserve(segments, net, size);
    if (!room)
        return -ENOMEM;
    memcpy(room, data, size);
    gale__segments_commit(segments, size);
    return 0;
}
/* Appends shared bytes; takes a reference of its own. */
int gale__segments_share(gale__segments *segments, gale__net *net, gale_bytes *bytes);
/* Appends bytes that stay until `release(release_arg)` is called, which happens once. */
int gale__segments_give(gale__segments *segments, gale__net *net, const void *data, size_t size,
                        gale_callback release, void *release_arg);
/* Appends GALE__SEGMENT_FILE_LEAST bytes or more of a regular file. Takes `fd` over, also when it
 * fails, and closes it once they are sent. */
int gale__segments_file(gale__segments *segments, gale__net *net, int fd, int64_t offset,
                        size_t size);
/* Moves everything from `from` to the end of `to`; what is embedded is copied. */
int gale__segments_splice(gale__segments *to, gale__segments *from, gale__net *net);
/* Drops bytes from the front. */
void gale__segments_consume(gale__segments *segments, gale__net *net, size_t size);

/* Where the bytes of a segment are when they are a file's; else NULL. */
static inline gale__file_range *gale__segment_file(gale__segment *segment)
{
    return segment->data ? NULL : (gale__file_range *)(void *)(segment + 1);
}

#endif
