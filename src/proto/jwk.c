/* SPDX-License-Identifier: Apache-2.0 */
/* Keys, and the signatures that they verify (RFC 7518 §3.3, §3.4, §6). */
#include <errno.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "core/base64.h"
#include "core/error.h"
#include "core/memory.h"
#include "proto/jwt.h"

enum {
    RSA_LEAST = 256, /* bytes: RFC 7518 §3.3 */
    RSA_MOST = 1024, /* larger ones only cost time */
    POINT_SIZE = 32, /* of a coordinate of P-256 */
    KEYS_TRIED = 8   /* when the token does not say which */
};

static bool says(const json_t *object, const char *name, const char *text)
{
    const char *its = json_string_value(json_object_get(object, name));
    return its && strcmp(its, text) == 0;
}

/* The bytes of a member in base64url; how many, or 0 when there are not between `least` and
 * `most`. */
static size_t bytes_of(const json_t *key, const char *name, unsigned char *out, size_t least,
                       size_t most)
{
    const json_t *text = json_object_get(key, name);
    gale_str encoded = { json_string_value(text), json_string_length(text) };
    size_t size;
    if (!encoded.data || encoded.len > (most * 4 + 2) / 3 ||
        gale__base64url_decode((char *)out, encoded, &size) < 0 || size < least || size > most)
        return 0;
    return size;
}

/* ---- Keys for OpenSSL ------------------------------------------------------------------ */

static EVP_PKEY *make_key(const char *type, OSSL_PARAM_BLD *builder)
{
    EVP_PKEY *key = NULL;
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (!parameters || !context || EVP_PKEY_fromdata_init(context) <= 0 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) <= 0)
        key = NULL;
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(parameters);
    return key;
}

/* NULL when it is not fit for use. */
static EVP_PKEY *rsa_key(const json_t *jwk)
{
    unsigned char modulus[RSA_MOST], exponent[8];
    size_t modulus_size = bytes_of(jwk, "n", modulus, RSA_LEAST, RSA_MOST);
    size_t exponent_size = bytes_of(jwk, "e", exponent, 1, sizeof exponent);
    if (!modulus_size || !exponent_size)
        return NULL;
    EVP_PKEY *key = NULL;
    BIGNUM *n = BN_bin2bn(modulus, (int)modulus_size, NULL);
    BIGNUM *e = BN_bin2bn(exponent, (int)exponent_size, NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    if (n && e && builder && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e))
        key = make_key("RSA", builder);
    OSSL_PARAM_BLD_free(builder);
    BN_free(n);
    BN_free(e);
    return key;
}

static EVP_PKEY *p256_key(const json_t *jwk)
{
    unsigned char point[1 + 2 * POINT_SIZE] = { POINT_CONVERSION_UNCOMPRESSED };
    if (!says(jwk, "crv", "P-256") || !bytes_of(jwk, "x", point + 1, POINT_SIZE, POINT_SIZE) ||
        !bytes_of(jwk, "y", point + 1 + POINT_SIZE, POINT_SIZE, POINT_SIZE))
        return NULL;
    EVP_PKEY *key = NULL;
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    if (builder &&
        OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) &&
        OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point))
        key = make_key("EC", builder);
    OSSL_PARAM_BLD_free(builder);
    return key;
}

/* ---- Signatures ------------------------------------------------------------------------ */

static bool is_signature(EVP_PKEY *key, gale_str text, const unsigned char *signature, size_t size)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good =
        context && EVP_DigestVerifyInit_ex(context, NULL, "SHA256", NULL, NULL, key, NULL) > 0 &&
        EVP_DigestVerify(context, signature, size, (const unsigned char *)text.data, text.len) == 1;
    EVP_MD_CTX_free(context);
    return good;
}

/* OpenSSL wants the two numbers in DER. */
static bool is_p256_signature(EVP_PKEY *key, gale_str text, gale_str signature)
{
    const unsigned char *numbers = (const unsigned char *)signature.data;
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(numbers, POINT_SIZE, NULL);
    BIGNUM *s = BN_bin2bn(numbers + POINT_SIZE, POINT_SIZE, NULL);
    unsigned char *der = NULL;
    bool good = false;
    if (pair && r && s && ECDSA_SIG_set0(pair, r, s)) {
        r = s = NULL;
        int size = i2d_ECDSA_SIG(pair, &der);
        good = size > 0 && is_signature(key, text, der, (size_t)size);
    }
    OPENSSL_free(der);
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(pair);
    return good;
}

/* ---- Algorithms ------------------------------------------------------------------------ */

typedef struct algorithm {
    const char *name, *key_type;
    EVP_PKEY *(*make_key)(const json_t *jwk);
    size_t signature_size; /* 0: that of the key */
} algorithm;

static const algorithm algorithms[] = { { "RS256", "RSA", rsa_key, 0 },
                                        { "ES256", "EC", p256_key, 2 * POINT_SIZE } };

static const algorithm *algorithm_of(const gale__jwt *jwt)
{
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++)
        if (says(jwt->header, "alg", algorithms[i].name))
            return &algorithms[i];
    return NULL;
}

/* Whether the key is there to verify such tokens. */
static bool is_meant(const gale__jwt *jwt, const algorithm *with, const json_t *jwk)
{
    const char *id = json_string_value(json_object_get(jwt->header, "kid"));
    if (id && !says(jwk, "kid", id))
        return false;
    if (json_object_get(jwk, "use") && !says(jwk, "use", "sig"))
        return false;
    if (json_object_get(jwk, "alg") && !says(jwk, "alg", with->name))
        return false;
    return says(jwk, "kty", with->key_type);
}

static bool has_signed(const gale__jwt *jwt, const algorithm *with, const json_t *jwk)
{
    gale_str signature = jwt->signature;
    if (with->signature_size && signature.len != with->signature_size)
        return false;
    EVP_PKEY *key = with->make_key(jwk);
    if (!key)
        return false;
    bool good =
        with->signature_size
            ? is_p256_signature(key, jwt->to_sign, signature)
            : is_signature(key, jwt->to_sign, (const unsigned char *)signature.data, signature.len);
    EVP_PKEY_free(key);
    return good;
}

int gale__jwt_verify(const gale__jwt *jwt, const json_t *key_set)
{
    const algorithm *with = algorithm_of(jwt);
    const json_t *keys = json_object_get(key_set, "keys");
    size_t tried = 0, count = json_array_size(keys);
    bool good = false;
    if (!with)
        return gale__fail(GALE_EINPUT, "the token is signed with neither RS256 nor ES256");
    for (size_t i = 0; i < count && tried < KEYS_TRIED && !good; i++) {
        const json_t *jwk = json_array_get(keys, i);
        if (!is_meant(jwt, with, jwk))
            continue;
        tried++;
        good = has_signed(jwt, with, jwk);
    }
    ERR_clear_error();
    if (good)
        return 0;
    return tried ? gale__fail(GALE_EINPUT, "the signature of the token is wrong")
                 : gale__fail(GALE_ENOTFOUND, "the token is signed with a key that is not known");
}
