/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The body of a handler whose class has `uploads`, piece by piece. At most one piece of it is in
 * memory, besides the arguments: while a thread writes it the connection is paused.
 */
#include "web/uploads.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/error.h"
#include "proto/multipart.h"

enum { DEFAULT_ARGUMENTS_SIZE = 262144, DEFAULT_FILES = 20, CLOSE_SECONDS = 60 };

typedef enum body_kind { MULTIPART, URLENCODED, FILE_AS_BODY, NOTHING_KNOWN } body_kind;

/* In the arena of the request. */
typedef struct gale__upload {
    const gale_upload_options *options;
    gale_http_server_request *request;
    body_kind kind;
    gale_multipart_reader *reader;
    gale_http_file *file;  /* of the part at hand, the last of the files; NULL: an argument */
    gale__buffer argument; /* at hand; or the whole of an urlencoded body */
    size_t arguments_size; /* of those that are complete */
    gale__hash hash;       /* of the file at hand */
} gale__upload;

/* ---- Errors ---------------------------------------------------------------------------- */

static int invalid_body(gale_handler *self, int error, const char *prefix)
{
    if (error != GALE_EINPUT && error != GALE_ETOOBIG)
        return error;
    return gale_http_error(self, 400, "Invalid body: %s%s", prefix, gale_error_detail());
}

static int invalid_form(gale_handler *self, int error)
{
    return invalid_body(self, error, "Invalid multipart/form-data: ");
}

static int too_large(gale_handler *self, const char *what)
{
    return gale_http_error(self, 413, "%s over the limit of uploads", what);
}

static const char *directory_of(const gale_upload_options *options)
{
    const char *directory = options->directory ? options->directory : getenv("TMPDIR");
    return directory && *directory ? directory : "/tmp";
}

static int disk_error(gale_handler *self, int error)
{
    const char *directory = directory_of(self->upload->options);
    if (error == -ENOSPC || error == -EDQUOT || error == -EFBIG)
        return gale_http_error(self, 507, "cannot store an upload in %s: %s", directory,
                               strerror(-error));
    if (error < 0 && error > -4096)
        return gale__fail(error, "cannot store an upload in %s: %s", directory, strerror(-error));
    return error;
}

/* ---- Files ----------------------------------------------------------------------------- */

/* What a thread does for a file: makes it if need be, and writes. */
typedef struct file_job {
    const char *directory;
    int fd; /* or -1 */
    gale_str data;
    int64_t offset;
    gale__hash *hash; /* NULL: none */
} file_job;

static int run_file_job(void *arg)
{
    file_job *job = arg;
    if (job->fd < 0 && (job->fd = gale__temporary_file(job->directory)) < 0)
        return job->fd;
    if (job->hash)
        GALE_TRY(gale__hash_update(job->hash, job->data.data, job->data.len));
    return gale__write_file(job->fd, job->data, job->offset);
}

static int store(gale_handler *self, gale_str data)
{
    gale__upload *upload = self->upload;
    file_job job = { .directory = directory_of(upload->options),
                     .fd = upload->file->fd,
                     .data = data,
                     .offset = upload->file->size,
                     .hash = upload->hash.context ? &upload->hash : NULL };
    int result = gale_run_in_executor(NULL, run_file_job, &job);
    if (job.fd >= 0)
        upload->file->fd = job.fd;
    return disk_error(self, result);
}

static int take_piece(gale_handler *self, gale_str data)
{
    gale__upload *upload = self->upload;
    if (!upload->options->file_data)
        return store(self, data);
    if (upload->hash.context)
        GALE_TRY(gale__hash_update(&upload->hash, data.data, data.len));
    return upload->options->file_data(self, upload->file, data.data, data.len);
}

static int file_data(gale_handler *self, gale_str data)
{
    gale__upload *upload = self->upload;
    int64_t limit = upload->options->max_file_size;
    if (limit > 0 && (int64_t)data.len > limit - upload->file->size)
        return too_large(self, "a file");
    GALE_TRY(take_piece(self, data));
    upload->file->size += (int64_t)data.len;
    return 0;
}

static int file_began(gale_handler *self, const gale_multipart_part *part)
{
    gale__upload *upload = self->upload;
    const gale_upload_options *options = upload->options;
    gale_http_files *files = upload->request->files;
    size_t most = options->max_files ? (size_t)options->max_files : DEFAULT_FILES;
    if (options->max_files >= 0 && files->count >= most && !options->file_data)
        return gale_http_error(self, 400, "Invalid body: too many files");
    upload->file = gale__http_files_append(files, part);
    if (!upload->file)
        return -ENOMEM;
    if (options->sha256)
        GALE_TRY(gale__hash_begin(&upload->hash, GALE__SHA256));
    return options->file_began ? options->file_began(self, upload->file) : 0;
}

static int end_hash(gale_handler *self, gale__upload *upload)
{
    unsigned char digest[GALE__DIGEST_MAX];
    size_t size = gale__digest_size(GALE__SHA256);
    GALE_TRY(gale__hash_end(&upload->hash, digest));
    char *text = gale__arena_alloc(gale__handler_arena(self), 2 * size + 1);
    if (!text)
        return -ENOMEM;
    gale__hex_encode(text, digest, size);
    text[2 * size] = '\0';
    upload->file->sha256 = text;
    return 0;
}

static int file_ended(gale_handler *self)
{
    gale__upload *upload = self->upload;
    gale_http_file *file = upload->file;
    if (file->fd < 0 && !upload->options->file_data) /* it is empty */
        GALE_TRY(store(self, GALE_STR("")));
    if (upload->hash.context)
        GALE_TRY(end_hash(self, upload));
    upload->file = NULL;
    return upload->options->file_ended ? upload->options->file_ended(self, file) : 0;
}

/* ---- Arguments ------------------------------------------------------------------------- */

static int argument_data(gale_handler *self, gale_str data)
{
    gale__upload *upload = self->upload;
    int64_t limit = upload->options->max_arguments_size;
    size_t most = limit ? (size_t)limit : DEFAULT_ARGUMENTS_SIZE;
    if (limit >= 0 && data.len > most - upload->arguments_size - upload->argument.size)
        return too_large(self, "arguments");
    return gale__buffer_append(&upload->argument, data.data, data.len);
}

static int argument_ended(gale_handler *self, const gale_multipart_part *part)
{
    gale__upload *upload = self->upload;
    gale__arena *arena = gale__handler_arena(self);
    gale_str value = gale__buffer_str(&upload->argument);
    gale_str name = { NULL, strlen(part->name) };
    name.data = gale__arena_strdup(arena, part->name, name.len);
    value.data = gale__arena_strdup(arena, value.data, value.len);
    if (!name.data || !value.data)
        return -ENOMEM;
    upload->arguments_size += value.len;
    gale__buffer_clear(&upload->argument);
    return gale__http_arguments_append(upload->request->body_arguments, name, value);
}

/* ---- Multipart ------------------------------------------------------------------------- */

static int multipart_event(gale_handler *self, int event, gale_str data)
{
    gale__upload *upload = self->upload;
    const gale_multipart_part *part = gale_multipart_reader_part(upload->reader);
    bool is_file = part->filename || upload->options->arguments_as_files;
    switch (event) {
    case GALE_MULTIPART_PART:
        return is_file ? file_began(self, part) : 0;
    case GALE_MULTIPART_DATA:
        return is_file ? file_data(self, data) : argument_data(self, data);
    case GALE_MULTIPART_PART_END:
        return is_file ? file_ended(self) : argument_ended(self, part);
    default:
        return 0;
    }
}

static int multipart_data(gale_handler *self, gale_str input)
{
    gale_str data = { NULL, 0 };
    int event;
    while ((event = gale_multipart_reader_next(self->upload->reader, &input, &data)) > 0) {
        GALE_TRY(multipart_event(self, event, data));
        if (self->finished)
            return 0;
    }
    return invalid_form(self, event);
}

static int begin_multipart(gale_handler *self, const char *content_type)
{
    gale__upload *upload = self->upload;
    gale_parse_multipart_config config = upload->options->multipart;
    const gale_parse_multipart_config *process = &gale__parse_body_config()->multipart;
    gale_str boundary;
    config.disabled |= process->disabled;
    if (!config.max_parts)
        config.max_parts = process->max_parts;
    if (!config.max_part_header_size)
        config.max_part_header_size = process->max_part_header_size;
    int result = gale_multipart_boundary(content_type, &boundary);
    if (result < 0)
        return invalid_form(self, result);
    upload->reader = GALE__NEW(gale_multipart_reader);
    if (!upload->reader)
        return -ENOMEM;
    result = gale__multipart_open(upload->reader, boundary, &config);
    if (result < 0) {
        gale__free(upload->reader);
        upload->reader = NULL;
    }
    return invalid_form(self, result);
}

/* ---- The end, however it comes --------------------------------------------------------- */

static int close_files(void *arg)
{
    gale_http_files *files = arg;
    for (size_t i = 0; files && i < files->count; i++) {
        if (files->list[i].fd >= 0)
            close(files->list[i].fd);
        files->list[i].fd = -1;
    }
    return 0;
}

/* Freeing the blocks of a large file takes time. */
static int close_files_in_thread(void *files)
{
    return gale_run_in_executor(NULL, close_files, files);
}

static void end_upload(void *arg)
{
    gale__upload *upload = arg;
    gale_http_files *files = upload->request->files;
    bool open = false;
    for (size_t i = 0; files && i < files->count; i++)
        open |= files->list[i].fd >= 0;
    if (open)
        gale_shield(close_files_in_thread, files, CLOSE_SECONDS);
    close_files(files); /* what the threads could not be asked for */
    gale_multipart_reader_free(upload->reader);
    gale__buffer_clear(&upload->argument);
    gale__hash_clear(&upload->hash);
}

/* ---- The body -------------------------------------------------------------------------- */

static body_kind kind_of(const gale_upload_options *options, const char *content_type)
{
    if (gale__is_multipart(content_type))
        return MULTIPART;
    if (options->any_body)
        return FILE_AS_BODY;
    return gale__is_urlencoded(content_type) ? URLENCODED : NOTHING_KNOWN;
}

static int check_coding(gale_handler *self, body_kind kind)
{
    gale_http_headers *headers = &self->request->headers;
    bool coded = gale__http_headers_present(headers, GALE__HTTP_CONTENT_ENCODING);
    if (!coded || kind == FILE_AS_BODY || kind == NOTHING_KNOWN)
        return 0;
    return gale_http_error(self, 400, "Invalid body: Unsupported Content-Encoding: %s",
                           gale__http_headers_get(headers, GALE__HTTP_CONTENT_ENCODING));
}

int gale__upload_begin(gale_handler *self)
{
    const gale_upload_options *options = self->type->slots.uploads;
    const char *type = gale__http_headers_get(&self->request->headers, GALE__HTTP_CONTENT_TYPE);
    gale__upload *upload = gale__arena_calloc(gale__handler_arena(self), sizeof *upload);
    if (!upload)
        return -ENOMEM;
    upload->options = options;
    upload->request = self->request;
    upload->kind = kind_of(options, type ? type : "");
    gale__buffer_init(&upload->argument, SIZE_MAX);
    GALE_TRY(gale__http_request_make_form(self->request));
    GALE_TRY(gale_defer(end_upload, upload));
    GALE_TRY(check_coding(self, upload->kind));
    self->upload = upload;
    if (options->max_body_size && self->connection)
        gale_http_connection_set_max_body_size(
            self->connection, options->max_body_size > 0 ? options->max_body_size : INT64_MAX);
    return upload->kind == MULTIPART ? begin_multipart(self, type) : 0;
}

/* A body that is no form. */
static int begin_body_as_file(gale_handler *self)
{
    const char *type = gale__http_headers_get(&self->request->headers, GALE__HTTP_CONTENT_TYPE);
    return file_began(self, &(gale_multipart_part){ .content_type = type });
}

int gale__upload_data(gale_handler *self, gale_str piece)
{
    gale__upload *upload = self->upload;
    switch (upload->kind) {
    case MULTIPART:
        return multipart_data(self, piece);
    case URLENCODED:
        return argument_data(self, piece);
    case FILE_AS_BODY:
        if (!upload->file)
            GALE_TRY(begin_body_as_file(self));
        return self->finished ? 0 : file_data(self, piece);
    default:
        return gale_http_error(self, 415, NULL);
    }
}

/* An empty body is a body when the client says that it has one. */
static bool announces_body(gale_http_server_request *request)
{
    return gale__http_headers_present(&request->headers, GALE__HTTP_CONTENT_LENGTH) ||
           gale__http_headers_present(&request->headers, GALE__HTTP_TRANSFER_ENCODING);
}

int gale__upload_end(gale_handler *self)
{
    gale__upload *upload = self->upload;
    switch (upload->kind) {
    case MULTIPART:
        return invalid_form(self, gale_multipart_reader_end(upload->reader));
    case URLENCODED:
        return invalid_body(self,
                            gale__http_arguments_parse(self->request->body_arguments,
                                                       gale__buffer_str(&upload->argument), 0),
                            "");
    case FILE_AS_BODY:
        if (!upload->file && announces_body(self->request))
            GALE_TRY(begin_body_as_file(self));
        return upload->file && !self->finished ? file_ended(self) : 0;
    default:
        return 0;
    }
}
