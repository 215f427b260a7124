/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Static files, from the request to the bytes:
 *
 *   static_handler.c   the order of work, and the default slots
 *   static_path.c      paths as text
 *   static_file.c      opening, without leaving the root and without waiting for what is no file
 *   static_version.c   hashes, and the cache of them
 *   static_content.c   ranges and bytes
 *   static_url.c       the other way: URLs of files; the routes of the setting static_path
 */
#ifndef GALE_WEB_STATIC_H
#define GALE_WEB_STATIC_H

#include "web/application.h"
#include "web/static_file.h"

/* The state of gale_static_file_handler. */
typedef struct gale__static {
    const gale_static_options *options;
    gale_static_slots slots; /* resolved */
    const char *path;
    const char *absolute_path;
    const char *opened_as;  /* the path that the file is open for */
    gale__static_file file; /* what is sent, once it is open: that, or a compressed neighbour */
    const char *coding;     /* of the neighbour: "br", "gzip"; else NULL */
    bool has_modified;
    int64_t modified;
    const char *content_type;
} gale__static;

/* NULL when the handler is none of static files. */
gale__static *gale__static_of(gale_handler *self);
/* The slots of a class and its bases, all of them set. */
void gale__static_slots_resolve(const gale_handler_class *of_class, gale_static_slots *ret_slots);

/* An absolute path without ".", ".." and repeated slashes, as Python's abspath(join(root, path));
 * NULL when out of memory, or without a working directory. */
char *gale__static_path_join(gale__arena *arena, const char *root, const char *path);
/* The part of a path below `root`, both made by the call above; "." for the root itself. NULL when
 * it is not inside. */
const char *gale__static_path_below(const char *root, const char *path);

/* Opens the file of an absolute path below `root` (absolute or not). Errors as
 * gale__static_file_open, and -EXDEV. Suspends. */
int gale__static_open_below(gale_handler *self, const gale_static_options *options,
                            const char *root, const char *absolute_path, gale__static_file *file);

/* The version of what is at a path, from the cache where that is possible; NULL: none. `file` is
 * where it is open, or NULL. Suspends. */
const char *gale__static_version(gale_handler *self, const gale_static_slots *slots,
                                 const gale__static_file *file, const char *absolute_path);
/* The SHA-512 of the file, in hexadecimal digits; NULL on failure. Suspends. */
const char *gale__static_hash(gale_handler *self, const gale__static_file *file);
/* The same of what the slot get_content hands out. */
const char *gale__static_hash_content(gale_handler *self, const gale_static_slots *slots,
                                      const char *absolute_path);

/* Answers with the content, or with the parts that are asked for. Suspends. */
int gale__static_respond(gale_handler *self);
/* Hands a range of the file to a sink. Suspends. */
int gale__static_file_pour(const gale__static_file *file, int64_t start, int64_t end,
                           gale_content_sink sink, void *arg);

/* What an application keeps for static files. */
typedef struct gale__static_site {
    gale_static_options options; /* of the setting static_path */
    struct gale__version_cache *versions;
} gale__static_site;

/* The default of two slots. */
const char *gale__static_make_url(gale_handler *self, const char *path, bool include_version);
const char *gale__static_get_version(gale_handler *self, const char *path);

/* Made on first use; NULL when out of memory. */
gale__static_site *gale__static_site_of(gale_application *application);
void gale__static_site_free(gale__static_site *site);
/* Puts the routes of the setting static_path in front. */
int gale__static_add_routes(gale_application *application);

#endif
