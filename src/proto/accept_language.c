/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/accept_language.h"

#include <string.h>

#include "proto/characters.h"

enum { WHOLE = 1000 };

/* The part before the first `end`, which is cut off with it. */
static gale_str cut(gale_str *text, char end)
{
    const char *found = text->len ? memchr(text->data, end, text->len) : NULL;
    gale_str part = { text->data, found ? (size_t)(found - text->data) : text->len };
    size_t size = part.len + (found != NULL);
    text->data += size;
    text->len -= size;
    return gale__http_trim(part);
}

/* A decimal number, in thousandths: "0.85", "1", ".5"; 0 when it is none. */
static int parse_weight(gale_str text)
{
    int whole = 0, part = 0, unit = WHOLE;
    bool point = false, digit = false;
    for (size_t i = 0; i < text.len; i++) {
        char at = text.data[i];
        if (at == '.' && !point) {
            point = true;
            continue;
        }
        if (at < '0' || at > '9')
            return 0;
        digit = true;
        unit /= point ? 10 : 1;
        if (point)
            part += (at - '0') * unit;
        else
            whole = whole < WHOLE ? whole * 10 + (at - '0') : whole;
    }
    if (!digit)
        return 0;
    return whole >= 1 ? WHOLE : part;
}

bool gale__accept_language_next(gale_str *value, gale__language *ret_language)
{
    if (!value->len)
        return false;
    gale_str rest = cut(value, ',');
    ret_language->range = cut(&rest, ';');
    gale_str parameter = cut(&rest, ';');
    ret_language->weight = WHOLE;
    if (parameter.len >= 2 && memcmp(parameter.data, "q=", 2) == 0)
        ret_language->weight = parse_weight((gale_str){ parameter.data + 2, parameter.len - 2 });
    return true;
}
