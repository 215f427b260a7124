/* SPDX-License-Identifier: Apache-2.0 */
/* What OpenID providers say of themselves, remembered for each loop. */
#ifndef GALE_WEB_AUTH_PROVIDER_H
#define GALE_WEB_AUTH_PROVIDER_H

#include "web/auth.h"

/* What the provider of options->issuer says (Discovery §3), kept until the request ends; asked for
 * when it is not known or an hour old. Returns 0; GALE_EINVALID for an issuer that is not fit;
 * GALE_EINPUT for one that tells nonsense; or as gale__auth_ask_service. */
int gale__auth_provider_find(gale_handler *self, const gale_oidc_options *options,
                             json_t **ret_metadata);
/* The keys of its tokens (RFC 7517), a new reference; `again`: asked for once more, if the last
 * time was not just now. */
int gale__auth_provider_keys(gale_handler *self, const gale_oidc_options *options,
                             const json_t *metadata, bool again, json_t **ret_keys);

#endif
