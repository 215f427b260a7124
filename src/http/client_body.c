/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The body of a request. A short one goes out with the head. Any other is sent by a task of its
 * own, so that the response is read meanwhile: a server that refuses a body need not take it first.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "http/client_exchange.h"
#include "net/iostream_impl.h"
#include "proto/http1_write.h"

enum { PIECE = 65536 };

struct gale_body_writer {
    gale__exchange *exchange;
    uint64_t left; /* of a body with a length */
};

/* ---- How long it is -------------------------------------------------------------------- */

static int measure_file(const char *path, int64_t *ret_length)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return gale__fail(-errno, "%s: %s", path, gale_strerror(-errno));
    if (!S_ISREG(status.st_mode))
        return gale__fail(GALE_EINVALID, "%s is no regular file", path);
    *ret_length = status.st_size;
    return 0;
}

/* The Content-Length that the caller promises for a body_producer. */
static int measure_produced(const gale_fetch_header *header, int64_t *ret_length)
{
    uint64_t length;
    *ret_length = -1;
    for (; header && header->name; header++) {
        gale_str value = { header->value, header->value ? strlen(header->value) : 0 };
        if (gale__http_header_find(header->name, strlen(header->name)) != GALE__HTTP_CONTENT_LENGTH)
            continue;
        if (gale__http_parse_int(value, &length) < 0)
            return gale__fail(GALE_EINVALID, "malformed Content-Length");
        *ret_length = (int64_t)length;
    }
    return 0;
}

int gale__request_measure(gale__exchange *self)
{
    const gale_fetch_options *options = self->fetch->options;
    self->length = 0;
    if (!gale__fetch_has_body(self->fetch))
        return 0;
    if (options->body_file)
        return measure_file(options->body_file, &self->length);
    if (options->body_producer)
        return measure_produced(options->headers, &self->length);
    self->length = (int64_t)(options->body_size ? options->body_size : strlen(options->body));
    return 0;
}

bool gale__request_is_short(const gale__exchange *self)
{
    return self->fetch->options->body && self->length <= PIECE;
}

/* ---- Sending it ------------------------------------------------------------------------ */

static int write_chunk(gale_iostream *stream, const char *data, size_t size)
{
    char head[GALE__HTTP1_CHUNK_HEAD_SIZE];
    char *end = gale__http1_chunk_head(head, size);
    const gale_str parts[] = { { head, (size_t)(end - head) }, { data, size }, GALE_STR("\r\n") };
    return gale__iostream_write_parts(stream, parts, 3);
}

static int write_piece(gale_body_writer *writer, const char *data, size_t size)
{
    gale_iostream *stream = writer->exchange->connection->stream;
    if (writer->exchange->length < 0)
        return write_chunk(stream, data, size);
    if (size > writer->left)
        return gale__fail(GALE_EOUTPUT, "Tried to write more data than Content-Length");
    writer->left -= size;
    return gale_iostream_write(stream, data, size);
}

int gale_body_write(gale_body_writer *writer, const void *data, size_t size)
{
    const char *at = data;
    while (size > 0) {
        size_t piece = size < PIECE ? size : PIECE;
        GALE_TRY(write_piece(writer, at, piece));
        at += piece;
        size -= piece;
    }
    return 0;
}

static int send_produced(gale_body_writer *writer)
{
    const gale_fetch_options *options = writer->exchange->fetch->options;
    GALE_TRY(options->body_producer(writer, options->arg));
    if (writer->exchange->length < 0)
        return gale_iostream_write(writer->exchange->connection->stream, "0\r\n\r\n", 5);
    if (writer->left == 0)
        return 0;
    return gale__fail(GALE_EOUTPUT, "Tried to write %llu bytes less than Content-Length",
                      (unsigned long long)writer->left);
}

/* A file that is too short for the kernel to send it by itself. */
static int copy_file(gale_body_writer *writer, int fd, const char *path)
{
    char piece[GALE__SEGMENT_FILE_LEAST];
    ssize_t size = read(fd, piece, (size_t)writer->left);
    if (size < 0)
        size = gale__fail(-errno, "%s: %s", path, gale_strerror(-errno));
    else if ((uint64_t)size < writer->left)
        size = gale__fail(GALE_EOUTPUT, "%s has become shorter", path);
    close(fd);
    return size < 0 ? (int)size : gale_body_write(writer, piece, (size_t)size);
}

static int send_file(gale_body_writer *writer)
{
    const char *path = writer->exchange->fetch->options->body_file;
    gale_iostream *stream = writer->exchange->connection->stream;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return gale__fail(-errno, "%s: %s", path, gale_strerror(-errno));
    return writer->left < GALE__SEGMENT_FILE_LEAST
               ? copy_file(writer, fd, path)
               : gale__iostream_write_file(stream, fd, 0, (size_t)writer->left);
}

/* Its own failure closes the connection, which wakes the task that reads. */
static int send_task(void *arg)
{
    gale__exchange *self = arg;
    const gale_fetch_options *options = self->fetch->options;
    gale_body_writer writer = { self, self->length < 0 ? 0 : (uint64_t)self->length };
    int result = options->body_producer ? send_produced(&writer)
                 : options->body_file   ? send_file(&writer)
                                        : gale_body_write(&writer, options->body, writer.left);
    if (result >= 0)
        self->sending = false;
    if (result >= 0 || result == GALE_ECLOSED || result == GALE_ECANCELED)
        return 0;
    self->failed = true;
    gale_iostream_close(self->connection->stream);
    return result;
}

int gale__request_send_body(gale__exchange *self)
{
    if (self->fetch->options->body_producer)
        self->fetch->body_started = true;
    self->sending = true;
    self->scope = gale_scope_open(NULL);
    return gale_scope_spawn(self->scope, "body of a request", send_task, self);
}

int gale__request_end(gale__exchange *self)
{
    if (!self->scope)
        return 0;
    if (self->failed)
        return gale_scope_close(self->scope, gale_scope_wait(self->scope));
    if (self->sending)
        gale_scope_cancel(self->scope);
    return gale_scope_close(self->scope, 0);
}
