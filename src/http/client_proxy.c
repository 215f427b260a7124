/* SPDX-License-Identifier: Apache-2.0 */
#include "http/client_proxy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/error.h"
#include "net/network.h"
#include "proto/characters.h"

enum { HTTP_PORT = 8080, SOCKS_PORT = 1080 };

static int default_port(gale_proxy_type type)
{
    return type == GALE_PROXY_HTTP ? HTTP_PORT : SOCKS_PORT;
}

static gale_str text_of(const char *text)
{
    return (gale_str){ text, strlen(text) };
}

int gale__proxy_of_options(gale__proxy *proxy, const gale_fetch_options *options)
{
    *proxy = (gale__proxy){ .host = options->proxy_host,
                            .port = options->proxy_port,
                            .type = options->proxy_type,
                            .auth_mode = options->proxy_auth_mode };
    if (proxy->port == 0)
        proxy->port = default_port(proxy->type);
    if (proxy->port < 0 || proxy->port > 65535)
        return gale__fail(GALE_EINVALID, "no port of a proxy: %d", proxy->port);
    if (options->proxy_username) {
        proxy->username = text_of(options->proxy_username);
        proxy->password = text_of(options->proxy_password ? options->proxy_password : "");
    }
    return 0;
}

/* ---- A proxy as text ------------------------------------------------------------------- */

static int find_type(gale__proxy *proxy, gale_str scheme)
{
    static const struct {
        const char *scheme;
        gale_proxy_type type;
    } types[] = { { "http", GALE_PROXY_HTTP },
                  { "socks5", GALE_PROXY_SOCKS5 },
                  { "socks5h", GALE_PROXY_SOCKS5H } };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strlen(types[i].scheme) == scheme.len &&
            memcmp(types[i].scheme, scheme.data, scheme.len) == 0) {
            proxy->type = types[i].type;
            return 0;
        }
    }
    return gale__fail(GALE_ENOTSUP, "Unsupported scheme of a proxy: %.*s", (int)scheme.len,
                      scheme.data);
}

int gale__proxy_parse(gale__proxy *proxy, gale__arena *arena, const char *text)
{
    gale__uri uri = { 0 };
    size_t size = strlen(text);
    *proxy = (gale__proxy){ 0 };
    if (!strstr(text, "://"))
        text = gale__arena_printf(arena, &size, "http://%s", text);
    if (!text)
        return -ENOMEM;
    int result = gale__uri_parse(&uri, arena, (gale_str){ text, size });
    if (result == GALE_EINVALID)
        return gale__fail(result, "malformed proxy: %s", uri.reason);
    GALE_TRY(result);
    GALE_TRY(find_type(proxy, uri.scheme));
    proxy->host = uri.host.data;
    proxy->port = uri.port > 0 ? uri.port : default_port(proxy->type);
    proxy->username = uri.username;
    proxy->password = uri.password.data ? uri.password : GALE_STR("");
    return 0;
}

/* ---- no_proxy -------------------------------------------------------------------------- */

/* "10.0.0.0/8", "::1" and the like; false when the item is none of them or too long. */
static bool contains_address(gale_str item, const char *host)
{
    char text[64];
    gale__network network;
    gale__address address;
    if (item.len >= sizeof text || !gale__address_parse(text_of(host), &address))
        return false;
    memcpy(text, item.data, item.len);
    text[item.len] = '\0';
    return gale__network_parse(text, &network) == 0 && gale__network_contains(&network, &address);
}

static bool contains_name(gale_str item, const char *host)
{
    size_t size = strlen(host);
    if (size < item.len || strncasecmp(host + size - item.len, item.data, item.len) != 0)
        return false;
    return size == item.len || host[size - item.len - 1] == '.';
}

/* Takes ":port" off the end of a name, or of an address in brackets; -1 when there is none. */
static int take_port(gale_str *item)
{
    size_t colon = item->len;
    int port = 0;
    while (colon > 0 && gale__http_is_digit(item->data[colon - 1]))
        colon--;
    if (colon < 2 || colon == item->len || item->len - colon > 5 || item->data[colon - 1] != ':')
        return -1;
    bool address = memchr(item->data, ':', colon - 1) != NULL;
    if (address && item->data[colon - 2] != ']')
        return -1;
    for (size_t i = colon; i < item->len; i++)
        port = port * 10 + (item->data[i] - '0');
    item->len = colon - 1;
    return port;
}

static bool excludes(gale_str item, const char *host, int port)
{
    if (item.len == 1 && *item.data == '*')
        return true;
    int only = take_port(&item);
    if (only >= 0 && only != port)
        return false;
    if (item.len > 2 && *item.data == '[' && item.data[item.len - 1] == ']')
        item = (gale_str){ item.data + 1, item.len - 2 };
    if (item.len && *item.data == '*')
        item = (gale_str){ item.data + 1, item.len - 1 };
    if (item.len && *item.data == '.')
        item = (gale_str){ item.data + 1, item.len - 1 };
    return item.len && (contains_name(item, host) || contains_address(item, host));
}

bool gale__proxy_excludes(const char *list, const char *host, int port)
{
    static const char separators[] = ", \t";
    for (list += strspn(list, separators); *list; list += strspn(list, separators)) {
        size_t size = strcspn(list, separators);
        if (excludes((gale_str){ list, size }, host, port))
            return true;
        list += size;
    }
    return false;
}

/* ---- The environment ------------------------------------------------------------------- */

static const char *variable(const char *lower, const char *upper)
{
    const char *value = getenv(lower);
    if (!value && upper)
        value = getenv(upper);
    return value && *value ? value : NULL;
}

bool gale__proxy_in_environment(void)
{
    return variable("http_proxy", NULL) || variable("https_proxy", "HTTPS_PROXY") ||
           variable("all_proxy", "ALL_PROXY");
}

int gale__proxy_of_environment(gale__proxy *proxy, gale__arena *arena, bool https, const char *host,
                               int port)
{
    const char *text =
        https ? variable("https_proxy", "HTTPS_PROXY") : variable("http_proxy", NULL);
    const char *none = variable("no_proxy", "NO_PROXY");
    *proxy = (gale__proxy){ 0 };
    if (!text)
        text = variable("all_proxy", "ALL_PROXY");
    if (!text || (none && gale__proxy_excludes(none, host, port)))
        return 0;
    return gale__proxy_parse(proxy, arena, text);
}
