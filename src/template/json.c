/* SPDX-License-Identifier: Apache-2.0 */
/* json_encode: JSON that may stand inside a script element. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "template/run.h"

static int append_text(gale__buffer *out, gale_str text)
{
    static const char letters[] = "\bb\ff\nn\rr\tt\"\"\\\\";
    gale__buffer_append_char(out, '"');
    for (size_t i = 0, size; i < text.len; i += size) {
        uint32_t c = gale__code_point(text.data + i, &size);
        const char *letter = c && c < 0x80 ? strchr(letters, (int)c) : NULL;
        if (letter && (c < ' ' || c == '"' || c == '\\'))
            gale__buffer_printf(out, "\\%c", letter[1]);
        else if (c == '/' && i && text.data[i - 1] == '<')
            gale__buffer_append(out, "\\/", 2);
        else if (c >= ' ' && c < 0x7F)
            gale__buffer_append_char(out, (char)c);
        else if (c < 0x10000)
            gale__buffer_printf(out, "\\u%04" PRIx32, c);
        else
            gale__buffer_printf(out, "\\u%04" PRIx32 "\\u%04" PRIx32, 0xD7C0 + (c >> 10),
                                0xDC00 + (c & 0x3FF));
    }
    return gale__buffer_append_char(out, '"');
}

static int append_word(gale__buffer *out, gale__value value)
{
    const char *word = value.kind == VALUE_BOOL ? value.boolean ? "true" : "false" : "null";
    if (value.kind == VALUE_FLOAT)
        word = isnan(value.real) ? "NaN" : value.real < 0 ? "-Infinity" : "Infinity";
    return gale__buffer_append(out, word, strlen(word));
}

static bool is_word(gale__value value)
{
    return value.kind == VALUE_NONE || value.kind == VALUE_BOOL ||
           (value.kind == VALUE_FLOAT && !isfinite(value.real));
}

static int append_key(gale__run *run, gale__buffer *out, gale__value key)
{
    if (key.kind == VALUE_STR)
        return append_text(out, gale__text_str(key));
    if (!gale__is_number(key) && key.kind != VALUE_NONE)
        return gale__raise(run, ERROR_TYPE, "keys must be str, int, float, bool or None, not %s",
                           gale__type_name(key));
    gale__buffer_append_char(out, '"');
    GALE_TRY(gale__append_json(run, out, key));
    return gale__buffer_append_char(out, '"');
}

static int append_items(gale__run *run, gale__buffer *out, gale__value value)
{
    gale__buffer_append_char(out, '[');
    for (size_t i = 0; i < gale__size(value); i++) {
        GALE_TRY(gale__run_steps(run, 1));
        if (i)
            gale__buffer_append(out, ", ", 2);
        GALE_TRY(gale__append_json(run, out, gale__sequence_item(value, i)));
    }
    return gale__buffer_append_char(out, ']');
}

int gale__append_json(gale__run *run, gale__buffer *out, gale__value value)
{
    if (value.kind == VALUE_STR)
        return append_text(out, gale__text_str(value));
    if (is_word(value))
        return append_word(out, value);
    if (gale__is_number(value))
        return gale__append_str(run, out, value);
    if (!gale__is_dict(value) && !gale__is_sequence(value))
        return gale__raise(run, ERROR_TYPE, "Object of type %s is not JSON serializable",
                           gale__type_name(value));
    GALE_TRY(gale__run_enter(run));
    int error = gale__is_dict(value)
                    ? gale__append_members(run, out, value, append_key, gale__append_json)
                    : append_items(run, out, value);
    run->depth--;
    return error;
}
