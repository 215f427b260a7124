/* SPDX-License-Identifier: Apache-2.0 */
/* Content types by the suffix of a file's name. */
#ifndef GALE_PROTO_CONTENT_TYPE_H
#define GALE_PROTO_CONTENT_TYPE_H

#include <gale/core.h>

/*
 * The media type of a file with that name (a path is allowed), from a table of our own, so that it
 * is the same on every machine. What is compressed is application/gzip for .gz and its like, and
 * otherwise application/octet-stream, as is what is not known. Never NULL; static.
 * Tornado: StaticFileHandler.get_content_type.
 */
const char *gale__content_type_of(gale_str path);

#endif
