/* SPDX-License-Identifier: Apache-2.0 */
/* Paths as text: nothing here looks at the file system. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "web/static.h"

/* Appends the components of `path` to the absolute path in out[0..size); returns its new size. */
static size_t append_components(char *out, size_t size, const char *path)
{
    while (*path) {
        size_t length = strcspn(path, "/");
        if (length == 2 && path[0] == '.' && path[1] == '.') {
            while (size > 0 && out[--size] != '/') {
            }
        } else if (length > 1 || (length == 1 && *path != '.')) {
            out[size++] = '/';
            memcpy(out + size, path, length);
            size += length;
        }
        path += length;
        path += *path == '/';
    }
    return size;
}

char *gale__static_path_join(gale__arena *arena, const char *root, const char *path)
{
    char *working = NULL;
    if (*path == '/')
        root = "";
    else if (*root != '/' && !(working = getcwd(NULL, 0)))
        return NULL;
    size_t room = (working ? strlen(working) : 0) + strlen(root) + strlen(path) + 4;
    char *out = gale__arena_alloc(arena, room);
    if (out) {
        size_t size = append_components(out, 0, working ? working : "");
        size = append_components(out, size, root);
        size = append_components(out, size, path);
        if (size == 0)
            out[size++] = '/';
        out[size] = '\0';
    }
    free(working);
    return out;
}

const char *gale__static_path_below(const char *root, const char *path)
{
    size_t size = strcmp(root, "/") == 0 ? 0 : strlen(root);
    if (strncmp(root, path, size) != 0)
        return NULL;
    if (path[size] == '\0' || strcmp(path, "/") == 0)
        return ".";
    return path[size] == '/' ? path + size + 1 : NULL;
}
