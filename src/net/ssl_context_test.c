/* SPDX-License-Identifier: Apache-2.0 */
/* Contexts: what they are made of, what is refused, reloading. */
#include <signal.h>
#include <sys/stat.h>

#include <openssl/pem.h>

#include "net/ssl_context.h"
#include "net/tls_test.h"

/* A file of the test's own folder, with this content. */
static const char *file_with(const char *name, const char *text)
{
    static char paths[8][128];
    static char folder[] = "/tmp/gale-ssl-XXXXXX";
    static int next;
    static bool made;
    if (!made)
        assert_non_null(mkdtemp(folder));
    made = true;
    char *path = paths[next++ % 8];
    char fresh[160];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    snprintf(fresh, sizeof fresh, "%s.new", path);
    FILE *file = fopen(fresh, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(rename(fresh, path), 0);
    return path;
}

static void remove_files(void)
{
    char command[200];
    snprintf(command, sizeof command, "rm -rf '%.*s'",
             (int)(strrchr(file_with("x", ""), '/') - file_with("x", "")), file_with("x", ""));
    assert_int_equal(system(command), 0);
}

static void assert_refused(const gale_ssl_options *options, int code, const char *detail)
{
    gale_ssl_context *context;
    assert_error(gale_ssl_context_new(options, &context), code);
    assert_null(context);
    if (!strstr(gale_error_detail(), detail))
        fail_msg("wanted: %s\ngot: %s", detail, gale_error_detail());
}

/* The name in the certificate that a context shows. */
static void assert_shows(gale_ssl_context *context, const char *name)
{
    gale_ssl_context *client =
        context_of(&(gale_ssl_options){ .ca_data = authority(), .no_check_hostname = true });
    stream_pair pair = open_pair(PAIR_UNIX, NULL);
    handshake client_side = { .context = client }, server_side = { .context = context };
    shake_both(&pair, &client_side, &server_side);
    assert_ok(client_side.result);
    json_t *certificate = gale_iostream_get_ssl_certificate(pair.writer);
    json_t *first = json_array_get(json_object_get(certificate, "subjectAltName"), 0);
    assert_string_equal(json_string_value(json_array_get(first, 1)), name);
    json_decref(certificate);
    free_pair(&pair);
    gale_ssl_context_unref(client);
}

/* Tornado: BadSSLOptionsTest.test_missing_arguments, test_missing_key */
TASK_TEST(what_is_missing_is_named)
{
    const char *cert = file_with("cert.pem", certificate_for("a.test"));
    assert_refused(&(gale_ssl_options){ .server_side = true }, GALE_EINVALID, "certfile");
    assert_refused(&(gale_ssl_options){ .server_side = true, .certfile = "/nonexistent/cert" },
                   -ENOENT, "cannot read /nonexistent/cert: No such file or directory");
    assert_refused(
        &(gale_ssl_options){ .server_side = true, .certfile = cert, .keyfile = "/nonexistent/key" },
        -ENOENT, "cannot read /nonexistent/key");
    assert_refused(&(gale_ssl_options){ .ca_certs = "/nonexistent/ca" }, -ENOENT,
                   "cannot read /nonexistent/ca");
    assert_refused(&(gale_ssl_options){ .server_side = true,
                                        .certfile = cert,
                                        .verify = GALE_SSL_VERIFY_REQUIRED },
                   GALE_EINVALID, "needs ca_certs");
    remove_files();
}

TASK_TEST(what_is_wrong_is_named)
{
    const char *cert = file_with("cert.pem", certificate_for("a.test"));
    const char *other = file_with("other.pem", certificate_for("b.test"));
    const char *text = file_with("text.pem", "no certificate at all\n");
    assert_refused(&(gale_ssl_options){ .server_side = true, .certfile = text }, GALE_ESSL,
                   "bad certificate in ");
    assert_refused(&(gale_ssl_options){ .server_side = true, .certfile = cert, .keyfile = text },
                   GALE_ESSL, "bad private key in ");
    assert_refused(&(gale_ssl_options){ .server_side = true, .certfile = cert, .keyfile = other },
                   GALE_ESSL, "key values mismatch");
    assert_refused(&(gale_ssl_options){ .ca_certs = text }, GALE_ESSL,
                   "bad certificate authorities in ");
    assert_refused(&(gale_ssl_options){ .ciphers = "no such cipher" }, GALE_ESSL, "ciphers: ");
    assert_refused(&(gale_ssl_options){ .ciphersuites = "none" }, GALE_ESSL, "ciphersuites: ");
    assert_refused(&(gale_ssl_options){ .min_version = GALE_TLS_1_3, .max_version = GALE_TLS_1_2 },
                   GALE_EINVALID, "min_version");
    assert_refused(&(gale_ssl_options){ .alpn_protocols = (const char *[]){ "h2", "", NULL } },
                   GALE_EINVALID, "is no name of a protocol");
    remove_files();
}

/* Tornado: SSLOptionsTest */
TASK_TEST(options_are_copied)
{
    char ciphers[] = "ECDHE+AESGCM", *copy = strdup(certificate_for("a.test"));
    const char *protocols[] = { "h2", "http/1.1", NULL };
    gale_ssl_context *context;
    gale_ssl_options options = {
        .server_side = true, .certificate = copy, .ciphers = ciphers, .alpn_protocols = protocols
    };
    assert_ok(gale_ssl_context_new(&options, &context));
    memset(copy, 'x', strlen(copy));
    free(copy);
    memset(ciphers, 'x', sizeof ciphers - 1);
    protocols[0] = NULL;
    assert_ok(gale_ssl_context_reload(context));
    assert_shows(gale_ssl_context_ref(context), "a.test");
    gale_ssl_context_unref(context);
    gale_ssl_context_unref(context);
}

/* The key of a certificate's text, encrypted. */
static char *encrypted_key(const char *pem, const char *password)
{
    char *data;
    BIO *in = BIO_new_mem_buf(pem, -1), *out = BIO_new(BIO_s_mem());
    EVP_PKEY *key = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(out, key, EVP_aes_128_cbc(), password,
                                                   (int)strlen(password), NULL, NULL),
                     1);
    long size = BIO_get_mem_data(out, &data);
    char *text = calloc(1, (size_t)size + 1);
    assert_non_null(text);
    memcpy(text, data, (size_t)size);
    EVP_PKEY_free(key);
    BIO_free(in);
    BIO_free(out);
    return text;
}

TASK_TEST(an_encrypted_key)
{
    gale_ssl_context *context;
    char *key = encrypted_key(certificate_for("a.test"), "secret");
    gale_ssl_options options = { .server_side = true,
                                 .certificate = certificate_for("a.test"),
                                 .key = key,
                                 .password = "secret" };
    assert_ok(gale_ssl_context_new(&options, &context));
    gale_ssl_context_unref(context);
    options.password = "wrong";
    assert_refused(&options, GALE_ESSL, "bad private key in ");
    options.password = NULL; /* nobody is asked at the terminal */
    assert_refused(&options, GALE_ESSL, "bad private key in ");
    free(key);
}

TASK_TEST(authorities_in_a_directory)
{
    gale_ssl_context *context;
    assert_ok(gale_ssl_context_new(&(gale_ssl_options){ .ca_certs = "/tmp" }, &context));
    gale_ssl_context_unref(context);
    assert_non_null(gale_ssl_context_default());
    assert_ptr_equal(gale_ssl_context_default(), gale_ssl_context_default());
}

TASK_TEST(a_staple_is_sent)
{
    const char *empty = file_with("ocsp.der", "");
    gale_ssl_options options = { .server_side = true,
                                 .certificate = certificate_for("a.test"),
                                 .ocsp_file = empty };
    assert_refused(&options, GALE_ESSL, "bad OCSP response in ");
    gale_ssl_context *context;
    options.ocsp_file = file_with("ocsp.der", "response");
    assert_ok(gale_ssl_context_new(&options, &context));
    assert_int_equal(context->setup->entries[0].ocsp_size, 8);
    assert_shows(context, "a.test");
    gale_ssl_context_unref(context);
    remove_files();
}

/* ---- Reloading ------------------------------------------------------------------------- */

TASK_TEST(reload_by_call)
{
    const char *file = file_with("cert.pem", certificate_for("a.test"));
    gale_ssl_context *context =
        context_of(&(gale_ssl_options){ .server_side = true, .certfile = file });
    assert_shows(context, "a.test");
    file_with("cert.pem", certificate_for("b.test"));
    assert_shows(context, "a.test");
    assert_ok(gale_ssl_context_reload(context));
    assert_shows(context, "b.test");
    file_with("cert.pem", "rubbish");
    test_expect_log(GALE_LOG_ERROR, "TLS certificates were not reloaded, the former ones stay: "
                                    "bad certificate in ");
    assert_error(gale_ssl_context_reload(context), GALE_ESSL);
    assert_shows(context, "b.test");
    gale_ssl_context_unref(context);
    remove_files();
}

/* A connection whose context is reloaded and freed meanwhile. */
TASK_TEST(connections_keep_what_they_began_with)
{
    stream_pair pair = open_pair(PAIR_UNIX, NULL);
    gale_str data;
    handshake client = { .context = client_context(), .hostname = "localhost" };
    handshake server = { .context = server_context() };
    shake_both(&pair, &client, &server);
    assert_ok(client.result);
    assert_ok(gale_ssl_context_reload(server.context));
    gale_ssl_context_unref(server.context);
    gale_ssl_context_unref(client.context);
    assert_ok(gale_iostream_write(pair.reader, "still", 5));
    assert_ok(gale_iostream_read_bytes(pair.writer, 5, false, &data));
    assert_str(data, "still");
    free_pair(&pair);
}

TASK_TEST(reload_when_a_file_changes)
{
    const char *file = file_with("cert.pem", certificate_for("a.test"));
    gale_ssl_context *context = context_of(
        &(gale_ssl_options){ .server_side = true, .certfile = file, .check_files_interval = 0.01 });
    gale_sleep(0.03);
    assert_shows(context, "a.test");
    file_with("cert.pem", certificate_for("b.test"));
    gale_sleep(0.05);
    assert_shows(context, "b.test");
    test_expect_log(GALE_LOG_ERROR, "TLS certificates were not reloaded"); /* once */
    file_with("cert.pem", "half a certif");
    gale_sleep(0.1);
    assert_shows(context, "b.test");
    file_with("cert.pem", certificate_for("c.test"));
    gale_sleep(0.05);
    assert_shows(context, "c.test");
    gale_ssl_context_unref(context);
    remove_files();
}

TASK_TEST(reload_at_a_signal)
{
    const char *file = file_with("cert.pem", certificate_for("a.test"));
    gale_ssl_options options = { .server_side = true, .certfile = file, .reload_signal = SIGHUP };
    gale_ssl_context *one = context_of(&options), *two = context_of(&options);
    file_with("cert.pem", certificate_for("b.test"));
    raise(SIGHUP);
    gale_sleep(0.01);
    assert_shows(one, "b.test");
    assert_shows(two, "b.test");
    gale_ssl_context_unref(one);
    file_with("cert.pem", certificate_for("c.test"));
    raise(SIGHUP);
    gale_sleep(0.01);
    assert_shows(two, "c.test");
    gale_ssl_context_unref(two);
    struct sigaction action;
    sigaction(SIGHUP, NULL, &action);
    assert_true(action.sa_handler == SIG_DFL);
    remove_files();
}

TEST(a_context_may_outlive_its_loop)
{
    gale_ioloop *loop = gale_ioloop_new(NULL);
    gale_ssl_context *context = context_of(&(gale_ssl_options){
        .server_side = true, .certificate = certificate_for("a.test"), .check_files_interval = 1 });
    assert_non_null(gale_ssl_context_default());
    gale_ioloop_free(loop);
    gale_ssl_context_unref(context);
}

TASK_TEST(each_allocation_of_a_context_may_fail)
{
    const char *protocols[] = { "h2", NULL };
    gale_ssl_options options = { .server_side = true,
                                 .certificate = certificate_for("a.test"),
                                 .alpn_protocols = protocols,
                                 .check_files_interval = 10 };
    gale_ssl_context *context;
    int result;
    size_t n = 0;
    do {
        test_fail_allocation(++n);
        result = gale_ssl_context_new(&options, &context);
        if (test_allocation_failed())
            assert_error(result, -ENOMEM);
    } while (test_allocation_failed());
    assert_ok(result);
    gale_ssl_context_unref(context);
}

/* ---- Certificates of one's own ---------------------------------------------------------- */

TASK_TEST(self_signed_certificates)
{
    gale_bytes *pem;
    assert_error(gale_ssl_self_signed("a b/c", &pem), GALE_EINVALID);
    assert_string_equal(gale_error_detail(), "\"b/c\" is no host name");
    assert_null(pem);
    assert_ok(gale_ssl_self_signed("*.a.test, 10.0.0.1,::2", &pem));
    gale_ssl_context *context = context_of(
        &(gale_ssl_options){ .server_side = true, .certificate = gale_bytes_str(pem).data });
    gale_ssl_context_unref(context);
    gale_bytes_unref(pem);
}

GALE_TEST_MAIN
