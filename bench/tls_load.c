/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A load client for HTTP/1.1 with keep-alive over TLS 1.3, in three ways:
 *
 *   tls_load [-c CONNECTIONS] [-d SECONDS] PORT    one request outstanding on each connection
 *   tls_load -H [-d SECONDS] PORT                  a whole handshake, one request, and the end, one
 *                                                  connection after the other
 *   tls_load -i CONNECTIONS PORT SERVER_PID...     idle connections after one request each: how
 * much the memory of the server's processes has grown
 *
 * Certificates are not verified, and no session goes on. The response to "/" must always have the
 * same length. Anything unexpected ends the program with status 1 and without a figure.
 */
#include "common.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>

enum { READ_SIZE = 1 << 16, EVENTS = 1024, WARM_UP = 100, SOURCES = 8, PATIENCE_MS = 10000 };

typedef struct connection {
    SSL *ssl;
    int fd;
    size_t received;
} connection;

static SSL_CTX *context;
static unsigned port;
static char request[256], bytes[READ_SIZE];
static size_t request_size, response_size;
static uint64_t answered, deadline;

static _Noreturn void ssl_fail(const char *what)
{
    fprintf(stderr, "%s: ", what);
    ERR_print_errors_fp(stderr);
    exit(1);
}

/* A blocking connection, its handshake done. */
static connection open_connection(unsigned host)
{
    connection c = { .ssl = SSL_new(context), .fd = connect_from(host, port) };
    if (c.ssl == NULL || SSL_set_fd(c.ssl, c.fd) != 1 || SSL_connect(c.ssl) != 1) {
        ssl_fail("handshake");
    }
    return c;
}

static void close_connection(connection *c)
{
    SSL_shutdown(c->ssl);
    SSL_free(c->ssl);
    close(c->fd);
}

static void send_request(connection *c)
{
    c->received = 0;
    if (SSL_write(c->ssl, request, (int)request_size) != (int)request_size) {
        ssl_fail("write");
    }
}

/* The whole response to a request, blocking. */
static void ask(connection *c)
{
    size_t got = 0, want = 0;
    send_request(c);
    while (want == 0 || got < want) {
        int n = SSL_read(c->ssl, bytes + got, (int)(sizeof bytes - 1 - got));
        if (n <= 0) {
            ssl_fail("read");
        }
        got += (size_t)n;
        bytes[got] = '\0';
        want = want == 0 ? response_length(bytes) : want;
    }
    if (strncmp(bytes, "HTTP/1.1 200", 12) != 0 || got != want) {
        give_up("a response is not a 200, or has another length than it says");
    }
    response_size = want;
}

/* ---- Keep-alive ------------------------------------------------------------------------ */

/* Reads what has come; sends the next request when the answer is whole. */
static int receive(connection *c)
{
    for (;;) {
        int n = SSL_read(c->ssl, bytes, sizeof bytes);
        if (n <= 0) {
            if (SSL_get_error(c->ssl, n) == SSL_ERROR_WANT_READ) {
                return 0;
            }
            ssl_fail("read");
        }
        c->received += (size_t)n;
        if (c->received > response_size) {
            give_up("a response is longer than the first one");
        }
        if (c->received == response_size) {
            answered++;
            if (now() >= deadline) {
                return 1;
            }
            send_request(c);
        }
    }
}

static void keep_alive(unsigned connections, unsigned seconds)
{
    static struct epoll_event events[EVENTS];
    int epoll = epoll_create1(0);
    connection *all = allocate(connections, sizeof *all);
    for (unsigned i = 0; i < connections; i++) {
        all[i] = open_connection(1);
        ask(&all[i]);
        fcntl(all[i].fd, F_SETFL, O_NONBLOCK);
        struct epoll_event event = { .events = EPOLLIN, .data.ptr = &all[i] };
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, all[i].fd, &event) != 0) {
            fail("epoll_ctl");
        }
    }
    uint64_t start = now();
    deadline = start + (uint64_t)seconds * 1000000000u;
    for (unsigned i = 0; i < connections; i++) {
        send_request(&all[i]);
    }
    for (unsigned open = connections; open > 0;) {
        int count = epoll_wait(epoll, events, EVENTS, PATIENCE_MS);
        if (count <= 0) {
            give_up("no answer for ten seconds");
        }
        for (int i = 0; i < count; i++) {
            open -= (unsigned)receive(events[i].data.ptr);
        }
    }
    double elapsed = (double)(now() - start) / 1e9;
    printf(
        "{\"requests\": %llu, \"seconds\": %.6f, \"requests_per_second\": %.0f, \"p99_us\": 0}\n",
        (unsigned long long)answered, elapsed, (double)answered / elapsed);
    free(all);
}

/* ---- Handshakes ------------------------------------------------------------------------ */

static void handshakes(unsigned seconds)
{
    uint64_t start = now();
    deadline = start + (uint64_t)seconds * 1000000000u;
    while (now() < deadline) {
        connection c = open_connection(2 + (unsigned)(answered % SOURCES));
        ask(&c);
        close_connection(&c);
        answered++;
    }
    double elapsed = (double)(now() - start) / 1e9;
    printf(
        "{\"requests\": %llu, \"seconds\": %.6f, \"requests_per_second\": %.0f, \"p99_us\": 0}\n",
        (unsigned long long)answered, elapsed, (double)answered / elapsed);
}

/* ---- Idle connections ------------------------------------------------------------------ */

static void idle(unsigned n, char **pids, int pid_count)
{
    connection *all = allocate(n + WARM_UP, sizeof *all);
    double before = 0;
    for (unsigned i = 0; i < n + WARM_UP; i++) {
        if (i == WARM_UP) {
            pause_for(1.0);
            before = resident_bytes(pids, pid_count);
        }
        all[i] = open_connection(2 + i % SOURCES);
        ask(&all[i]);
        SSL_set_quiet_shutdown(all[i].ssl, 1);
        SSL_free(all[i].ssl); /* the server does not notice */
    }
    pause_for(1.0);
    double after = resident_bytes(pids, pid_count);
    for (unsigned i = 0; i < n + WARM_UP; i++) {
        char byte; /* a ticket may have come since */
        ssize_t size = recv(all[i].fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        if (size == 0 || (size < 0 && errno != EAGAIN)) {
            give_up("a connection is not open any more");
        }
    }
    printf("{\"connections\": %u, \"resident_bytes\": %.0f, \"bytes_per_connection\": %.1f}\n", n,
           after, (after - before) / n);
    free(all);
}

static _Noreturn void usage(void)
{
    fprintf(stderr, "usage: tls_load [-c CONNECTIONS] [-d SECONDS] [-H] PORT\n"
                    "       tls_load -i CONNECTIONS PORT SERVER_PID...\n");
    exit(2);
}

int main(int argc, char **argv)
{
    unsigned connections = 64, seconds = 5, idle_connections = 0, only_handshakes = 0;
    int option;
    while ((option = getopt(argc, argv, "c:d:i:H")) != -1) {
        if (option == 'c') {
            connections = parse_number(optarg, 1, 10000);
        } else if (option == 'd') {
            seconds = parse_number(optarg, 1, 86400);
        } else if (option == 'i') {
            idle_connections = parse_number(optarg, 1, 15000);
        } else if (option == 'H') {
            only_handshakes = 1;
        } else {
            usage();
        }
    }
    if (optind >= argc || (idle_connections != 0) != (optind + 1 < argc)) {
        usage();
    }
    port = parse_number(argv[optind], 1, 65535);
    int size =
        snprintf(request, sizeof request, "GET / HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n\r\n", port);
    request_size = (size_t)size;
    need_descriptors(connections + idle_connections + WARM_UP + 16);
    context = SSL_CTX_new(TLS_client_method());
    if (context == NULL || SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1) {
        ssl_fail("context");
    }
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    if (idle_connections != 0) {
        idle(idle_connections, argv + optind + 1, argc - optind - 1);
    } else if (only_handshakes) {
        handshakes(seconds);
    } else {
        keep_alive(connections, seconds);
    }
    SSL_CTX_free(context);
    return 0;
}
