/* SPDX-License-Identifier: Apache-2.0 */
/* Cookie jars: what users do with them, and what a fetch does. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "core/error.h"
#include "http/client.h"
#include "proto/characters.h"
#include "proto/cookie_domain.h"
#include "proto/cookie_jar.h"
#include "proto/own_arena.h"
#include "proto/received_cookie.h"

struct gale_cookie_jar {
    gale__cookie_jar cookies;
};

static int64_t now(void)
{
    return (int64_t)time(NULL);
}

gale_cookie_jar *gale_cookie_jar_new(const gale_cookie_jar_options *options)
{
    static const gale_cookie_jar_options none;
    gale_cookie_jar *self = GALE__NEW(gale_cookie_jar);
    if (!options)
        options = &none;
    if (self && gale__cookie_jar_init(&self->cookies, options->max_cookies,
                                      options->max_cookies_per_domain) == 0)
        return self;
    gale__free(self);
    return NULL;
}

void gale_cookie_jar_free(gale_cookie_jar *self)
{
    if (!self)
        return;
    gale_cookie_jar_clear(self);
    gale__free(self);
}

void gale_cookie_jar_clear(gale_cookie_jar *self)
{
    gale__cookie_jar_clear(&self->cookies);
}

/* ---- By URL ---------------------------------------------------------------------------- */

static gale__cookie_place place_of(const gale__uri *uri)
{
    const char *query = memchr(uri->target.data, '?', uri->target.len);
    size_t size = query ? (size_t)(query - uri->target.data) : uri->target.len;
    bool secure = uri->scheme.len == 5 && memcmp(uri->scheme.data, "https", 5) == 0;
    return (gale__cookie_place){ uri->host, { uri->target.data, size }, secure };
}

/* A URL that a user gave, in an arena of its own. */
typedef struct page {
    gale__own_arena memory;
    gale__uri uri;
    gale__cookie_place place;
} page;

static int open_page(page *self, const char *url)
{
    gale__own_arena_init(&self->memory);
    int result = gale__uri_parse(&self->uri, &self->memory.arena, (gale_str){ url, strlen(url) });
    if (result == 0) {
        self->place = place_of(&self->uri);
        return 0;
    }
    if (result == GALE_EINVALID)
        gale__fail(result, "malformed URL: %s", self->uri.reason);
    gale__own_arena_close(&self->memory);
    return result;
}

int gale_cookie_jar_set(gale_cookie_jar *self, const char *url, const char *set_cookie)
{
    page from;
    GALE_TRY(open_page(&from, url));
    int result = gale__cookie_jar_receive(&self->cookies, &from.place,
                                          (gale_str){ set_cookie, strlen(set_cookie) }, now());
    gale__own_arena_close(&from.memory);
    return result == 0  ? gale__fail(GALE_EINVALID, "the cookie is refused")
           : result < 0 ? result
                        : 0;
}

gale_bytes *gale_cookie_jar_header(gale_cookie_jar *self, const char *url)
{
    page to;
    gale__buffer out;
    if (open_page(&to, url) < 0)
        return NULL;
    gale__buffer_init(&out, SIZE_MAX / 2);
    int result = gale__cookie_jar_write(&self->cookies, &to.place, now(), &out);
    gale__own_arena_close(&to.memory);
    if (result == 0 && out.size > 0)
        return gale__buffer_take(&out);
    gale__buffer_clear(&out);
    return result == 0 ? gale_bytes_new("", 0) : NULL;
}

const char *gale_cookie_jar_get(gale_cookie_jar *self, const char *url, const char *name)
{
    page to;
    if (open_page(&to, url) < 0)
        return NULL;
    const gale__cookie *cookie =
        gale__cookie_jar_find(&self->cookies, &to.place, (gale_str){ name, strlen(name) }, now());
    gale__own_arena_close(&to.memory);
    return cookie ? cookie->value.data : NULL;
}

/* ---- As JSON --------------------------------------------------------------------------- */

static json_t *cookie_json(const gale__cookie *cookie)
{
    json_t *expires = cookie->persistent ? json_integer(cookie->expires) : json_null();
    return json_pack("{s:s%, s:s%, s:s%, s:s%, s:o, s:b, s:b, s:b}", "domain",
                     cookie->domain->name.data, cookie->domain->name.len, "path", cookie->path.data,
                     cookie->path.len, "name", cookie->name.data, cookie->name.len, "value",
                     cookie->value.data, cookie->value.len, "expires", expires, "secure",
                     cookie->secure, "httponly", cookie->httponly, "host_only", cookie->host_only);
}

json_t *gale_cookie_jar_dump(const gale_cookie_jar *self)
{
    json_t *all = json_array();
    const gale__cookie *cookie = NULL;
    int64_t time = now();
    while (all && (cookie = gale__cookie_jar_next(&self->cookies, cookie)))
        if (!gale__cookie_is_over(cookie, time))
            json_array_append_new(all, cookie_json(cookie)); /* NULL: not UTF-8, left out */
    return all;
}

static gale_str text_of(const char *text)
{
    return (gale_str){ text, strlen(text) };
}

static bool is_value(const char *text)
{
    return gale__http_all(text, strlen(text), GALE__CHARACTER_FIELD) && !strchr(text, ';');
}

static int load_cookie(gale_cookie_jar *self, const json_t *json)
{
    const char *domain, *path, *name, *value;
    json_t *expires;
    int secure = 0, httponly = 0, host_only = 0;
    if (json_unpack((json_t *)json, "{s:s, s:s, s:s, s:s, s:o, s?b, s?b, s?b}", "domain", &domain,
                    "path", &path, "name", &name, "value", &value, "expires", &expires, "secure",
                    &secure, "httponly", &httponly, "host_only", &host_only) < 0 ||
        !is_value(name) || !is_value(value) || !is_value(path) || *path != '/' ||
        strchr(name, '=') || strlen(name) + strlen(value) > GALE__COOKIE_MAX ||
        (!*name && !*value) || !(json_is_integer(expires) || json_is_null(expires)) ||
        (!host_only && gale__cookie_domain_is_shared(text_of(domain))))
        return gale__fail(GALE_EINVALID, "this is no cookie of gale_cookie_jar_dump");
    const gale__new_cookie made = { .domain = text_of(domain),
                                    .name = text_of(name),
                                    .value = text_of(value),
                                    .path = text_of(path),
                                    .host_only = host_only,
                                    .secure = secure,
                                    .httponly = httponly,
                                    .persistent = json_is_integer(expires),
                                    .expires = json_integer_value(expires) };
    return gale__cookie_jar_put(&self->cookies, &made, now());
}

int gale_cookie_jar_load(gale_cookie_jar *self, const json_t *json)
{
    size_t i;
    const json_t *cookie;
    if (!json_is_array(json))
        return gale__fail(GALE_EINVALID, "the cookies are no list");
    json_array_foreach(json, i, cookie) GALE_TRY(load_cookie(self, cookie));
    return 0;
}

/* ---- In a fetch ------------------------------------------------------------------------ */

int gale__fetch_choose_cookies(gale__fetch *fetch)
{
    gale_cookie_jar *jar = fetch->options->cookie_jar;
    fetch->cookies = (gale_str){ NULL, 0 };
    if (!jar)
        return 0;
    gale__buffer out;
    gale__buffer_init(&out, SIZE_MAX / 2);
    gale__cookie_place place = place_of(&fetch->uri);
    int result = gale__cookie_jar_write(&jar->cookies, &place, now(), &out);
    gale_str text = gale__buffer_str(&out);
    if (result == 0 && text.len) {
        fetch->cookies =
            (gale_str){ gale__arena_strdup(fetch->arena, text.data, text.len), text.len };
        result = fetch->cookies.data ? 0 : -ENOMEM;
    }
    gale__buffer_clear(&out);
    return result;
}

int gale__fetch_take_cookies(gale__fetch *fetch)
{
    gale_cookie_jar *jar = fetch->options->cookie_jar;
    gale_http_headers *headers = &fetch->response->headers;
    if (!jar || !gale__http_headers_present(headers, GALE__HTTP_SET_COOKIE))
        return 0;
    gale__cookie_place place = place_of(&fetch->uri);
    int64_t time = now();
    for (uint32_t i = 0; i < headers->count; i++) {
        const gale__http_header_field *field = &headers->fields[i];
        if (field->id == GALE__HTTP_SET_COOKIE)
            GALE_TRY(gale__cookie_jar_receive(&jar->cookies, &place,
                                              (gale_str){ field->value, field->value_size }, time));
    }
    return 0;
}
