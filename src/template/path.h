/* SPDX-License-Identifier: Apache-2.0 */
/* Names of templates relative to one another. */
#ifndef GALE_TEMPLATE_PATH_H
#define GALE_TEMPLATE_PATH_H

#include "core/buffer.h"

/* `name` as the template `parent` (or NULL) means it, "." and ".." resolved where Tornado does. */
void gale__template_path(gale__buffer *out, const char *name, const char *parent);
/* POSIX's normal form of a path: no "//", ".", and ".." at the front only. "" is ".". */
void gale__normal_path(gale__buffer *out, gale_str path);

#endif
