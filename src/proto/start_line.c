/* SPDX-License-Identifier: Apache-2.0 */
/* Start lines as <gale/httputil.h> parses them: a whole line at once, into views. */
#include <gale/httputil.h>
#include <string.h>

#include "core/error.h"
#include "proto/characters.h"
#include "proto/http1_fields.h"

static bool is_version(gale_str text)
{
    int minor;
    return text.len == 8 && gale__http1_parse_version(text.data, &minor) == GALE__HTTP1_VERSION_OK;
}

/* Cuts what stands before the first space off `rest`. False when there is no space. */
static bool cut_word(gale_str *rest, gale_str *ret_word)
{
    const char *space = rest->len ? (const char *)memchr(rest->data, ' ', rest->len) : NULL;
    if (!space)
        return false;
    *ret_word = (gale_str){ rest->data, (size_t)(space - rest->data) };
    *rest = (gale_str){ space + 1, rest->len - ret_word->len - 1 };
    return true;
}

int gale_parse_request_start_line(gale_str line, gale_request_start_line *ret_line)
{
    gale_request_start_line parsed;
    parsed.version = line;
    if (!cut_word(&parsed.version, &parsed.method) || !cut_word(&parsed.version, &parsed.path))
        return gale__fail(GALE_EINPUT, "malformed HTTP request line");
    if (!gale__http_is_token(parsed.method.data, parsed.method.len) || !parsed.path.len ||
        !gale__http_all(parsed.path.data, parsed.path.len, GALE__CHARACTER_VISIBLE) ||
        !is_version(parsed.version))
        return gale__fail(GALE_EINPUT, "malformed HTTP request line");
    *ret_line = parsed;
    return 0;
}

static bool parse_code(gale_str text, int *ret_code)
{
    if (text.len != 3)
        return false;
    int code = 0;
    for (size_t i = 0; i < 3; i++) {
        if (!gale__http_is_digit(text.data[i]))
            return false;
        code = code * 10 + (text.data[i] - '0');
    }
    *ret_code = code;
    return true;
}

int gale_parse_response_start_line(gale_str line, gale_response_start_line *ret_line)
{
    gale_response_start_line parsed;
    gale_str code;
    parsed.reason = line;
    if (!cut_word(&parsed.reason, &parsed.version) || !cut_word(&parsed.reason, &code) ||
        !is_version(parsed.version) || !parse_code(code, &parsed.code) ||
        !gale__http_all(parsed.reason.data, parsed.reason.len, GALE__CHARACTER_FIELD))
        return gale__fail(GALE_EINPUT, "malformed HTTP status line");
    if (!parsed.reason.len)
        parsed.reason.data = NULL;
    *ret_line = parsed;
    return 0;
}
