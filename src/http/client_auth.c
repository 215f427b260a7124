/* SPDX-License-Identifier: Apache-2.0 */
/* Names and passwords: Basic is told at once; for Digest the server, or the proxy, is asked for a
 * challenge first, and its nonce is used for what follows, redirects and other fetches. */
#include <errno.h>
#include <string.h>

#include "core/base64.h"
#include "core/error.h"
#include "http/client_nonces.h"

/* ---- Basic ----------------------------------------------------------------------------- */

int gale__basic_credentials(gale__arena *arena, gale_str username, gale_str password,
                            const char **ret)
{
    static const char basic[] = "Basic ";
    enum { BASIC = sizeof basic - 1 };
    size_t size = username.len + 1 + password.len;
    char *text = gale__arena_alloc(arena, size);
    char *value = gale__arena_alloc(arena, BASIC + gale__base64_size(size) + 1);
    if (!text || !value)
        return -ENOMEM;
    memcpy(text, username.data, username.len);
    text[username.len] = ':';
    memcpy(text + username.len + 1, password.data, password.len);
    memcpy(value, basic, BASIC);
    gale__base64_encode(value + BASIC, text, size);
    value[BASIC + gale__base64_size(size)] = '\0';
    *ret = value;
    return 0;
}

/* ---- Digest ---------------------------------------------------------------------------- */

int gale__digest_credentials(gale__authentication *self, gale__arena *arena,
                             const gale__digest_request *request, const char **ret)
{
    gale__buffer out;
    *ret = NULL;
    if (!self->chosen)
        return 0;
    gale__buffer_init(&out, SIZE_MAX / 2);
    int result = gale__digest_auth_write(&self->digest, request, &out);
    gale_str text = gale__buffer_str(&out);
    if (result == 0) {
        *ret = gale__arena_strdup(arena, text.data, text.len);
        result = *ret ? 0 : -ENOMEM;
    }
    gale__buffer_clear(&out);
    self->told++;
    return result;
}

/* Credentials that were refused are not told again, unless only the nonce was too old; and a server
 * whose nonces are always too old is not believed for ever. */
int gale__digest_choose(const gale__authentication *self, gale__arena *arena,
                        gale_http_headers *headers, const char *name, gale__digest_auth *ret)
{
    enum { TOLD_MAX = 4 };
    const char *header = gale_http_headers_get(headers, name);
    if (!header || self->told >= TOLD_MAX)
        return 0;
    int result = gale__digest_auth_choose(ret, arena, (gale_str){ header, strlen(header) });
    return result > 0 && self->told > 0 && !ret->stale ? 0 : result;
}

/* ---- In a fetch ------------------------------------------------------------------------ */

static bool asks_proxy(const gale__fetch *fetch)
{
    return fetch->response->code == 407;
}

/* 1 when the response is a challenge that is answered with another request; `ret` is it. */
static int read_challenge(const gale__fetch *fetch, gale__digest_auth *ret)
{
    gale_http_response *response = fetch->response;
    bool proxy = asks_proxy(fetch);
    if (fetch->body_started)
        return 0;
    if (proxy ? !fetch->forwarded || !fetch->proxy.username.data ||
                    fetch->proxy.auth_mode != GALE_AUTH_DIGEST
              : response->code != 401 || !fetch->username.data ||
                    fetch->options->auth_mode != GALE_AUTH_DIGEST)
        return 0;
    return gale__digest_choose(proxy ? &fetch->proxy_authentication : &fetch->authentication,
                               fetch->arena, &response->headers,
                               proxy ? "Proxy-Authenticate" : "WWW-Authenticate", ret);
}

bool gale__fetch_is_challenge(const gale__fetch *fetch)
{
    gale__digest_auth ignored;
    return read_challenge(fetch, &ignored) > 0;
}

int gale__fetch_take_challenge(gale__fetch *fetch)
{
    gale__authentication *authentication =
        asks_proxy(fetch) ? &fetch->proxy_authentication : &fetch->authentication;
    GALE_TRY(read_challenge(fetch, &authentication->digest));
    authentication->chosen = true;
    gale__http_response_clear(fetch->response);
    return 0;
}

static int digest(gale__fetch *fetch, bool proxy, gale_str username, gale_str password,
                  const char **ret)
{
    const gale__digest_request request = { fetch->method, fetch->uri.target, username, password };
    gale__authentication *authentication =
        proxy ? &fetch->proxy_authentication : &fetch->authentication;
    GALE_TRY(gale__nonce_use(fetch, authentication, proxy));
    GALE_TRY(gale__digest_credentials(authentication, fetch->arena, &request, ret));
    gale__nonce_used(fetch, authentication, proxy);
    return 0;
}

static int authorize(gale__fetch *fetch, bool proxy, gale_auth_mode mode, gale_str username,
                     gale_str password, const char **ret)
{
    *ret = NULL;
    if (!username.data)
        return 0;
    return mode == GALE_AUTH_BASIC ? gale__basic_credentials(fetch->arena, username, password, ret)
                                   : digest(fetch, proxy, username, password, ret);
}

int gale__fetch_authorize(gale__fetch *fetch)
{
    const gale__proxy *proxy = &fetch->proxy;
    GALE_TRY(authorize(fetch, false, fetch->options->auth_mode, fetch->username, fetch->password,
                       &fetch->authorization));
    fetch->proxy_authorization = NULL;
    return fetch->forwarded ? authorize(fetch, true, proxy->auth_mode, proxy->username,
                                        proxy->password, &fetch->proxy_authorization)
                            : 0;
}
