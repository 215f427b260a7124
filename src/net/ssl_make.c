/* SPDX-License-Identifier: Apache-2.0 */
#include "net/ssl_make.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "core/buffer.h"
#include "core/digest.h"
#include "core/error.h"
#include "net/ssl_context.h"

typedef struct maker {
    X509 *certificate;
    EVP_PKEY *key;
    X509 *issuer; /* NULL: itself */
    EVP_PKEY *issuer_key;
} maker;

/* ---- Parts of a certificate ------------------------------------------------------------ */

static int set_serial(X509 *certificate)
{
    unsigned char number[16];
    GALE_TRY(gale__random(number, sizeof number));
    number[0] = (unsigned char)(number[0] & 0x7f) | 0x40;
    BIGNUM *big = BN_bin2bn(number, sizeof number, NULL);
    int done = big && BN_to_ASN1_INTEGER(big, X509_get_serialNumber(certificate));
    BN_free(big);
    return done ? 0 : -ENOMEM;
}

static int add_extension(const maker *self, int kind, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, self->issuer ? self->issuer : self->certificate, self->certificate,
                   NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_nconf_nid(NULL, &context, kind, value);
    int done = extension && X509_add_ext(self->certificate, extension, -1);
    X509_EXTENSION_free(extension);
    return done ? 0 : gale__ssl_fail("cannot make a certificate");
}

static bool is_name_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_' || byte == '*';
}

static int append_name(gale__buffer *out, const char *name)
{
    unsigned char ip[16];
    bool literal = inet_pton(AF_INET, name, ip) == 1 || inet_pton(AF_INET6, name, ip) == 1;
    for (const char *at = name; *at && !literal; at++)
        if (!is_name_byte(*at))
            return gale__fail(GALE_EINVALID, "\"%s\" is no host name", name);
    return gale__buffer_printf(out, "%s%s:%s", out->size ? "," : "", literal ? "IP" : "DNS", name);
}

static int append_names(gale__buffer *out, const char *names)
{
    char name[256];
    while (*names) {
        size_t size = strcspn(names, ", ");
        if (size >= sizeof name)
            return gale__fail(GALE_EINVALID, "a host name is too long");
        memcpy(name, names, size);
        name[size] = '\0';
        if (size > 0)
            GALE_TRY(append_name(out, name));
        names += size + strspn(names + size, ", ");
    }
    return 0;
}

static int add_names(const maker *self, const char *names)
{
    gale__buffer text;
    gale__buffer_init(&text, 65536);
    int result = append_names(&text, names);
    if (result >= 0 && text.size > 0)
        result = add_extension(self, NID_subject_alt_name, gale__buffer_begin(&text));
    gale__buffer_clear(&text);
    return result;
}

static int set_names(const maker *self, const gale__ssl_request *request)
{
    const unsigned char *text = (const unsigned char *)request->common_name;
    X509_NAME *name = X509_get_subject_name(self->certificate);
    const X509 *issuer = self->issuer ? self->issuer : self->certificate;
    int done = X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, text, -1, -1, 0) &&
               X509_set_issuer_name(self->certificate, X509_get_subject_name(issuer));
    if (!done)
        return gale__ssl_fail("cannot make a certificate");
    return request->names ? add_names(self, request->names) : 0;
}

static int set_validity(const maker *self, const gale__ssl_request *request)
{
    return X509_time_adj_ex(X509_getm_notBefore(self->certificate), request->first_day, 0, NULL) &&
                   X509_time_adj_ex(X509_getm_notAfter(self->certificate), request->last_day, 0,
                                    NULL)
               ? 0
               : -ENOMEM;
}

static int fill(const maker *self, const gale__ssl_request *request)
{
    X509_set_version(self->certificate, X509_VERSION_3);
    GALE_TRY(set_serial(self->certificate));
    GALE_TRY(set_validity(self, request));
    if (!X509_set_pubkey(self->certificate, self->key))
        return gale__ssl_fail("cannot make a certificate");
    GALE_TRY(set_names(self, request));
    GALE_TRY(add_extension(self, NID_basic_constraints,
                           request->authority ? "critical,CA:TRUE" : "critical,CA:FALSE"));
    GALE_TRY(add_extension(self, NID_subject_key_identifier, "hash"));
    return X509_sign(self->certificate, self->issuer ? self->issuer_key : self->key, EVP_sha256())
               ? 0
               : gale__ssl_fail("cannot sign a certificate");
}

/* ---- Reading the issuer, writing the result --------------------------------------------- */

static int read_issuer(maker *self, const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    self->issuer = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    self->issuer_key = self->issuer ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    return self->issuer_key ? 0 : gale__ssl_fail("bad issuer");
}

static int write_pem(const maker *self, gale_bytes **ret_pem)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text;
    if (bio && PEM_write_bio_X509(bio, self->certificate) &&
        PEM_write_bio_PrivateKey(bio, self->key, NULL, NULL, 0, NULL, NULL)) {
        long size = BIO_get_mem_data(bio, &text);
        *ret_pem = gale_bytes_new(text, (size_t)size);
    }
    BIO_free(bio);
    return *ret_pem ? 0 : -ENOMEM;
}

int gale__ssl_make(const gale__ssl_request *request, gale_bytes **ret_pem)
{
    maker self = { 0 };
    ERR_clear_error();
    *ret_pem = NULL;
    int result = request->issuer ? read_issuer(&self, request->issuer) : 0;
    self.certificate = X509_new();
    self.key = EVP_EC_gen("P-256");
    if (result == 0 && (!self.certificate || !self.key))
        result = gale__ssl_fail("cannot make a key");
    if (result == 0)
        result = fill(&self, request);
    if (result == 0)
        result = write_pem(&self, ret_pem);
    X509_free(self.certificate);
    EVP_PKEY_free(self.key);
    X509_free(self.issuer);
    EVP_PKEY_free(self.issuer_key);
    ERR_clear_error();
    return result;
}

int gale_ssl_self_signed(const char *names, gale_bytes **ret_pem)
{
    const gale__ssl_request request = { .common_name = "gale",
                                        .names = names ? names : "localhost,127.0.0.1,::1",
                                        .authority = true,
                                        .first_day = -1,
                                        .last_day = 90 };
    return gale__ssl_make(&request, ret_pem);
}
