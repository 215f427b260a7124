/* SPDX-License-Identifier: Apache-2.0 */
/* Which hosts a cookie of a domain goes to, and which paths (RFC 6265 §5.1.3, §5.1.4). */
#ifndef GALE_PROTO_COOKIE_DOMAIN_H
#define GALE_PROTO_COOKIE_DOMAIN_H

#include <gale/core.h>

/* Both in lower case. True when they are the same, or the host is a name within the domain. */
bool gale__cookie_domain_match(gale_str host, gale_str domain);
/* True for a host that is an IPv4 or IPv6 address, without brackets: it is within no domain. */
bool gale__cookie_host_is_address(gale_str host);
/*
 * True for what nobody owns as a whole, as far as that can be seen without the list of public
 * suffixes: a name without a dot ("com"), and "co", "com", "org" and the like under a country
 * ("co.uk"). Cookies for all hosts within it would reach strangers.
 */
bool gale__cookie_domain_is_shared(gale_str domain);
/* The path of cookies that name none: that of the request up to its last "/". */
gale_str gale__cookie_default_path(gale_str path);
/* True when the request's path is the cookie's, or within it. */
bool gale__cookie_path_match(gale_str path, gale_str cookie_path);

#endif
