/* SPDX-License-Identifier: Apache-2.0 */
/* Filters around handlers: a list of them, made once for an application and for each route that
 * adds some. A route's list begins with what is around it. */
#ifndef GALE_WEB_FILTER_H
#define GALE_WEB_FILTER_H

#include <gale/web.h>

#include "core/memory.h"

typedef struct gale__filter {
    const gale_filter_class *slots;
    void *instance;
    size_t offset; /* of its state in the filters' state of a handler */
} gale__filter;

typedef struct gale__filters {
    size_t inherited; /* at the front, which another list ends */
    size_t count;
    size_t state_size;
    gale__filter list[];
} gale__filters;

/* `outer` followed by `added`; both may be NULL. Returns 0, a filter's own error, or -ENOMEM. */
int gale__filters_new(const gale__filters *outer, const gale_filter *added,
                      gale__filters **ret_filters);
/* Ends what is not inherited. NULL is allowed. */
void gale__filters_free(gale__filters *filters);

/* These call the slots of a handler's filters, of which there are some. */
GALE__APART void gale__filters_set_default_headers(gale_handler *self);
GALE__APART int gale__filters_prepare(gale_handler *self);
int gale__filters_before_headers(gale_handler *self);
GALE__APART void gale__filters_on_finish(gale_handler *self);

#endif
