/* SPDX-License-Identifier: Apache-2.0 */
/* Reading certificates, keys, authorities and OCSP responses into OpenSSL's contexts. */
#include "net/ssl_files.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "core/error.h"

enum { OCSP_MOST = 65536 };

/* ---- Errors ---------------------------------------------------------------------------- */

const char *gale__ssl_reason(void)
{
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    return reason ? reason : "unknown error";
}

int gale__ssl_fail(const char *what)
{
    bool no_memory = ERR_GET_REASON(ERR_peek_error()) == ERR_R_MALLOC_FAILURE;
    int code = no_memory ? -ENOMEM : GALE_ESSL;
    gale__fail(code, "%s: %s", what, gale__ssl_reason());
    ERR_clear_error();
    return code;
}

/* ---- Reading PEM ----------------------------------------------------------------------- */

/* A file, or text. */
typedef struct source {
    const char *file, *text;
} source;

static const char *name_of(const source *from)
{
    return from->file ? from->file : "the text given";
}

static int open_source(const source *from, BIO **ret_bio)
{
    errno = ENOMEM;
    *ret_bio = from->file ? BIO_new_file(from->file, "r")
                          : BIO_new_mem_buf(from->text, (int)strnlen(from->text, INT_MAX));
    if (*ret_bio)
        return 0;
    int error = errno;
    ERR_clear_error();
    return gale__fail(-error, "cannot read %s: %s", name_of(from), gale_strerror(-error));
}

/* OpenSSL would ask at the terminal. */
static int give_password(char *out, int size, int writing, void *arg)
{
    const char *password = arg;
    size_t length = password ? strlen(password) : 0;
    (void)writing;
    if (length == 0 || length > (size_t)size)
        return -1;
    memcpy(out, password, length);
    return (int)length;
}

static bool at_end_of_pem(void)
{
    unsigned long error = ERR_peek_last_error();
    return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

static int use_chain(SSL_CTX *ctx, BIO *bio)
{
    X509 *leaf = PEM_read_bio_X509_AUX(bio, NULL, give_password, NULL);
    int done = leaf && SSL_CTX_use_certificate(ctx, leaf);
    X509_free(leaf);
    while (done) {
        X509 *next = PEM_read_bio_X509(bio, NULL, give_password, NULL);
        if (!next)
            break;
        done = SSL_CTX_add0_chain_cert(ctx, next) > 0;
        if (!done)
            X509_free(next);
    }
    if (done && at_end_of_pem())
        ERR_clear_error();
    return done && !ERR_peek_error();
}

static int use_key(SSL_CTX *ctx, BIO *bio, const char *password)
{
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, give_password, (void *)(uintptr_t)password);
    int done = key && SSL_CTX_use_PrivateKey(ctx, key) && SSL_CTX_check_private_key(ctx);
    EVP_PKEY_free(key);
    return done;
}

static int add_authorities(SSL_CTX *ctx, BIO *bio)
{
    int count = 0;
    for (X509 *one; (one = PEM_read_bio_X509(bio, NULL, give_password, NULL)); count++) {
        bool done = X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), one) &&
                    SSL_CTX_add_client_CA(ctx, one);
        X509_free(one);
        if (!done)
            return 0;
    }
    if (count > 0 && at_end_of_pem())
        ERR_clear_error();
    return count > 0 && !ERR_peek_error();
}

static int fail_source(const char *what, const source *from)
{
    char text[512];
    snprintf(text, sizeof text, "%s %s", what, name_of(from));
    return gale__ssl_fail(text);
}

int gale__ssl_load_chain(SSL_CTX *ctx, const gale_ssl_certificate *certificate)
{
    source from = { .file = certificate->certfile, .text = certificate->certificate };
    BIO *bio;
    GALE_TRY(open_source(&from, &bio));
    int done = use_chain(ctx, bio);
    BIO_free(bio);
    return done ? 0 : fail_source("bad certificate in", &from);
}

int gale__ssl_load_key(SSL_CTX *ctx, const gale_ssl_certificate *certificate)
{
    bool own = certificate->keyfile || certificate->key;
    source from = { .file = own ? certificate->keyfile : certificate->certfile,
                    .text = own ? certificate->key : certificate->certificate };
    BIO *bio;
    GALE_TRY(open_source(&from, &bio));
    int done = use_key(ctx, bio, certificate->password);
    BIO_free(bio);
    return done ? 0 : fail_source("bad private key in", &from);
}

/* ---- Authorities ----------------------------------------------------------------------- */

static int load_directory(SSL_CTX *ctx, const char *path)
{
    return SSL_CTX_load_verify_dir(ctx, path) ? 0 : gale__ssl_fail(path);
}

int gale__ssl_load_authorities(SSL_CTX *ctx, const char *path, const char *text)
{
    struct stat status;
    source from = { .file = path, .text = text };
    BIO *bio;
    if (path && stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return load_directory(ctx, path);
    GALE_TRY(open_source(&from, &bio));
    int done = add_authorities(ctx, bio);
    BIO_free(bio);
    return done ? 0 : fail_source("bad certificate authorities in", &from);
}

/* ---- OCSP ------------------------------------------------------------------------------ */

int gale__ssl_load_ocsp(const char *path, unsigned char **ret_data, size_t *ret_size)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return gale__fail(-errno, "cannot read %s: %s", path, gale_strerror(-errno));
    unsigned char *data = gale__malloc(OCSP_MOST);
    size_t size = data ? fread(data, 1, OCSP_MOST, file) : 0;
    bool whole = feof(file) != 0;
    fclose(file);
    if (data && size > 0 && whole) {
        *ret_data = data;
        *ret_size = size;
        return 0;
    }
    gale__free(data);
    if (!data)
        return -ENOMEM;
    return gale__fail(GALE_ESSL, "bad OCSP response in %s: %s", path, size ? "too large" : "empty");
}
