/* SPDX-License-Identifier: Apache-2.0 */
#include <gale/json.h>

#include <string.h>

#include "core/buffer.h"
#include "core/error.h"
#include "gen/task.h"

typedef struct encoding {
    const json_t *value;
    gale__buffer text;
} encoding;

/* A piece of jansson's text may end anywhere. */
static int take(const char *data, size_t size, void *arg)
{
    return gale__buffer_append(&((encoding *)arg)->text, data, size) < 0 ? -1 : 0;
}

static void dump(void *arg)
{
    encoding *self = arg;
    if (json_dump_callback(self->value, take, self, JSON_ENCODE_ANY | JSON_ENSURE_ASCII) != 0 &&
        !self->text.error)
        self->text.error = GALE_EINVALID;
}

static void lower_digits(char *digits)
{
    for (int i = 0; i < 4; i++)
        if (digits[i] >= 'A' && digits[i] <= 'F')
            digits[i] = (char)(digits[i] + ('a' - 'A'));
}

/* jansson's text becomes Tornado's: hexadecimal digits of \uXXXX in lower case, DEL escaped, and
 * "</" with a backslash. */
static void as_python(gale__buffer *out, gale__buffer *in)
{
    char *at = gale__buffer_begin(in), *end = gale__buffer_end(in);
    for (; at < end; at++) {
        if (*at == 0x7F) {
            gale__buffer_append(out, "\\u007f", 6);
            continue;
        }
        gale__buffer_append_char(out, *at);
        if (*at == '\\' && end - at > 1) {
            if (at[1] == 'u' && end - at > 5)
                lower_digits(at + 2);
            gale__buffer_append_char(out, *++at);
        } else if (*at == '<' && end - at > 1 && at[1] == '/') {
            gale__buffer_append_char(out, '\\');
        }
    }
}

gale_bytes *gale_json_encode(const json_t *value)
{
    if (!value) {
        gale__fail(GALE_EINVALID, "no JSON value (json_pack has failed?)");
        return NULL;
    }
    encoding self = { .value = value };
    gale__buffer out;
    gale__buffer_init(&self.text, SIZE_MAX);
    gale__buffer_init(&out, SIZE_MAX);
    gale__on_loop_stack(dump, &self);
    if (!self.text.error && self.text.data)
        as_python(&out, &self.text);
    if (self.text.error)
        out.error = self.text.error;
    gale__buffer_clear(&self.text);
    return gale__buffer_take(&out);
}

json_t *gale_json_decode(gale_str text)
{
    json_error_t error;
    json_t *value = json_loadb(text.data, text.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    if (!value)
        gale__fail(GALE_EINPUT, "invalid JSON: %s at line %d, column %d", error.text, error.line,
                   error.column);
    return value;
}
