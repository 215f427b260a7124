/* SPDX-License-Identifier: Apache-2.0 */
/* What the environment says of sockets: three lines, LISTEN_FDS, LISTEN_FDNAMES, GALE_UPGRADE. */
#include "net/inherited.h"
#include "fuzz.h"

/* Every name lies within the names. */
static void walk(const gale__inheritance *found)
{
    const char *name, *end = found->names + strlen(found->names);
    CHECK(found->count >= 0 && found->count <= GALE__INHERITED_MAX);
    for (int i = 0; i < found->count; i++) {
        size_t size = gale__inheritance_name(found, i, &name);
        CHECK(name >= found->names && name + size <= end && !memchr(name, ':', size));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gale__inheritance found;
    char *text = malloc(size + 3), *lines[3];
    if (!text)
        return 0;
    memcpy(text, data, size);
    memcpy(text + size, "\n\n", 3);
    char *rest = text;
    for (int i = 0; i < 3; i++) {
        lines[i] = rest;
        char *end = strchr(rest, '\n');
        rest = end ? end + 1 : rest;
        if (end)
            *end = '\0';
    }
    if (gale__inheritance_parse_listen(&found, lines[0], lines[1]))
        walk(&found);
    if (gale__inheritance_parse_upgrade(&found, lines[2]))
        walk(&found);
    free(text);
    return 0;
}
