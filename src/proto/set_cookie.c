/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/set_cookie.h"

#include <string.h>

#include "core/date.h"
#include "core/error.h"
#include "proto/characters.h"
#include "proto/header_names.h"

/* RFC 9110's token characters and ":". */
static bool is_legal(char byte)
{
    return byte == ':' || gale__http_is(byte, GALE__CHARACTER_TOKEN);
}

static bool all_legal(gale_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!is_legal(text.data[i]))
            return false;
    return text.len > 0;
}

static bool is_attribute(gale_str name)
{
    static const char *const attributes[] = { "expires", "path",     "comment",
                                              "domain",  "max-age",  "secure",
                                              "version", "httponly", "samesite" };
    for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++)
        if (gale__http_equal(name.data, name.len, attributes[i], strlen(attributes[i])))
            return true;
    return false;
}

bool gale__cookie_name_valid(gale_str name)
{
    return all_legal(name) && !is_attribute(name);
}

/* ---- What must not be sent ------------------------------------------------------------- */

static int check_attribute(const char *what, const char *text)
{
    for (const char *at = text ? text : ""; *at; at++)
        if ((unsigned char)*at <= 0x20 || *at == ';' || *at == 0x7F)
            return gale__fail(GALE_EINVALID, "Invalid cookie attribute %s=%s", what, text);
    return 0;
}

static int check(const gale__set_cookie *cookie)
{
    if (!gale__cookie_name_valid((gale_str){ cookie->name, strlen(cookie->name) }))
        return gale__fail(GALE_EINVALID, "Invalid cookie name: %s", cookie->name);
    for (size_t i = 0; i < cookie->value.len; i++)
        if ((unsigned char)cookie->value.data[i] <= 0x20)
            return gale__fail(GALE_EINVALID, "Invalid cookie %s: %.*s", cookie->name,
                              (int)(cookie->value.len < 200 ? cookie->value.len : 200),
                              cookie->value.data);
    GALE_TRY(check_attribute("domain", cookie->domain));
    GALE_TRY(check_attribute("path", cookie->path));
    return check_attribute("samesite", cookie->samesite);
}

/* ---- Writing. The buffer's errors are sticky. ------------------------------------------ */

static void write_byte_quoted(gale__buffer *out, char byte)
{
    unsigned value = (unsigned char)byte;
    char octal[4] = { '\\', (char)('0' + (value >> 6)), (char)('0' + (value >> 3 & 7)),
                      (char)('0' + (value & 7)) };
    char escaped[2] = { '\\', byte };
    if (is_legal(byte) || (byte && strchr(" ()/<=>?@[]{}", byte)))
        gale__buffer_append_char(out, byte);
    else if (byte == '"' || byte == '\\')
        gale__buffer_append(out, escaped, sizeof escaped);
    else
        gale__buffer_append(out, octal, sizeof octal);
}

static void write_value(gale__buffer *out, gale_str value)
{
    if (all_legal(value)) {
        gale__buffer_append(out, value.data, value.len);
        return;
    }
    gale__buffer_append_char(out, '"');
    for (size_t i = 0; i < value.len; i++)
        write_byte_quoted(out, value.data[i]);
    gale__buffer_append_char(out, '"');
}

static void write_text(gale__buffer *out, const char *name, const char *text)
{
    if (text && *text)
        gale__buffer_printf(out, "; %s=%s", name, text);
}

static void write_flag(gale__buffer *out, const char *name, bool set)
{
    if (set)
        gale__buffer_printf(out, "; %s", name);
}

static void write_expires(gale__buffer *out, const gale__set_cookie *cookie)
{
    char date[GALE__HTTP_DATE_SIZE + 1] = "";
    if (!cookie->expires)
        return;
    gale__http_date_format(cookie->expires_at, date);
    write_text(out, "expires", date);
}

int gale__set_cookie_write(gale__buffer *out, const gale__set_cookie *cookie)
{
    GALE_TRY(check(cookie));
    gale__buffer_printf(out, "%s=", cookie->name);
    write_value(out, cookie->value);
    write_text(out, "Domain", cookie->domain);
    write_expires(out, cookie);
    write_flag(out, "HttpOnly", cookie->httponly);
    if (cookie->max_age)
        gale__buffer_printf(out, "; Max-Age=%lld", (long long)cookie->max_age);
    write_flag(out, "Partitioned", cookie->partitioned);
    write_text(out, "Path", cookie->path);
    write_text(out, "SameSite", cookie->samesite);
    write_flag(out, "Secure", cookie->secure);
    return out->error;
}
