/* SPDX-License-Identifier: Apache-2.0 */
/* What the templates of a handler know by themselves. The context of their functions is the
 * handler. */
#include <errno.h>
#include <string.h>

#include <gale/escape.h>

#include "core/error.h"
#include "web/render.h"

/* ---- Functions ------------------------------------------------------------------------- */

/* What a getter gave: its text, or its failure. */
static int give(gale_template_call *call, const char *text)
{
    if (!text)
        return gale__handler_no_text(call->context, "a function in a template");
    return gale_template_write(call, text, strlen(text));
}

static int give_bytes(gale_template_call *call, gale_bytes *bytes)
{
    if (!bytes)
        return -ENOMEM;
    gale_str text = gale_bytes_str(bytes);
    int error = gale_template_write(call, text.data, text.len);
    gale_bytes_unref(bytes);
    return error;
}

/* Argument `index`, when it is a text. */
static const char *text_at(const gale_template_call *call, size_t index)
{
    return json_string_value(json_array_get(call->arguments, index));
}

/* True for `required` texts, or for `with_plural` of them and a number. */
static bool are_texts(const gale_template_call *call, size_t required, size_t with_plural)
{
    size_t size = json_array_size(call->arguments);
    if (size != required && size != with_plural + 1)
        return false;
    for (size_t i = 0; i < (size == required ? required : with_plural); i++)
        if (!text_at(call, i))
            return false;
    return size == required || json_is_integer(json_array_get(call->arguments, with_plural));
}

static bool keyword(const gale_template_call *call, const char *name, bool otherwise)
{
    const json_t *value = json_object_get(call->keywords, name);
    return value ? json_is_true(value) : otherwise;
}

static int static_url(gale_template_call *call)
{
    const char *path;
    if (json_unpack(call->arguments, "[s]", &path) < 0)
        return gale_template_fail(call, "static_url() takes a path");
    gale_static_url_options options = { .include_host = keyword(call, "include_host", false),
                                        .no_version = !keyword(call, "include_version", true) };
    return give(call, gale_static_url(call->context, path, &options));
}

static int xsrf_form_html(gale_template_call *call)
{
    return give(call, gale_xsrf_form_html(call->context));
}

enum { URL_ARGUMENTS_MAX = 16 };

/* Arguments of the URL may be numbers, too. */
static int reverse_url(gale_template_call *call)
{
    gale_handler *self = call->context;
    const char *texts[URL_ARGUMENTS_MAX + 1] = { NULL };
    size_t count = json_array_size(call->arguments);
    if (!count || count > URL_ARGUMENTS_MAX || !json_is_string(json_array_get(call->arguments, 0)))
        return gale_template_fail(call, "reverse_url() takes a name, and up to 15 arguments");
    for (size_t i = 0; i < count; i++) {
        const json_t *argument = json_array_get(call->arguments, i);
        texts[i] = json_is_string(argument) ? json_string_value(argument)
                   : json_is_integer(argument)
                       ? gale__arena_printf(gale__handler_arena(self), NULL, "%lld",
                                            (long long)json_integer_value(argument))
                       : NULL;
        if (!texts[i])
            return gale_template_fail(call, "arguments of reverse_url() are texts or integers");
    }
    gale_bytes *path =
        gale_application_reverse_url(self->application, texts[0], texts + 1, count - 1);
    return path ? give_bytes(call, path) : gale_template_fail(call, "%s", gale_error_detail());
}

static int get_argument(gale_template_call *call)
{
    size_t size = json_array_size(call->arguments);
    const char *name = text_at(call, 0), *otherwise = text_at(call, 1);
    if (!name || size > 2 || (size == 2 && !otherwise))
        return gale_template_fail(call, "get_argument() takes a name and a text");
    return give(call, gale_get_argument(call->context, name, otherwise));
}

static int translate(gale_template_call *call)
{
    const char *message = text_at(call, 0), *plural = text_at(call, 1);
    if (!are_texts(call, 1, 2))
        return gale_template_fail(call, "translate() takes a text, or two texts and a number");
    int64_t count = json_integer_value(json_array_get(call->arguments, 2));
    return give(call, plural ? gale_translate_plural(call->context, message, plural, count)
                             : gale_translate(call->context, message));
}

static int translate_in_context(gale_template_call *call)
{
    const gale_locale *locale = gale_handler_locale(call->context);
    const char *context = text_at(call, 0), *message = text_at(call, 1), *plural = text_at(call, 2);
    if (!are_texts(call, 2, 3))
        return gale_template_fail(call, "pgettext() takes a context and a text, or a context, two "
                                        "texts and a number");
    int64_t count = json_integer_value(json_array_get(call->arguments, 3));
    return give(call, plural ? gale_locale_pgettext_plural(locale, context, message, plural, count)
                             : gale_locale_pgettext(locale, context, message));
}

static int format_date(gale_template_call *call)
{
    double date;
    int gmt_offset = 0;
    if (json_unpack(call->arguments, "[F]", &date) < 0)
        return gale_template_fail(call, "format_date() takes seconds since 1970");
    json_unpack(call->keywords, "{s?i}", "gmt_offset", &gmt_offset);
    gale_format_date_options options = { .gmt_offset = gmt_offset,
                                         .absolute = !keyword(call, "relative", true),
                                         .shorter = keyword(call, "shorter", false),
                                         .full_format = keyword(call, "full_format", false) };
    return give_bytes(call,
                      gale_locale_format_date(gale_handler_locale(call->context), date, &options));
}

static int friendly_number(gale_template_call *call)
{
    json_int_t number;
    if (json_unpack(call->arguments, "[I]", &number) < 0)
        return gale_template_fail(call, "friendly_number() takes an integer");
    return give_bytes(call,
                      gale_locale_friendly_number(gale_handler_locale(call->context), number));
}

static int format_day(gale_template_call *call)
{
    double date;
    int gmt_offset = 0;
    if (json_unpack(call->arguments, "[F]", &date) < 0)
        return gale_template_fail(call, "format_day() takes seconds since 1970");
    json_unpack(call->keywords, "{s?i}", "gmt_offset", &gmt_offset);
    return give_bytes(call, gale_locale_format_day(gale_handler_locale(call->context), date,
                                                   gmt_offset, keyword(call, "dow", true)));
}

static int list(gale_template_call *call)
{
    gale_handler *self = call->context;
    const json_t *parts = json_array_get(call->arguments, 0);
    size_t count = json_array_size(parts);
    const char **texts = gale__arena_alloc(gale__handler_arena(self), (count + 1) * sizeof *texts);
    if (!texts)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        texts[i] = json_string_value(json_array_get(parts, i));
    for (size_t i = 0; i < count; i++)
        if (!texts[i])
            return gale_template_fail(call, "list() takes a list of texts");
    return give_bytes(call, gale_locale_list(gale_handler_locale(self), texts, count));
}

static int linkify(gale_template_call *call)
{
    const char *text, *extra = NULL;
    if (json_unpack(call->arguments, "[s]", &text) < 0)
        return gale_template_fail(call, "linkify() takes a text");
    json_unpack(call->keywords, "{s?s}", "extra_params", &extra);
    gale_linkify_options options = { .shorten = keyword(call, "shorten", false),
                                     .require_protocol = keyword(call, "require_protocol", false),
                                     .extra_params = extra };
    return give_bytes(call, gale_linkify(text, &options));
}

const gale_template_function gale__template_names[] = {
    { "static_url", static_url, NULL },
    { "handler.static_url", static_url, NULL },
    { "xsrf_form_html", xsrf_form_html, NULL },
    { "handler.xsrf_form_html", xsrf_form_html, NULL },
    { "modules.xsrf_form_html", xsrf_form_html, NULL },
    { "reverse_url", reverse_url, NULL },
    { "handler.reverse_url", reverse_url, NULL },
    { "handler.get_argument", get_argument, NULL },
    { "_", translate, NULL },
    { "locale.translate", translate, NULL },
    { "pgettext", translate_in_context, NULL },
    { "locale.pgettext", translate_in_context, NULL },
    { "locale.format_date", format_date, NULL },
    { "locale.friendly_number", friendly_number, NULL },
    { "locale.format_day", format_day, NULL },
    { "locale.list", list, NULL },
    { "request.headers.get", gale__template_get_header, NULL },
    { "handler.request.headers.get", gale__template_get_header, NULL },
    { "modules.linkify", linkify, NULL },
    { "modules.Template", gale__ui_template, NULL },
    { "set_resources", gale__ui_set_resources, NULL },
    { 0 },
};

/* ---- Values ---------------------------------------------------------------------------- */

static json_t *user_of(gale_handler *self)
{
    json_t *user = gale_current_user(self);
    return user ? json_incref(user) : json_null();
}

json_t *gale__template_lookup(const char *name, void *handler)
{
    gale_handler *self = handler;
    if (!strcmp(name, "current_user"))
        return user_of(self);
    if (!strcmp(name, "request"))
        return gale__template_request(self->request);
    if (!strcmp(name, "handler"))
        return json_pack("{s:o, s:o}", "request", gale__template_request(self->request),
                         "current_user", user_of(self));
    if (strcmp(name, "locale") != 0)
        return NULL;
    const gale_locale *locale = gale_handler_locale(self);
    return json_pack("{s:s, s:s, s:b}", "code", gale_locale_code(locale), "name",
                     gale_locale_name(locale), "rtl", gale_locale_rtl(locale));
}
