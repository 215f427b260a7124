/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/cookie_domain.h"

#include <arpa/inet.h>
#include <string.h>

#include "proto/header_names.h"

static bool equal(gale_str a, gale_str b)
{
    return a.len == b.len && (!a.len || memcmp(a.data, b.data, a.len) == 0);
}

bool gale__cookie_host_is_address(gale_str host)
{
    char text[INET_ADDRSTRLEN];
    struct in_addr address;
    if (host.len && memchr(host.data, ':', host.len))
        return true;
    if (!host.len || host.len >= sizeof text)
        return false;
    memcpy(text, host.data, host.len);
    text[host.len] = '\0';
    return inet_pton(AF_INET, text, &address) == 1;
}

bool gale__cookie_domain_match(gale_str host, gale_str domain)
{
    if (equal(host, domain))
        return true;
    if (!domain.len || host.len <= domain.len || gale__cookie_host_is_address(host))
        return false;
    gale_str end = { host.data + host.len - domain.len, domain.len };
    return end.data[-1] == '.' && equal(end, domain);
}

static bool is_registry(gale_str label)
{
    static const char *const labels[] = { "ac",  "co", "com", "edu", "go", "gob", "gov", "ltd",
                                          "mil", "ne", "net", "nom", "or", "org", "plc", "sch" };
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
        if (gale__http_equal(label.data, label.len, labels[i], strlen(labels[i])))
            return true;
    return false;
}

bool gale__cookie_domain_is_shared(gale_str domain)
{
    enum { COUNTRY = 2 };
    size_t size = domain.len;
    if (size && domain.data[size - 1] == '.')
        size--;
    const char *dot = size ? memchr(domain.data, '.', size) : NULL;
    if (!dot)
        return true;
    gale_str first = { domain.data, (size_t)(dot - domain.data) };
    return size - first.len - 1 == COUNTRY && is_registry(first);
}

gale_str gale__cookie_default_path(gale_str path)
{
    size_t size = path.len;
    while (size > 0 && path.data[size - 1] != '/')
        size--;
    if (size <= 1 || *path.data != '/')
        return GALE_STR("/");
    return (gale_str){ path.data, size - 1 };
}

bool gale__cookie_path_match(gale_str path, gale_str cookie_path)
{
    if (path.len < cookie_path.len || !cookie_path.len ||
        memcmp(path.data, cookie_path.data, cookie_path.len) != 0)
        return false;
    return path.len == cookie_path.len || cookie_path.data[cookie_path.len - 1] == '/' ||
           path.data[cookie_path.len] == '/';
}
