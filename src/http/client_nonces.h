/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The nonces of Digest that servers and proxies have given, each kept for later fetches with the
 * same name and password, which then need not be refused first (RFC 7616 §3.4, §3.5). Fetches that
 * share one count together.
 */
#ifndef GALE_HTTP_CLIENT_NONCES_H
#define GALE_HTTP_CLIENT_NONCES_H

#include "http/client.h"

/* Before credentials are written: those of a fetch that has had no challenge are made with the kept
 * nonce, and `authentication` counts on. -ENOMEM. */
int gale__nonce_use(gale__fetch *fetch, gale__authentication *authentication, bool proxy);
/* They were written. */
void gale__nonce_used(gale__fetch *fetch, const gale__authentication *authentication, bool proxy);
/* A response has come: its nonce is kept, or, if it was refused, forgotten. */
void gale__nonces_judge(gale__fetch *fetch);

#endif
