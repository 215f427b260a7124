/* SPDX-License-Identifier: Apache-2.0 */
/* A handler class with its chain of bases resolved, once, when its route is added. */
#ifndef GALE_WEB_HANDLER_TYPE_H
#define GALE_WEB_HANDLER_TYPE_H

#include <gale/web.h>

#include "proto/http1_head.h"

typedef struct gale__class_state {
    const gale_handler_class *of_class;
    size_t offset; /* of its state in the handler's state */
} gale__class_state;

typedef struct gale__handler_type {
    struct gale__handler_type *next;        /* in the application's list */
    gale_handler_class slots;               /* each its own, or the nearest base's */
    bool automatic_etag;                    /* the setting `etag`, or a slot of its own */
    size_t state_size;                      /* of all classes of the chain */
    struct gale__websocket_type *websocket; /* NULL until needed */
    char allow[64];                         /* the Allow header of a 405 */
    size_t chain_size;
    gale__class_state chain[]; /* from the class itself up to the last base */
} gale__handler_type;

/* NULL when out of memory, or for a chain of bases that runs in a circle. */
gale__handler_type *gale__handler_type_new(const gale_handler_class *of_class);
/* Tornado: RequestHandler.SUPPORTED_METHODS. */
static inline bool gale__handler_method_supported(gale__http_method method)
{
    return method >= GALE__HTTP_METHOD_GET && method <= GALE__HTTP_METHOD_OPTIONS;
}
/* The function for a method; NULL: 405. */
gale_handler_function gale__handler_method(const gale_handler_class *slots,
                                           gale__http_method method);

#endif
