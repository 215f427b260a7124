/* SPDX-License-Identifier: Apache-2.0 */
/* Etag and If-None-Match: RFC 9110 §8.8.3, §13.1.2, as Tornado has them. */
#include <errno.h>
#include <string.h>

#include "core/digest.h"
#include "core/error.h"
#include "proto/entity_tag.h"
#include "web/application.h"

static int hash_body(const gale_handler *self, unsigned char out[GALE__DIGEST_MAX])
{
    gale__hash hash;
    GALE_TRY(gale__hash_begin(&hash, GALE__SHA1));
    int result = 0;
    for (const gale__segment *part = self->body.first; part && result >= 0; part = part->next)
        result = gale__hash_update(&hash, part->data, part->size);
    if (result >= 0)
        return gale__hash_end(&hash, out);
    gale__hash_clear(&hash);
    return result;
}

/* Bytes of a file go out unread. */
static bool has_file(const gale__segments *body)
{
    const gale__segment *part = body->first;
    while (part && part->data)
        part = part->next;
    return part != NULL;
}

const char *gale_compute_etag(gale_handler *self)
{
    unsigned char digest[GALE__DIGEST_MAX];
    if (has_file(&self->body))
        return NULL;
    size_t size = 2 * gale__digest_size(GALE__SHA1) + 2;
    int result = hash_body(self, digest);
    char *etag = result < 0 ? NULL : gale__arena_alloc(gale__handler_arena(self), size + 1);
    if (!etag) {
        gale__handler_remember_failure(self, 500, "no ETag: %s",
                                       gale_strerror(result < 0 ? result : -ENOMEM));
        return NULL;
    }
    etag[0] = etag[size - 1] = '"';
    gale__hex_encode(etag + 1, digest, gale__digest_size(GALE__SHA1));
    etag[size] = '\0';
    return etag;
}

int gale_set_etag_header(gale_handler *self)
{
    const gale_handler_class *slots = &self->type->slots;
    const char *etag = slots->compute_etag ? slots->compute_etag(self) : gale_compute_etag(self);
    if (etag)
        return gale_set_header(self, "Etag", etag);
    return self->failed ? GALE_EHTTP : 0;
}

/* ---- If-None-Match --------------------------------------------------------------------- */

bool gale_check_etag_header(gale_handler *self)
{
    const char *own = gale__http_headers_get(&self->headers, GALE__HTTP_ETAG);
    const char *list = gale__http_headers_get(&self->request->headers, GALE__HTTP_IF_NONE_MATCH);
    return own && *own && list &&
           gale__entity_tag_in_list((gale_str){ list, strlen(list) },
                                    (gale_str){ own, strlen(own) }, GALE__ENTITY_TAG_WEAK);
}

int gale__handler_automatic_etag(gale_handler *self)
{
    gale__http_method method = self->request->head.method_id;
    if (self->status != 200 ||
        (method != GALE__HTTP_METHOD_GET && method != GALE__HTTP_METHOD_HEAD) ||
        gale__http_headers_present(&self->headers, GALE__HTTP_ETAG))
        return 0;
    GALE_TRY(gale_set_etag_header(self));
    if (!gale_check_etag_header(self))
        return 0;
    gale__segments_clear(&self->body, self->net);
    return gale_set_status(self, 304, NULL);
}
