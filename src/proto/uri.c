/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/uri.h"

#include <errno.h>
#include <string.h>

#include <gale/httputil.h>

#include "proto/characters.h"
#include "proto/header_names.h"
#include "proto/host.h"
#include "proto/own_arena.h"

static int refuse(gale__uri *out, const char *reason)
{
    out->reason = reason;
    return GALE_EINVALID;
}

static gale_str cut(gale_str text, size_t from, size_t to)
{
    return (gale_str){ text.data + from, to - from };
}

/* Where the first of these bytes stands at or after `from`, or the end. */
static size_t find_any(gale_str text, size_t from, const char *bytes)
{
    while (from < text.len && (!text.data[from] || !strchr(bytes, text.data[from])))
        from++;
    return from;
}

static char lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte | 0x20) : byte;
}

static bool is_letter(char byte)
{
    return lower(byte) >= 'a' && lower(byte) <= 'z';
}

/* The length of a scheme that a ":" follows, or 0. */
static size_t scheme_size(gale_str text)
{
    size_t at = 0;
    while (at < text.len && (is_letter(text.data[at]) || gale__http_is_digit(text.data[at]) ||
                             text.data[at] == '+' || text.data[at] == '-' || text.data[at] == '.'))
        at++;
    return at < text.len && text.data[at] == ':' && is_letter(text.data[0]) ? at : 0;
}

/* ---- Percent-encoding ------------------------------------------------------------------ */

static int hex_value(char byte)
{
    if (!gale__http_is(byte, GALE__CHARACTER_HEX))
        return -1;
    return gale__http_is_digit(byte) ? byte - '0' : lower(byte) - 'a' + 10;
}

bool gale__uri_unescape(gale__arena *arena, gale_str text, gale_str *ret)
{
    char *out = gale__arena_alloc(arena, text.len + 1);
    size_t size = 0;
    *ret = (gale_str){ NULL, 0 };
    if (!out)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.data[i];
        if (byte == '%') {
            int high = i + 2 < text.len ? hex_value(text.data[i + 1]) : -1;
            int low = i + 2 < text.len ? hex_value(text.data[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            byte = (char)(high << 4 | low);
            i += 2;
        }
        if (!byte)
            return false;
        out[size++] = byte;
    }
    out[size] = '\0';
    *ret = (gale_str){ out, size };
    return true;
}

static size_t escaped_size(gale_str text)
{
    size_t size = text.len;
    for (size_t i = 0; i < text.len; i++)
        if ((uint8_t)text.data[i] >= 0x80)
            size += 2;
    return size;
}

static char *put_escaped(char *out, gale_str text)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = (uint8_t)text.data[i];
        if (byte < 0x80) {
            *out++ = (char)byte;
            continue;
        }
        *out++ = '%';
        *out++ = hex[byte >> 4];
        *out++ = hex[byte & 15];
    }
    return out;
}

static char *put_lower(char *out, gale_str text)
{
    for (size_t i = 0; i < text.len; i++)
        *out++ = lower(text.data[i]);
    return out;
}

static char *put(char *out, gale_str text)
{
    memcpy(out, text.data, text.len);
    return out + text.len;
}

/* Whose authority is the path of a Unix socket, in which case counts. */
static bool names_a_file(gale_str scheme)
{
    return scheme.len > 5 && memcmp(scheme.data + scheme.len - 5, "+unix", 5) == 0;
}

/* ---- Parsing --------------------------------------------------------------------------- */

/* The parts of the text as it was given. */
typedef struct uri_parts {
    gale_str scheme, userinfo, authority, target;
} uri_parts;

static int split(gale__uri *out, gale_str text, uri_parts *ret)
{
    size_t scheme = scheme_size(text);
    if (!scheme || text.len < scheme + 3 || memcmp(text.data + scheme, "://", 3))
        return refuse(out, "not an absolute URL");
    size_t begin = scheme + 3, end = find_any(text, begin, "/?#");
    gale_str authority = cut(text, begin, end);
    ret->scheme = cut(text, 0, scheme);
    ret->target = cut(text, end, find_any(text, end, "#"));
    ret->userinfo = (gale_str){ NULL, 0 };
    const char *at = authority.len ? memrchr(authority.data, '@', authority.len) : NULL;
    if (at) {
        size_t size = (size_t)(at - authority.data);
        ret->userinfo = cut(authority, 0, size);
        authority = cut(authority, size + 1, authority.len);
    }
    ret->authority = authority;
    return 0;
}

static int check(gale__uri *out, const uri_parts *parts)
{
    if (!parts->authority.len || parts->authority.data[0] == ':' ||
        !gale__http_host_valid(parts->authority))
        return refuse(out, "malformed host or port");
    if (!gale__http_all(parts->target.data, parts->target.len, GALE__CHARACTER_VISIBLE))
        return refuse(out, "white space or a control character");
    return 0;
}

/* "scheme://authority/target", all in one piece. */
static int compose(gale__uri *out, gale__arena *arena, const uri_parts *parts)
{
    bool rooted = parts->target.len && parts->target.data[0] == '/';
    size_t size = parts->scheme.len + 3 + parts->authority.len + escaped_size(parts->target) + 1;
    char *text = gale__arena_alloc(arena, size + 1), *at = text;
    if (!text)
        return -ENOMEM;
    at = put_lower(at, parts->scheme);
    out->scheme = (gale_str){ text, parts->scheme.len };
    memcpy(at, "://", 3);
    out->authority = (gale_str){ at + 3, parts->authority.len };
    at = names_a_file(out->scheme) ? put(at + 3, parts->authority)
                                   : put_lower(at + 3, parts->authority);
    out->target.data = at;
    if (!rooted)
        *at++ = '/';
    at = put_escaped(at, parts->target);
    *at = '\0';
    out->target.len = (size_t)(at - out->target.data);
    out->text = (gale_str){ text, (size_t)(at - text) };
    return 0;
}

/* The authority is valid, so that a colon behind the host stands before a port. */
static int find_host(gale__uri *out, gale__arena *arena)
{
    gale_str all = out->authority;
    bool literal = all.data[0] == '[';
    const char *end = memchr(all.data, literal ? ']' : ':', all.len);
    size_t size = end ? (size_t)(end - all.data) : all.len;
    const char *host = gale__arena_strdup(arena, all.data + literal, size - literal);
    if (!host)
        return -ENOMEM;
    out->host = (gale_str){ host, size - literal };
    size += literal;
    out->port = -1;
    for (size_t i = size + 1; i < all.len; i++)
        out->port = (out->port < 0 ? 0 : out->port * 10) + (all.data[i] - '0');
    return 0;
}

static int find_user(gale__uri *out, gale__arena *arena, gale_str userinfo)
{
    out->username = out->password = (gale_str){ NULL, 0 };
    if (!userinfo.data)
        return 0;
    size_t colon = find_any(userinfo, 0, ":");
    if (!gale__uri_unescape(arena, cut(userinfo, 0, colon), &out->username))
        return arena->failed ? -ENOMEM : refuse(out, "malformed user name");
    if (colon == userinfo.len)
        return 0;
    if (!gale__uri_unescape(arena, cut(userinfo, colon + 1, userinfo.len), &out->password))
        return arena->failed ? -ENOMEM : refuse(out, "malformed password");
    return 0;
}

int gale__uri_parse(gale__uri *out, gale__arena *arena, gale_str text)
{
    uri_parts parts;
    GALE_TRY(split(out, text, &parts));
    GALE_TRY(check(out, &parts));
    GALE_TRY(compose(out, arena, &parts));
    GALE_TRY(find_host(out, arena));
    return find_user(out, arena, parts.userinfo);
}

/* ---- References ------------------------------------------------------------------------ */

/* Removes "." and ".." from a path that begins with "/", in place; returns its new size.
 * RFC 3986 §5.2.4. */
static size_t remove_dots(char *path, size_t size)
{
    size_t out = 0;
    for (size_t at = 0; at < size;) { /* path[at] is "/" */
        size_t end = at + 1;
        while (end < size && path[end] != '/')
            end++;
        size_t segment = end - at - 1;
        bool last = end == size;
        if (segment == 2 && !memcmp(path + at + 1, "..", 2)) {
            while (out > 0 && path[--out] != '/') {
            }
            if (last)
                path[out++] = '/';
        } else if (segment == 1 && path[at + 1] == '.') {
            if (last)
                path[out++] = '/';
        } else {
            memmove(path + out, path + at, end - at);
            out += end - at;
        }
        at = end;
    }
    return out;
}

/* Servers send spaces in Location as they are. */
static gale_str escape_spaces(gale__arena *arena, gale_str text)
{
    size_t spaces = 0;
    for (size_t i = 0; i < text.len; i++)
        spaces += text.data[i] == ' ';
    if (!spaces)
        return text;
    char *out = gale__arena_alloc(arena, text.len + 2 * spaces), *at = out;
    if (!out)
        return (gale_str){ NULL, 0 };
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] != ' ') {
            *at++ = text.data[i];
            continue;
        }
        memcpy(at, "%20", 3);
        at += 3;
    }
    return (gale_str){ out, (size_t)(at - out) };
}

/* The path of `base` that a reference without one of its own continues. */
static size_t base_path(const gale__uri *base, gale_str reference)
{
    size_t path = find_any(base->target, 0, "?");
    if (!reference.len || reference.data[0] == '#')
        return base->target.len;
    if (reference.data[0] == '?')
        return path;
    while (base->target.data[path - 1] != '/')
        path--;
    return path;
}

/* The text of a reference with a path: everything but dots is resolved. */
static int join(gale__arena *arena, const gale__uri *base, gale_str reference, gale_str *ret)
{
    bool network = reference.len > 1 && !memcmp(reference.data, "//", 2);
    bool rooted = reference.len && reference.data[0] == '/';
    gale_str front = network ? cut(base->text, 0, base->scheme.len + 1)
                             : cut(base->text, 0, base->text.len - base->target.len);
    size_t path = rooted ? 0 : base_path(base, reference);
    char *text =
        gale__arena_printf(arena, &ret->len, "%.*s%.*s%.*s", (int)front.len, front.data, (int)path,
                           base->target.data, (int)reference.len, reference.data);
    ret->data = text;
    return text ? 0 : -ENOMEM;
}

static int without_dots(gale__arena *arena, gale_str *text)
{
    size_t scheme = scheme_size(*text);
    size_t path = find_any(*text, scheme + 3 < text->len ? scheme + 3 : text->len, "/?#");
    size_t end = find_any(*text, path, "?#");
    if (path == end)
        return 0;
    char *copy = gale__arena_strdup(arena, text->data, text->len);
    if (!copy)
        return -ENOMEM;
    size_t size = remove_dots(copy + path, end - path);
    memmove(copy + path + size, copy + end, text->len - end);
    *text = (gale_str){ copy, path + size + text->len - end };
    return 0;
}

int gale__uri_resolve(gale__uri *out, gale__arena *arena, const gale__uri *base, gale_str reference)
{
    gale_str text = escape_spaces(arena, gale__http_trim(reference));
    if (arena->failed)
        return -ENOMEM;
    if (!scheme_size(text))
        GALE_TRY(join(arena, base, text, &text));
    GALE_TRY(without_dots(arena, &text));
    return gale__uri_parse(out, arena, text);
}

gale_bytes *gale_url_join(const char *base, const char *url)
{
    gale__own_arena memory;
    gale__uri page, target;
    gale__own_arena_init(&memory);
    int result = gale__uri_parse(&page, &memory.arena, (gale_str){ base, strlen(base) });
    if (result == 0)
        result = gale__uri_resolve(&target, &memory.arena, &page, (gale_str){ url, strlen(url) });
    gale_bytes *joined = result == 0 ? gale_bytes_new(target.text.data, target.text.len) : NULL;
    gale__own_arena_close(&memory);
    return joined;
}
