/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One GET, for suites of hostile servers:
 *
 *     EVIL_CA=ca.pem fetch_one https://localhost:8443/
 *
 * It takes 3 seconds at most, follows at most 5 redirects, and takes bodies up to 8 MiB before and
 * after decoding. It prints one line, and nothing else to its standard output:
 *
 *     {"status":200,"length":5,"sha1":"…"}     of the decoded body
 *     {"error":"…"}                            there is no response, or it is not to be trusted
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gale/gale.h>
#include <openssl/evp.h>

enum { MAX_REDIRECTS = 5, MAX_BODY = 8 * 1024 * 1024, SHA1_SIZE = 20 };

static const double timeout = 3;

typedef struct body {
    EVP_MD_CTX *sha1;
    size_t length;
} body;

static int take(const char *data, size_t size, void *arg)
{
    body *self = arg;
    self->length += size;
    return EVP_DigestUpdate(self->sha1, data, size) ? 0 : GALE_ENOTSUP;
}

/* What servers have said may be in it: only printable ASCII gets through. */
static void print_error(int code)
{
    const char *detail = gale_error_detail();
    char text[600];
    size_t size = (size_t)snprintf(text, sizeof text, "%s%s%s", gale_strerror(code),
                                   *detail ? ": " : "", detail);
    for (size_t i = 0; i < size && i < sizeof text; i++)
        if (text[i] && (text[i] < ' ' || text[i] > '~' || strchr("\"\\", text[i])))
            text[i] = '?';
    printf("{\"error\":\"%s\"}\n", text);
}

static void print_response(int status, const body *received)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    EVP_DigestFinal_ex(received->sha1, digest, NULL);
    printf("{\"status\":%d,\"length\":%zu,\"sha1\":\"", status, received->length);
    for (int i = 0; i < SHA1_SIZE; i++)
        printf("%02x", digest[i]);
    printf("\"}\n");
}

/* One more would have had to be followed. */
static bool is_redirect(gale_http_response *response)
{
    int code = gale_http_response_code(response);
    return gale_http_response_time_info(response)->redirect_count == MAX_REDIRECTS &&
           (code == 301 || code == 302 || code == 303 || code == 307 || code == 308) &&
           gale_http_headers_has(gale_http_response_headers(response), "Location");
}

/* The authorities to trust, or NULL: the system's. */
static const char *authorities(void)
{
    const char *file = getenv("EVIL_CA");
    return file && *file ? file : NULL;
}

static void fetch(const char *url)
{
    body received = { .sha1 = EVP_MD_CTX_new() };
    const gale_fetch_options options = {
        .connect_timeout = timeout,
        .request_timeout = timeout,
        .max_redirects = MAX_REDIRECTS,
        .max_body_size = MAX_BODY,
        .streaming_callback = take,
        .arg = &received,
        .ca_certs = authorities(),
        .no_raise_error = true,
        .no_environment_proxy = true,
    };
    gale_http_response *response = NULL;
    int result = EVP_DigestInit_ex(received.sha1, EVP_sha1(), NULL) ? 0 : GALE_ENOTSUP;
    if (result == 0)
        result = gale_http_client_fetch_blocking(NULL, url, &options, &response);
    if (result < 0)
        print_error(result);
    else if (is_redirect(response))
        printf("{\"error\":\"more than %d redirects\"}\n", MAX_REDIRECTS);
    else
        print_response(gale_http_response_code(response), &received);
}

/* Ends at once: a name that is still being looked up would hold an orderly end up. */
int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: fetch_one URL\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    fetch(argv[1]);
    fflush(stdout);
    _exit(0);
}
