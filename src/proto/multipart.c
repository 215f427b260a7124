/* SPDX-License-Identifier: Apache-2.0 */
/* multipart/form-data as it arrives (RFC 7578, RFC 2046 §5.1): bytes in, events out. */
#include "proto/multipart.h"

#include <errno.h>
#include <string.h>

#include "core/error.h"
#include "core/utf8.h"
#include "proto/header_parameters.h"

enum { DEFAULT_PARTS = 100, DEFAULT_HEADER_SIZE = 10240 };

enum {
    START,   /* the first boundary is to come */
    BETWEEN, /* after a boundary: a header, or one more, with nothing between the two */
    HEADER,  /* of a part */
    CONTENT,
    LAST, /* the form has ended; its event is to come */
    END
};

enum { AGAIN = 100 }; /* besides the events: there is none yet */

static const char broken[] = "Invalid multipart/form-data";

/* ---- Beginning and end ----------------------------------------------------------------- */

static gale_str without_quotes(gale_str boundary)
{
    if (boundary.len >= 2 && boundary.data[0] == '"' && boundary.data[boundary.len - 1] == '"')
        return (gale_str){ boundary.data + 1, boundary.len - 2 };
    return boundary;
}

static void set_delimiter(gale_multipart_reader *reader, gale_str boundary)
{
    memcpy(reader->delimiter, "\r\n--", 4);
    memcpy(reader->delimiter + 4, boundary.data, boundary.len);
    reader->delimiter_size = 4 + boundary.len;
    memcpy(reader->delimiter + reader->delimiter_size, "-", 2);
}

int gale__multipart_open(gale_multipart_reader *reader, gale_str boundary,
                         const gale_parse_multipart_config *config)
{
    if (!config)
        config = &gale__parse_body_config()->multipart;
    if (config->disabled)
        return gale__fail(GALE_EINPUT, "multipart/form-data parsing is disabled");
    boundary = without_quotes(boundary);
    if (!boundary.len || boundary.len > GALE_MULTIPART_BOUNDARY_MAX ||
        memchr(boundary.data, '\r', boundary.len))
        return gale__fail(GALE_EINPUT, "%s: bad boundary", broken);
    *reader = (gale_multipart_reader){
        .state = START,
        .matched = 2, /* as if a line had ended */
        .unreal = 2,
        .parts = 1,
        .max_parts = config->max_parts ? config->max_parts : DEFAULT_PARTS,
        .max_part_header_size = config->max_part_header_size > 0
                                    ? (size_t)config->max_part_header_size
                                    : DEFAULT_HEADER_SIZE,
    };
    set_delimiter(reader, boundary);
    gale__buffer_init(&reader->header, SIZE_MAX);
    gale__own_arena_init(&reader->own);
    return 0;
}

void gale__multipart_close(gale_multipart_reader *reader)
{
    gale__buffer_clear(&reader->header);
    gale__own_arena_close(&reader->own);
}

gale_multipart_reader *gale_multipart_reader_new(gale_str boundary,
                                                 const gale_parse_multipart_config *config)
{
    gale_multipart_reader *reader = GALE__NEW(gale_multipart_reader);
    if (reader && gale__multipart_open(reader, boundary, config) < 0) {
        gale__free(reader);
        return NULL;
    }
    return reader;
}

void gale_multipart_reader_free(gale_multipart_reader *reader)
{
    if (!reader)
        return;
    gale__multipart_close(reader);
    gale__free(reader);
}

const gale_multipart_part *gale_multipart_reader_part(const gale_multipart_reader *reader)
{
    return &reader->part;
}

int gale_multipart_reader_end(const gale_multipart_reader *reader)
{
    if (reader->state != END)
        return gale__fail(GALE_EINPUT, "%s: no final boundary found", broken);
    return 0;
}

/* ---- Headers of parts ------------------------------------------------------------------ */

static int parameter(gale_multipart_reader *reader, const char *disposition, const char *name,
                     const char **ret_text)
{
    gale_str text;
    GALE_TRY(gale__header_parameter(&reader->own.arena,
                                    (gale_str){ disposition, strlen(disposition) }, name, &text));
    *ret_text = text.len ? text.data : NULL;
    return 0;
}

static int parse_header_lines(gale_http_headers *headers, gale_str text)
{
    while (text.len) {
        const char *lf = memchr(text.data, '\n', text.len);
        size_t size = lf ? (size_t)(lf + 1 - text.data) : text.len;
        GALE_TRY(gale_http_headers_parse_line(headers, (gale_str){ text.data, size }));
        text.data += size;
        text.len -= size;
    }
    return 0;
}

/* Makes `part` of the header, which is complete. */
static int begin_part(gale_multipart_reader *reader)
{
    gale_str text = gale__buffer_str(&reader->header), form_data = GALE_STR("form-data");
    gale__own_arena_close(&reader->own);
    gale__own_arena_init(&reader->own);
    gale__http_headers_init(&reader->headers, &reader->own.arena);
    reader->part = (gale_multipart_part){ .headers = &reader->headers };
    if (!gale__utf8_valid(text.data, text.len))
        return gale__fail(GALE_EINPUT, "the header of a part is not UTF-8");
    GALE_TRY(parse_header_lines(&reader->headers, text));
    const char *disposition = gale_http_headers_get(&reader->headers, "Content-Disposition");
    if (!disposition && reader->own.arena.failed)
        return -ENOMEM;
    gale_str kind = disposition ? gale__header_value((gale_str){ disposition, strlen(disposition) })
                                : GALE_STR("");
    if (kind.len != form_data.len || memcmp(kind.data, form_data.data, kind.len) != 0)
        return gale__fail(GALE_EINPUT, "%s", broken);
    GALE_TRY(parameter(reader, disposition, "name", &reader->part.name));
    GALE_TRY(parameter(reader, disposition, "filename", &reader->part.filename));
    if (!reader->part.name)
        return gale__fail(GALE_EINPUT, "multipart/form-data missing name");
    reader->part.content_type = gale_http_headers_get(&reader->headers, "Content-Type");
    reader->header.size = 0;
    reader->state = CONTENT;
    reader->matched = reader->unreal = 2;
    return GALE_MULTIPART_PART;
}

/* A line of the header that is a boundary: the part has no content. */
static bool is_boundary_line(const gale_multipart_reader *reader, gale_str line)
{
    size_t size = reader->delimiter_size - 2;
    return line.len >= size + 2 && memcmp(line.data, reader->delimiter + 2, size) == 0 &&
           (memcmp(line.data + size, "\r\n", 2) == 0 || memcmp(line.data + size, "--", 2) == 0);
}

/* A line of the header is complete. Returns 1 when it was the empty one at its end. */
static int end_header_line(gale_multipart_reader *reader)
{
    gale_str text = gale__buffer_str(&reader->header);
    gale_str line = { text.data + reader->line, text.len - reader->line };
    bool empty =
        line.len == 2 && line.data[0] == '\r' && text.len >= 4 && text.data[text.len - 4] == '\r';
    bool first = reader->line == 0;
    reader->line = text.len;
    if ((first && line.len == 2 && line.data[0] == '\r') || is_boundary_line(reader, line))
        return gale__fail(GALE_EINPUT, "multipart/form-data missing headers");
    return empty;
}

static int read_header(gale_multipart_reader *reader, gale_str *input)
{
    while (input->len) {
        const char *lf = memchr(input->data, '\n', input->len);
        size_t size = lf ? (size_t)(lf + 1 - input->data) : input->len;
        if (reader->header.size + size > reader->max_part_header_size + 4)
            return gale__fail(GALE_EINPUT, "multipart/form-data part header too large");
        GALE_TRY(gale__buffer_append(&reader->header, input->data, size));
        input->data += size;
        input->len -= size;
        int complete = lf ? end_header_line(reader) : 0;
        if (complete)
            return complete < 0 ? complete : begin_part(reader);
    }
    return GALE_MULTIPART_MORE;
}

/* ---- Content and delimiters ------------------------------------------------------------ */

/* The bytes after a delimiter make it one; also when they have not come yet. */
static bool may_end(gale_str after)
{
    return after.len < 2 || memcmp(after.data, "\r\n", 2) == 0 || memcmp(after.data, "--", 2) == 0;
}

/* How many bytes at the front are content for sure: those before the first CR that may begin a
 * delimiter. */
static size_t content_size(const gale_multipart_reader *reader, gale_str text)
{
    const char *at = text.data, *end = text.data + text.len;
    while (at < end && (at = memchr(at, '\r', (size_t)(end - at)))) {
        size_t left = (size_t)(end - at);
        size_t size = left < reader->delimiter_size ? left : reader->delimiter_size;
        if (memcmp(at, reader->delimiter, size) == 0 &&
            may_end((gale_str){ at + size, left - size }))
            return (size_t)(at - text.data);
        at++;
    }
    return text.len;
}

static gale_str take(gale_str *input, size_t size)
{
    gale_str taken = { input->data, size };
    input->data += size;
    input->len -= size;
    return taken;
}

/* Takes one more byte of a delimiter; false when it does not belong to one. */
static bool match_byte(gale_multipart_reader *reader, gale_str *input)
{
    char byte = *input->data;
    if (reader->matched < reader->delimiter_size) {
        if (byte != reader->delimiter[reader->matched])
            return false;
        reader->matched++;
    } else if (!reader->after) {
        if (byte != '\r' && byte != '-')
            return false;
        reader->after = byte;
    } else {
        if (byte != (reader->after == '\r' ? '\n' : '-'))
            return false;
        reader->found = true;
    }
    take(input, 1);
    return true;
}

/* What had matched is content after all; but a CR behind it may begin a delimiter. */
static gale_str give_up_match(gale_multipart_reader *reader)
{
    gale_str data = { reader->delimiter + reader->unreal,
                      reader->matched + (reader->after == '-') - reader->unreal };
    reader->matched = reader->after == '\r';
    reader->unreal = 0;
    reader->after = 0;
    return data;
}

/* The delimiter is complete. */
static int end_part(gale_multipart_reader *reader)
{
    bool last = reader->after == '-', is_part = reader->state == CONTENT;
    reader->matched = 2;
    reader->line = 0;
    reader->after = 0;
    reader->found = false;
    if (!last && reader->max_parts >= 0 && ++reader->parts > reader->max_parts)
        return gale__fail(GALE_EINPUT, "multipart/form-data has too many parts");
    reader->state = last ? LAST : BETWEEN;
    return is_part ? GALE_MULTIPART_PART_END : AGAIN;
}

/* What has matched belongs to the header, unless it becomes a boundary. */
static int read_between(gale_multipart_reader *reader, gale_str *input)
{
    while (input->len && match_byte(reader, input))
        if (reader->found)
            return end_part(reader);
    if (!input->len)
        return GALE_MULTIPART_MORE;
    gale__buffer_append(&reader->header, reader->delimiter + 2, reader->matched - 2);
    if (reader->after)
        gale__buffer_append_char(&reader->header, reader->after);
    reader->after = 0;
    reader->state = HEADER;
    return reader->header.error ? reader->header.error : AGAIN;
}

static int read_content(gale_multipart_reader *reader, gale_str *input, gale_str *ret_data)
{
    if (!reader->matched) {
        size_t size = content_size(reader, *input);
        if (size) {
            *ret_data = take(input, size);
            return GALE_MULTIPART_DATA;
        }
    }
    while (input->len && match_byte(reader, input))
        if (reader->found)
            return end_part(reader);
    if (!input->len)
        return GALE_MULTIPART_MORE;
    if (reader->state == START)
        return gale__fail(GALE_EINPUT, "multipart/form-data missing headers");
    *ret_data = give_up_match(reader);
    return ret_data->len ? GALE_MULTIPART_DATA : AGAIN;
}

int gale_multipart_reader_next(gale_multipart_reader *reader, gale_str *input, gale_str *ret_data)
{
    for (;;) {
        int event = GALE_MULTIPART_MORE;
        if (reader->state == LAST) {
            reader->state = END;
            return GALE_MULTIPART_END;
        }
        if (reader->state == END)
            take(input, input->len);
        else if (input->len && reader->state == BETWEEN)
            event = read_between(reader, input);
        else if (input->len && reader->state == HEADER)
            event = read_header(reader, input);
        else if (input->len)
            event = read_content(reader, input, ret_data);
        if (event != AGAIN)
            return event;
    }
}
