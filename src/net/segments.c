/* SPDX-License-Identifier: Apache-2.0 */
#include "net/segments.h"

#include <unistd.h>

static void segment_free(gale__segment *segment, gale__net *net)
{
    if (segment->release)
        segment->release(segment->release_arg);
    if (segment->storage == GALE__SEGMENT_POOLED)
        gale__pool_put(&net->segments, segment);
    else if (segment->storage == GALE__SEGMENT_ALLOCATED)
        gale__free(segment);
}

void gale__segments_free(gale__segments *segments, gale__net *net)
{
    for (gale__segment *segment = segments->first, *next; segment; segment = next) {
        next = segment->next;
        segment_free(segment, net);
    }
}

static void link_last(gale__segments *segments, gale__segment *segment)
{
    if (segments->last)
        segments->last->next = segment;
    else
        segments->first = segment;
    segments->last = segment;
}

static gale__segment *segment_new(gale__net *net, size_t size)
{
    const size_t pooled_size = GALE__SEGMENT_BLOCK - sizeof(gale__segment);
    bool pooled = size <= pooled_size;
    gale__segment *segment;
    if (GALE__LIKELY(pooled)) {
        segment = gale__pool_get(&net->segments);
        size = pooled_size;
    } else {
        segment = size < SIZE_MAX / 2 ? gale__malloc(sizeof *segment + size) : NULL;
    }
    if (!segment)
        return NULL;
    char *data = (char *)(segment + 1);
    segment->next = NULL;
    segment->data = segment->room = data;
    segment->size = 0;
    segment->end = data + size;
    segment->release = NULL;
    segment->storage = pooled ? GALE__SEGMENT_POOLED : GALE__SEGMENT_ALLOCATED;
    return segment;
}

char *gale__segments_grow(gale__segments *segments, gale__net *net, size_t size)
{
    gale__segment *segment = segment_new(net, size);
    if (!segment)
        return NULL;
    link_last(segments, segment);
    return segment->room;
}

static int append_foreign(gale__segments *segments, gale__net *net, gale__segment foreign)
{
    gale__segment *segment = gale__pool_get(&net->segments);
    if (!segment)
        return -ENOMEM;
    *segment = foreign;
    segment->storage = GALE__SEGMENT_POOLED;
    link_last(segments, segment);
    segments->size += segment->size;
    return 0;
}

static void unref(void *bytes)
{
    gale_bytes_unref(bytes);
}

int gale__segments_share(gale__segments *segments, gale__net *net, gale_bytes *bytes)
{
    gale_str text = gale_bytes_str(bytes);
    gale__segment segment = {
        .data = text.data, .size = text.len, .release = unref, .release_arg = bytes
    };
    GALE_TRY(append_foreign(segments, net, segment));
    gale_bytes_ref(bytes);
    return 0;
}

int gale__segments_give(gale__segments *segments, gale__net *net, const void *data, size_t size,
                        gale_callback release, void *release_arg)
{
    gale__segment segment = {
        .data = data, .size = size, .release = release, .release_arg = release_arg
    };
    return append_foreign(segments, net, segment);
}

static void close_file(void *arg)
{
    gale__file_range *range = arg;
    close(range->fd);
}

int gale__segments_file(gale__segments *segments, gale__net *net, int fd, int64_t offset,
                        size_t size)
{
    gale__segment segment = { .size = size, .release = close_file };
    int result =
        size < GALE__SEGMENT_FILE_LEAST ? GALE_EINVALID : append_foreign(segments, net, segment);
    if (result < 0) {
        close(fd);
        return result;
    }
    gale__file_range *range = gale__segment_file(segments->last);
    *range = (gale__file_range){ fd, offset, size };
    segments->last->release_arg = range;
    return 0;
}

/* Copies an embedded first segment to `to`, and takes it out. */
static int splice_embedded(gale__segments *to, gale__segments *from, gale__net *net)
{
    gale__segment *first = from->first;
    GALE_TRY(gale__segments_append(to, net, first->data, first->size));
    from->size -= first->size;
    from->first = first->next;
    if (!from->first)
        from->last = NULL;
    return 0;
}

int gale__segments_splice(gale__segments *to, gale__segments *from, gale__net *net)
{
    if (from->first && from->first->storage == GALE__SEGMENT_EMBEDDED)
        GALE_TRY(splice_embedded(to, from, net));
    if (!from->first)
        return 0;
    link_last(to, from->first);
    to->last = from->last;
    to->size += from->size;
    *from = (gale__segments){ 0 };
    return 0;
}

static void drop_front(gale__segment *segment, size_t size)
{
    gale__file_range *range = gale__segment_file(segment);
    segment->size -= size;
    if (range) {
        range->offset += (int64_t)size;
        range->size -= size;
    } else {
        segment->data += size;
    }
}

void gale__segments_consume(gale__segments *segments, gale__net *net, size_t size)
{
    segments->size -= size;
    while (size > 0 || (segments->first && segments->first->size == 0)) {
        gale__segment *segment = segments->first;
        if (size < segment->size) {
            drop_front(segment, size);
            return;
        }
        size -= segment->size;
        segments->first = segment->next;
        if (!segments->first)
            segments->last = NULL;
        segment_free(segment, net);
    }
}
