/* SPDX-License-Identifier: Apache-2.0 */
/* What a client accepts, and how much it likes it (RFC 9110 §12.4.2, §12.5.3). */
#ifndef GALE_PROTO_ACCEPT_H
#define GALE_PROTO_ACCEPT_H

#include <gale/core.h>

/* The quality, in thousandths, of one name in a list such as Accept-Encoding; that of "*" when the
 * name is not listed; -1 when neither is. What is malformed has no quality: 0. */
int gale__http_accept_quality(gale_str list, gale_str name);

typedef enum gale__coding {
    GALE__CODING_IDENTITY,
    GALE__CODING_GZIP,
    GALE__CODING_BROTLI /* never chosen when gale was built without brotli */
} gale__coding;

/* The coding to send to a client with that Accept-Encoding, which may be empty. */
gale__coding gale__http_choose_coding(gale_str accept_encoding);
/* "gzip", "br"; NULL for identity. */
const char *gale__http_coding_name(gale__coding coding);

#endif
