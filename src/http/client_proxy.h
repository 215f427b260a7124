/* SPDX-License-Identifier: Apache-2.0 */
/* Which proxy a fetch goes through: that of its options, or of the environment. */
#ifndef GALE_HTTP_CLIENT_PROXY_H
#define GALE_HTTP_CLIENT_PROXY_H

#include <gale/httpclient.h>

#include "proto/uri.h"

typedef struct gale__proxy {
    const char *host; /* NULL: none */
    int port;
    gale_proxy_type type;
    gale_str username, password; /* username.data is NULL when there is none */
    gale_auth_mode auth_mode;
} gale__proxy;

/* Of the options; GALE_EINVALID for those that do not fit together. */
int gale__proxy_of_options(gale__proxy *proxy, const gale_fetch_options *options);
/* Of a text as in the environment: "host:3128", "http://user:password@host:3128/", "socks5://host",
 * "socks5h://host". GALE_EINVALID, GALE_ENOTSUP, -ENOMEM. */
int gale__proxy_parse(gale__proxy *proxy, gale__arena *arena, const char *text);
/* True when `list`, as in no_proxy, names the host: names with all that is within them, addresses,
 * networks (10.0.0.0/8), each with ":port" or without, and "*". */
bool gale__proxy_excludes(const char *list, const char *host, int port);
/* True when there is one in the environment at all. */
bool gale__proxy_in_environment(void);
/* Of http_proxy (in lower case only: HTTP_PROXY is set by the Proxy header of a CGI request),
 * https_proxy, all_proxy, no_proxy. */
int gale__proxy_of_environment(gale__proxy *proxy, gale__arena *arena, bool https, const char *host,
                               int port);

#endif
