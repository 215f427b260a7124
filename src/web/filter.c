/* SPDX-License-Identifier: Apache-2.0 */
#include "web/filter.h"

#include <errno.h>

#include <gale/log.h>

#include "core/error.h"
#include "core/memory.h"
#include "web/handler.h"

static int open_filter(gale__filters *filters, const gale_filter *from)
{
    const gale_filter_class *slots = from->filter;
    gale__filter *filter = &filters->list[filters->count];
    *filter = (gale__filter){ .slots = slots, .offset = filters->state_size };
    if (slots->open)
        GALE_TRY(slots->open(from->options, &filter->instance));
    else
        filter->instance = (void *)(uintptr_t)from->options;
    filters->state_size += (slots->state_size + 15) & ~(size_t)15;
    filters->count++;
    return 0;
}

int gale__filters_new(const gale__filters *outer, const gale_filter *added,
                      gale__filters **ret_filters)
{
    size_t inherited = outer ? outer->count : 0, more = 0;
    while (added && added[more].filter)
        more++;
    gale__filters *filters =
        gale__calloc(1, sizeof *filters + (inherited + more) * sizeof(gale__filter));
    if (!filters)
        return -ENOMEM;
    filters->inherited = filters->count = inherited;
    filters->state_size = outer ? outer->state_size : 0;
    for (size_t i = 0; i < inherited; i++)
        filters->list[i] = outer->list[i];
    for (size_t i = 0; i < more; i++) {
        int result = open_filter(filters, &added[i]);
        if (result < 0) {
            gale__filters_free(filters);
            return result;
        }
    }
    *ret_filters = filters;
    return 0;
}

void gale__filters_free(gale__filters *filters)
{
    if (!filters)
        return;
    for (size_t i = filters->count; i > filters->inherited; i--)
        if (filters->list[i - 1].slots->close)
            filters->list[i - 1].slots->close(filters->list[i - 1].instance);
    gale__free(filters);
}

void *gale_filter_state(gale_handler *self, const gale_filter_class *of_class)
{
    const gale__filters *filters = self->filters;
    for (size_t i = 0; filters && i < filters->count; i++)
        if (filters->list[i].slots == of_class && of_class->state_size)
            return self->state + self->type->state_size + filters->list[i].offset;
    return NULL;
}

/* ---- Around a request ------------------------------------------------------------------ */

void gale__filters_set_default_headers(gale_handler *self)
{
    for (size_t i = 0; i < self->filters->count; i++) {
        const gale__filter *filter = &self->filters->list[i];
        if (filter->slots->set_default_headers)
            filter->slots->set_default_headers(self, filter->instance);
    }
}

int gale__filters_prepare(gale_handler *self)
{
    if (gale__handler_arena(self)->failed)
        return -ENOMEM; /* a default header may be missing */
    for (size_t i = 0; i < self->filters->count && !self->finished; i++) {
        const gale__filter *filter = &self->filters->list[i];
        self->filters_prepared = i + 1;
        if (filter->slots->prepare)
            GALE_TRY(filter->slots->prepare(self, filter->instance));
    }
    return 0;
}

int gale__filters_before_headers(gale_handler *self)
{
    if (self->filters_failed)
        return 0; /* this is the error page for it */
    for (size_t i = self->filters_prepared; i > 0; i--) {
        const gale__filter *filter = &self->filters->list[i - 1];
        int result = filter->slots->before_headers
                         ? filter->slots->before_headers(self, filter->instance)
                         : 0;
        self->filters_failed = result < 0;
        GALE_TRY(result);
    }
    return 0;
}

void gale__filters_on_finish(gale_handler *self)
{
    for (size_t i = self->filters_prepared; i > 0; i--) {
        const gale__filter *filter = &self->filters->list[i - 1];
        if (filter->slots->on_finish)
            filter->slots->on_finish(self, filter->instance);
    }
}
