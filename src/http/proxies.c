/* SPDX-License-Identifier: Apache-2.0 */
/* What trusted proxies say of the client: its address, its scheme, the host that it asked for. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "core/error.h"
#include "http/http_server.h"
#include "proto/characters.h"
#include "proto/forwarded.h"
#include "proto/host.h"

enum { HOPS_MAX = 32 };

/* ---- The list -------------------------------------------------------------------------- */

int gale__proxies_parse(gale__proxies *proxies, const char *const *list)
{
    size_t count = 0;
    while (list && list[count])
        count++;
    if (count == 0)
        return 0;
    proxies->networks = gale__calloc(count, sizeof(gale__network));
    if (!proxies->networks)
        return -ENOMEM;
    for (; proxies->count < count; proxies->count++)
        GALE_TRY(gale__network_parse(list[proxies->count], &proxies->networks[proxies->count]));
    return 0;
}

void gale__proxies_clear(gale__proxies *proxies)
{
    gale__free(proxies->networks);
    *proxies = (gale__proxies){ 0 };
}

bool gale__proxies_trust(const gale__proxies *proxies, const gale__address *address)
{
    for (size_t i = 0; i < proxies->count; i++)
        if (gale__network_contains(&proxies->networks[i], address))
            return true;
    return false;
}

/* ---- Believing ------------------------------------------------------------------------- */

static int set_address(gale_http_server_request *request, const gale__address *address)
{
    char text[INET6_ADDRSTRLEN];
    size_t size = gale__address_text(address, text);
    const char *copy = gale__arena_strdup(request->arena, text, size);
    if (!copy)
        return -ENOMEM;
    request->remote_ip = copy;
    return 0;
}

static void set_protocol(gale_http_server_request *request, gale_str protocol)
{
    if (protocol.len == 4 && memcmp(protocol.data, "http", 4) == 0)
        request->protocol = "http";
    else if (protocol.len == 5 && memcmp(protocol.data, "https", 5) == 0)
        request->protocol = "https";
}

static int set_host(gale_http_server_request *request, gale_str host)
{
    if (!host.len || !gale__http_host_valid(host))
        return 0;
    const char *copy = gale__arena_strdup(request->arena, host.data, host.len);
    if (!copy)
        return -ENOMEM;
    request->framing.host = (gale_str){ copy, host.len };
    return 0;
}

/* ---- X-Forwarded-* --------------------------------------------------------------------- */

gale_str gale__cut_last(gale_str *list)
{
    const char *comma = list->len ? memrchr(list->data, ',', list->len) : NULL;
    gale_str last = *list;
    if (comma) {
        last = (gale_str){ comma + 1, list->len - (size_t)(comma + 1 - list->data) };
        list->len = (size_t)(comma - list->data);
    } else {
        *list = (gale_str){ NULL, 0 };
    }
    return gale__http_trim(last);
}

static gale_str header(gale_http_server_request *request, const char *name)
{
    const char *value = gale_http_headers_get(&request->headers, name);
    return (gale_str){ value, value ? strlen(value) : 0 };
}

/* From the nearest hop outwards, as far as each is trusted by the one before. */
static int apply_x_forwarded(gale_http_server_request *request, const gale__proxies *proxies)
{
    gale_str list = header(request, "X-Forwarded-For");
    gale_str protocols = header(request, "X-Forwarded-Proto");
    gale_str hosts = header(request, "X-Forwarded-Host");
    gale__address client, hop;
    bool known = false, further = list.data != NULL;
    while (further && gale__address_parse(gale__cut_last(&list), &hop)) {
        client = hop;
        known = true;
        further = list.data && gale__proxies_trust(proxies, &client);
    }
    if (protocols.data)
        set_protocol(request, gale__cut_last(&protocols));
    if (hosts.data)
        GALE_TRY(set_host(request, gale__cut_last(&hosts)));
    return known ? set_address(request, &client) : 0;
}

/* ---- Forwarded ------------------------------------------------------------------------- */

/* All elements; 0 when the header is absent, malformed or too long. */
static size_t read_elements(gale_str value, gale__forwarded elements[HOPS_MAX])
{
    size_t count = 0;
    gale__forwarded element;
    int result;
    while ((result = gale__forwarded_next(&value, &element)) > 0) {
        if (count == HOPS_MAX)
            return 0;
        elements[count++] = element;
    }
    return result < 0 ? 0 : count;
}

static int apply_forwarded(gale_http_server_request *request, const gale__proxies *proxies)
{
    gale__forwarded elements[HOPS_MAX];
    size_t count = read_elements(header(request, "Forwarded"), elements);
    bool further = true;
    for (size_t i = count; i > 0 && further; i--) {
        const gale__forwarded *element = &elements[i - 1];
        gale__address hop;
        set_protocol(request, element->protocol);
        GALE_TRY(set_host(request, element->host));
        further = gale__address_parse(gale__forwarded_address(element->node), &hop);
        if (further) {
            GALE_TRY(set_address(request, &hop));
            further = gale__proxies_trust(proxies, &hop);
        }
    }
    return 0;
}

int gale__http_apply_proxies(gale_http_server_request *request, const gale_http_server *server)
{
    const gale__proxies *proxies = &server->proxies;
    if (server->options.xheaders)
        return gale__http_apply_xheaders(request, &server->options);
    if (!gale__proxies_trust(proxies, &request->peer))
        return 0;
    switch (server->options.proxy_header) {
    case GALE_PROXY_X_FORWARDED:
        return apply_x_forwarded(request, proxies);
    case GALE_PROXY_FORWARDED:
        return apply_forwarded(request, proxies);
    case GALE_PROXY_NO_HEADER:
        break;
    }
    return 0;
}
