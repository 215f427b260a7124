/* SPDX-License-Identifier: Apache-2.0 */
/* A doubly linked circular list whose links live inside the listed objects. */
#ifndef GALE_CORE_LIST_H
#define GALE_CORE_LIST_H

#include <stdbool.h>
#include <stddef.h>

typedef struct gale__list {
    struct gale__list *next, *prev;
} gale__list;

static inline void gale__list_init(gale__list *list)
{
    list->next = list->prev = list;
}

static inline bool gale__list_empty(const gale__list *list)
{
    return list->next == list;
}

/* True while the link is in some list; a link must have been initialised, or zeroed. */
static inline bool gale__list_linked(const gale__list *link)
{
    return link->next && link->next != link;
}

static inline void gale__list_append(gale__list *list, gale__list *link)
{
    link->prev = list->prev;
    link->next = list;
    list->prev->next = link;
    list->prev = link;
}

/* Takes the link out; harmless when it is in no list. */
static inline void gale__list_remove(gale__list *link)
{
    if (!link->next)
        return;
    link->prev->next = link->next;
    link->next->prev = link->prev;
    gale__list_init(link);
}

static inline gale__list *gale__list_pop(gale__list *list)
{
    if (gale__list_empty(list))
        return NULL;
    gale__list *first = list->next;
    gale__list_remove(first);
    return first;
}

/* Moves everything from `from` to the end of `to`. */
static inline void gale__list_splice(gale__list *to, gale__list *from)
{
    if (gale__list_empty(from))
        return;
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    gale__list_init(from);
}

#endif
