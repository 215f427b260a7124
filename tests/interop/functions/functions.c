/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls functions of gale for escape_test.py and locale_test.py, which compare them with
 * Tornado's: each line of standard input is a JSON array, the name of a function and its
 * arguments; each line of output is its result as JSON.
 */
#include <gale/gale.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *text_at(const json_t *call, size_t index)
{
    return json_string_value(json_array_get(call, index));
}

static bool bool_at(const json_t *call, size_t index)
{
    return json_is_true(json_array_get(call, index));
}

/* The text as a JSON string; bytes that are no UTF-8 as Latin-1. */
static json_t *result_of(gale_bytes *bytes)
{
    if (!bytes)
        return json_string("out of memory");
    gale_str text = gale_bytes_str(bytes);
    json_t *result = json_stringn(text.data, text.len);
    gale_bytes_unref(bytes);
    return result ? result : json_string("not UTF-8");
}

/* ---- escape ---------------------------------------------------------------------------- */

static const char *extra_params(const char *href, void *arg)
{
    (void)arg;
    return strstr(href, "example") ? " class=\"internal\" " : "rel=\"nofollow\"";
}

static json_t *linkify(const json_t *call)
{
    const json_t *options = json_array_get(call, 2);
    const json_t *protocols = json_object_get(options, "permitted_protocols");
    const char *permitted[8] = { NULL };
    for (size_t i = 0; i < 7 && i < json_array_size(protocols); i++)
        permitted[i] = json_string_value(json_array_get(protocols, i));
    bool callback = json_is_true(json_object_get(options, "callback"));
    return result_of(gale_linkify(
        text_at(call, 1),
        &(gale_linkify_options){
            .shorten = json_is_true(json_object_get(options, "shorten")),
            .require_protocol = json_is_true(json_object_get(options, "require_protocol")),
            .extra_params = json_string_value(json_object_get(options, "extra_params")),
            .extra_params_callback = callback ? extra_params : NULL,
            .permitted_protocols = protocols ? permitted : NULL }));
}

static json_t *escape_call(const char *name, const json_t *call)
{
    const char *text = text_at(call, 1);
    if (strcmp(name, "xhtml_escape") == 0)
        return result_of(gale_xhtml_escape(text));
    if (strcmp(name, "xhtml_unescape") == 0)
        return result_of(gale_xhtml_unescape(text));
    if (strcmp(name, "url_escape") == 0)
        return result_of(gale_url_escape(text, bool_at(call, 2)));
    if (strcmp(name, "url_unescape") == 0)
        return result_of(gale_url_unescape(text, bool_at(call, 2)));
    if (strcmp(name, "squeeze") == 0)
        return result_of(gale_squeeze(text));
    if (strcmp(name, "linkify") == 0)
        return linkify(call);
    return NULL;
}

int main(void)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t length;
    while ((length = getline(&line, &size, stdin)) > 0) {
        json_t *call = gale_json_decode((gale_str){ line, (size_t)length });
        const char *name = call ? text_at(call, 0) : NULL;
        json_t *result = name ? escape_call(name, call) : NULL;
        if (!result) {
            fprintf(stderr, "cannot call %s", line);
            return 1;
        }
        json_dumpf(result, stdout, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
        putchar('\n');
        json_decref(result);
        json_decref(call);
    }
    free(line);
    return 0;
}
