/* SPDX-License-Identifier: Apache-2.0 */
/* Compressed responses. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "proto/encoder.h"
#include "web/transform.h"

enum { LEAST_SIZE = 1024 }; /* Tornado: GZipContentEncoding.MIN_LENGTH */

/* What shrinks, besides "text/…". Tornado: GZipContentEncoding.CONTENT_TYPES, and newer types. */
static const char *const compressible_types[] = {
    "application/javascript", "application/x-javascript",  "application/xml",
    "application/atom+xml",   "application/rss+xml",       "application/json",
    "application/ld+json",    "application/manifest+json", "application/problem+json",
    "application/xhtml+xml",  "application/wasm",          "image/svg+xml",
};

static bool compressible(const char *content_type)
{
    if (!content_type)
        return false;
    if (strncasecmp(content_type, "text/", 5) == 0)
        return true;
    size_t size = strcspn(content_type, "; \t");
    for (size_t i = 0; i < sizeof compressible_types / sizeof compressible_types[0]; i++)
        if (size == strlen(compressible_types[i]) &&
            strncasecmp(content_type, compressible_types[i], size) == 0)
            return true;
    return false;
}

static int add_vary(gale_handler *self)
{
    const char *vary = gale__http_headers_get(&self->headers, GALE__HTTP_VARY);
    if (!vary)
        return gale_set_header(self, "Vary", "Accept-Encoding");
    gale_str list = { vary, strlen(vary) };
    if (gale__http_list_has(list, GALE_STR("*")) ||
        gale__http_list_has(list, GALE_STR("Accept-Encoding")))
        return 0;
    const char *longer =
        gale__arena_printf(gale__handler_arena(self), NULL, "%s, Accept-Encoding", vary);
    return longer ? gale_set_header(self, "Vary", longer) : -ENOMEM;
}

/* The bytes that a strong tag stands for are not those that will be sent (RFC 9110 §8.8.3.3). */
static int weaken_etag(gale_handler *self)
{
    const char *tag = gale__http_headers_get(&self->headers, GALE__HTTP_ETAG);
    if (!tag || strncmp(tag, "W/", 2) == 0)
        return 0;
    const char *weak = gale__arena_printf(gale__handler_arena(self), NULL, "W/%s", tag);
    return weak ? gale_set_header(self, "Etag", weak) : -ENOMEM;
}

static gale__coding choose(gale_handler *self, uint64_t size, bool finishing)
{
    gale_http_headers *headers = &self->headers;
    if (gale__http_headers_present(headers, GALE__HTTP_CONTENT_ENCODING) ||
        gale__http_headers_present(headers, GALE__HTTP_CONTENT_RANGE) ||
        (finishing && size < LEAST_SIZE) ||
        !compressible(gale__http_headers_get(headers, GALE__HTTP_CONTENT_TYPE)))
        return GALE__CODING_IDENTITY;
    const char *accepted =
        gale__http_headers_get(&self->request->headers, GALE__HTTP_ACCEPT_ENCODING);
    return accepted ? gale__http_choose_coding((gale_str){ accepted, strlen(accepted) })
                    : GALE__CODING_IDENTITY;
}

static int set_headers(gale_handler *self, gale__coding coding)
{
    GALE_TRY(gale_set_header(self, "Content-Encoding", gale__http_coding_name(coding)));
    GALE_TRY(gale_clear_header(self, "Content-Length"));
    return weaken_etag(self);
}

static int begin(gale_handler *self, void *state, uint64_t size, bool finishing)
{
    GALE_TRY(add_vary(self));
    gale__coding coding = choose(self, size, finishing);
    if (coding == GALE__CODING_IDENTITY)
        return 0;
    GALE_TRY(gale__encoder_begin(state, coding, finishing ? (size_t)size : 0));
    GALE_TRY(set_headers(self, coding));
    return 1;
}

static int encode(gale_handler *self, void *state, gale_str chunk, bool finishing,
                  gale_output *output)
{
    (void)self;
    return gale__encoder_encode(state, chunk, finishing, &output->buffer);
}

static void release(void *state)
{
    gale__encoder_end(state);
}

const gale_output_transform gale_compress_transform = {
    .state_size = sizeof(gale__encoder), .begin = begin, .chunk = encode, .release = release
};
