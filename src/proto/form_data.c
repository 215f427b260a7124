/* SPDX-License-Identifier: Apache-2.0 */
/* Forms that are there as a whole, and the files in them. */
#include "proto/form_data.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "core/error.h"
#include "proto/arguments.h"
#include "proto/multipart.h"

/* ---- Files ----------------------------------------------------------------------------- */

typedef struct own_files {
    gale_http_files files; /* first, so that both have one address */
    gale__own_arena own;
} own_files;

gale_http_files *gale_http_files_new(void)
{
    own_files *made = GALE__NEW(own_files);
    if (!made)
        return NULL;
    gale__own_arena_init(&made->own);
    gale__http_files_init(&made->files, &made->own.arena);
    return &made->files;
}

void gale_http_files_free(gale_http_files *files)
{
    if (!files)
        return;
    own_files *made = GALE__CONTAINER_OF(files, own_files, files);
    gale__own_arena_close(&made->own);
    gale__free(made);
}

void gale__http_files_init(gale_http_files *files, gale__arena *arena)
{
    *files = (gale_http_files){ .arena = arena };
}

static int grow(gale_http_files *files)
{
    size_t capacity = files->capacity ? files->capacity * 2 : 4;
    gale_http_file *list = gale__arena_alloc(files->arena, capacity * sizeof *list);
    if (!list)
        return -ENOMEM;
    if (files->count)
        memcpy(list, files->list, files->count * sizeof *list);
    files->list = list;
    files->capacity = capacity;
    return 0;
}

static const char *copy(gale__arena *arena, const char *text)
{
    return text ? gale__arena_strdup(arena, text, strlen(text)) : NULL;
}

gale_http_file *gale__http_files_append(gale_http_files *files, const gale_multipart_part *part)
{
    if (files->count == files->capacity && grow(files) < 0)
        return NULL;
    gale_http_file *file = &files->list[files->count];
    *file = (gale_http_file){
        .name = copy(files->arena, part->name),
        .filename = copy(files->arena, part->filename),
        .content_type =
            copy(files->arena, part->content_type ? part->content_type : "application/unknown"),
        .fd = -1,
    };
    if (files->arena->failed)
        return NULL;
    files->count++;
    return file;
}

size_t gale_http_files_count(const gale_http_files *files)
{
    return files->count;
}

const gale_http_file *gale_http_files_at(const gale_http_files *files, size_t index)
{
    return index < files->count ? &files->list[index] : NULL;
}

const gale_http_file *gale_http_files_get(const gale_http_files *files, const char *name,
                                          size_t index)
{
    for (size_t i = 0; i < files->count; i++)
        if (files->list[i].name && !strcmp(files->list[i].name, name) && index-- == 0)
            return &files->list[i];
    return NULL;
}

/* ---- Configuration --------------------------------------------------------------------- */

static gale_parse_body_config process_config;

void gale_set_parse_body_config(const gale_parse_body_config *config)
{
    process_config = config ? *config : (gale_parse_body_config){ 0 };
}

const gale_parse_body_config *gale__parse_body_config(void)
{
    return &process_config;
}

/* ---- Multipart ------------------------------------------------------------------------- */

typedef struct form {
    gale_http_arguments *arguments;
    gale_http_files *files;
    gale_http_file *file; /* the part at hand; NULL: an argument */
    gale_str content;     /* of the part, in one piece of the body */
} form;

static int begin_part(form *self, const gale_multipart_part *part, const char *content)
{
    self->content = (gale_str){ content, 0 };
    self->file = part->filename ? gale__http_files_append(self->files, part) : NULL;
    return part->filename && !self->file ? -ENOMEM : 0;
}

static int end_part(form *self, const gale_multipart_part *part)
{
    gale_str content = self->content;
    if (self->file) {
        self->file->body = content;
        self->file->size = (int64_t)content.len;
        return 0;
    }
    gale__arena *arena = self->arguments->arena;
    gale_str name = { NULL, strlen(part->name) };
    name.data = gale__arena_strdup(arena, part->name, name.len);
    content.data = gale__arena_strdup(arena, content.data, content.len);
    if (!name.data || !content.data)
        return -ENOMEM;
    return gale__http_arguments_append(self->arguments, name, content);
}

/* All of the body is in `input`, so the pieces of a part's content lie behind one another. */
static int parse_parts(gale_multipart_reader *reader, gale_str input, form *self)
{
    gale_str piece;
    int event;
    while ((event = gale_multipart_reader_next(reader, &input, &piece)) > 0) {
        int result = 0;
        if (event == GALE_MULTIPART_PART)
            result = begin_part(self, &reader->part, input.data);
        else if (event == GALE_MULTIPART_DATA)
            self->content.len += piece.len;
        else if (event == GALE_MULTIPART_PART_END)
            result = end_part(self, &reader->part);
        if (result < 0)
            return result;
    }
    return event < 0 ? event : gale_multipart_reader_end(reader);
}

int gale_parse_multipart_form_data(gale_str boundary, gale_str data, gale_http_arguments *arguments,
                                   gale_http_files *files,
                                   const gale_parse_multipart_config *config)
{
    gale_multipart_reader reader;
    form self = { .arguments = arguments, .files = files };
    GALE_TRY(gale__multipart_open(&reader, boundary, config));
    int result = parse_parts(&reader, data, &self);
    gale__multipart_close(&reader);
    return result;
}

/* ---- Bodies by their type -------------------------------------------------------------- */

static const char multipart[] = "multipart/form-data";

/* RFC 9110 §8.3.1: types, and the names of their parameters, in any case. */
static bool begins_with(const char *text, const char *start)
{
    return strncasecmp(text, start, strlen(start)) == 0;
}

bool gale__is_urlencoded(const char *content_type)
{
    return begins_with(content_type, "application/x-www-form-urlencoded");
}

bool gale__is_multipart(const char *content_type)
{
    return begins_with(content_type, multipart);
}

static bool is_space(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* Cuts off what stands before the next ";", without white space around it. */
static gale_str next_field(const char **at)
{
    const char *end = strchrnul(*at, ';');
    gale_str field = { *at, (size_t)(end - *at) };
    *at = *end ? end + 1 : end;
    while (field.len && is_space(*field.data)) {
        field.data++;
        field.len--;
    }
    while (field.len && is_space(field.data[field.len - 1]))
        field.len--;
    return field;
}

int gale_multipart_boundary(const char *content_type, gale_str *ret_boundary)
{
    static const char key[] = "boundary=";
    const size_t key_size = sizeof key - 1;
    gale_str type = next_field(&content_type);
    if (type.len != sizeof multipart - 1 || !begins_with(type.data, multipart))
        return gale__fail(GALE_EINPUT, "Invalid content type");
    while (*content_type) {
        gale_str field = next_field(&content_type);
        if (field.len > key_size && begins_with(field.data, key)) {
            *ret_boundary = (gale_str){ field.data + key_size, field.len - key_size };
            return 0;
        }
    }
    return gale__fail(GALE_EINPUT, "multipart boundary not found");
}

/* Tornado puts this before the text of every error. */
static int failed(int code)
{
    return code == GALE_EINPUT ? gale__fail(code, "Invalid %s: %s", multipart, gale_error_detail())
                               : code;
}

int gale_parse_body_arguments(const char *content_type, gale_str body,
                              gale_http_arguments *arguments, gale_http_files *files,
                              gale_http_headers *headers, const gale_parse_body_config *config)
{
    bool urlencoded = gale__is_urlencoded(content_type);
    if (!urlencoded && !gale__is_multipart(content_type))
        return 0;
    if (headers && gale__http_headers_present(headers, GALE__HTTP_CONTENT_ENCODING))
        return gale__fail(GALE_EINPUT, "Unsupported Content-Encoding: %s",
                          gale__http_headers_get(headers, GALE__HTTP_CONTENT_ENCODING));
    if (urlencoded)
        return gale__http_arguments_parse(arguments, body, 0);
    gale_str boundary;
    int result = gale_multipart_boundary(content_type, &boundary);
    if (result >= 0)
        result = gale_parse_multipart_form_data(boundary, body, arguments, files,
                                                config ? &config->multipart : NULL);
    return failed(result);
}
