/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The answer's status and bytes. What is small is read and goes out in one piece with its head;
 * more than that is sent by the kernel, a window at a time, so that no file has the loop for
 * itself, and each window is in memory before it is sent.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <gale/log.h>

#include "core/digest.h"
#include "core/error.h"
#include "proto/precondition.h"
#include "proto/range.h"
#include "web/static.h"
#include "web/transform.h"

enum {
    READ_MOST = 65536, /* read and copied; a longer range is sent by the kernel */
    WINDOW = 1 << 20,
    BOUNDARY_SIZE = 16 /* digits */
};
_Static_assert((int)READ_MOST >= (int)GALE__SEGMENT_FILE_LEAST, "what is not read can be sent");

/* ---- Reading --------------------------------------------------------------------------- */

int gale__static_file_pour(const gale__static_file *file, int64_t start, int64_t end,
                           gale_content_sink sink, void *arg)
{
    char *data = gale__malloc(READ_MOST);
    int result = data ? 1 : -ENOMEM;
    while (result > 0 && (end < 0 || start < end)) {
        size_t size =
            end < 0 || end - start > READ_MOST ? (size_t)READ_MOST : (size_t)(end - start);
        ssize_t got = gale__static_file_read(file, start, data, size);
        result = got > 0 ? sink(arg, data, (size_t)got) : (int)got;
        if (got > 0 && result >= 0)
            result = 1;
        start += got > 0 ? got : 0;
    }
    gale__free(data);
    return result < 0 ? result : 0;
}

static int read_piece(gale_handler *self, gale__static *state, int64_t start, size_t size)
{
    if (!self->connection)
        return GALE_ECLOSED;
    char *room = gale__segments_reserve(&self->body, self->net, size);
    if (!room)
        return -ENOMEM;
    ssize_t got = gale__static_file_read(&state->file, start, room, size);
    if (got < 0)
        return (int)got;
    gale__segments_commit(&self->body, (size_t)got);
    return (size_t)got < size ? gale__fail(GALE_EOUTPUT, "%s was truncated", state->absolute_path)
                              : 0;
}

/* ---- Sending --------------------------------------------------------------------------- */

/* The descriptor of a window: its own, since it may be sent after the handler has ended. */
static int window_descriptor(gale__static *state, bool last)
{
    if (!last)
        return fcntl(state->file.fd, F_DUPFD_CLOEXEC, 3);
    state->file.path = NULL;
    return state->file.fd;
}

static int add_window(gale_handler *self, gale__static *state, int64_t start, size_t size,
                      bool last)
{
    GALE_TRY(gale__static_file_load(&state->file, start, size));
    int fd = window_descriptor(state, last);
    if (fd < 0)
        return -errno;
    return gale__segments_file(&self->body, self->net, fd, start, size);
}

/* The peer's leaving and a file that has become too short look the same from here. */
static int flush(gale_handler *self, gale__static *state, int64_t end)
{
    int result = gale_flush(self);
    struct stat status;
    if (result < 0 && fstat(state->file.fd, &status) == 0 && status.st_size < end)
        gale_log(GALE_LOG_GENERAL, GALE_LOG_WARNING, "%s was truncated while it was sent",
                 state->absolute_path);
    gale_moment(); /* others have their turn; and a connection that broke tells of it */
    return result;
}

static bool may_read(gale_handler *self, int64_t size)
{
    return size <= READ_MOST || gale__transform_wanted(self);
}

/* Writes a range of the file; `last`: nothing comes after it, and gale_finish sends what is left.
 */
static int write_file(gale_handler *self, gale__static *state, gale__range range, bool last)
{
    while (range.start < range.end) {
        bool read = may_read(self, range.end - range.start);
        int64_t most = read ? READ_MOST : WINDOW, left = range.end - range.start;
        size_t size = (size_t)(left < most ? left : most);
        bool ends = last && (int64_t)size == left;
        GALE_TRY(read ? read_piece(self, state, range.start, size)
                      : add_window(self, state, range.start, size, ends));
        range.start += (int64_t)size;
        if (!ends && self->body.size >= READ_MOST)
            GALE_TRY(flush(self, state, range.end));
    }
    return 0;
}

static int write_sink(void *arg, const char *data, size_t size)
{
    gale_handler *self = arg;
    GALE_TRY(gale_write_bytes(self, data, size));
    return self->body.size >= READ_MOST ? gale_flush(self) : 0;
}

static int write_range(gale_handler *self, gale__static *state, gale__range range, bool last)
{
    if (state->slots.get_content == gale_static_default_slots.get_content && state->file.path)
        return write_file(self, state, range, last);
    return state->slots.get_content(self, state->absolute_path, range.start, range.end, write_sink,
                                    self);
}

/* ---- Answers --------------------------------------------------------------------------- */

static int set_number(gale_handler *self, gale__http_header id, int64_t number)
{
    char text[24];
    int size = snprintf(text, sizeof text, "%lld", (long long)number);
    return gale__http_headers_set(&self->headers, id, (gale_str){ text, (size_t)size });
}

static int set_content_range(gale_handler *self, const gale__range *range, int64_t size)
{
    char text[80];
    int length = range
                     ? snprintf(text, sizeof text, "bytes %lld-%lld/%lld", (long long)range->start,
                                (long long)range->end - 1, (long long)size)
                     : snprintf(text, sizeof text, "bytes */%lld", (long long)size);
    return gale__http_headers_set(&self->headers, GALE__HTTP_CONTENT_RANGE,
                                  (gale_str){ text, (size_t)length });
}

static bool is_head(const gale_handler *self)
{
    return self->request->head.method_id == GALE__HTTP_METHOD_HEAD;
}

/* What is sent, coded or not, follows from the first piece. */
static int transform_beginning(gale_handler *self, gale__static *state, gale__range range)
{
    bool all = range.end - range.start <= READ_MOST;
    if (!all)
        range.end = range.start + READ_MOST;
    GALE_TRY(write_range(self, state, range, true));
    return all ? 0 : gale_flush(self);
}

static int respond_range(gale_handler *self, gale__static *state, gale__range range)
{
    int64_t size = range.end - range.start;
    if (is_head(self) || size > READ_MOST)
        GALE_TRY(set_number(self, GALE__HTTP_CONTENT_LENGTH, size));
    if (!is_head(self))
        return write_range(self, state, range, true);
    return gale__transform_wanted(self) ? transform_beginning(self, state, range) : 0;
}

static int respond_unsatisfiable(gale_handler *self, int64_t size)
{
    GALE_TRY(gale_set_status(self, 416, NULL));
    GALE_TRY(gale_set_header(self, "Content-Type", "text/plain"));
    return set_content_range(self, NULL, size);
}

/* ---- Several parts (RFC 9110 §14.6) ---------------------------------------------------- */

typedef struct part {
    const char *head;
    size_t head_size;
} part;

static int make_part_heads(gale_handler *self, const gale__static *state,
                           const gale__ranges *ranges, int64_t size, const char *boundary,
                           part *parts)
{
    const char *type = state->content_type;
    for (size_t i = 0; i < ranges->count; i++) {
        const gale__range *range = &ranges->at[i];
        parts[i].head = gale__arena_printf(
            gale__handler_arena(self), &parts[i].head_size,
            "\r\n--%s\r\n%s%s%sContent-Range: bytes %lld-%lld/%lld\r\n\r\n", boundary,
            type ? "Content-Type: " : "", type ? type : "", type ? "\r\n" : "",
            (long long)range->start, (long long)range->end - 1, (long long)size);
        if (!parts[i].head)
            return -ENOMEM;
    }
    return 0;
}

static int write_parts(gale_handler *self, gale__static *state, const gale__ranges *ranges,
                       const part *parts, const char *boundary)
{
    for (size_t i = 0; i < ranges->count; i++) {
        GALE_TRY(gale_write_bytes(self, parts[i].head, parts[i].head_size));
        GALE_TRY(write_range(self, state, ranges->at[i], false));
    }
    return gale_writef(self, "\r\n--%s--\r\n", boundary);
}

static int respond_parts(gale_handler *self, gale__static *state, const gale__ranges *ranges,
                         int64_t size)
{
    unsigned char random[BOUNDARY_SIZE / 2];
    char boundary[BOUNDARY_SIZE + 1] = "", type[80];
    part parts[GALE__RANGES_MAX];
    GALE_TRY(gale__random(random, sizeof random));
    gale__hex_encode(boundary, random, sizeof random);
    GALE_TRY(make_part_heads(self, state, ranges, size, boundary, parts));
    int64_t total = BOUNDARY_SIZE + 8;
    for (size_t i = 0; i < ranges->count; i++)
        total += (int64_t)parts[i].head_size + ranges->at[i].end - ranges->at[i].start;
    snprintf(type, sizeof type, "multipart/byteranges; boundary=%s", boundary);
    GALE_TRY(gale_set_header(self, "Content-Type", type));
    GALE_TRY(set_number(self, GALE__HTTP_CONTENT_LENGTH, total));
    return is_head(self) ? 0 : write_parts(self, state, ranges, parts, boundary);
}

/* ---- Which of them --------------------------------------------------------------------- */

static gale__range_kind wanted_ranges(gale_handler *self, const gale__static *state, int64_t size,
                                      gale__ranges *ret_ranges)
{
    gale_http_headers *request = &self->request->headers;
    const char *range = gale__http_headers_get(request, GALE__HTTP_RANGE);
    if (!range)
        return GALE__RANGE_WHOLE;
    gale__validators validators = {
        .etag = gale__http_headers_get(&self->headers, GALE__HTTP_ETAG),
        .has_modified = state->has_modified,
        .modified = state->modified,
    };
    if (!gale__if_range_holds(gale__http_headers_get(request, GALE__HTTP_IF_RANGE), &validators,
                              (int64_t)time(NULL)))
        return GALE__RANGE_WHOLE;
    return gale__ranges_parse((gale_str){ range, strlen(range) }, size, ret_ranges);
}

int gale__static_respond(gale_handler *self)
{
    gale__static *state = gale__static_of(self);
    int64_t size = state->slots.get_content_size(self);
    if (size < 0)
        return (int)size;
    gale__ranges ranges;
    switch (wanted_ranges(self, state, size, &ranges)) {
    case GALE__RANGE_WHOLE:
        break;
    case GALE__RANGE_UNSATISFIABLE:
        return respond_unsatisfiable(self, size);
    case GALE__RANGE_PARTS:
        GALE_TRY(gale_set_status(self, 206, NULL));
        if (ranges.count > 1)
            return respond_parts(self, state, &ranges, size);
        GALE_TRY(set_content_range(self, &ranges.at[0], size));
        return respond_range(self, state, ranges.at[0]);
    }
    return respond_range(self, state, (gale__range){ 0, size });
}
