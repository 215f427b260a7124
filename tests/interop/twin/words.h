/* SPDX-License-Identifier: Apache-2.0 */
/* Part of twin.c: words.py in C. Locales, escaping, links. */
#ifndef TWIN_WORDS_H
#define TWIN_WORDS_H

#include <gale/gale.h>

#include <stdio.h>
#include <stdlib.h>

#define WORDS_CLASS(class, ...)                                                                    \
    static const gale_handler_class class = { .name = #class, __VA_ARGS__ }

static const gale_locale *words_user_locale(gale_handler *self)
{
    return gale_locale_get(gale_get_argument(self, "user", ""));
}

static int locale_page(gale_handler *self)
{
    const char *count = gale_get_argument(self, "count", "1");
    const gale_locale *locale = gale_handler_locale(self);
    const char *things =
        gale_translate_plural(self, "%(count)s thing", "%(count)s things", atoi(count));
    const char *day = gale_keep(self, gale_locale_format_day(locale, 1367174100, 0, true));
    const char *number = gale_keep(self, gale_locale_friendly_number(locale, 1234567));
    return gale_writef(self, "%s|%s|%s|%s|%s|%s", gale_locale_code(locale),
                       gale_locale_name(locale), gale_translate(self, "hello"),
                       gale_keep(self, gale_format_named(things, "count", count, NULL)), day,
                       number);
}

WORDS_CLASS(locale_handler, .get = locale_page, .get_user_locale = words_user_locale);

static int linkify_page(gale_handler *self)
{
    const gale_linkify_options options = {
        .shorten = *gale_get_argument(self, "shorten", "") != '\0',
        .extra_params = gale_get_argument(self, "extra", ""),
    };
    return gale_write(self,
                      gale_keep(self, gale_linkify(gale_get_argument(self, "text", ""), &options)));
}

WORDS_CLASS(linkify_handler, .get = linkify_page);

static int escape_page(gale_handler *self)
{
    const char *text = gale_get_argument(self, "text", "");
    return gale_writef(self, "%s|%s|%s|%s", gale_keep(self, gale_xhtml_escape(text)),
                       gale_keep(self, gale_url_escape(text, true)),
                       gale_keep(self, gale_url_escape(text, false)),
                       gale_keep(self, gale_squeeze(text)));
}

WORDS_CLASS(escape_handler, .get = escape_page);

#define WORDS_ROUTES                                                                               \
    { .pattern = "/locale", .handler = &locale_handler },                                          \
        { .pattern = "/linkify", .handler = &linkify_handler },                                    \
    {                                                                                              \
        .pattern = "/escape", .handler = &escape_handler                                           \
    }

static void words_load(void)
{
    const char *source = getenv("GALE_SOURCE");
    char path[1000];
    snprintf(path, sizeof path, "%s/tests/interop/twin/locale", source ? source : ".");
    gale_load_translations(path);
}

#endif
