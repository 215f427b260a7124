/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/cookie_jar.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/digest.h"
#include "core/siphash.h"
#include "proto/cookie_domain.h"
#include "proto/received_cookie.h"

static bool equal(gale_str a, gale_str b)
{
    return a.len == b.len && (!a.len || memcmp(a.data, b.data, a.len) == 0);
}

/* A NUL-terminated copy at *at, which moves behind it. */
static gale_str copy(char **at, gale_str text)
{
    gale_str copied = { *at, text.len };
    if (text.len)
        memcpy(*at, text.data, text.len);
    (*at)[text.len] = '\0';
    *at += text.len + 1;
    return copied;
}

/* ---- Domains --------------------------------------------------------------------------- */

static gale__list *bucket_of(gale__cookie_jar *jar, gale_str domain)
{
    return &jar->buckets[gale__siphash(jar->key, domain) % GALE__COOKIE_BUCKETS];
}

static gale__cookie_domain *find_domain(gale__cookie_jar *jar, gale_str name)
{
    gale__list *bucket = bucket_of(jar, name);
    for (gale__list *link = bucket->next; link != bucket; link = link->next) {
        gale__cookie_domain *domain = GALE__CONTAINER_OF(link, gale__cookie_domain, link);
        if (equal(domain->name, name))
            return domain;
    }
    return NULL;
}

static gale__cookie_domain *add_domain(gale__cookie_jar *jar, gale_str name)
{
    gale__cookie_domain *domain = gale__calloc(1, sizeof *domain + name.len + 1);
    if (!domain)
        return NULL;
    char *at = (char *)(domain + 1);
    domain->name = copy(&at, name);
    gale__list_init(&domain->cookies);
    gale__list_append(bucket_of(jar, name), &domain->link);
    return domain;
}

/* ---- Cookies --------------------------------------------------------------------------- */

static gale__cookie *of_domain(gale__list *link)
{
    return GALE__CONTAINER_OF(link, gale__cookie, of_domain);
}

static gale__cookie *of_jar(gale__list *link)
{
    return GALE__CONTAINER_OF(link, gale__cookie, of_jar);
}

/* And its domain, when it was the last there and `keep` is another. */
static void remove_cookie(gale__cookie_jar *jar, gale__cookie *cookie,
                          const gale__cookie_domain *keep)
{
    gale__cookie_domain *domain = cookie->domain;
    gale__list_remove(&cookie->of_domain);
    gale__list_remove(&cookie->of_jar);
    gale__free(cookie);
    jar->count--;
    if (--domain->count == 0 && domain != keep) {
        gale__list_remove(&domain->link);
        gale__free(domain);
    }
}

static gale__cookie *find_cookie(const gale__cookie_domain *domain, gale_str name, gale_str path)
{
    for (gale__list *link = domain->cookies.next; link != &domain->cookies; link = link->next)
        if (equal(of_domain(link)->name, name) && equal(of_domain(link)->path, path))
            return of_domain(link);
    return NULL;
}

/* The one that goes when the domain is full: over, or not Secure, or the one not sent for longest.
 */
static gale__cookie *victim(const gale__cookie_domain *domain, int64_t now)
{
    gale__cookie *plain = NULL;
    for (gale__list *link = domain->cookies.next; link != &domain->cookies; link = link->next) {
        if (gale__cookie_is_over(of_domain(link), now))
            return of_domain(link);
        if (!plain && !of_domain(link)->secure)
            plain = of_domain(link);
    }
    return plain ? plain : of_domain(domain->cookies.next);
}

static void make_room(gale__cookie_jar *jar, const gale__cookie_domain *domain, int64_t now)
{
    if (domain->count >= jar->most_per_domain)
        remove_cookie(jar, victim(domain, now), domain);
    else if (jar->count >= jar->most)
        remove_cookie(jar, of_jar(jar->cookies.next), domain);
}

static gale__cookie *new_cookie(const gale__new_cookie *from)
{
    size_t size = from->name.len + from->value.len + from->path.len + 3;
    gale__cookie *cookie = gale__calloc(1, sizeof *cookie + size);
    if (!cookie)
        return NULL;
    char *at = (char *)(cookie + 1);
    cookie->name = copy(&at, from->name);
    cookie->value = copy(&at, from->value);
    cookie->path = copy(&at, from->path);
    cookie->host_only = from->host_only;
    cookie->secure = from->secure;
    cookie->httponly = from->httponly;
    cookie->persistent = from->persistent;
    cookie->expires = from->expires;
    return cookie;
}

static void add_cookie(gale__cookie_jar *jar, gale__cookie_domain *domain, gale__cookie *cookie,
                       int64_t now)
{
    gale__cookie *old = find_cookie(domain, cookie->name, cookie->path);
    cookie->number = old ? old->number : ++jar->created;
    if (old)
        remove_cookie(jar, old, domain);
    else
        make_room(jar, domain, now);
    cookie->domain = domain;
    domain->count++;
    jar->count++;
    gale__list_append(&domain->cookies, &cookie->of_domain);
    gale__list_append(&jar->cookies, &cookie->of_jar);
}

int gale__cookie_jar_put(gale__cookie_jar *jar, const gale__new_cookie *from, int64_t now)
{
    gale__cookie_domain *domain = find_domain(jar, from->domain);
    if (from->persistent && from->expires <= now) {
        gale__cookie *old = domain ? find_cookie(domain, from->name, from->path) : NULL;
        if (old)
            remove_cookie(jar, old, NULL);
        return 0;
    }
    gale__cookie *cookie = new_cookie(from);
    if (cookie && !domain)
        domain = add_domain(jar, from->domain);
    if (!cookie || !domain) {
        gale__free(cookie);
        return -ENOMEM;
    }
    add_cookie(jar, domain, cookie, now);
    return 0;
}

/* ---- The jar --------------------------------------------------------------------------- */

int gale__cookie_jar_init(gale__cookie_jar *jar, size_t most, size_t most_per_domain)
{
    *jar = (gale__cookie_jar){ .most = most ? most : GALE__COOKIES_MAX,
                               .most_per_domain =
                                   most_per_domain ? most_per_domain : GALE__COOKIES_PER_DOMAIN };
    gale__list_init(&jar->cookies);
    for (int i = 0; i < GALE__COOKIE_BUCKETS; i++)
        gale__list_init(&jar->buckets[i]);
    return gale__random(jar->key, sizeof jar->key);
}

void gale__cookie_jar_clear(gale__cookie_jar *jar)
{
    while (!gale__list_empty(&jar->cookies))
        remove_cookie(jar, of_jar(jar->cookies.next), NULL);
}

const gale__cookie *gale__cookie_jar_next(const gale__cookie_jar *jar, const gale__cookie *previous)
{
    gale__list *link = previous ? previous->of_jar.next : jar->cookies.next;
    return link == &jar->cookies ? NULL : of_jar(link);
}

/* ---- Receiving ------------------------------------------------------------------------- */

typedef struct offer {
    const gale__cookie_place *place;
    gale__received_cookie cookie;
    char domain[256]; /* lower case */
    gale__new_cookie made;
} offer;

/* An http response must not shadow a cookie that was set over https: one of that name whose domain
 * and path reach where this one would go. */
static bool shadows_secure(gale__cookie_jar *jar, const gale__new_cookie *made)
{
    const gale__cookie *cookie = NULL;
    while ((cookie = gale__cookie_jar_next(jar, cookie)))
        if (cookie->secure && equal(cookie->name, made->name) &&
            (gale__cookie_domain_match(cookie->domain->name, made->domain) ||
             gale__cookie_domain_match(made->domain, cookie->domain->name)) &&
            gale__cookie_path_match(made->path, cookie->path))
            return true;
    return false;
}

/* ASCII only, and no empty label in front: what else there is, is no name of a host. */
static bool lower_domain(offer *self)
{
    gale_str domain = self->cookie.domain;
    if (domain.len >= sizeof self->domain || (domain.len && *domain.data == '.'))
        return false;
    for (size_t i = 0; i < domain.len; i++) {
        char byte = domain.data[i];
        if ((unsigned char)byte > 0x7F)
            return false;
        self->domain[i] = byte >= 'A' && byte <= 'Z' ? (char)(byte | 0x20) : byte;
    }
    return true;
}

static bool choose_domain(offer *self)
{
    gale_str host = self->place->host;
    if (!lower_domain(self))
        return false;
    gale_str domain = { self->domain, self->cookie.domain.len };
    if (domain.len && !gale__cookie_domain_match(host, domain))
        return false;
    bool same = equal(host, domain);
    bool shared = domain.len && gale__cookie_domain_is_shared(domain);
    if (shared && !same)
        return false;
    self->made.host_only = !domain.len || shared || gale__cookie_host_is_address(host);
    self->made.domain = self->made.host_only ? host : domain;
    return true;
}

int gale__cookie_jar_receive(gale__cookie_jar *jar, const gale__cookie_place *place,
                             gale_str set_cookie, int64_t now)
{
    offer self = { .place = place };
    const gale__received_cookie *cookie = &self.cookie;
    if (!gale__received_cookie_parse(&self.cookie, set_cookie, now) || !choose_domain(&self) ||
        (cookie->secure && !place->secure))
        return 0;
    self.made.name = cookie->name;
    self.made.value = cookie->value;
    self.made.path = cookie->path.len ? cookie->path : gale__cookie_default_path(place->path);
    self.made.secure = cookie->secure;
    self.made.httponly = cookie->httponly;
    self.made.persistent = cookie->persistent;
    self.made.expires = cookie->expires;
    if (!place->secure && shadows_secure(jar, &self.made))
        return 0;
    GALE_TRY(gale__cookie_jar_put(jar, &self.made, now));
    return 1;
}

/* ---- Sending --------------------------------------------------------------------------- */

typedef struct choice {
    gale__cookie **cookies;
    size_t count, capacity;
} choice;

static int choose(choice *chosen, gale__cookie *cookie)
{
    if (chosen->count == chosen->capacity) {
        size_t capacity = chosen->capacity ? 2 * chosen->capacity : 16;
        gale__cookie **grown = gale__realloc(chosen->cookies, capacity * sizeof(gale__cookie *));
        if (!grown)
            return -ENOMEM;
        chosen->cookies = grown;
        chosen->capacity = capacity;
    }
    chosen->cookies[chosen->count++] = cookie;
    return 0;
}

/* Of one domain; those that are over go. */
static int choose_of(choice *chosen, gale__cookie_jar *jar, gale__cookie_domain *domain,
                     const gale__cookie_place *place, int64_t now)
{
    bool whole = domain->name.len == place->host.len;
    for (gale__list *link = domain->cookies.next; link != &domain->cookies;) {
        gale__cookie *cookie = of_domain(link);
        link = link->next;
        if (gale__cookie_is_over(cookie, now))
            remove_cookie(jar, cookie, domain);
        else if ((whole || !cookie->host_only) && (place->secure || !cookie->secure) &&
                 gale__cookie_path_match(place->path, cookie->path))
            GALE_TRY(choose(chosen, cookie));
    }
    if (domain->count == 0) {
        gale__list_remove(&domain->link);
        gale__free(domain);
    }
    return 0;
}

/* The host and each name that it is within. */
static int choose_all(choice *chosen, gale__cookie_jar *jar, const gale__cookie_place *place,
                      int64_t now)
{
    enum { HOST_MAX = 253 };
    gale_str name = place->host;
    if (name.len > HOST_MAX)
        return 0;
    while (name.len) {
        gale__cookie_domain *domain = find_domain(jar, name);
        if (domain)
            GALE_TRY(choose_of(chosen, jar, domain, place, now));
        const char *dot = memchr(name.data, '.', name.len);
        if (!dot || gale__cookie_host_is_address(place->host))
            break;
        name = (gale_str){ dot + 1, name.len - (size_t)(dot + 1 - name.data) };
    }
    return 0;
}

/* Longer paths first, then older cookies. */
static int compare(const void *a, const void *b)
{
    const gale__cookie *first = *(gale__cookie *const *)a, *second = *(gale__cookie *const *)b;
    if (first->path.len != second->path.len)
        return first->path.len > second->path.len ? -1 : 1;
    return first->number < second->number ? -1 : 1;
}

static int choose_in_order(choice *chosen, gale__cookie_jar *jar, const gale__cookie_place *place,
                           int64_t now)
{
    *chosen = (choice){ NULL, 0, 0 };
    int result = choose_all(chosen, jar, place, now);
    if (result == 0 && chosen->count > 1)
        qsort(chosen->cookies, chosen->count, sizeof(gale__cookie *), compare);
    return result;
}

const gale__cookie *gale__cookie_jar_find(gale__cookie_jar *jar, const gale__cookie_place *place,
                                          gale_str name, int64_t now)
{
    choice chosen;
    const gale__cookie *found = NULL;
    if (choose_in_order(&chosen, jar, place, now) == 0)
        for (size_t i = 0; i < chosen.count && !found; i++)
            if (equal(chosen.cookies[i]->name, name))
                found = chosen.cookies[i];
    gale__free(chosen.cookies);
    return found;
}

static void write_cookie(gale__cookie_jar *jar, gale__cookie *cookie, gale__buffer *out,
                         bool is_first)
{
    gale__list_remove(&cookie->of_domain);
    gale__list_append(&cookie->domain->cookies, &cookie->of_domain);
    gale__list_remove(&cookie->of_jar);
    gale__list_append(&jar->cookies, &cookie->of_jar);
    if (!is_first)
        gale__buffer_append(out, "; ", 2);
    gale__buffer_append(out, cookie->name.data, cookie->name.len);
    if (cookie->name.len)
        gale__buffer_append_char(out, '=');
    gale__buffer_append(out, cookie->value.data, cookie->value.len);
}

int gale__cookie_jar_write(gale__cookie_jar *jar, const gale__cookie_place *place, int64_t now,
                           gale__buffer *out)
{
    choice chosen;
    int result = choose_in_order(&chosen, jar, place, now);
    size_t room = GALE__COOKIE_HEADER_MAX;
    for (size_t i = 0; result == 0 && i < chosen.count; i++) {
        size_t size = chosen.cookies[i]->name.len + chosen.cookies[i]->value.len + 3;
        if (size > room)
            break;
        room -= size;
        write_cookie(jar, chosen.cookies[i], out, i == 0);
    }
    gale__free(chosen.cookies);
    return result < 0 ? result : out->error;
}
