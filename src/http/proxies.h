/* SPDX-License-Identifier: Apache-2.0 */
/* The proxies that a server trusts. */
#ifndef GALE_HTTP_PROXIES_H
#define GALE_HTTP_PROXIES_H

#include "net/network.h"

typedef struct gale__proxies {
    gale__network *networks;
    size_t count;
} gale__proxies;

/* From a list that NULL ends. GALE_EINVALID with its detail, or -ENOMEM; clear it then, too. */
int gale__proxies_parse(gale__proxies *proxies, const char *const *list);
void gale__proxies_clear(gale__proxies *proxies);
bool gale__proxies_trust(const gale__proxies *proxies, const gale__address *address);

/* The last element of a list with commas, trimmed; *list becomes what stands before it, its `data`
 * NULL for nothing. */
gale_str gale__cut_last(gale_str *list);

#endif
