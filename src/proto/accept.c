/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/accept.h"

#include <string.h>

#include "proto/characters.h"
#include "proto/header_names.h"

/* Cuts what is before the first `separator` off `rest`, and trims it. */
static gale_str next_part(gale_str *rest, char separator)
{
    const char *end = (const char *)memchr(rest->data, separator, rest->len);
    size_t size = end ? (size_t)(end - rest->data) : rest->len;
    gale_str part = { rest->data, size };
    rest->data += end ? size + 1 : size;
    rest->len -= end ? size + 1 : size;
    return gale__http_trim(part);
}

/* RFC 9110 §12.4.2: "0" or "1", and up to three decimals; thousandths. */
static int parse_quality(gale_str text)
{
    if (!text.len || text.len > 5 || text.data[0] < '0' || text.data[0] > '1' ||
        (text.len > 1 && text.data[1] != '.'))
        return 0;
    int quality = (text.data[0] - '0') * 1000, place = 100;
    for (size_t i = 2; i < text.len; i++, place /= 10) {
        if (!gale__http_is_digit(text.data[i]))
            return 0;
        quality += (text.data[i] - '0') * place;
    }
    return quality > 1000 ? 0 : quality;
}

static int quality_of(gale_str parameters)
{
    while (parameters.len > 0) {
        gale_str parameter = next_part(&parameters, ';');
        if (parameter.len >= 2 && (parameter.data[0] | 0x20) == 'q' && parameter.data[1] == '=')
            return parse_quality((gale_str){ parameter.data + 2, parameter.len - 2 });
    }
    return 1000;
}

int gale__http_accept_quality(gale_str list, gale_str name)
{
    int any = -1;
    while (list.len > 0) {
        gale_str element = next_part(&list, ',');
        gale_str item = next_part(&element, ';');
        if (gale__http_equal(item.data, item.len, name.data, name.len))
            return quality_of(element);
        if (item.len == 1 && item.data[0] == '*')
            any = quality_of(element);
    }
    return any;
}

const char *gale__http_coding_name(gale__coding coding)
{
    static const char *const names[] = { NULL, "gzip", "br" };
    return names[coding];
}

gale__coding gale__http_choose_coding(gale_str accept_encoding)
{
#if GALE_BROTLI
    int brotli = gale__http_accept_quality(accept_encoding, GALE_STR("br"));
#else
    int brotli = -1;
#endif
    int gzip = gale__http_accept_quality(accept_encoding, GALE_STR("gzip"));
    int identity = gale__http_accept_quality(accept_encoding, GALE_STR("identity"));
    int best = brotli >= gzip ? brotli : gzip;
    if (best <= 0 || identity > best)
        return GALE__CODING_IDENTITY;
    return brotli >= gzip ? GALE__CODING_BROTLI : GALE__CODING_GZIP;
}
