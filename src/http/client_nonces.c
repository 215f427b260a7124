/* SPDX-License-Identifier: Apache-2.0 */
#include "http/client_nonces.h"

#include <errno.h>
#include <string.h>

enum { KEPT_MOST = 100, TEXTS_MOST = 4096 /* bytes of a nonce with its realm and opaque data */ };

typedef struct kept_nonce {
    gale__recent_entry base;
    gale__digest_auth digest; /* its texts are behind it */
} kept_nonce;

static void forget(gale__recent_entry *entry)
{
    gale__free(GALE__CONTAINER_OF(entry, kept_nonce, base));
}

static bool same(gale_str a, gale_str b)
{
    return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

/* ---- Finding --------------------------------------------------------------------------- */

/* Whom it is for. Another one with the same hash would only be refused. 0: out of memory. */
static uint64_t hash_of(gale__fetch *fetch, bool proxy)
{
    gale_str key;
    const gale__proxy *via = &fetch->proxy;
    if (proxy)
        key.data = gale__arena_printf(fetch->arena, &key.len, "%s:%d %.*s %.*s", via->host,
                                      via->port, (int)via->username.len, via->username.data,
                                      (int)via->password.len, via->password.data);
    else
        key.data =
            gale__arena_printf(fetch->arena, &key.len, "%.*s %.*s %.*s",
                               (int)(fetch->uri.text.len - fetch->uri.target.len),
                               fetch->uri.text.data, (int)fetch->username.len, fetch->username.data,
                               (int)fetch->password.len, fetch->password.data);
    return key.data ? gale__recent_hash(&fetch->client->nonces, key) : 0;
}

static kept_nonce *find(gale__fetch *fetch, bool proxy)
{
    gale__recent *table = &fetch->client->nonces;
    if (table->count == 0)
        return NULL;
    gale__recent_entry *found = gale__recent_find(table, hash_of(fetch, proxy));
    return found ? GALE__CONTAINER_OF(found, kept_nonce, base) : NULL;
}

/* ---- Using ----------------------------------------------------------------------------- */

static int copy_text(gale__arena *arena, gale_str *text)
{
    if (text->data)
        text->data = gale__arena_strdup(arena, text->data, text->len);
    return arena->failed ? -ENOMEM : 0;
}

/* The entry may go while the fetch waits. */
static int copy(gale__fetch *fetch, const kept_nonce *kept, gale__authentication *authentication)
{
    gale__digest_auth *digest = &authentication->digest;
    *digest = kept->digest;
    GALE_TRY(copy_text(fetch->arena, &digest->realm));
    GALE_TRY(copy_text(fetch->arena, &digest->nonce));
    GALE_TRY(copy_text(fetch->arena, &digest->opaque));
    authentication->chosen = true;
    authentication->told = -1; /* a challenge that comes now is the first */
    return 0;
}

int gale__nonce_use(gale__fetch *fetch, gale__authentication *authentication, bool proxy)
{
    const kept_nonce *kept = find(fetch, proxy);
    if (!kept)
        return 0;
    if (!authentication->chosen)
        return copy(fetch, kept, authentication);
    if (same(kept->digest.nonce, authentication->digest.nonce))
        authentication->digest.count = kept->digest.count;
    return 0;
}

void gale__nonce_used(gale__fetch *fetch, const gale__authentication *authentication, bool proxy)
{
    kept_nonce *kept = authentication->chosen ? find(fetch, proxy) : NULL;
    if (kept && same(kept->digest.nonce, authentication->digest.nonce))
        kept->digest.count = authentication->digest.count;
}

/* ---- Keeping --------------------------------------------------------------------------- */

static void put_text(gale_str *text, char **at)
{
    if (!text->data)
        return;
    text->data = memcpy(*at, text->data, text->len);
    *at += text->len;
}

/* Without memory it is not kept. */
static void keep(gale__fetch *fetch, bool proxy, const gale__digest_auth *digest)
{
    gale__recent *table = &fetch->client->nonces;
    size_t size = digest->realm.len + digest->nonce.len + digest->opaque.len;
    if (!table->slots && gale__recent_init(table, KEPT_MOST, forget) < 0)
        return;
    kept_nonce *kept = size <= TEXTS_MOST ? gale__malloc(sizeof *kept + size) : NULL;
    uint64_t hash = kept ? hash_of(fetch, proxy) : 0;
    if (!kept || !hash) {
        gale__free(kept);
        return;
    }
    char *at = (char *)(kept + 1);
    kept->digest = *digest;
    put_text(&kept->digest.realm, &at);
    put_text(&kept->digest.nonce, &at);
    put_text(&kept->digest.opaque, &at);
    gale__recent_add(table, &kept->base, hash);
}

/* The server may name the nonce for the next request. */
static bool take_next_nonce(gale__fetch *fetch, bool proxy, gale__digest_auth *digest)
{
    const char *info = gale_http_headers_get(
        &fetch->response->headers, proxy ? "Proxy-Authentication-Info" : "Authentication-Info");
    if (!info)
        return false;
    gale_str next =
        gale__challenge_parameter(fetch->arena, (gale_str){ info, strlen(info) }, "nextnonce");
    if (!next.data || next.len > GALE__DIGEST_NONCE_MAX)
        return false;
    digest->nonce = next;
    digest->count = 0;
    digest->cnonce[0] = '\0';
    return true;
}

static void judge(gale__fetch *fetch, gale__authentication *authentication, bool proxy)
{
    gale__digest_auth *digest = &authentication->digest;
    kept_nonce *kept = find(fetch, proxy);
    bool refused = fetch->response->code == (proxy ? 407 : 401);
    bool is_kept = kept && same(kept->digest.nonce, digest->nonce);
    bool changes = !refused && take_next_nonce(fetch, proxy, digest);
    if (is_kept == !refused && !changes)
        return;
    if (kept)
        gale__recent_remove(&fetch->client->nonces, &kept->base);
    if (!refused)
        keep(fetch, proxy, digest);
}

void gale__nonces_judge(gale__fetch *fetch)
{
    if (fetch->authentication.chosen && fetch->username.data)
        judge(fetch, &fetch->authentication, false);
    if (fetch->proxy_authentication.chosen && fetch->forwarded)
        judge(fetch, &fetch->proxy_authentication, true);
}
