/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 with its usual alphabet and padding (RFC 4648 §4), and the one for URLs without (§5). */
#ifndef GALE_CORE_BASE64_H
#define GALE_CORE_BASE64_H

#include <gale/core.h>

/* The length of `size` encoded bytes. */
static inline size_t gale__base64_size(size_t size)
{
    return (size + 2) / 3 * 4;
}

/* Writes gale__base64_size(size) bytes, and no NUL. */
void gale__base64_encode(char *out, const void *data, size_t size);
/* As Python's b64decode: bytes outside the alphabet are skipped, what follows the padding is not
 * looked at. `out` has room for text.len * 3 / 4 bytes and may be `text.data`. Returns 0; or
 * GALE_EINPUT when the padding is missing or a byte is incomplete. */
int gale__base64_decode(char *out, gale_str text, size_t *ret_size);

/* The same with "-" and "_", and without padding; returns what was written. `out` has room for
 * gale__base64_size(size) bytes. */
size_t gale__base64url_encode(char *out, const void *data, size_t size);
/* Strict: GALE_EINPUT for any other byte, for padding, and for bits that are left over (RFC 7515 §2
 * has one spelling of each value). `out` as above. */
int gale__base64url_decode(char *out, gale_str text, size_t *ret_size);

#endif
