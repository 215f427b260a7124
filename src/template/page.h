/* SPDX-License-Identifier: Apache-2.0 */
/* What higher floors need besides <gale/template.h>: the same with codes of errors. */
#ifndef GALE_TEMPLATE_PAGE_H
#define GALE_TEMPLATE_PAGE_H

#include <gale/template.h>

#include "core/buffer.h"

/* gale_template_loader_load; NULL: *ret_error and gale__fail have told. */
gale_template *gale__loader_load(gale_template_loader *loader, const char *name, const char *parent,
                                 int *ret_error);
/* What a rendering knows besides its values and the options of its loader; those come first. */
typedef struct gale__template_surroundings {
    const gale_template_function *functions; /* the list ends with a zeroed one */
    json_t *(*lookup)(const char *name, void *context);
} gale__template_surroundings;

/* gale_template_generate into `out`, whose limit counts, too. `around` may be NULL. */
int gale__template_run(gale_template *page, json_t *values, void *context,
                       const gale__template_surroundings *around, gale__buffer *out);

#endif
