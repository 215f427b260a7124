/* SPDX-License-Identifier: Apache-2.0 */
/* The twin's templates; pages.py is the same in Tornado. Both render the folder pages/. */
#ifndef TWIN_PAGES_H
#define TWIN_PAGES_H

#include <ctype.h>

#include <gale/gale.h>

static json_t *page_entries(size_t count)
{
    json_t *entries =
        json_pack("[{s:s, s:s, s:f}, {s:s, s:s, s:i}]", "title", "<One> & \"two\"", "html",
                  "<b>bold</b>", "price", 1.5, "title", "Zwölf", "html", "", "price", 12);
    while (json_array_size(entries) > count)
        json_array_remove(entries, json_array_size(entries) - 1);
    return entries;
}

static int page_get(gale_handler *self)
{
    const char *name = gale_path_arg_at(self, 0), *count = gale_get_argument(self, "count", "2");
    return gale_render(self, name,
                       json_pack("{s:o}", "entries", page_entries((size_t)atoi(count))));
}

static int piece_get(gale_handler *self)
{
    const char *text =
        gale_render_string(self, gale_path_arg_at(self, 0), json_pack("{s:i}", "n", 3));
    return text ? gale_writef(self, "[%s]", text) : GALE_EINVALID;
}

static const gale_handler_class page_class = { .name = "page", .get = page_get };
static const gale_handler_class piece_class = { .name = "piece", .get = piece_get };

#define PAGES_ROUTES                                                                               \
    { .pattern = "/page/(.*)", .handler = &page_class },                                           \
        { .pattern = "/piece/(.*)", .handler = &piece_class },                                     \
    {                                                                                              \
        .pattern = "/reversed/(.*)/(.*)", .handler = &piece_class, .name = "reversed"              \
    }

static int entry_render(gale_handler *self, gale_template_call *call)
{
    const char *title;
    (void)self;
    if (json_unpack(call->arguments, "[s]", &title) < 0)
        return gale_template_fail(call, "Entry() takes a title");
    GALE_TRY(gale_template_write(call, "<div>", 5));
    GALE_TRY(gale_template_write(call, title, strlen(title)));
    return gale_template_write(call, "</div>", 6);
}

#define ENTRY_TEXT(name, text)                                                                     \
    static const char *name(gale_handler *self)                                                    \
    {                                                                                              \
        (void)self;                                                                                \
        return text;                                                                               \
    }

ENTRY_TEXT(entry_javascript, "entry()")
ENTRY_TEXT(entry_css, ".entry { margin: 1em }")
ENTRY_TEXT(entry_head, "<meta name='entry'>")
ENTRY_TEXT(entry_body, "<!-- entry -->")

static const char *const *entry_javascript_files(gale_handler *self)
{
    static const char *const files[] = { "/entry.js", "http://other.example/e.js?a=1&b=2",
                                         "/entry.js", NULL };
    (void)self;
    return files;
}

static const char *const *entry_css_files(gale_handler *self)
{
    static const char *const files[] = { "/a.css", NULL };
    (void)self;
    return files;
}

static int shout(gale_template_call *call)
{
    const char *text;
    if (json_unpack(call->arguments, "[s]", &text) < 0)
        return gale_template_fail(call, "shout() takes a text");
    for (; *text; text++)
        GALE_TRY(gale_template_write(call, &(char){ (char)toupper(*text) }, 1));
    const char *path = gale_http_server_request_path(gale_handler_request(call->context));
    GALE_TRY(gale_template_write(call, "! <", 3));
    GALE_TRY(gale_template_write(call, path, strlen(path)));
    return gale_template_write(call, ">", 1);
}

static const gale_ui_module page_modules[] = { { .name = "Entry",
                                                 .render = entry_render,
                                                 .embedded_javascript = entry_javascript,
                                                 .javascript_files = entry_javascript_files,
                                                 .embedded_css = entry_css,
                                                 .css_files = entry_css_files,
                                                 .html_head = entry_head,
                                                 .html_body = entry_body },
                                               { .name = NULL } };
static const gale_template_function page_methods[] = { { "shout", shout, NULL },
                                                       { NULL, NULL, NULL } };

static void pages_settings(gale_application_settings *settings)
{
    static char folder[4096];
    const char *source = getenv("GALE_SOURCE");
    snprintf(folder, sizeof folder, "%s/tests/interop/twin/pages", source ? source : ".");
    settings->template_path = folder;
    settings->ui_modules = page_modules;
    settings->ui_methods = page_methods;
}

#endif
