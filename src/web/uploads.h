/* SPDX-License-Identifier: Apache-2.0 */
/* Large forms: files to temporary files, or to the handler's functions, as they arrive. */
#ifndef GALE_WEB_UPLOADS_H
#define GALE_WEB_UPLOADS_H

#include "core/digest.h"
#include "web/handler.h"

/* After prepare: decides by the headers what the body is. Refuses it, or makes self->upload. */
int gale__upload_begin(gale_handler *self);
/* A piece of the body. Suspends. */
int gale__upload_data(gale_handler *self, gale_str piece);
/* The body is complete. Suspends. */
int gale__upload_end(gale_handler *self);

/* ---- Temporary files: these block, and run in threads ---------------------------------- */

/* A new file in `directory` that has no name, open for reading and writing. A descriptor, or
 * -errno. */
int gale__temporary_file(const char *directory);
/* The same for file systems that cannot make one without a name: it is taken away at once. */
int gale__named_temporary_file(const char *directory);
/* Writes all of it at `offset`. 0 or -errno. */
int gale__write_file(int fd, gale_str data, int64_t offset);

#endif
