/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies by their type: the first line of the input is the Content-Type, the rest the body; and the
 * parameters of a header. */
#include "fuzz.h"
#include "proto/form_data.h"
#include "proto/header_parameters.h"

static void parameters(gale_str header)
{
    static const char *const names[] = { "name", "filename", "a" };
    fuzz_arena memory;
    fuzz_arena_open(&memory);
    gale_str value = gale__header_value(header);
    CHECK(value.len <= header.len);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        gale_str text;
        int result = gale__header_parameter(&memory.arena, header, names[i], &text);
        CHECK(result == 0 || result == GALE_EINPUT);
        if (result == 0 && text.data) {
            CHECK_TEXT(text);
            CHECK(!memchr(text.data, '\0', text.len));
            CHECK(text.len <= 3 * header.len);
        }
    }
    fuzz_arena_close(&memory);
}

static void body_of_type(const char *type, gale_str body)
{
    gale_http_arguments *arguments = gale_http_arguments_new();
    gale_http_files *files = gale_http_files_new();
    CHECK(arguments && files);
    int result = gale_parse_body_arguments(type, body, arguments, files, NULL, NULL);
    CHECK(result == 0 || result == GALE_EINPUT || result == GALE_ETOOBIG);
    for (size_t i = 0; i < gale_http_arguments_count(arguments); i++) {
        const gale_http_argument *pair = gale_http_arguments_at(arguments, i);
        CHECK_TEXT(pair->name);
        CHECK_TEXT(pair->value);
    }
    gale_http_arguments_free(arguments);
    gale_http_files_free(files);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *input = fuzz_copy(data, size);
    const char *line = size ? memchr(input, '\n', size) : NULL;
    size_t type_size = line ? (size_t)(line - input) : size;
    char *type = malloc(type_size + 1);
    CHECK(type);
    memcpy(type, input, type_size);
    type[type_size] = '\0';
    parameters((gale_str){ input, type_size });
    body_of_type(type, line ? (gale_str){ line + 1, size - type_size - 1 } : GALE_STR(""));
    free(type);
    free(input);
    return 0;
}
