/* SPDX-License-Identifier: Apache-2.0 */
#include "http/client_tunnel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "core/error.h"
#include "net/socks5.h"

enum { HEAD_MAX = 65536 };

/* ---- SOCKS ----------------------------------------------------------------------------- */

static int open_socks(gale__fetch *fetch, gale_iostream *stream)
{
    const gale__proxy *proxy = &fetch->proxy;
    gale__socks5 target = { .username = proxy->username,
                            .password = proxy->password,
                            .host = fetch->uri.host.data,
                            .port = gale__fetch_port(fetch) };
    gale_address address;
    if (proxy->type == GALE_PROXY_SOCKS5) {
        GALE_TRY(gale_resolver_resolve(fetch->resolver, target.host, target.port,
                                       fetch->options->no_ipv6 ? AF_INET : 0, &address, 1));
        target.address = &address;
    }
    return gale__socks5_connect(stream, &target);
}

/* ---- CONNECT (RFC 9110 §9.3.6) --------------------------------------------------------- */

static int write_connect(gale__fetch *fetch, gale_iostream *stream, gale_str authority)
{
    const gale__proxy *proxy = &fetch->proxy;
    const char *credentials = NULL, *agent = fetch->options->user_agent;
    const gale__digest_request request = { GALE_STR("CONNECT"), authority, proxy->username,
                                           proxy->password };
    size_t size;
    if (proxy->username.data)
        GALE_TRY(proxy->auth_mode == GALE_AUTH_BASIC
                     ? gale__basic_credentials(fetch->arena, proxy->username, proxy->password,
                                               &credentials)
                     : gale__digest_credentials(&fetch->proxy_authentication, fetch->arena,
                                                &request, &credentials));
    char *head = gale__arena_printf(
        fetch->arena, &size, "CONNECT %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\n%s%s%s\r\n",
        authority.data, authority.data, agent ? agent : "gale/" GALE_VERSION,
        credentials ? "Proxy-Authorization: " : "", credentials ? credentials : "",
        credentials ? "\r\n" : "");
    return head ? gale_iostream_write(stream, head, size) : -ENOMEM;
}

static int parse_head(gale__fetch *fetch, gale_str data, gale__http1_response *out,
                      gale_http_headers *headers)
{
    gale__http1_framing framing = { 0 };
    int size = gale__http1_frame(&framing, data.data, data.len);
    if (size <= 0)
        return gale__fail(GALE_EINPUT, "malformed answer of the proxy");
    char *head = gale__http1_head_copy(fetch->arena, data.data + framing.skip, (size_t)size);
    if (!head)
        return -ENOMEM;
    gale__http_headers_init(headers, fetch->arena);
    int result = gale__http1_parse_response(out, headers, head, (size_t)size);
    return result == GALE_EINPUT
               ? gale__fail(result, "malformed answer of the proxy: %s", out->reason)
               : result;
}

/* The final answer, after any 1xx. */
static int read_answer(gale__fetch *fetch, gale_iostream *stream, gale__http1_response *out,
                       gale_http_headers *headers)
{
    enum { INFORMATIONAL_MAX = 10 };
    for (int i = 0; i < INFORMATIONAL_MAX; i++) {
        gale_str data;
        int result = gale_iostream_read_until(stream, "\r\n\r\n", HEAD_MAX, &data);
        if (result == GALE_ECLOSED)
            return gale__fail(result, "the proxy has closed the connection");
        GALE_TRY(result);
        GALE_TRY(parse_head(fetch, data, out, headers));
        if (out->code >= 200)
            return 0;
    }
    return gale__fail(GALE_EINPUT, "the proxy does not come to an answer");
}

static int refuse(gale__fetch *fetch, const gale__http1_response *answer,
                  gale_http_headers *headers)
{
    gale__authentication *authentication = &fetch->proxy_authentication;
    gale__digest_auth digest;
    if (answer->code != 407)
        return gale__fail(-ECONNREFUSED, "the proxy refuses to connect: HTTP %d %s", answer->code,
                          answer->phrase.data);
    if (fetch->proxy.username.data && fetch->proxy.auth_mode == GALE_AUTH_DIGEST) {
        int result = gale__digest_choose(authentication, fetch->arena, headers,
                                         "Proxy-Authenticate", &digest);
        if (result != 0) {
            authentication->digest = digest;
            authentication->chosen = result > 0;
            return result;
        }
    }
    return gale__fail(-EACCES, "the proxy wants %s credentials: HTTP 407",
                      fetch->proxy.username.data ? "other" : "");
}

static int open_http(gale__fetch *fetch, gale_iostream *stream)
{
    gale__http1_response answer;
    gale_http_headers headers;
    gale_str authority;
    bool ipv6 = memchr(fetch->uri.host.data, ':', fetch->uri.host.len) != NULL;
    authority.data = gale__arena_printf(fetch->arena, &authority.len, ipv6 ? "[%s]:%d" : "%s:%d",
                                        fetch->uri.host.data, gale__fetch_port(fetch));
    if (!authority.data)
        return -ENOMEM;
    GALE_TRY(write_connect(fetch, stream, authority));
    GALE_TRY(read_answer(fetch, stream, &answer, &headers));
    return answer.code < 300 ? 0 : refuse(fetch, &answer, &headers);
}

int gale__client_tunnel(gale__fetch *fetch, gale_iostream *stream)
{
    return fetch->proxy.type == GALE_PROXY_HTTP ? open_http(fetch, stream)
                                                : open_socks(fetch, stream);
}
