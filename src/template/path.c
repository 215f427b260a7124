/* SPDX-License-Identifier: Apache-2.0 */
#include "template/path.h"

#include <string.h>

/* Drops the last part, unless there is none or it is "..". */
static bool drop_part(gale__buffer *out, size_t root)
{
    gale_str path = gale__buffer_str(out);
    size_t cut = path.len;
    while (cut > root && path.data[cut - 1] != '/')
        cut--;
    size_t part = path.len - cut;
    if (part == 0 || (part == 2 && path.data[cut] == '.' && path.data[cut + 1] == '.'))
        return false;
    out->size = cut > root ? cut - 1 : root;
    return true;
}

void gale__normal_path(gale__buffer *out, gale_str path)
{
    size_t root = path.len && path.data[0] == '/';
    gale__buffer_append(out, path.data, root);
    for (size_t at = root, end; at < path.len && !out->error; at = end + 1) {
        const char *slash = memchr(path.data + at, '/', path.len - at);
        end = slash ? (size_t)(slash - path.data) : path.len;
        gale_str part = { path.data + at, end - at };
        if (part.len == 0 || (part.len == 1 && part.data[0] == '.'))
            continue;
        bool up = part.len == 2 && part.data[0] == '.' && part.data[1] == '.';
        if (up && (drop_part(out, root) || root))
            continue;
        if (out->size > root)
            gale__buffer_append_char(out, '/');
        gale__buffer_append(out, part.data, part.len);
    }
    if (!out->size)
        gale__buffer_append_char(out, '.');
}

void gale__template_path(gale__buffer *out, const char *name, const char *parent)
{
    if (!parent || !*parent || *parent == '<' || *parent == '/' || *name == '/') {
        gale__buffer_append(out, name, strlen(name));
        return;
    }
    gale__buffer joined;
    gale__buffer_init(&joined, out->limit);
    const char *slash = strrchr(parent, '/');
    gale__buffer_append(&joined, parent, slash ? (size_t)(slash - parent) + 1 : 0);
    gale__buffer_append(&joined, name, strlen(name));
    if (joined.error)
        out->error = joined.error;
    else
        gale__normal_path(out, gale__buffer_str(&joined));
    gale__buffer_clear(&joined);
}
