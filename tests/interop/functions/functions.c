/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls functions of gale for the tests beside this folder, which compare them with Tornado's: each
 * line of standard input is a JSON array, the name of a function and its arguments; each line of
 * output is its result as JSON.
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

/* ---- locale ---------------------------------------------------------------------------- */

static const gale_locale *locale_at(const json_t *call, size_t index)
{
    return gale_locale_get_closest(text_at(call, index));
}

static json_t *load(const char *name, const json_t *call)
{
    if (strcmp(name, "load_translations") == 0)
        return json_integer(gale_load_translations(text_at(call, 1)));
    if (strcmp(name, "load_gettext_translations") == 0)
        return json_integer(gale_load_gettext_translations(text_at(call, 1), text_at(call, 2)));
    if (strcmp(name, "set_default_locale") == 0)
        return json_integer(gale_set_default_locale(text_at(call, 1)));
    return NULL;
}

/* locale, context or null, message, plural or null, count */
static json_t *translate(const json_t *call)
{
    const gale_locale *locale = locale_at(call, 1);
    const char *context = text_at(call, 2), *message = text_at(call, 3), *plural = text_at(call, 4);
    int64_t count = json_integer_value(json_array_get(call, 5));
    if (context && plural)
        return json_string(gale_locale_pgettext_plural(locale, context, message, plural, count));
    if (context)
        return json_string(gale_locale_pgettext(locale, context, message));
    if (plural)
        return json_string(gale_locale_translate_plural(locale, message, plural, count));
    return json_string(gale_locale_translate(locale, message));
}

static json_t *format_date(const json_t *call)
{
    const gale_format_date_options options = {
        .now = json_number_value(json_array_get(call, 3)),
        .gmt_offset = (int)json_integer_value(json_array_get(call, 4)),
        .absolute = bool_at(call, 5),
        .shorter = bool_at(call, 6),
        .full_format = bool_at(call, 7),
    };
    return result_of(gale_locale_format_date(locale_at(call, 1),
                                             json_number_value(json_array_get(call, 2)), &options));
}

static json_t *format_list(const json_t *call)
{
    const char *parts[8];
    const json_t *list = json_array_get(call, 2);
    size_t count = json_array_size(list) < 8 ? json_array_size(list) : 8;
    for (size_t i = 0; i < count; i++)
        parts[i] = json_string_value(json_array_get(list, i));
    return result_of(gale_locale_list(locale_at(call, 1), parts, count));
}

static json_t *locale_call(const char *name, const json_t *call)
{
    if (strcmp(name, "translate") == 0)
        return translate(call);
    if (strcmp(name, "format_date") == 0)
        return format_date(call);
    if (strcmp(name, "format_day") == 0)
        return result_of(gale_locale_format_day(
            locale_at(call, 1), json_number_value(json_array_get(call, 2)),
            (int)json_integer_value(json_array_get(call, 3)), bool_at(call, 4)));
    if (strcmp(name, "list") == 0)
        return format_list(call);
    if (strcmp(name, "friendly_number") == 0)
        return result_of(gale_locale_friendly_number(locale_at(call, 1),
                                                     json_integer_value(json_array_get(call, 2))));
    if (strcmp(name, "closest") == 0)
        return json_pack("[s,s,b]", gale_locale_code(locale_at(call, 1)),
                         gale_locale_name(locale_at(call, 1)), gale_locale_rtl(locale_at(call, 1)));
    return load(name, call);
}

/* ---- signed values --------------------------------------------------------------------- */

/* Options out of arguments 4 to 7: version, now, secrets by version or null, key version. */
static gale_signed_value_options signing_options(const json_t *call, gale_cookie_secret *secrets)
{
    json_t *list = json_array_get(call, 6);
    size_t count = 0;
    const char *version;
    json_t *secret;
    json_object_foreach(list, version, secret) secrets[count++] =
        (gale_cookie_secret){ .key_version = atoi(version), .secret = json_string_value(secret) };
    return (gale_signed_value_options){
        .version = (int)json_integer_value(json_array_get(call, 4)),
        .now = json_number_value(json_array_get(call, 5)),
        .secrets = count ? secrets : NULL,
        .key_version = (int)json_integer_value(json_array_get(call, 7)),
    };
}

/* secret, name, value, options */
static json_t *signed_value_call(const char *name, const json_t *call)
{
    gale_cookie_secret secrets[8] = { { 0 } };
    gale_signed_value_options options = signing_options(call, secrets);
    gale_bytes *result;
    const json_t *value = json_array_get(call, 3);
    gale_str text = { json_string_value(value), json_string_length(value) };
    if (strcmp(name, "create_signed_value") == 0)
        return gale_create_signed_value(text_at(call, 1), text_at(call, 2), text, &options,
                                        &result) < 0
                   ? json_null()
                   : result_of(result);
    if (strcmp(name, "decode_signed_value") == 0)
        return gale_decode_signed_value(text_at(call, 1), text_at(call, 2), text, &options,
                                        &result) < 0
                   ? json_null()
                   : result_of(result);
    if (strcmp(name, "get_signature_key_version") != 0)
        return NULL;
    int version = gale_get_signature_key_version(text);
    return version < 0 ? json_null() : json_integer(version);
}

/* ---- options --------------------------------------------------------------------------- */

enum { OPTION_TYPES = GALE_OPTION_TIMEDELTA + 1 };

/* A parser with an option of each type, called s i l f b d t, and the same twice for several. */
static gale_option_parser *all_options(void)
{
    static const char *const names[] = { "s", "i", "l", "f", "b", "d", "t" }, *const several[] = {
        "ss", "ii", "ll", "ff", "bb", "dd", "tt"
    };
    static union {
        const char *text;
        int64_t number;
        double real;
        struct tm datetime;
    } values[OPTION_TYPES];
    static gale_option_list lists[OPTION_TYPES];
    gale_option_parser *parser = gale_option_parser_new();
    for (int type = 0; type < OPTION_TYPES; type++) {
        gale_option option = { .name = names[type],
                               .type = (gale_option_type)type,
                               .value = &values[type] };
        gale_option_parser_define(parser, &option);
        option.name = several[type];
        option.value = &lists[type];
        option.multiple = true;
        gale_option_parser_define(parser, &option);
    }
    return parser;
}

/* "option", name, value: what it is then; "options_file", path: what all are. */
static json_t *option_call(const char *name, const json_t *call)
{
    gale_option_parser *parser = all_options();
    json_t *result = NULL;
    if (strcmp(name, "option") == 0)
        result = gale_option_parser_set(parser, text_at(call, 1), text_at(call, 2)) < 0
                     ? json_string("refused")
                     : gale_option_parser_get(parser, text_at(call, 1));
    else if (strcmp(name, "options_file") == 0)
        result = gale_option_parser_parse_config_file(parser, text_at(call, 1), true) < 0
                     ? json_string(gale_error_detail())
                     : gale_option_parser_as_dict(parser);
    gale_option_parser_free(parser);
    return result;
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
        if (!result && name)
            result = signed_value_call(name, call);
        if (!result && name)
            result = option_call(name, call);
        if (!result && name)
            result = locale_call(name, call);
        if (!result) {
            fprintf(stderr, "cannot call %s", line);
            return 1;
        }
        json_dumpf(result, stdout, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
        putchar('\n');
        json_decref(result);
        json_decref(call);
    }
    gale_unload_translations();
    free(line);
    return 0;
}
