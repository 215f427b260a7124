/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/received_cookie.h"

#include <string.h>
#include <strings.h>

#include "proto/characters.h"
#include "proto/cookie_date.h"
#include "proto/header_names.h"

/* Takes what stands before `delimiter`, or all, off the front. */
static gale_str take_until(gale_str *text, char delimiter)
{
    const char *end = text->len ? memchr(text->data, delimiter, text->len) : NULL;
    size_t size = end ? (size_t)(end - text->data) : text->len;
    gale_str taken = { text->data, size };
    size += end != NULL;
    *text = (gale_str){ text->data + size, text->len - size };
    return taken;
}

static bool starts_with(gale_str text, const char *prefix)
{
    size_t size = strlen(prefix);
    return text.len >= size && strncasecmp(text.data, prefix, size) == 0;
}

static bool is(gale_str text, const char *name)
{
    return gale__http_equal(text.data, text.len, name, strlen(name));
}

static bool parse_pair(gale__received_cookie *out, gale_str pair)
{
    gale_str name = take_until(&pair, '=');
    bool named = pair.data != name.data + name.len;
    out->name = named ? gale__http_trim(name) : GALE_STR("");
    out->value = gale__http_trim(named ? pair : name);
    if (!out->name.len && (!out->value.len || starts_with(out->value, "__Secure-") ||
                           starts_with(out->value, "__Host-")))
        return false;
    return out->name.len + out->value.len <= GALE__COOKIE_MAX;
}

/* ---- Attributes ------------------------------------------------------------------------ */

static void set_expires(gale__received_cookie *out, int64_t when, int64_t now)
{
    out->persistent = true;
    out->expires = when < now + GALE__COOKIE_AGE_MAX ? when : now + GALE__COOKIE_AGE_MAX;
}

/* False when it is no number. */
static bool parse_age(gale_str text, int64_t *ret_age)
{
    bool minus = text.len && *text.data == '-';
    int64_t age = 0;
    for (size_t i = minus; i < text.len; i++) {
        if (!gale__http_is_digit(text.data[i]))
            return false;
        if (age <= GALE__COOKIE_AGE_MAX)
            age = age * 10 + (text.data[i] - '0');
    }
    *ret_age = minus ? 0 : age;
    return text.len > minus;
}

static gale_str without_dot(gale_str domain)
{
    bool dot = domain.len && *domain.data == '.';
    return (gale_str){ domain.data + dot, domain.len - dot };
}

static bool is_absolute(gale_str path)
{
    return path.len && *path.data == '/';
}

/* Max-Age counts more than Expires, wherever it stands. */
static void parse_attribute(gale__received_cookie *out, gale_str name, gale_str value, int64_t now,
                            bool *has_age)
{
    int64_t number;
    if (value.len > GALE__COOKIE_ATTRIBUTE_MAX)
        return;
    if (is(name, "Secure"))
        out->secure = true;
    else if (is(name, "HttpOnly"))
        out->httponly = true;
    else if (is(name, "Domain"))
        out->domain = without_dot(value);
    else if (is(name, "Path"))
        out->path = is_absolute(value) ? value : GALE_STR("");
    else if (is(name, "Expires") && !*has_age && gale__cookie_date_parse(value, &number) == 0)
        set_expires(out, number, now);
    else if (is(name, "Max-Age") && parse_age(value, &number)) {
        *has_age = true;
        set_expires(out, number > 0 ? now + number : 0, now);
    }
}

static bool keeps_prefix(const gale__received_cookie *cookie)
{
    if (starts_with(cookie->name, "__Host-"))
        return cookie->secure && !cookie->domain.len && cookie->path.len == 1;
    return cookie->secure || !starts_with(cookie->name, "__Secure-");
}

static bool has_control(gale_str text)
{
    return !gale__http_all(text.data, text.len, GALE__CHARACTER_FIELD);
}

bool gale__received_cookie_parse(gale__received_cookie *out, gale_str header, int64_t now)
{
    bool has_age = false;
    *out = (gale__received_cookie){ .domain = GALE_STR(""), .path = GALE_STR("") };
    if (has_control(header) || !parse_pair(out, take_until(&header, ';')))
        return false;
    while (header.len) {
        gale_str value = take_until(&header, ';');
        gale_str name = gale__http_trim(take_until(&value, '='));
        parse_attribute(out, name, gale__http_trim(value), now, &has_age);
    }
    return keeps_prefix(out);
}
