/* SPDX-License-Identifier: Apache-2.0 */
/* Every allocation of a fetch fails once: the fetch says so, and the next one succeeds. The server
 * is another process, whose memory does not count. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gale/httpclient.h>
#include <gale/netutil.h>

#include "gen/gen_test.h"

/* ---- The server ------------------------------------------------------------------------ */

static const char redirect[] =
    "HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 2\r\n\r\nno";
/* printf hello | gzip -n */
static const char chunked[] =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n"
    "A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\nE: 5\r\nF: 6\r\nG: 7\r\n\r\n"
    "19\r\n\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcb\x48\xcd\xc9\xc9\x07\x00\x86\xa6\x10\x36\x05"
    "\x00\x00\x00\r\n0\r\n\r\n";

static void answer(int fd)
{
    static char request[200000];
    size_t used = 0;
    for (ssize_t size; (size = read(fd, request + used, sizeof request - 1 - used)) > 0;) {
        used += (size_t)size;
        request[used] = '\0';
        const char *end = strstr(request, "\r\n\r\n");
        const char *length = strstr(request, "Content-Length: ");
        if (!end ||
            used < (size_t)(end - request) + 4 + (length ? strtoul(length + 16, NULL, 10) : 0))
            continue;
        bool moved = strncmp(request + 4, "/there", 6) != 0 && *request == 'G';
        if (write(fd, moved ? redirect : chunked,
                  moved ? sizeof redirect - 1 : sizeof chunked - 1) < 0)
            return;
        used = 0;
    }
}

static pid_t server;
static char url[64];

static void start_server(void)
{
    int sockets[GALE_BIND_SOCKETS_MAX];
    gale_bind_options options = { .address = "127.0.0.1" };
    assert_int_equal(gale_bind_sockets(0, &options, sockets), 1);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", gale_socket_port(sockets[0]));
    server = fork();
    if (server == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) {
            int fd = accept4(sockets[0], NULL, NULL, SOCK_CLOEXEC);
            if (fd < 0 && errno == EAGAIN)
                usleep(100);
            if (fd < 0)
                continue;
            answer(fd);
            close(fd);
        }
    }
    close(sockets[0]);
}

static void stop_server(void)
{
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
}

/* ---- The fetches ----------------------------------------------------------------------- */

static int ignore(const char *data, size_t size, void *arg)
{
    (void)data, (void)size, (void)arg;
    return 0;
}

static int ignore_line(const char *line, void *arg)
{
    (void)line, (void)arg;
    return 0;
}

static char body[100000];
static const gale_fetch_header headers[] = { { "A", body }, { 0 } };
static const gale_fetch_options kinds[] = {
    { .auth_username = "me", .network_interface = "127.0.0.1" },
    { .method = "POST", .body = "short" },
    { .method = "POST", .body = body, .body_size = sizeof body },
    { .header_callback = ignore_line, .streaming_callback = ignore, .headers = headers },
    { .first_byte_timeout = 10, .no_keep_alive = true },
};

static int fetch_failing(void *arg)
{
    const gale_fetch_options *options = arg;
    gale_http_response *response;
    size_t n = 0;
    bool failed;
    do {
        gale_scope *scope = gale_scope_open(NULL);
        test_fail_allocation(++n);
        int result = gale_fetch(url, options, &response);
        failed = test_allocation_failed();
        test_fail_allocation(0);
        if (result != (failed ? -ENOMEM : 0) && !(failed && result == 0))
            fail_msg("allocation %zu: %d %s", n, result, gale_error_detail());
        if (result == 0 && !options->streaming_callback)
            assert_string_equal(gale_http_response_body(response), "hello");
        gale_scope_close(scope, 0);
        assert_ok(gale_fetch(url, options, &response));
    } while (failed);
    return 0;
}

TEST(a_fetch_without_memory)
{
    memset(body, 'b', 2000);
    start_server();
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        assert_ok(run_in_loop(fetch_failing, (void *)(uintptr_t)&kinds[i]));
    stop_server();
}

static int fetch_once(void *arg)
{
    gale_http_response *response;
    (void)arg;
    return gale_fetch(url, NULL, &response);
}

/* The first fetch of a loop makes its client. */
TEST(a_first_fetch_without_memory)
{
    size_t n = 0;
    bool failed;
    start_server();
    do {
        gale_ioloop *loop = gale_ioloop_new(NULL);
        test_fail_allocation(++n);
        int result = gale_ioloop_run_sync(loop, fetch_once, NULL, 10);
        failed = test_allocation_failed();
        test_fail_allocation(0);
        assert_true(result == 0 || (failed && result == -ENOMEM));
        gale_ioloop_free(loop);
    } while (failed);
    stop_server();
}

GALE_TEST_MAIN
