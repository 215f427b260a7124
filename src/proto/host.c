/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/host.h"

#include <gale/httputil.h>

#include "proto/characters.h"

bool gale__http_host_valid(gale_str host)
{
    for (size_t i = 0; i < host.len; i++) {
        if (gale__http_is(host.data[i], GALE__CHARACTER_HOST))
            continue;
        if (host.data[i] != '%' || host.len - i < 3 ||
            !gale__http_all(host.data + i + 1, 2, GALE__CHARACTER_HEX))
            return false;
        i += 2;
    }
    return true;
}

int gale_split_host_and_port(gale_str netloc, gale_str *ret_host)
{
    size_t colon = netloc.len;
    while (colon > 0 && gale__http_is_digit(netloc.data[colon - 1]))
        colon--;
    *ret_host = netloc;
    if (colon < 2 || colon == netloc.len || netloc.data[colon - 1] != ':')
        return -1;
    int port = 0;
    for (size_t i = colon; i < netloc.len; i++) {
        port = port * 10 + (netloc.data[i] - '0');
        if (port > 65535)
            return GALE_EINPUT;
    }
    ret_host->len = colon - 1;
    return port;
}
