/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/oauth1.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base64.h"
#include "core/digest.h"
#include "core/error.h"
#include "core/escape.h"
#include "proto/arguments.h"
#include "proto/own_arena.h"

static gale_str str(const char *text)
{
    return (gale_str){ text, strlen(text) };
}

/* RFC 5849 §3.6: all but letters, digits and -._~ */
static int append_encoded(gale__buffer *out, gale_str text)
{
    gale_str rest = text;
    for (const char *slash; (slash = memchr(rest.data, '/', rest.len));) {
        size_t size = (size_t)(slash - rest.data);
        gale__url_escape(out, (gale_str){ rest.data, size }, false);
        gale__buffer_append(out, "%2F", 3);
        rest = (gale_str){ slash + 1, rest.len - size - 1 };
    }
    return gale__url_escape(out, rest, false);
}

int gale__parameter_text(gale__buffer *out, const char *name, const json_t *value)
{
    if (json_is_string(value))
        return gale__buffer_append(out, json_string_value(value), json_string_length(value));
    if (json_is_integer(value))
        return gale__buffer_printf(out, "%lld", (long long)json_integer_value(value));
    if (json_is_real(value))
        return gale__buffer_printf(out, "%.17g", json_real_value(value));
    return gale__fail(GALE_EINVALID, "the parameter %s is no text or number", name);
}

/* ---- The URL --------------------------------------------------------------------------- */

typedef struct url {
    gale_str scheme, authority, path, query;
} url;

static bool take_apart(const char *text, url *out)
{
    size_t scheme = strcspn(text, ":");
    if (scheme == 0 || strncmp(text + scheme, "://", 3) != 0)
        return false;
    out->scheme = (gale_str){ text, scheme };
    text += scheme + 3;
    out->authority = (gale_str){ text, strcspn(text, "/?#") };
    text += out->authority.len;
    out->path = (gale_str){ text, strcspn(text, "?#") };
    text += out->path.len;
    out->query =
        *text == '?' ? (gale_str){ text + 1, strcspn(text + 1, "#") } : (gale_str){ "", 0 };
    return out->authority.len > 0;
}

static void append_lower(gale__buffer *out, gale_str text)
{
    for (size_t i = 0; i < text.len; i++)
        gale__buffer_append_char(out, (char)tolower((unsigned char)text.data[i]));
}

/* RFC 5849 §3.4.1.2: a port that goes without saying is left out. */
static void append_base_url(gale__buffer *out, const url *parts)
{
    gale_str authority = parts->authority;
    bool tls = parts->scheme.len == 5 && strncasecmp(parts->scheme.data, "https", 5) == 0;
    const char *port = tls ? ":443" : ":80";
    size_t size = strlen(port);
    if (authority.len > size && !memcmp(authority.data + authority.len - size, port, size))
        authority.len -= size;
    append_lower(out, parts->scheme);
    gale__buffer_append(out, "://", 3);
    append_lower(out, authority);
    gale__buffer_append(out, parts->path.len ? parts->path.data : "/",
                        parts->path.len ? parts->path.len : 1);
}

/* ---- The parameters -------------------------------------------------------------------- */

static int add_encoded(gale_http_arguments *to, gale_str name, gale_str value)
{
    gale__buffer pair;
    gale__buffer_init(&pair, SIZE_MAX);
    append_encoded(&pair, name);
    size_t name_size = pair.size;
    gale__buffer_append_char(&pair, '\0');
    append_encoded(&pair, value);
    gale_str made = gale__buffer_str(&pair);
    char *copy = pair.error ? NULL : gale__arena_strdup(to->arena, made.data, made.len);
    gale__buffer_clear(&pair);
    if (!copy)
        return -ENOMEM;
    return gale__http_arguments_append(
        to, (gale_str){ copy, name_size },
        (gale_str){ copy + name_size + 1, made.len - name_size - 1 });
}

static int add_parameters(gale_http_arguments *to, const json_t *parameters)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)parameters, name, value)
    {
        gale__buffer text;
        gale__buffer_init(&text, SIZE_MAX);
        int result = gale__parameter_text(&text, name, value);
        if (result >= 0)
            result = add_encoded(to, str(name), gale__buffer_str(&text));
        gale__buffer_clear(&text);
        GALE_TRY(result);
    }
    return 0;
}

static int add_query(gale_http_arguments *to, gale_str query)
{
    gale_http_arguments decoded;
    gale__http_arguments_init(&decoded, to->arena);
    GALE_TRY(gale__http_arguments_parse(&decoded, query, 0));
    for (size_t i = 0; i < decoded.count; i++)
        GALE_TRY(add_encoded(to, decoded.pairs[i].name, decoded.pairs[i].value));
    return 0;
}

static int compare(const void *a, const void *b)
{
    const gale_http_argument *left = a, *right = b;
    int order = strcmp(left->name.data, right->name.data);
    return order ? order : strcmp(left->value.data, right->value.data);
}

/* RFC 5849 §3.4.1.3.2: sorted by what they are encoded. */
static int append_parameters(gale__buffer *out, const url *parts, const json_t *parameters)
{
    gale__own_arena own;
    gale__own_arena_init(&own);
    gale_http_arguments pairs;
    gale__http_arguments_init(&pairs, &own.arena);
    int result = add_query(&pairs, parts->query);
    if (result >= 0)
        result = add_parameters(&pairs, parameters);
    if (result >= 0 && pairs.count)
        qsort(pairs.pairs, pairs.count, sizeof *pairs.pairs, compare);
    for (size_t i = 0; i < pairs.count && result >= 0; i++)
        result = gale__buffer_printf(out, "%s%s=%s", i ? "&" : "", pairs.pairs[i].name.data,
                                     pairs.pairs[i].value.data);
    gale__own_arena_close(&own);
    return result;
}

/* ---- The signature --------------------------------------------------------------------- */

/* RFC 5849 §3.4.1.1 */
static int make_base(gale__buffer *out, const gale__oauth1_request *request, gale__buffer *part)
{
    url parts;
    if (!take_apart(request->url, &parts))
        return gale__fail(GALE_EINVALID, "%s is no URL", request->url);
    for (const char *at = request->method; *at; at++)
        gale__buffer_append_char(out, (char)toupper((unsigned char)*at));
    gale__buffer_append_char(out, '&');
    append_base_url(part, &parts);
    append_encoded(out, gale__buffer_str(part));
    gale__buffer_clear(part);
    gale__buffer_append_char(out, '&');
    GALE_TRY(append_parameters(part, &parts, request->parameters));
    return append_encoded(out, gale__buffer_str(part));
}

static int make_key(gale__buffer *out, const gale__oauth1_request *request)
{
    gale_str consumer = str(request->consumer_secret);
    gale_str token = str(request->token_secret ? request->token_secret : "");
    if (request->plain_secrets)
        return gale__buffer_printf(out, "%s&%s", consumer.data, token.data);
    append_encoded(out, consumer);
    gale__buffer_append_char(out, '&');
    return append_encoded(out, token);
}

int gale__oauth1_sign(gale__buffer *out, const gale__oauth1_request *request)
{
    gale__buffer base, part, key;
    unsigned char digest[GALE__DIGEST_MAX];
    gale__buffer_init(&base, SIZE_MAX);
    gale__buffer_init(&part, SIZE_MAX);
    gale__buffer_init(&key, SIZE_MAX);
    int result = make_base(&base, request, &part);
    if (result >= 0)
        result = make_key(&key, request);
    if (result >= 0)
        result = gale__hmac(GALE__SHA1, gale__buffer_str(&key), gale__buffer_str(&base), digest);
    if (result >= 0) {
        char text[GALE__DIGEST_MAX * 2];
        size_t size = gale__digest_size(GALE__SHA1);
        gale__base64_encode(text, digest, size);
        result = gale__buffer_append(out, text, gale__base64_size(size));
    }
    gale__buffer_clear(&base);
    gale__buffer_clear(&part);
    gale__buffer_clear(&key);
    return result;
}
