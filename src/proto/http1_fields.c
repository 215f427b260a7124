/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/http1_fields.h"

#include <string.h>

gale__http1_version gale__http1_parse_version(const char *at, int *ret_minor)
{
    if (strncmp(at, "HTTP/", 5) || !gale__http_is_digit(at[5]) || at[6] != '.' ||
        !gale__http_is_digit(at[7]))
        return GALE__HTTP1_VERSION_MALFORMED;
    *ret_minor = at[7] - '0';
    return at[5] == '1' ? GALE__HTTP1_VERSION_OK : GALE__HTTP1_VERSION_OTHER;
}

const char *gale__http1_name_fault(const char *line, const char *at)
{
    if (gale__http_is_space(*line))
        return "Folded header line";
    if (*line == ':')
        return "Empty header name";
    return gale__http_is_space(*at) ? "White space in a header name" : "Malformed header line";
}

const char *gale__http1_value_fault(const char *at)
{
    return *at == '\r'   ? "CR without LF in the message head"
           : *at == '\n' ? "LF without CR in the message head"
                         : "Control character in a header value";
}
