/* SPDX-License-Identifier: Apache-2.0 */
#include "web/handler_type.h"

#include <string.h>

#include "core/digest.h"
#include "core/error.h"
#include "core/memory.h"
#include "web/handler.h"
#include "web/websocket.h"

enum { LONGEST_CHAIN = 64 };

static size_t chain_length(const gale_handler_class *of_class)
{
    size_t length = 0;
    while (of_class && length <= LONGEST_CHAIN) {
        length++;
        of_class = of_class->base;
    }
    return length;
}

static void inherit(gale_handler_class *slots, const gale_handler_class *base)
{
#define INHERIT(slot)                                                                              \
    if (!slots->slot)                                                                              \
        slots->slot = base->slot;
    INHERIT(initialize)
    INHERIT(prepare)
    INHERIT(get)
    INHERIT(head)
    INHERIT(post)
    INHERIT(delete_)
    INHERIT(patch)
    INHERIT(put)
    INHERIT(options)
    INHERIT(other)
    INHERIT(on_finish)
    INHERIT(on_connection_close)
    INHERIT(set_default_headers)
    INHERIT(write_error)
    INHERIT(decode_argument)
    INHERIT(log_exception)
    INHERIT(get_user_locale)
    INHERIT(check_xsrf_cookie)
    INHERIT(get_current_user)
    INHERIT(get_login_url)
    INHERIT(compute_etag)
    INHERIT(stream_request_body)
    INHERIT(ignore_disconnect)
    INHERIT(data_received)
    INHERIT(uploads)
    INHERIT(static_slots)
    INHERIT(websocket)
    INHERIT(get_template_path)
    INHERIT(get_template_namespace)
    INHERIT(render_linked_js)
    INHERIT(render_embed_js)
    INHERIT(render_linked_css)
    INHERIT(render_embed_css)
#undef INHERIT
}

/* What is left unset by all classes of a chain. */
static const gale_handler_class own = { .render_linked_js = gale_render_linked_js,
                                        .render_embed_js = gale_render_embed_js,
                                        .render_linked_css = gale_render_linked_css,
                                        .render_embed_css = gale_render_embed_css };

gale_handler_function gale__handler_method(const gale_handler_class *slots,
                                           gale__http_method method)
{
    switch (method) {
    case GALE__HTTP_METHOD_GET:
        return slots->get;
    case GALE__HTTP_METHOD_HEAD:
        return slots->head;
    case GALE__HTTP_METHOD_POST:
        return slots->post;
    case GALE__HTTP_METHOD_DELETE:
        return slots->delete_;
    case GALE__HTTP_METHOD_PATCH:
        return slots->patch;
    case GALE__HTTP_METHOD_PUT:
        return slots->put;
    case GALE__HTTP_METHOD_OPTIONS:
        return slots->options;
    case GALE__HTTP_METHOD_CONNECT:
    case GALE__HTTP_METHOD_TRACE:
    case GALE__HTTP_METHOD_OTHER:
        break;
    }
    return slots->other;
}

static void list_allowed(gale__handler_type *type)
{
    static const struct {
        const char *name;
        gale__http_method method;
    } methods[] = { { "GET", GALE__HTTP_METHOD_GET },        { "HEAD", GALE__HTTP_METHOD_HEAD },
                    { "POST", GALE__HTTP_METHOD_POST },      { "DELETE", GALE__HTTP_METHOD_DELETE },
                    { "PATCH", GALE__HTTP_METHOD_PATCH },    { "PUT", GALE__HTTP_METHOD_PUT },
                    { "OPTIONS", GALE__HTTP_METHOD_OPTIONS } };
    char *at = type->allow;
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (!gale__handler_method(&type->slots, methods[i].method))
            continue;
        if (at != type->allow)
            at = stpcpy(at, ", ");
        at = stpcpy(at, methods[i].name);
    }
}

/* A digest is made for once: OpenSSL then is loaded, or known to have none, before a request needs
 * it. */
static int prepare_uploads(gale__handler_type *type)
{
    gale__hash hash;
    unsigned char digest[GALE__DIGEST_MAX];
    type->slots.stream_request_body = true;
    if (!type->slots.uploads->sha256)
        return 0;
    GALE_TRY(gale__hash_begin(&hash, GALE__SHA256));
    return gale__hash_end(&hash, digest);
}

gale__handler_type *gale__handler_type_new(const gale_handler_class *of_class)
{
    size_t length = chain_length(of_class);
    if (length > LONGEST_CHAIN) {
        gale__fail(GALE_EINVALID, "handler class %s: its chain of bases never ends",
                   of_class->name ? of_class->name : "without a name");
        return NULL;
    }
    gale__handler_type *type = gale__calloc(1, sizeof *type + length * sizeof(gale__class_state));
    if (!type)
        return NULL;
    type->slots = *of_class;
    type->chain_size = length;
    for (size_t i = 0; i < length; i++, of_class = of_class->base) {
        if (i > 0)
            inherit(&type->slots, of_class);
        type->chain[i] = (gale__class_state){ of_class, type->state_size };
        type->state_size += (of_class->state_size + 15) & ~(size_t)15;
    }
    inherit(&type->slots, &own);
    if (type->slots.websocket && !type->slots.get)
        type->slots.get = gale__websocket_get;
    if (type->slots.uploads && prepare_uploads(type) < 0) {
        gale__free(type);
        return NULL;
    }
    if (!type->slots.name)
        type->slots.name = "handler";
    list_allowed(type);
    return type;
}

/* ---- The public calls ------------------------------------------------------------------ */

static size_t place_in_chain(const gale__handler_type *type, const gale_handler_class *of_class)
{
    size_t i = 0;
    while (i < type->chain_size && type->chain[i].of_class != of_class)
        i++;
    return i;
}

void *gale_handler_state(gale_handler *self, const gale_handler_class *of_class)
{
    size_t place = place_in_chain(self->type, of_class);
    if (place == self->type->chain_size || of_class->state_size == 0)
        return NULL;
    return self->state + self->type->chain[place].offset;
}

int gale_handler_call_super(gale_handler *self, const gale_handler_class *this_class, size_t slot)
{
    const gale__handler_type *type = self->type;
    for (size_t i = place_in_chain(type, this_class) + 1; i < type->chain_size; i++) {
        gale_handler_function function;
        memcpy(&function, (const char *)type->chain[i].of_class + slot, sizeof function);
        if (function)
            return function(self);
    }
    if (slot == offsetof(gale_handler_class, check_xsrf_cookie))
        return gale_check_xsrf_cookie(self);
    bool is_method =
        slot >= offsetof(gale_handler_class, get) && slot <= offsetof(gale_handler_class, options);
    return is_method ? gale__method_not_allowed(self) : 0;
}
