/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The header names that gale itself looks at have small numbers, so that a parsed head answers
 * "is there a Content-Length?" with one bit test. All other names share GALE__HTTP_OTHER.
 */
#ifndef GALE_PROTO_HEADER_NAMES_H
#define GALE_PROTO_HEADER_NAMES_H

#include <gale/core.h>

/* Identifier, usual spelling, the same in lower case, and its first and last letter. */
#define GALE__HTTP_HEADERS(X)                                                                      \
    X(ACCEPT, "Accept", "accept", 'a', 't')                                                        \
    X(ACCEPT_ENCODING, "Accept-Encoding", "accept-encoding", 'a', 'g')                             \
    X(ACCEPT_LANGUAGE, "Accept-Language", "accept-language", 'a', 'e')                             \
    X(ACCEPT_RANGES, "Accept-Ranges", "accept-ranges", 'a', 's')                                   \
    X(ALLOW, "Allow", "allow", 'a', 'w')                                                           \
    X(AUTHORIZATION, "Authorization", "authorization", 'a', 'n')                                   \
    X(CACHE_CONTROL, "Cache-Control", "cache-control", 'c', 'l')                                   \
    X(CONNECTION, "Connection", "connection", 'c', 'n')                                            \
    X(CONTENT_DISPOSITION, "Content-Disposition", "content-disposition", 'c', 'n')                 \
    X(CONTENT_ENCODING, "Content-Encoding", "content-encoding", 'c', 'g')                          \
    X(CONTENT_LENGTH, "Content-Length", "content-length", 'c', 'h')                                \
    X(CONTENT_RANGE, "Content-Range", "content-range", 'c', 'e')                                   \
    X(CONTENT_TYPE, "Content-Type", "content-type", 'c', 'e')                                      \
    X(COOKIE, "Cookie", "cookie", 'c', 'e')                                                        \
    X(DATE, "Date", "date", 'd', 'e')                                                              \
    X(ETAG, "Etag", "etag", 'e', 'g')                                                              \
    X(EXPECT, "Expect", "expect", 'e', 't')                                                        \
    X(HOST, "Host", "host", 'h', 't')                                                              \
    X(IF_MODIFIED_SINCE, "If-Modified-Since", "if-modified-since", 'i', 'e')                       \
    X(IF_NONE_MATCH, "If-None-Match", "if-none-match", 'i', 'h')                                   \
    X(IF_RANGE, "If-Range", "if-range", 'i', 'e')                                                  \
    X(KEEP_ALIVE, "Keep-Alive", "keep-alive", 'k', 'e')                                            \
    X(LAST_MODIFIED, "Last-Modified", "last-modified", 'l', 'd')                                   \
    X(LOCATION, "Location", "location", 'l', 'n')                                                  \
    X(ORIGIN, "Origin", "origin", 'o', 'n')                                                        \
    X(RANGE, "Range", "range", 'r', 'e')                                                           \
    X(REFERER, "Referer", "referer", 'r', 'r')                                                     \
    X(SEC_WEBSOCKET_ACCEPT, "Sec-Websocket-Accept", "sec-websocket-accept", 's', 't')              \
    X(SEC_WEBSOCKET_EXTENSIONS, "Sec-Websocket-Extensions", "sec-websocket-extensions", 's', 's')  \
    X(SEC_WEBSOCKET_KEY, "Sec-Websocket-Key", "sec-websocket-key", 's', 'y')                       \
    X(SEC_WEBSOCKET_PROTOCOL, "Sec-Websocket-Protocol", "sec-websocket-protocol", 's', 'l')        \
    X(SEC_WEBSOCKET_VERSION, "Sec-Websocket-Version", "sec-websocket-version", 's', 'n')           \
    X(SERVER, "Server", "server", 's', 'r')                                                        \
    X(SET_COOKIE, "Set-Cookie", "set-cookie", 's', 'e')                                            \
    X(TRANSFER_ENCODING, "Transfer-Encoding", "transfer-encoding", 't', 'g')                       \
    X(UPGRADE, "Upgrade", "upgrade", 'u', 'e')                                                     \
    X(USER_AGENT, "User-Agent", "user-agent", 'u', 't')                                            \
    X(VARY, "Vary", "vary", 'v', 'y')                                                              \
    X(X_FORWARDED_FOR, "X-Forwarded-For", "x-forwarded-for", 'x', 'r')                             \
    X(X_FORWARDED_PROTO, "X-Forwarded-Proto", "x-forwarded-proto", 'x', 'o')                       \
    X(X_REAL_IP, "X-Real-Ip", "x-real-ip", 'x', 'p')                                               \
    X(X_SCHEME, "X-Scheme", "x-scheme", 'x', 'e')

typedef enum gale__http_header {
    GALE__HTTP_OTHER,
#define GALE__HTTP_HEADER_(id, name, lower, first, last) GALE__HTTP_##id,
    GALE__HTTP_HEADERS(GALE__HTTP_HEADER_)
#undef GALE__HTTP_HEADER_
        GALE__HTTP_HEADER_COUNT
} gale__http_header;

_Static_assert(GALE__HTTP_HEADER_COUNT <= 64, "a set of headers is one 64-bit word");

/* The set that holds one header; sets are joined by |. */
static inline uint64_t gale__http_header_bit(gale__http_header id)
{
    return (uint64_t)1 << id;
}

/* A known name in lower case, padded with zeros. */
typedef struct gale__http_known_name {
    char lower[31];
    uint8_t size;
} gale__http_known_name;

/*
 * A perfect hash of size, first and last letter, both in lower case. Two names in one slot do not
 * compile (-Woverride-init): a new name that collides needs other factors.
 */
#define GALE__HTTP_HEADER_HASH(size, first, last) (((size) + (first)*3 + (last)*25) & 255)

extern const gale__http_known_name gale__http_known_names[GALE__HTTP_HEADER_COUNT];
extern const uint8_t gale__http_header_slots[256];

/* The number of the only known name that this one of at least one byte can be. */
static inline uint8_t gale__http_header_slot(const char *name, size_t size)
{
    uint32_t first = (uint8_t)name[0] | 0x20u, last = (uint8_t)name[size - 1] | 0x20u;
    return gale__http_header_slots[GALE__HTTP_HEADER_HASH((uint32_t)size, first, last)];
}

/* The number of a name in any case; GALE__HTTP_OTHER when it has none. */
gale__http_header gale__http_header_find(const char *name, size_t size);
/* The usual spelling; "" for GALE__HTTP_OTHER. */
gale_str gale__http_header_name(gale__http_header id);

/* Equality without regard to the case of ASCII letters. */
bool gale__http_equal(const char *a, size_t a_size, const char *b, size_t b_size);

/* Writes `size` bytes: the name with each part between "-" in the form "Abc". */
void gale__http_header_normalize(char *out, const char *name, size_t size);

#endif
