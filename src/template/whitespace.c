/* SPDX-License-Identifier: Apache-2.0 */
/* Tornado's whitespace modes: runs of Unicode's white space become one character. */
#include <gale/template.h>

#include <string.h>

#include "core/error.h"
#include "core/utf8.h"
#include "template/unicode.h"

int gale__whitespace_mode(gale_str name)
{
    static const char *const names[] = { "all", "single", "oneline" };
    for (int mode = WHITESPACE_ALL; mode <= WHITESPACE_ONELINE; mode++)
        if (name.len == strlen(names[mode]) && !memcmp(name.data, names[mode], name.len))
            return mode;
    return -1;
}

/* How far the white space at the front reaches, and whether a newline is in it. */
static size_t run_of_space(gale_str text, bool *ret_newline)
{
    size_t size, done = 0;
    *ret_newline = false;
    while ((size = gale__space_at_start((gale_str){ text.data + done, text.len - done }))) {
        *ret_newline |= text.data[done] == '\n';
        done += size;
    }
    return done;
}

/* White space without a newline: runs of tabs and spaces become a space, all else stays. */
static void single_spaces(gale_str run, gale__buffer *out)
{
    for (size_t i = 0; i < run.len; i++) {
        bool blank = run.data[i] == ' ' || run.data[i] == '\t';
        if (!blank)
            gale__buffer_append_char(out, run.data[i]);
        else if (i == 0 || (run.data[i - 1] != ' ' && run.data[i - 1] != '\t'))
            gale__buffer_append_char(out, ' ');
    }
}

void gale__filter_whitespace(gale__whitespace mode, gale_str text, gale__buffer *out)
{
    if (mode == WHITESPACE_ALL) {
        gale__buffer_append(out, text.data, text.len);
        return;
    }
    for (size_t at = 0, size; at < text.len; at += size) {
        bool newline;
        size = run_of_space((gale_str){ text.data + at, text.len - at }, &newline);
        if (!size) {
            gale__code_point(text.data + at, &size);
            gale__buffer_append(out, text.data + at, size);
        } else if (mode == WHITESPACE_ONELINE) {
            gale__buffer_append_char(out, ' ');
        } else if (newline) {
            gale__buffer_append_char(out, '\n');
        } else {
            single_spaces((gale_str){ text.data + at, size }, out);
        }
    }
}

gale_bytes *gale_template_filter_whitespace(const char *mode, gale_str text)
{
    int known = gale__whitespace_mode((gale_str){ mode, strlen(mode) });
    if (known < 0) {
        gale__fail(GALE_EINVALID, "invalid whitespace mode %s", mode);
        return NULL;
    }
    if (!gale__utf8_valid(text.data, text.len)) {
        gale__fail(GALE_EENCODING, "the text is not UTF-8");
        return NULL;
    }
    gale__buffer out;
    gale__buffer_init(&out, SIZE_MAX);
    gale__filter_whitespace((gale__whitespace)known, text, &out);
    gale_str filtered = gale__buffer_str(&out);
    gale_bytes *result = out.error ? NULL : gale_bytes_new(filtered.data, filtered.len);
    gale__buffer_clear(&out);
    return result;
}
