/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What request and response heads have in common: field lines (RFC 9112 §5). A head ends with CR LF
 * CR LF and zeroed padding follows it, so every search below finds an end.
 */
#ifndef GALE_PROTO_HTTP1_FIELDS_H
#define GALE_PROTO_HTTP1_FIELDS_H

#include <string.h>

#include "proto/characters.h"
#include "proto/http1_head.h"
#include "proto/scan.h"

typedef enum gale__http1_version {
    GALE__HTTP1_VERSION_OK,
    GALE__HTTP1_VERSION_MALFORMED,
    GALE__HTTP1_VERSION_OTHER /* well formed, but not HTTP/1 */
} gale__http1_version;

/* Reads up to eight bytes of a version. */
gale__http1_version gale__http1_parse_version(const char *at, int *ret_minor);

/* What is wrong with a line whose name, or whose value, ends at `at`. */
const char *gale__http1_name_fault(const char *line, const char *at);
const char *gale__http1_value_fault(const char *at);

/* As gale__http_header_find; 16 bytes can be read at `name`. */
static inline gale__http_header gale__http1_find_name(const char *name, size_t size)
{
    if (GALE__UNLIKELY(size > 16))
        return gale__http_header_find(name, size);
    uint8_t id = gale__http_header_slot(name, size);
    const gale__http_known_name *known = &gale__http_known_names[id];
    return known->size == size && gale__scan_equals_lower(name, known->lower, size)
               ? (gale__http_header)id
               : GALE__HTTP_OTHER;
}

/* True when the name, which a byte that is not a token's follows, is one token. */
static inline bool gale__http1_is_name(const char *name, const char *end)
{
    name = gale__scan_not_word(name);
    while (gale__http_is(*name, GALE__CHARACTER_TOKEN))
        name++;
    return name == end;
}

/* Parses one line; *at moves behind it. */
static inline int gale__http1_parse_field(gale_http_headers *headers, char **at,
                                          const char **ret_reason)
{
    char *name = *at, *colon = gale__scan_colon(name);
    size_t name_size = (size_t)(colon - name);
    if (GALE__UNLIKELY(*colon != ':' || !name_size)) {
        *ret_reason = gale__http1_name_fault(name, colon);
        return GALE_EINPUT;
    }
    gale__http_header id = gale__http1_find_name(name, name_size);
    if (id == GALE__HTTP_OTHER && GALE__UNLIKELY(!gale__http1_is_name(name, colon))) {
        *ret_reason = gale__http1_name_fault(name, colon);
        return GALE_EINPUT;
    }
    char *value = colon + 1;
    while (gale__http_is_space(*value))
        value++;
    char *cr = gale__scan_line_end(value), *end = cr;
    if (GALE__UNLIKELY(memcmp(cr, "\r\n", 2))) {
        *ret_reason = gale__http1_value_fault(cr);
        return GALE_EINPUT;
    }
    while (end > value && gale__http_is_space(end[-1]))
        end--;
    *at = cr + 2;
    *colon = '\0';
    *end = '\0';
    return gale__http_headers_append(headers, id, name, (uint32_t)name_size, value,
                                     (uint32_t)(end - value));
}

/* True when the head ends as the parsers need it. */
static inline bool gale__http1_ends_well(const char *head, size_t size)
{
    return size >= 4 && !memcmp(head + size - 4, "\r\n\r\n", 4);
}

/* Parses the lines at `at` up to the empty one. GALE_EINPUT sets *ret_reason. Inlined for whom it
 * has to be quick: there is one caller for requests, and one for responses. */
__attribute__((always_inline)) static inline int
gale__http1_parse_fields(gale_http_headers *headers, char *at, const char **ret_reason)
{
    if (GALE__LIKELY(!headers->capacity))
        GALE_TRY(gale__http_headers_reserve(headers));
    while (*at != '\r')
        GALE_TRY(gale__http1_parse_field(headers, &at, ret_reason));
    if (GALE__LIKELY(at[1] == '\n'))
        return 0;
    *ret_reason = gale__http1_value_fault(at);
    return GALE_EINPUT;
}

#endif
