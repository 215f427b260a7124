/* SPDX-License-Identifier: Apache-2.0 */
/* Output transforms: what is written of a body passes each of them before it is sent. */
#ifndef GALE_WEB_TRANSFORM_H
#define GALE_WEB_TRANSFORM_H

#include "web/handler.h"

/* Of an application. A new one is made for each that is added; the old ones stay as they are for
 * responses under way, and are freed with the newest. */
typedef struct gale__transform_list {
    struct gale__transform_list *older;
    size_t count;
    const gale_output_transform *transforms[];
} gale__transform_list;

struct gale_output {
    gale__buffer buffer;
};

void gale__transform_list_free(gale__transform_list *newest);

/* Whether the body of this response has to pass some transform. Before the first chunk: whether it
 * may have to. */
bool gale__transform_wanted(const gale_handler *self);

/* Each replaces the handler's body by what the transforms make of it. */
GALE__APART int gale__transform_first_chunk(gale_handler *self, bool finishing);
int gale__transform_chunk(gale_handler *self, bool finishing);

#endif
