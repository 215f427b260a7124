/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL's algorithms are looked up once: a fetch takes longer than the digest of a cookie. */
#include "core/digest.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sys/random.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "core/error.h"

static const struct {
    const char *name;
    size_t size;
} digests[GALE__DIGEST_COUNT] = {
    { "SHA1", 20 }, { "SHA256", 32 }, { "SHA512", 64 }, { "MD5", 16 }, { "SHA512-256", 32 }
};

static EVP_MD *algorithms[GALE__DIGEST_COUNT];       /* NULL: there is none */
static EVP_MAC_CTX *hmac_models[GALE__DIGEST_COUNT]; /* copied for each use */

static void load(void)
{
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    for (int i = 0; i < GALE__DIGEST_COUNT; i++) {
        OSSL_PARAM parameters[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
                                                                     (char *)digests[i].name, 0),
                                    OSSL_PARAM_construct_end() };
        algorithms[i] = EVP_MD_fetch(NULL, digests[i].name, NULL);
        hmac_models[i] = hmac ? EVP_MAC_CTX_new(hmac) : NULL;
        if (!EVP_MAC_CTX_set_params(hmac_models[i], parameters)) {
            EVP_MAC_CTX_free(hmac_models[i]);
            hmac_models[i] = NULL;
        }
    }
    EVP_MAC_free(hmac); /* the models hold it */
}

void gale__digest_load(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
}

static int no_digest(gale__digest digest)
{
    return gale__fail(GALE_ENOTSUP, "OpenSSL is set up without %s", digests[digest].name);
}

size_t gale__digest_size(gale__digest digest)
{
    return digests[digest].size;
}

int gale__hash_begin(gale__hash *hash, gale__digest digest)
{
    gale__digest_load();
    hash->context = NULL;
    if (!algorithms[digest])
        return no_digest(digest);
    hash->context = EVP_MD_CTX_new();
    if (hash->context && EVP_DigestInit_ex2(hash->context, algorithms[digest], NULL))
        return 0;
    gale__hash_clear(hash);
    return -ENOMEM;
}

int gale__hash_update(gale__hash *hash, const void *data, size_t size)
{
    return EVP_DigestUpdate(hash->context, data, size) ? 0 : -ENOMEM;
}

int gale__hash_end(gale__hash *hash, unsigned char out[GALE__DIGEST_MAX])
{
    int done = EVP_DigestFinal_ex(hash->context, out, NULL);
    gale__hash_clear(hash);
    return done ? 0 : -ENOMEM;
}

void gale__hash_clear(gale__hash *hash)
{
    EVP_MD_CTX_free(hash->context);
    hash->context = NULL;
}

int gale__hmac(gale__digest digest, gale_str key, gale_str text,
               unsigned char out[GALE__DIGEST_MAX])
{
    gale__digest_load();
    if (!hmac_models[digest])
        return no_digest(digest);
    EVP_MAC_CTX *context = EVP_MAC_CTX_dup(hmac_models[digest]);
    int done = context && EVP_MAC_init(context, (const unsigned char *)key.data, key.len, NULL) &&
               EVP_MAC_update(context, (const unsigned char *)text.data, text.len) &&
               EVP_MAC_final(context, out, NULL, GALE__DIGEST_MAX);
    EVP_MAC_CTX_free(context);
    return done ? 0 : -ENOMEM;
}

int gale__random(void *out, size_t size)
{
    for (size_t have = 0; have < size;) {
        ssize_t got = getrandom((char *)out + have, size - have, 0);
        if (got < 0 && errno != EINTR)
            return gale__fail(-errno, "getrandom");
        if (got > 0)
            have += (size_t)got;
    }
    return 0;
}

bool gale__equal_in_constant_time(gale_str a, gale_str b)
{
    return a.len == b.len && CRYPTO_memcmp(a.data, b.data, a.len) == 0;
}

void gale__hex_encode(char *out, const void *data, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *bytes = data;
    for (size_t i = 0; i < size; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
}

static int digit_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    int letter = digit | 0x20;
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

int gale__hex_decode(void *out, gale_str text)
{
    unsigned char *bytes = out;
    if (text.len % 2 || text.len / 2 > INT_MAX)
        return GALE_EINPUT;
    for (size_t i = 0; i < text.len; i += 2) {
        int high = digit_value(text.data[i]), low = digit_value(text.data[i + 1]);
        if (high < 0 || low < 0)
            return GALE_EINPUT;
        bytes[i / 2] = (unsigned char)(high << 4 | low);
    }
    return (int)(text.len / 2);
}
