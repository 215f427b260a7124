/* SPDX-License-Identifier: Apache-2.0 */
/* Multipart forms: in one piece, and cut anywhere, they read the same; and as a whole. The first
 * line of the input is the boundary. */
#include "proto/multipart.h"
#include "fuzz.h"
#include "proto/form_data.h"

/* Everything that a reader says, as one text. */
typedef struct log {
    gale__buffer text;
    int result;
    size_t parts, open;
} log;

static void write_part(log *self, const gale_multipart_part *part)
{
    CHECK(part->name && *part->name);
    CHECK(!part->filename || *part->filename);
    gale__buffer_printf(&self->text, "[%s|%s|%s]", part->name, part->filename ? part->filename : "",
                        part->content_type ? part->content_type : "");
    self->parts++;
    self->open++;
}

static void read_piece(log *self, gale_multipart_reader *reader, gale_str input)
{
    gale_str data;
    int event;
    while ((event = gale_multipart_reader_next(reader, &input, &data)) > 0) {
        if (event == GALE_MULTIPART_PART)
            write_part(self, gale_multipart_reader_part(reader));
        else if (event == GALE_MULTIPART_DATA)
            gale__buffer_append(&self->text, data.data, data.len);
        else if (event == GALE_MULTIPART_PART_END)
            self->open--;
        CHECK(event != GALE_MULTIPART_DATA || data.len > 0);
        CHECK(self->open <= 1);
    }
    CHECK(event < 0 || input.len == 0);
    CHECK(event == 0 || event == GALE_EINPUT);
    self->result = event;
}

static log read_form(gale_str boundary, gale_str text, fuzz_random *cuts)
{
    log made = { .result = 0 };
    gale__buffer_init(&made.text, SIZE_MAX);
    gale_multipart_reader *reader = gale_multipart_reader_new(boundary, NULL);
    if (!reader) {
        made.result = GALE_EINPUT;
        return made;
    }
    while (text.len && made.result >= 0) {
        size_t size = cuts ? 1 + fuzz_below(cuts, text.len < 20 ? text.len : 20) : text.len;
        char *piece = fuzz_copy(text.data, size);
        read_piece(&made, reader, (gale_str){ piece, size });
        free(piece);
        text.data += size;
        text.len -= size;
    }
    if (made.result >= 0)
        made.result = gale_multipart_reader_end(reader);
    gale_multipart_reader_free(reader);
    return made;
}

static void as_a_whole(gale_str boundary, gale_str text, const log *expected)
{
    gale_http_arguments *arguments = gale_http_arguments_new();
    gale_http_files *files = gale_http_files_new();
    CHECK(arguments && files);
    int result = gale_parse_multipart_form_data(boundary, text, arguments, files, NULL);
    CHECK(result == expected->result);
    size_t count = gale_http_arguments_count(arguments) + gale_http_files_count(files);
    CHECK(result < 0 || count == expected->parts);
    for (size_t i = 0; i < gale_http_files_count(files); i++) {
        const gale_http_file *file = gale_http_files_at(files, i);
        CHECK(file->body.len <= text.len && (size_t)file->size == file->body.len);
        CHECK(result < 0 || (file->body.data >= text.data &&
                             file->body.data + file->body.len <= text.data + text.len));
    }
    gale_http_arguments_free(arguments);
    gale_http_files_free(files);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *input = fuzz_copy(data, size);
    const char *line = size ? memchr(input, '\n', size) : NULL;
    size_t boundary_size = line ? (size_t)(line - input) : size < 4 ? size : 4;
    size_t skip = line ? boundary_size + 1 : boundary_size;
    gale_str boundary = { input, boundary_size };
    char *body = fuzz_copy(input + skip, size - skip);
    gale_str text = { body, size - skip };
    fuzz_random cuts = fuzz_seed(data, size);
    log whole = read_form(boundary, text, NULL), pieces = read_form(boundary, text, &cuts);
    CHECK(whole.result == pieces.result);
    CHECK(whole.result < 0 || (whole.parts == pieces.parts && !whole.open));
    gale_str a = gale__buffer_str(&whole.text), b = gale__buffer_str(&pieces.text);
    CHECK(a.len == b.len && memcmp(a.data, b.data, a.len) == 0);
    as_a_whole(boundary, text, &whole);
    gale__buffer_clear(&whole.text);
    gale__buffer_clear(&pieces.text);
    free(body);
    free(input);
    return 0;
}
