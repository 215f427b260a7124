/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/header_names.h"

static const gale_str names[GALE__HTTP_HEADER_COUNT] = { { "", 0 },
#define NAME(id, name, lower, first, last) { name, sizeof name - 1 },
                                                         GALE__HTTP_HEADERS(NAME)
#undef NAME
};

const gale__http_known_name gale__http_known_names[GALE__HTTP_HEADER_COUNT] = {
    { "", 0 },
#define KNOWN(id, name, lower, first, last) { lower, sizeof lower - 1 },
    GALE__HTTP_HEADERS(KNOWN)
#undef KNOWN
};

const uint8_t gale__http_header_slots[256] = {
#define SLOT(id, name, lower, first, last)                                                         \
    [GALE__HTTP_HEADER_HASH(sizeof name - 1, first, last)] = GALE__HTTP_##id,
    GALE__HTTP_HEADERS(SLOT)
#undef SLOT
};

gale__http_header gale__http_header_find(const char *name, size_t size)
{
    uint8_t id = size ? gale__http_header_slot(name, size) : GALE__HTTP_OTHER;
    const gale__http_known_name *known = &gale__http_known_names[id];
    return gale__http_equal(name, size, known->lower, known->size) ? (gale__http_header)id
                                                                   : GALE__HTTP_OTHER;
}

gale_str gale__http_header_name(gale__http_header id)
{
    return names[id];
}

static uint8_t lower(char byte)
{
    return (uint8_t)(byte - 'A') < 26 ? (uint8_t)(byte | 0x20) : (uint8_t)byte;
}

bool gale__http_equal(const char *a, size_t a_size, const char *b, size_t b_size)
{
    if (a_size != b_size)
        return false;
    for (size_t i = 0; i < a_size; i++)
        if (lower(a[i]) != lower(b[i]))
            return false;
    return true;
}

void gale__http_header_normalize(char *out, const char *name, size_t size)
{
    bool start = true;
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = lower(name[i]);
        out[i] = (char)(start && (uint8_t)(byte - 'a') < 26 ? byte - 0x20 : byte);
        start = byte == '-';
    }
}
