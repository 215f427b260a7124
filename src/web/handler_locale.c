/* SPDX-License-Identifier: Apache-2.0 */
/* The locale of a request: the user's, else the browser's. */
#include <string.h>

#include "proto/accept_language.h"
#include "web/handler.h"
#include "web/locale.h"

/* The locale that matches a language range, and not just the default; or NULL. */
static const gale_locale *locale_for(gale_str range)
{
    char code[GALE__LOCALE_CODE_SIZE];
    if (range.len == 0 || range.len >= sizeof code)
        return NULL;
    memcpy(code, range.data, range.len);
    code[range.len] = '\0';
    return gale__locale_closest_to(code);
}

const gale_locale *gale_get_browser_locale(gale_handler *self, const char *default_code)
{
    gale_http_headers *headers = gale_http_server_request_headers(self->request);
    const char *value = gale_http_headers_get(headers, "Accept-Language");
    const gale_locale *best = NULL;
    gale_str rest = { value, value ? strlen(value) : 0 };
    gale__language language;
    int weight = 0;
    while (gale__accept_language_next(&rest, &language)) {
        const gale_locale *found = language.weight > weight ? locale_for(language.range) : NULL;
        if (found) {
            best = found;
            weight = language.weight;
        }
    }
    return best ? best : gale_locale_get_closest(default_code ? default_code : "");
}

const gale_locale *gale_handler_locale(gale_handler *self)
{
    if (!self->locale && self->type->slots.get_user_locale)
        self->locale = self->type->slots.get_user_locale(self);
    if (!self->locale)
        self->locale = gale_get_browser_locale(self, NULL);
    return self->locale;
}

void gale_set_locale(gale_handler *self, const gale_locale *locale)
{
    self->locale = locale;
}

const char *gale_translate(gale_handler *self, const char *message)
{
    return gale_locale_translate(gale_handler_locale(self), message);
}

const char *gale_translate_plural(gale_handler *self, const char *message,
                                  const char *plural_message, int64_t count)
{
    return gale_locale_translate_plural(gale_handler_locale(self), message, plural_message, count);
}
