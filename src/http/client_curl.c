/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exchanges by libcurl. What goes before and after is gale's as ever: redirects, credentials,
 * cookies; so are the lines of the request's head. libcurl calls back on the loop's stack; the
 * fetch's task sleeps, and is woken for user code and at the end.
 */
#include "http/client_curl.h"

#if GALE_CURL

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "core/error.h"
#include "http/client_exchange.h"
#include "http/curl_multi.h"
#include "proto/characters.h"

typedef struct curl_exchange {
    gale__curl_transfer transfer;
    gale__exchange request; /* for its head and its length */
    gale__waiter waiter;
    bool waits;
    struct curl_slist *lines, *resolved;
    FILE *file;
    size_t head_size, max_head;
    uint64_t received, max_body;
    bool head_done; /* the final head is there */
    bool head_told; /* and header_callback has heard it */
    bool discards, paused, has_type;
    gale__buffer piece; /* for streaming_callback */
    int failure;        /* of a callback */
    const char *reason; /* its detail */
    char error[CURL_ERROR_SIZE];
} curl_exchange;

static curl_exchange *of_transfer(gale__curl_transfer *transfer)
{
    return GALE__CONTAINER_OF(transfer, curl_exchange, transfer);
}

static void wake(gale__curl_transfer *transfer)
{
    curl_exchange *self = of_transfer(transfer);
    if (!self->waits)
        return;
    self->waits = false;
    gale__wake(&self->waiter, 0);
}

static size_t fail(curl_exchange *self, int code, const char *detail)
{
    self->failure = code;
    self->reason = detail;
    return 0;
}

/* ---- What comes ------------------------------------------------------------------------ */

static int begin_head(curl_exchange *self, gale_str line)
{
    gale_http_response *response = self->request.fetch->response;
    const char *space = memchr(line.data, ' ', line.len);
    size_t at = space ? (size_t)(space - line.data) + 1 : line.len;
    gale__http_response_clear(response);
    self->head_done = false;
    for (int i = 0; i < 3; i++, at++) {
        if (at >= line.len || !gale__http_is_digit(line.data[at]))
            return GALE_EINPUT;
        response->code = response->code * 10 + (line.data[at] - '0');
    }
    at += at < line.len;
    response->phrase.len = line.len - at;
    response->phrase.data =
        gale__arena_strdup(&response->arena, line.data + at, response->phrase.len);
    return response->phrase.data ? 0 : -ENOMEM;
}

static void end_head(curl_exchange *self)
{
    const gale__fetch *fetch = self->request.fetch;
    self->head_done = fetch->response->code >= 200;
    self->discards = self->head_done && gale__fetch_goes_on(fetch);
    if (self->head_done && fetch->options->header_callback && !self->discards)
        wake(&self->transfer);
}

static size_t on_line(char *data, size_t one, size_t size, void *arg)
{
    curl_exchange *self = arg;
    gale_str line = { data, size };
    int result = 0;
    (void)one;
    self->head_size += size;
    if (self->head_size > self->max_head)
        return fail(self, GALE_ETOOBIG, "the head is too large");
    while (line.len && (line.data[line.len - 1] == '\n' || line.data[line.len - 1] == '\r'))
        line.len--;
    if (line.len >= 5 && memcmp(line.data, "HTTP/", 5) == 0)
        result = begin_head(self, line);
    else if (line.len == 0)
        end_head(self);
    else if (!self->head_done) /* no trailer */
        result = gale_http_headers_parse_line(&self->request.fetch->response->headers, line);
    return result < 0 ? fail(self, result, "malformed head") : size;
}

static size_t on_body(char *data, size_t one, size_t size, void *arg)
{
    curl_exchange *self = arg;
    const gale_fetch_options *options = self->request.fetch->options;
    bool streams = options->streaming_callback != NULL;
    (void)one;
    if (self->discards)
        return size;
    if ((options->header_callback && !self->head_told) || self->piece.size) {
        self->paused = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    self->received += size;
    if (self->received > self->max_body)
        return fail(self, GALE_ETOOBIG, "the body is too large");
    int result = gale__buffer_append(streams ? &self->piece : &self->request.fetch->response->body,
                                     data, size);
    if (result < 0)
        return fail(self, result, "out of memory");
    if (streams)
        wake(&self->transfer);
    return size;
}

/* ---- What is asked --------------------------------------------------------------------- */

#define SET(self, option, value)                                                                   \
    set_error(self, gale__libcurl.easy_setopt((self)->transfer.handle, option, value))

static void set_error(curl_exchange *self, CURLcode code)
{
    if (code != CURLE_OK && !self->failure)
        self->failure = code == CURLE_OUT_OF_MEMORY
                            ? -ENOMEM
                            : gale__fail(GALE_ENOTSUP, "libcurl refuses an option: %s",
                                         gale__libcurl.easy_strerror(code));
}

static void add_line(curl_exchange *self, const char *text)
{
    struct curl_slist *longer = gale__libcurl.slist_append(self->lines, text);
    if (longer)
        self->lines = longer;
    else
        self->failure = -ENOMEM;
}

/* "Name;" stands for a header without a value. */
static int add_header(curl_exchange *self, gale_str line)
{
    static const char *const of_curl[] = { "Content-Length: ", "Transfer-Encoding: ",
                                           "Proxy-Authorization: " };
    const char *colon = memchr(line.data, ':', line.len);
    self->has_type |= line.len > 13 && strncasecmp(line.data, "Content-Type:", 13) == 0;
    for (size_t i = 0; i < sizeof of_curl / sizeof *of_curl; i++)
        if (line.len >= strlen(of_curl[i]) && !memcmp(line.data, of_curl[i], strlen(of_curl[i])))
            return 0;
    bool empty = colon && (size_t)(colon - line.data) + 2 >= line.len;
    char *text = gale__arena_printf(self->request.fetch->arena, NULL, "%.*s%s",
                                    empty ? (int)(colon - line.data) : (int)line.len, line.data,
                                    empty ? ";" : "");
    if (!text)
        return -ENOMEM;
    add_line(self, text);
    return self->failure;
}

/* The lines of gale's own head but the first; libcurl is to add none. */
static int set_headers(curl_exchange *self)
{
    char room[1024];
    gale_str head;
    GALE_TRY(gale__request_measure(&self->request));
    GALE_TRY(gale__request_head(&self->request, room, sizeof room, &head));
    const char *end = head.data + head.len - 2, *line = memchr(head.data, '\n', head.len);
    while (++line < end) {
        const char *next = memchr(line, '\r', (size_t)(end - line));
        GALE_TRY(add_header(self, (gale_str){ line, (size_t)(next - line) }));
        line = next + 1;
    }
    add_line(self, "Accept:");
    if (!self->has_type)
        add_line(self, "Content-Type:");
    if (!self->request.fetch->options->expect_100_continue)
        add_line(self, "Expect:");
    SET(self, CURLOPT_HTTPHEADER, self->lines);
    return self->failure;
}

static int set_body(curl_exchange *self)
{
    const gale_fetch_options *options = self->request.fetch->options;
    if (!gale__fetch_has_body(self->request.fetch))
        return 0;
    if (options->body) {
        SET(self, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)self->request.length);
        SET(self, CURLOPT_POSTFIELDS, options->body);
        return 0;
    }
    self->file = fopen(options->body_file, "rbe");
    if (!self->file)
        return gale__fail(-errno, "cannot open %s", options->body_file);
    SET(self, CURLOPT_UPLOAD, 1L);
    SET(self, CURLOPT_READDATA, self->file);
    SET(self, CURLOPT_INFILESIZE_LARGE, (curl_off_t)self->request.length);
    return 0;
}

static void set_method(curl_exchange *self)
{
    const gale__fetch *fetch = self->request.fetch;
    if (fetch->head)
        SET(self, CURLOPT_NOBODY, 1L);
    else
        SET(self, CURLOPT_CUSTOMREQUEST, fetch->method.data);
}

static int set_url(curl_exchange *self)
{
    const gale__fetch *fetch = self->request.fetch;
    const char *url = fetch->uri.text.data;
    if (fetch->unix_path) {
        url = gale__arena_printf(fetch->arena, NULL, "http://localhost%.*s",
                                 (int)fetch->uri.target.len, fetch->uri.target.data);
        SET(self, CURLOPT_UNIX_SOCKET_PATH, fetch->unix_path);
    }
    if (!url)
        return -ENOMEM;
    SET(self, CURLOPT_URL, url);
    SET(self, CURLOPT_PROTOCOLS_STR, "http,https");
    SET(self, CURLOPT_PATH_AS_IS, 1L);
    return 0;
}

static void set_tls(curl_exchange *self)
{
    const gale_fetch_options *options = self->request.fetch->options;
    struct stat status;
    SET(self, CURLOPT_SSL_VERIFYPEER, options->no_validate_cert ? 0L : 1L);
    SET(self, CURLOPT_SSL_VERIFYHOST, options->no_validate_cert ? 0L : 2L);
    if (options->ca_certs && stat(options->ca_certs, &status) == 0 && S_ISDIR(status.st_mode))
        SET(self, CURLOPT_CAPATH, options->ca_certs);
    else if (options->ca_certs)
        SET(self, CURLOPT_CAINFO, options->ca_certs);
    if (options->client_cert)
        SET(self, CURLOPT_SSLCERT, options->client_cert);
    if (options->client_key)
        SET(self, CURLOPT_SSLKEY, options->client_key);
}

static void set_proxy(curl_exchange *self)
{
    static const long types[] = { [GALE_PROXY_HTTP] = CURLPROXY_HTTP,
                                  [GALE_PROXY_SOCKS5] = CURLPROXY_SOCKS5,
                                  [GALE_PROXY_SOCKS5H] = CURLPROXY_SOCKS5_HOSTNAME };
    const gale__proxy *proxy = &self->request.fetch->proxy;
    SET(self, CURLOPT_PROXY, proxy->host ? proxy->host : "");
    SET(self, CURLOPT_NOPROXY, "");
    if (!proxy->host)
        return;
    SET(self, CURLOPT_PROXYPORT, (long)proxy->port);
    SET(self, CURLOPT_PROXYTYPE, types[proxy->type]);
    SET(self, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    if (!proxy->username.data)
        return;
    SET(self, CURLOPT_PROXYUSERNAME, proxy->username.data);
    SET(self, CURLOPT_PROXYPASSWORD, proxy->password.data);
    SET(self, CURLOPT_PROXYAUTH,
        (long)(proxy->auth_mode == GALE_AUTH_DIGEST ? CURLAUTH_DIGEST : CURLAUTH_BASIC));
}

static int set_network(curl_exchange *self)
{
    const gale__fetch *fetch = self->request.fetch;
    const gale_fetch_options *options = fetch->options;
    const double connect_timeout = 20;
    double timeout = gale__fetch_timeout(options->connect_timeout, connect_timeout);
    SET(self, CURLOPT_NOSIGNAL, 1L);
    SET(self, CURLOPT_CONNECTTIMEOUT_MS,
        timeout > 0 && timeout < 1e6 ? (long)(timeout * 1000) + 1 : 1000000000L);
    if (options->no_ipv6)
        SET(self, CURLOPT_IPRESOLVE, (long)CURL_IPRESOLVE_V4);
    SET(self, CURLOPT_FRESH_CONNECT, options->no_keep_alive ? 1L : 0L);
    SET(self, CURLOPT_FORBID_REUSE, options->no_keep_alive ? 1L : 0L);
    if (!options->network_interface)
        return 0;
    char *from = gale__arena_printf(fetch->arena, NULL, "host!%s", options->network_interface);
    SET(self, CURLOPT_INTERFACE, from);
    return from ? 0 : -ENOMEM;
}

/* Names that the client's resolver knows. */
static int set_addresses(curl_exchange *self)
{
    const gale__fetch *fetch = self->request.fetch;
    gale_resolver *resolver = fetch->client->options.resolver;
    gale_address address;
    char text[GALE_ADDRESS_TEXT_MAX];
    if (!resolver || fetch->proxy.host || fetch->unix_path)
        return 0;
    int port = gale__fetch_port(fetch);
    GALE_TRY(gale_resolver_resolve(resolver, fetch->uri.host.data, port,
                                   fetch->options->no_ipv6 ? AF_INET : 0, &address, 1));
    gale_address_text(&address, text);
    *strrchr(text, ':') = '\0';
    char *entry =
        gale__arena_printf(fetch->arena, NULL, "+%s:%d:%s", fetch->uri.host.data, port, text);
    if (!entry)
        return -ENOMEM;
    self->resolved = gale__libcurl.slist_append(NULL, entry);
    SET(self, CURLOPT_RESOLVE, self->resolved);
    return address.port == port ? 0 : gale__fail(GALE_ENOTSUP, "libcurl keeps the port of a host");
}

static void set_callbacks(curl_exchange *self)
{
    const gale_fetch_options *options = self->request.fetch->options;
    SET(self, CURLOPT_PRIVATE, &self->transfer);
    SET(self, CURLOPT_ERRORBUFFER, self->error);
    SET(self, CURLOPT_HEADERFUNCTION, on_line);
    SET(self, CURLOPT_HEADERDATA, self);
    SET(self, CURLOPT_WRITEFUNCTION, on_body);
    SET(self, CURLOPT_WRITEDATA, self);
    if (!options->no_decompress)
        SET(self, CURLOPT_ACCEPT_ENCODING, "gzip, deflate, br");
}

static int prepare(curl_exchange *self)
{
    const gale_fetch_options *options = self->request.fetch->options;
    if (options->body_producer)
        return gale__fail(GALE_ENOTSUP, "libcurl's client has no body_producer");
    if (options->ssl_context)
        return gale__fail(GALE_ENOTSUP, "libcurl's client has no ssl_context");
    self->transfer.handle = gale__libcurl.easy_init();
    if (!self->transfer.handle)
        return -ENOMEM;
    set_callbacks(self);
    GALE_TRY(set_url(self));
    GALE_TRY(set_headers(self));
    GALE_TRY(set_body(self));
    set_method(self);
    set_tls(self);
    set_proxy(self);
    GALE_TRY(set_network(self));
    GALE_TRY(set_addresses(self));
    return self->failure;
}

/* ---- The exchange ---------------------------------------------------------------------- */

static bool has_work(const curl_exchange *self)
{
    return self->transfer.done || self->piece.size ||
           (self->head_done && !self->head_told && !self->discards &&
            self->request.fetch->options->header_callback);
}

static void abandon(gale__waiter *waiter)
{
    GALE__CONTAINER_OF(waiter, curl_exchange, waiter)->waits = false;
}

static int wait_for_work(curl_exchange *self)
{
    if (has_work(self))
        return 0;
    GALE_TRY(gale__wait_begin(&self->waiter, abandon));
    self->waits = true;
    int result = gale__wait_end(&self->waiter);
    self->waits = false;
    return result;
}

static int call_user(curl_exchange *self)
{
    const gale_fetch_options *options = self->request.fetch->options;
    if (self->head_done && !self->head_told && !self->discards) {
        self->head_told = true;
        GALE_TRY(gale__fetch_call_for_head(self->request.fetch));
    }
    gale_str data = gale__buffer_str(&self->piece);
    if (data.len) {
        int result = options->streaming_callback(data.data, data.len, options->arg);
        gale__buffer_clear(&self->piece);
        return result < 0 ? result : 0;
    }
    return 0;
}

static int transfer(curl_exchange *self)
{
    gale__curl_begin(&self->transfer);
    for (;;) {
        GALE_TRY(wait_for_work(self));
        bool done = self->transfer.done;
        if (!self->failure)
            GALE_TRY(call_user(self));
        if (done)
            return 0;
        if (self->paused) {
            self->paused = false;
            gale__curl_resume(&self->transfer);
        }
    }
}

static int code_of(CURLcode code)
{
    static const struct {
        CURLcode curl;
        int ours;
    } codes[] = {
        { CURLE_URL_MALFORMAT, GALE_EINVALID },
        { CURLE_COULDNT_RESOLVE_HOST, GALE_ENOTFOUND },
        { CURLE_COULDNT_RESOLVE_PROXY, GALE_ENOTFOUND },
        { CURLE_COULDNT_CONNECT, -ECONNREFUSED },
        { CURLE_PROXY, -ECONNREFUSED },
        { CURLE_WEIRD_SERVER_REPLY, GALE_EINPUT },
        { CURLE_UNSUPPORTED_PROTOCOL, GALE_EINPUT },
        { CURLE_BAD_CONTENT_ENCODING, GALE_EINPUT },
        { CURLE_HTTP2, GALE_EINPUT },
        { CURLE_HTTP2_STREAM, GALE_EINPUT },
        { CURLE_PARTIAL_FILE, GALE_ECLOSED },
        { CURLE_GOT_NOTHING, GALE_ECLOSED },
        { CURLE_SEND_ERROR, GALE_ECLOSED },
        { CURLE_RECV_ERROR, GALE_ECLOSED },
        { CURLE_OUT_OF_MEMORY, -ENOMEM },
        { CURLE_OPERATION_TIMEDOUT, GALE_ETIMEDOUT_CONNECT }, /* its only limit */
        { CURLE_INTERFACE_FAILED, -EADDRNOTAVAIL },
        { CURLE_PEER_FAILED_VERIFICATION, GALE_ECERTIFICATE },
        { CURLE_SSL_CONNECT_ERROR, GALE_ESSL },
        { CURLE_SSL_CERTPROBLEM, GALE_ESSL },
        { CURLE_SSL_CIPHER, GALE_ESSL },
        { CURLE_SSL_CACERT_BADFILE, GALE_ESSL },
    };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i].curl == code)
            return codes[i].ours;
    return -EIO;
}

static int result_of(curl_exchange *self)
{
    CURLcode code = self->transfer.code;
    if (self->failure)
        return gale__fail(self->failure, "%s", self->reason);
    if (code == CURLE_OK)
        return 0;
    return gale__fail(code_of(code), "CURL error %d: %s", (int)code,
                      *self->error ? self->error : gale__libcurl.easy_strerror(code));
}

static double seconds(const curl_exchange *self, CURLINFO info, double since)
{
    curl_off_t microseconds = 0;
    gale__libcurl.easy_getinfo(self->transfer.handle, info, &microseconds);
    return microseconds > 0 ? since + (double)microseconds / 1e6 : 0;
}

static void take_times(const curl_exchange *self, double since)
{
    gale_http_time_info *times = &self->request.fetch->response->times;
    long connections = 0;
    gale__libcurl.easy_getinfo(self->transfer.handle, CURLINFO_NUM_CONNECTS, &connections);
    times->reused = connections == 0;
    times->connect = seconds(self, CURLINFO_CONNECT_TIME_T, since);
    times->appconnect = seconds(self, CURLINFO_APPCONNECT_TIME_T, since);
    times->pretransfer = seconds(self, CURLINFO_PRETRANSFER_TIME_T, since);
    times->starttransfer = seconds(self, CURLINFO_STARTTRANSFER_TIME_T, since);
}

static void finish(curl_exchange *self)
{
    if (self->transfer.handle)
        gale__curl_end(&self->transfer);
    gale__libcurl.slist_free_all(self->lines);
    gale__libcurl.slist_free_all(self->resolved);
    gale__buffer_clear(&self->piece);
    if (self->file)
        fclose(self->file);
}

static int exchange(gale__fetch *fetch)
{
    enum { MAX_HEAD = 65536, MAX_BODY = 104857600 };
    const gale_fetch_options *options = fetch->options;
    double since = gale__fetch_seconds(fetch);
    curl_exchange self = { .request.fetch = fetch, .transfer.wake = wake };
    self.max_head = options->max_header_size ? options->max_header_size : MAX_HEAD;
    self.max_body = options->max_body_size == 0  ? MAX_BODY
                    : options->max_body_size < 0 ? UINT64_MAX
                                                 : (uint64_t)options->max_body_size;
    gale__buffer_init(&self.piece, SIZE_MAX / 2);
    GALE_TRY(gale__curl_multi_of(fetch->client, &self.transfer.multi));
    fetch->phase = "Timeout during request";
    int result = prepare(&self);
    if (result == 0)
        result = transfer(&self);
    if (result == 0)
        result = result_of(&self);
    if (self.transfer.done)
        take_times(&self, since);
    finish(&self);
    return result;
}

static void close_client(gale_http_client *client)
{
    gale__curl_multi_close(client->state);
    client->state = NULL;
}

const gale__client_implementation gale__client_curl = {
    .name = "curl", .load = gale__curl_load, .exchange = exchange, .close = close_client
};

#endif
