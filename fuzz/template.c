/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Templates: each input is compiled and rendered with fixed values. Parts that a 0x1E separates are
 * the files "a", "b", "c" ..., so that an input may extend and include; the first is rendered.
 */
#include <gale/escape.h>
#include <gale/template.h>

#include "fuzz.h"

enum { FILES_MAX = 6, SEPARATOR = 0x1E };

static int shout(gale_template_call *call)
{
    char *text = json_dumps(call->arguments, JSON_COMPACT);
    if (!text)
        return gale_template_fail(call, "no text");
    int error = gale_template_write(call, text, strlen(text));
    free(text);
    return error;
}

static int give(gale_template_call *call)
{
    call->result = json_incref(json_array_get(call->arguments, 0));
    return call->result ? 0 : gale_template_fail(call, "give() takes a value");
}

static const gale_template_function functions[] = { { "shout", shout, NULL },
                                                    { "give", give, NULL },
                                                    { "locale.give", give, NULL },
                                                    { "modules.Shout", shout, NULL },
                                                    { 0 } };

static const char values[] =
    "{\"name\": \"B\\u00e9n <&>\", \"n\": 7, \"x\": -2.5, \"no\": false, \"nothing\": null,"
    " \"list\": [3, 1, \"two\", [4]], \"map\": {\"one\": 1, \"two\": {\"three\": []}}}";

static json_t *files(const char *text, size_t size)
{
    json_t *object = json_object();
    char name[2] = "a";
    for (size_t start = 0; start <= size && name[0] < 'a' + FILES_MAX; name[0]++) {
        const char *end = memchr(text + start, SEPARATOR, size - start);
        size_t length = end ? (size_t)(end - text) - start : size - start;
        json_object_set_new(object, name, json_stringn_nocheck(text + start, length));
        start += length + 1;
    }
    return object;
}

static void render(gale_template_loader *loader)
{
    gale_template *page = gale_template_loader_load(loader, "a", NULL);
    if (!page) {
        CHECK(*gale_error_detail());
        return;
    }
    json_t *given = json_loads(values, 0, NULL);
    gale_bytes *result = gale_template_generate(page, json_incref(given), NULL);
    if (result) {
        CHECK(gale_utf8_valid(gale_bytes_str(result)));
        gale_bytes *again = gale_template_generate(page, json_incref(given), NULL);
        CHECK(again && gale_bytes_str(again).len == gale_bytes_str(result).len);
        gale_bytes_unref(again);
    } else {
        CHECK(strstr(gale_error_detail(), " at "));
    }
    gale_bytes_unref(result);
    /* a template changes nothing that it was given */
    json_t *fresh = json_loads(values, 0, NULL);
    CHECK(json_equal(given, fresh));
    json_decref(fresh);
    json_decref(given);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_copy(data, size);
    gale_template_loader *loader = gale_template_dict_loader_new(
        files(text, size), &(gale_template_options){ .functions = functions,
                                                     .max_output = 1 << 16,
                                                     .max_memory = 1 << 20,
                                                     .max_steps = 20000 });
    CHECK(loader);
    render(loader);
    gale_template_loader_free(loader);
    free(text);
    return 0;
}
