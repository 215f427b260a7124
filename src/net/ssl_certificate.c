/* SPDX-License-Identifier: Apache-2.0 */
/* A peer's certificate as JSON, in the form of Python's getpeercert. */
#include <arpa/inet.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "net/tls.h"

/* Adds [[name, value]]: one relative distinguished name. */
static void add_name_entry(json_t *list, const X509_NAME_ENTRY *entry)
{
    unsigned char *text = NULL;
    int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(entry));
    const char *type = OBJ_nid2ln(OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry)));
    if (size >= 0)
        json_array_append_new(list,
                              json_pack("[[s, s%]]", type ? type : "UNDEF", text, (size_t)size));
    OPENSSL_free(text);
}

static json_t *name_json(const X509_NAME *name)
{
    json_t *list = json_array();
    for (int i = 0; i < X509_NAME_entry_count(name); i++)
        add_name_entry(list, X509_NAME_get_entry(name, i));
    return list;
}

static json_t *time_json(const ASN1_TIME *time)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    long size = bio && ASN1_TIME_print(bio, time) ? BIO_get_mem_data(bio, &text) : 0;
    json_t *value = json_stringn(text ? text : "", size > 0 ? (size_t)size : 0);
    BIO_free(bio);
    return value;
}

static json_t *serial_json(const ASN1_INTEGER *serial)
{
    BIGNUM *number = ASN1_INTEGER_to_BN(serial, NULL);
    char *digits = number ? BN_bn2hex(number) : NULL;
    json_t *value = json_string(digits ? digits : "");
    OPENSSL_free(digits);
    BN_free(number);
    return value;
}

static json_t *text_json(const char *kind, const ASN1_STRING *text)
{
    return json_pack("[s, s%]", kind, ASN1_STRING_get0_data(text),
                     (size_t)ASN1_STRING_length(text));
}

static json_t *ip_json(const ASN1_OCTET_STRING *ip)
{
    char text[INET6_ADDRSTRLEN] = "<invalid>";
    int size = ASN1_STRING_length(ip);
    if (size == 4 || size == 16)
        inet_ntop(size == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(ip), text, sizeof text);
    return json_pack("[s, s]", "IP Address", text);
}

static json_t *alternative_json(const GENERAL_NAME *name)
{
    int kind;
    const void *value = GENERAL_NAME_get0_value(name, &kind);
    switch (kind) {
    case GEN_DNS:
        return text_json("DNS", value);
    case GEN_EMAIL:
        return text_json("email", value);
    case GEN_URI:
        return text_json("URI", value);
    case GEN_IPADD:
        return ip_json(value);
    default:
        return NULL;
    }
}

static void add_alternatives(json_t *object, const X509 *certificate)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    json_t *list = names ? json_array() : NULL;
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        json_t *one = alternative_json(sk_GENERAL_NAME_value(names, i));
        if (one)
            json_array_append_new(list, one);
    }
    if (list)
        json_object_set_new(object, "subjectAltName", list);
    GENERAL_NAMES_free(names);
}

/* Borrowed; NULL when there is none. */
static X509 *certificate_of(const gale__tls *self)
{
    return self && self->established ? SSL_get0_peer_certificate(self->ssl) : NULL;
}

json_t *gale__tls_certificate(const gale__tls *self)
{
    const X509 *certificate = certificate_of(self);
    if (!certificate)
        return NULL;
    json_t *object = json_pack("{s:o, s:o, s:i, s:o, s:o, s:o}", "subject",
                               name_json(X509_get_subject_name(certificate)), "issuer",
                               name_json(X509_get_issuer_name(certificate)), "version",
                               (int)X509_get_version(certificate) + 1, "serialNumber",
                               serial_json(X509_get0_serialNumber(certificate)), "notBefore",
                               time_json(X509_get0_notBefore(certificate)), "notAfter",
                               time_json(X509_get0_notAfter(certificate)));
    if (object)
        add_alternatives(object, certificate);
    ERR_clear_error();
    return object;
}

gale_bytes *gale__tls_certificate_der(const gale__tls *self)
{
    X509 *certificate = certificate_of(self);
    unsigned char *data = NULL;
    int size = certificate ? i2d_X509(certificate, &data) : 0;
    gale_bytes *bytes = size > 0 ? gale_bytes_new(data, (size_t)size) : NULL;
    OPENSSL_free(data);
    return bytes;
}
