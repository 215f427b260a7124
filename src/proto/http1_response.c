/* SPDX-License-Identifier: Apache-2.0 */
/* The status line (RFC 9112 §4). */
#include <assert.h>

#include "proto/characters.h"
#include "proto/http1_fields.h"
#include "proto/scan.h"

static int refuse(gale__http1_response *out, const char *reason)
{
    out->reason = reason;
    return GALE_EINPUT;
}

int gale__http1_parse_response(gale__http1_response *out, gale_http_headers *headers, char *head,
                               size_t size)
{
    enum { CODE = 9, PHRASE = 13 };
    assert(gale__http1_ends_well(head, size));
    (void)size;
    if (gale__http1_parse_version(head, &out->minor) != GALE__HTTP1_VERSION_OK)
        return refuse(out, "Malformed HTTP version");
    if (head[CODE - 1] != ' ' || !gale__http_is_digit(head[CODE]) ||
        !gale__http_is_digit(head[CODE + 1]) || !gale__http_is_digit(head[CODE + 2]) ||
        head[PHRASE - 1] != ' ')
        return refuse(out, "Malformed status code");
    out->code = (head[CODE] - '0') * 100 + (head[CODE + 1] - '0') * 10 + (head[CODE + 2] - '0');
    char *phrase = head + PHRASE, *cr = gale__scan_line_end(phrase);
    if (memcmp(cr, "\r\n", 2))
        return refuse(out, gale__http1_value_fault(cr));
    *cr = '\0';
    out->phrase = (gale_str){ phrase, (size_t)(cr - phrase) };
    return gale__http1_parse_fields(headers, cr + 2, &out->reason);
}
