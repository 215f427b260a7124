/* SPDX-License-Identifier: Apache-2.0 */
/* Digests, HMAC, random bytes, comparison in constant time, hexadecimal digits. */
#ifndef GALE_CORE_DIGEST_H
#define GALE_CORE_DIGEST_H

#include <gale/core.h>

typedef enum gale__digest {
    GALE__SHA1,
    GALE__SHA256,
    GALE__SHA512,
    GALE__MD5,
    GALE__SHA512_256,
    GALE__DIGEST_COUNT
} gale__digest;

enum { GALE__DIGEST_MAX = 64 }; /* bytes of the longest */

/* Looks the algorithms up, which the first use does otherwise: it takes milliseconds. */
void gale__digest_load(void);

/* How many bytes a digest has. */
size_t gale__digest_size(gale__digest digest);

/* A digest in the making. */
typedef struct gale__hash {
    void *context; /* NULL once it has ended */
} gale__hash;

/* These return 0, -ENOMEM, or GALE_ENOTSUP when OpenSSL is set up without the digest. */
int gale__hash_begin(gale__hash *hash, gale__digest digest);
int gale__hash_update(gale__hash *hash, const void *data, size_t size);
/* Writes the digest and ends. */
int gale__hash_end(gale__hash *hash, unsigned char out[GALE__DIGEST_MAX]);
/* Ends without a digest; harmless when it has ended. */
void gale__hash_clear(gale__hash *hash);

/* RFC 2104. As above. */
int gale__hmac(gale__digest digest, gale_str key, gale_str text,
               unsigned char out[GALE__DIGEST_MAX]);

/* Bytes that nobody can guess. 0 or -errno. */
int gale__random(void *out, size_t size);

/* Takes the same time wherever they differ; different lengths are seen at once. */
bool gale__equal_in_constant_time(gale_str a, gale_str b);

/* Writes two lower-case digits for each byte, and no NUL. */
void gale__hex_encode(char *out, const void *data, size_t size);
/* Digits in either case; `out` has room for half of them and may be `text.data`. Returns the
 * number of bytes; GALE_EINPUT when there is anything else, or half a byte. */
int gale__hex_decode(void *out, gale_str text);

#endif
