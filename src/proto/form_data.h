/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of gale_http_files, and forms that are there as a whole. */
#ifndef GALE_PROTO_FORM_DATA_H
#define GALE_PROTO_FORM_DATA_H

#include <gale/httputil.h>

#include "core/arena.h"

struct gale_http_files {
    gale__arena *arena;
    gale_http_file *list;
    size_t count, capacity;
};

void gale__http_files_init(gale_http_files *files, gale__arena *arena);

/* Appends a file without content that is called as the part is, with copies of its texts; NULL
 * when out of memory. The result is valid until the next is appended. */
gale_http_file *gale__http_files_append(gale_http_files *files, const gale_multipart_part *part);

/* The same beginnings that Tornado looks for. */
bool gale__is_urlencoded(const char *content_type);
bool gale__is_multipart(const char *content_type);

#endif
