/* SPDX-License-Identifier: Apache-2.0 */
#include "data/topics.h"

#include <string.h>

gale__publication *gale__publication_new(gale_str name, gale_str payload, bool binary)
{
    gale__publication *self = gale__calloc(1, sizeof *self + name.len + 1);
    if (!self)
        return NULL;
    self->payload = gale_bytes_new(payload.data, payload.len);
    if (!self->payload) {
        gale__free(self);
        return NULL;
    }
    self->references = 1;
    self->binary = binary;
    memcpy(self->name, name.data, name.len);
    return self;
}

void gale__publication_unref(gale__publication *self)
{
    if (--self->references > 0)
        return;
    for (gale__publication_form *form = self->forms, *next; form; form = next) {
        next = form->next;
        gale_bytes_unref(form->bytes);
        gale__free(form);
    }
    gale_bytes_unref(self->payload);
    gale__free(self);
}

gale_bytes *gale__publication_find_form(const gale__publication *self, uint32_t kind)
{
    for (const gale__publication_form *form = self->forms; form; form = form->next)
        if (form->kind == kind)
            return form->bytes;
    return NULL;
}

gale_bytes *gale__publication_add_form(gale__publication *self, uint32_t kind, gale_bytes *bytes)
{
    gale__publication_form *form = bytes ? gale__malloc(sizeof *form) : NULL;
    if (!form) {
        gale_bytes_unref(bytes);
        return NULL;
    }
    *form = (gale__publication_form){ self->forms, kind, bytes };
    self->forms = form;
    return bytes;
}

size_t gale__publication_cost(const gale__publication *self)
{
    return sizeof *self + gale_bytes_str(self->payload).len;
}
