/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Renders templates for template_test.py, which compares them with Tornado's: each line of standard
 * input is an object with `files`, the `name` of one and `values`; each line of output is what it
 * renders to, as a JSON string, or an array with what is wrong.
 */
#include <gale/gale.h>
#include <gale/template.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Letters of ASCII in upper case. */
static int shout(gale_template_call *call)
{
    const char *text = json_string_value(json_array_get(call->arguments, 0));
    if (!text)
        return gale_template_fail(call, "shout() takes a text");
    for (; *text; text++) {
        char letter = (char)(*text >= 'a' && *text <= 'z' ? *text - 32 : *text);
        GALE_TRY(gale_template_write(call, &letter, 1));
    }
    return 0;
}

/* Its arguments, and those by name. */
static int echo(gale_template_call *call)
{
    call->result = json_pack("[O,O]", call->arguments, call->keywords);
    return 0;
}

static const gale_template_function functions[] = {
    { "shout", shout, NULL }, { "echo", echo, NULL }, { "modules.Shout", shout, NULL }, { 0 }
};

static json_t *failure(void)
{
    return json_pack("[s]", gale_error_detail());
}

static json_t *render(const json_t *line)
{
    gale_template_loader *loader = gale_template_dict_loader_new(
        json_incref(json_object_get(line, "files")),
        &(gale_template_options){ .functions = functions, .max_steps = 1000000 });
    const char *name = json_string_value(json_object_get(line, "name"));
    gale_template *page = loader ? gale_template_loader_load(loader, name, NULL) : NULL;
    gale_bytes *text =
        page ? gale_template_generate(page, json_incref(json_object_get(line, "values")), NULL)
             : NULL;
    json_t *result = NULL;
    if (text) {
        gale_str rendered = gale_bytes_str(text);
        result = json_stringn(rendered.data, rendered.len);
        gale_bytes_unref(text);
    }
    result = result ? result : failure();
    gale_template_loader_free(loader);
    return result;
}

int main(void)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t length;
    while ((length = getline(&line, &size, stdin)) > 0) {
        json_t *asked = gale_json_decode((gale_str){ line, (size_t)length });
        json_t *result = asked ? render(asked) : NULL;
        if (!result) {
            fprintf(stderr, "cannot render %s", line);
            return 1;
        }
        json_dumpf(result, stdout, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
        putchar('\n');
        json_decref(result);
        json_decref(asked);
    }
    free(line);
    return 0;
}
