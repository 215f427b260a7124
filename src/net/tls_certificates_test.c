/* SPDX-License-Identifier: Apache-2.0 */
/* TLS on streams: certificates of servers and of clients, good and bad ones. */
#include <unistd.h>

#include "net/iostream_impl.h"
#include "net/tls.h"
#include "net/tls_test.h"

static gale_str data;

/* The client's result, and what it says, for a certificate of the server. */
static void assert_verdict(const char *certificate, const char *ca, const char *hostname, int code,
                           const char *detail)
{
    handshake client, server;
    gale_ssl_options server_options = { .server_side = true, .certificate = certificate };
    gale_ssl_options client_options = { .ca_data = ca };
    assert_error(attempt(&client_options, &server_options, hostname, &client, &server), code);
    assert_string_equal(client.detail, detail);
}

static void assert_verdict_of_time(int first_day, int last_day, const char *detail)
{
    char *certificate = make_pem(&(gale__ssl_request){ .common_name = "test",
                                                       .names = "localhost",
                                                       .issuer = authority(),
                                                       .first_day = first_day,
                                                       .last_day = last_day });
    assert_verdict(certificate, authority(), "localhost", GALE_ECERTIFICATE, detail);
    free(certificate);
}

/* ---- Verification ---------------------------------------------------------------------- */

TASK_TEST(a_certificate_of_a_known_authority)
{
    const char *good = certificate_for("localhost,127.0.0.1,::1,*.example.org");
    assert_verdict(good, authority(), "localhost", 0, "");
    assert_verdict(good, authority(), "localhost.", 0, "");
    assert_verdict(good, authority(), "127.0.0.1", 0, "");
    assert_verdict(good, authority(), "::1", 0, "");
    assert_verdict(good, authority(), "www.EXAMPLE.org", 0, "");
}

TASK_TEST(a_certificate_for_another_name)
{
    const char *other = certificate_for("*.example.org,10.0.0.1");
    const int code = GALE_ECERTIFICATE;
    assert_verdict(other, authority(), "localhost", code,
                   "certificate verify failed: hostname mismatch");
    assert_verdict(other, authority(), "example.org", code,
                   "certificate verify failed: hostname mismatch");
    assert_verdict(other, authority(), "a.b.example.org", code,
                   "certificate verify failed: hostname mismatch");
    assert_verdict(other, authority(), "127.0.0.1", code,
                   "certificate verify failed: IP address mismatch");
}

TASK_TEST(a_certificate_of_nobody_known)
{
    gale_bytes *own;
    const char *text = "certificate verify failed: self-signed certificate";
    assert_ok(gale_ssl_self_signed(NULL, &own));
    assert_verdict(gale_bytes_str(own).data, authority(), "localhost", GALE_ECERTIFICATE, text);
    assert_verdict(gale_bytes_str(own).data, NULL, "localhost", GALE_ECERTIFICATE, text);
    assert_verdict(gale_bytes_str(own).data, gale_bytes_str(own).data, "localhost", 0, "");
    assert_verdict(certificate_for("localhost"), gale_bytes_str(own).data, "localhost",
                   GALE_ECERTIFICATE,
                   "certificate verify failed: unable to get local issuer certificate");
    gale_bytes_unref(own);
}

TASK_TEST(a_certificate_out_of_its_time)
{
    assert_verdict_of_time(-30, -1, "certificate verify failed: certificate has expired");
    assert_verdict_of_time(1, 30, "certificate verify failed: certificate is not yet valid");
}

TASK_TEST(verification_can_be_turned_off)
{
    handshake client, server;
    gale_ssl_options server_options = { .server_side = true,
                                        .certificate = certificate_for("*.example.org,10.0.0.1") };
    gale_ssl_options no_names = { .ca_data = authority(), .no_check_hostname = true };
    gale_ssl_options nothing = { .verify = GALE_SSL_VERIFY_NONE };
    assert_ok(attempt(&no_names, &server_options, "localhost", &client, &server));
    assert_ok(attempt(&no_names, &server_options, NULL, &client, &server));
    assert_ok(attempt(&nothing, &server_options, NULL, &client, &server));
}

/* The server's side of a client that refuses. */
TASK_TEST(an_alert_tells_the_other_side)
{
    handshake client, server;
    gale_ssl_options server_options = { .server_side = true,
                                        .certificate = certificate_for("localhost"),
                                        .max_version = GALE_TLS_1_2 };
    gale_ssl_options client_options = { 0 };
    assert_error(attempt(&client_options, &server_options, "localhost", &client, &server),
                 GALE_ECERTIFICATE);
    assert_int_equal(server.result, GALE_ESSL);
    assert_string_equal(server.detail, "TLS handshake failed: tlsv1 alert unknown ca");
}

/* ---- One for each name ------------------------------------------------------------------ */

/* The subject's alternative names of the certificate that a server shows for a name. */
static void assert_shown(const gale_ssl_options *server_options, const char *hostname,
                         const char *names)
{
    stream_pair pair = open_pair(PAIR_UNIX, NULL);
    handshake client = { .context = context_of(&(gale_ssl_options){ .ca_data = authority(),
                                                                    .no_check_hostname = true }),
                         .hostname = hostname };
    handshake server = { .context = context_of(server_options) };
    shake_both(&pair, &client, &server);
    assert_ok(client.result);
    json_t *certificate = gale_iostream_get_ssl_certificate(pair.writer);
    char *text = json_dumps(json_object_get(certificate, "subjectAltName"), 0);
    assert_string_equal(text, names);
    free(text);
    json_decref(certificate);
    free_pair(&pair);
    gale_ssl_context_unref(client.context);
    gale_ssl_context_unref(server.context);
}

TASK_TEST(a_certificate_for_each_name)
{
    const gale_ssl_certificate more[] = { { .certificate = certificate_for("b.test,*.c.test") },
                                          { .certificate = certificate_for("d.test,a.test") } };
    const gale_ssl_options options = {
        .server_side = true, .certificate = certificate_for("a.test"), .more = more, .more_count = 2
    };
    assert_shown(&options, "a.test", "[[\"DNS\", \"a.test\"]]");
    assert_shown(&options, "b.test", "[[\"DNS\", \"b.test\"], [\"DNS\", \"*.c.test\"]]");
    assert_shown(&options, "x.c.test", "[[\"DNS\", \"b.test\"], [\"DNS\", \"*.c.test\"]]");
    assert_shown(&options, "D.test", "[[\"DNS\", \"d.test\"], [\"DNS\", \"a.test\"]]");
    assert_shown(&options, "unknown.test", "[[\"DNS\", \"a.test\"]]");
    assert_shown(&options, "127.0.0.1", "[[\"DNS\", \"a.test\"]]");
    assert_shown(&options, NULL, "[[\"DNS\", \"a.test\"]]");
}

/* ---- Certificates of clients ------------------------------------------------------------ */

static gale_ssl_options asking_for_certificates(gale_ssl_verify verify)
{
    return (gale_ssl_options){ .server_side = true,
                               .certificate = certificate_for("localhost"),
                               .ca_data = authority(),
                               .verify = verify };
}

TASK_TEST(a_client_shows_its_certificate)
{
    gale_ssl_options asking = asking_for_certificates(GALE_SSL_VERIFY_REQUIRED);
    stream_pair pair = open_pair(PAIR_UNIX, NULL);
    handshake client = { .context = context_of(&(gale_ssl_options){
                             .ca_data = authority(),
                             .certificate = certificate_for("me.test,10.1.2.3,fe80::1") }),
                         .hostname = "localhost" };
    handshake server = { .context = context_of(&asking) };
    shake_both(&pair, &client, &server);
    assert_ok(client.result);
    assert_ok(server.result);
    json_t *certificate = gale_iostream_get_ssl_certificate(pair.reader);
    json_object_del(certificate, "serialNumber");
    json_object_del(certificate, "notBefore");
    assert_non_null(strstr(json_string_value(json_object_get(certificate, "notAfter")), " GMT"));
    json_object_del(certificate, "notAfter");
    char *text = json_dumps(certificate, JSON_COMPACT | JSON_SORT_KEYS);
    assert_string_equal(text,
                        "{\"issuer\":[[[\"commonName\",\"test authority\"]]],"
                        "\"subject\":[[[\"commonName\",\"test\"]]],"
                        "\"subjectAltName\":[[\"DNS\",\"me.test\"],[\"IP Address\",\"10.1.2.3\"],"
                        "[\"IP Address\",\"fe80::1\"]],\"version\":3}");
    free(text);
    json_decref(certificate);
    gale_bytes *der = gale_iostream_get_ssl_certificate_der(pair.reader);
    assert_int_equal(gale_bytes_str(der).data[0], 0x30);
    gale_bytes_unref(der);
    free_pair(&pair);
    gale_ssl_context_unref(client.context);
    gale_ssl_context_unref(server.context);
}

TASK_TEST(a_client_without_a_certificate)
{
    handshake client, server;
    gale_ssl_options plain = { .ca_data = authority() };
    gale_ssl_options optional = asking_for_certificates(GALE_SSL_VERIFY_OPTIONAL);
    gale_ssl_options required = asking_for_certificates(GALE_SSL_VERIFY_REQUIRED);
    assert_ok(attempt(&plain, &optional, "localhost", &client, &server));
    assert_ok(server.result);
    /* With TLS 1.3 the client is done before the server has seen that. */
    assert_ok(attempt(&plain, &required, "localhost", &client, &server));
    assert_int_equal(server.result, GALE_ESSL);
    assert_string_equal(server.detail, "TLS handshake failed: peer did not return a certificate");
    required.max_version = GALE_TLS_1_2;
    assert_error(attempt(&plain, &required, "localhost", &client, &server), GALE_ESSL);
    gale_bytes *own;
    assert_ok(gale_ssl_self_signed("me.test", &own));
    plain.certificate = gale_bytes_str(own).data;
    attempt(&plain, &optional, "localhost", &client, &server);
    assert_int_equal(server.result, GALE_ECERTIFICATE);
    assert_string_equal(server.detail, "certificate verify failed: self-signed certificate");
    gale_bytes_unref(own);
}

/* The client learns of it when it reads. */
TASK_TEST(a_refusal_after_the_handshake)
{
    gale_ssl_options required = asking_for_certificates(GALE_SSL_VERIFY_REQUIRED);
    stream_pair pair = open_pair(PAIR_UNIX, NULL);
    handshake client = { .context = client_context(), .hostname = "localhost" };
    handshake server = { .context = context_of(&required) };
    shake_both(&pair, &client, &server);
    assert_ok(client.result);
    test_expect_log(GALE_LOG_WARNING, "TLS failure");
    assert_error(gale_iostream_read_bytes(pair.writer, 1, false, &data), GALE_ECLOSED);
    assert_string_equal(gale_error_detail(), "stream is closed: TLS failure: tlsv13 alert "
                                             "certificate required");
    free_pair(&pair);
    gale_ssl_context_unref(client.context);
    gale_ssl_context_unref(server.context);
}

static int accept_status(SSL *ssl, void *arg)
{
    const unsigned char *response;
    long size = SSL_get_tlsext_status_ocsp_resp(ssl, &response);
    snprintf(arg, 16, "%.*s", size > 0 ? (int)size : 0, (const char *)response);
    return 1;
}

/* RFC 6066 §8 */
TASK_TEST(a_stapled_response)
{
    char path[] = "/tmp/gale-ocsp-XXXXXX", heard[16] = "";
    int fd = mkstemp(path);
    assert_int_equal(write(fd, "response", 8), 8);
    close(fd);
    stream_pair pair = open_pair(PAIR_UNIX, NULL);
    handshake client = { .context = client_context(), .hostname = "localhost" };
    handshake server = { .context = context_of(&(gale_ssl_options){
                             .server_side = true,
                             .certificate = certificate_for("localhost,127.0.0.1"),
                             .ocsp_file = path }) };
    SSL_CTX *ctx = client.context->setup->entries[0].ctx; /* our clients do not ask for it */
    SSL_CTX_set_tlsext_status_type(ctx, TLSEXT_STATUSTYPE_ocsp);
    SSL_CTX_set_tlsext_status_cb(ctx, accept_status);
    SSL_CTX_set_tlsext_status_arg(ctx, heard);
    shake_both(&pair, &client, &server);
    assert_ok(client.result);
    assert_ok(server.result);
    assert_string_equal(heard, "response");
    const unsigned char *kept;
    assert_true(SSL_get_tlsext_status_ocsp_resp(pair.reader->stream.tls->ssl, &kept) <= 0);
    free_pair(&pair);
    gale_ssl_context_unref(client.context);
    gale_ssl_context_unref(server.context);
    unlink(path);
}

GALE_TEST_MAIN
