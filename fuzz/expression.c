/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions: each input is printed, and put into a variable and printed: with the same outcome.
 */
#include <gale/escape.h>
#include <gale/template.h>

#include "fuzz.h"

static const char values[] =
    "{\"name\": \"B\\u00e9n <&>\", \"n\": 7, \"x\": -2.5, \"no\": false, \"nothing\": null,"
    " \"list\": [3, 1, \"two\", [4]], \"map\": {\"one\": 1, \"two\": {\"three\": []}}}";

/* before + input + after, rendered; NULL when that is an error. */
static gale_bytes *render(const char *before, const uint8_t *data, size_t size, const char *after)
{
    size_t first = strlen(before), last = strlen(after);
    char *text = malloc(first + size + last);
    CHECK(text);
    memcpy(text, before, first);
    if (size)
        memcpy(text + first, data, size);
    memcpy(text + first + size, after, last);
    gale_template_options options = { .max_steps = 100000, .max_memory = 1 << 20 };
    gale_template *page =
        gale_template_new((gale_str){ text, first + size + last }, NULL, &options);
    gale_bytes *result =
        page ? gale_template_generate(page, json_loads(values, 0, NULL), NULL) : NULL;
    if (result)
        CHECK(gale_utf8_valid(gale_bytes_str(result)));
    else
        CHECK(*gale_error_detail());
    gale_template_free(page);
    free(text);
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* these would end the mark, or make it another statement */
    if (size > 2000 || memchr(data, '=', size) || memchr(data, '%', size) ||
        memchr(data, '{', size))
        return 0;
    gale_bytes *printed = render("{% raw ", data, size, " %}");
    gale_bytes *set = render("{% set v_ = ", data, size, " %}{% raw v_ %}");
    if (printed && set) {
        gale_str one = gale_bytes_str(printed), other = gale_bytes_str(set);
        CHECK(one.len == other.len && !memcmp(one.data, other.data, one.len));
    }
    gale_bytes_unref(printed);
    gale_bytes_unref(set);
    return 0;
}
