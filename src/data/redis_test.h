/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers of the tests with Redis: a real one of the test's own, and servers that only look like
 * one. */
#ifndef GALE_DATA_REDIS_TEST_H
#define GALE_DATA_REDIS_TEST_H

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gale/tcpserver.h>

#include "test.h"

/* ---- A real one ------------------------------------------------------------------------ */

static pid_t redis_pid;
static int redis_port; /* stays the same when it is started again */
static char redis_socket[64];
static const char *redis_tls_port = "0", *redis_pem = "/dev/null"; /* certificate and key */

__attribute__((unused)) static bool redis_is_installed(void)
{
    return system("command -v redis-server >/dev/null 2>&1") == 0;
}

/* A port that was free a moment ago. */
static inline int free_port(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001) };
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    close(fd);
    return ntohs(address.sin_port);
}

static inline void exec_redis(const char *password)
{
    char port[16];
    snprintf(port, sizeof port, "%d", redis_port);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int null = open("/dev/null", O_RDWR);
    dup2(null, 0);
    dup2(null, 1);
    dup2(null, 2);
    for (int fd = 3; fd < 1024; fd++)
        close(fd);
    execlp("redis-server", "redis-server", "--port", port, "--bind", "127.0.0.1", "--unixsocket",
           redis_socket, "--save", "", "--appendonly", "no", "--requirepass", password,
           "--tls-port", redis_tls_port, "--tls-cert-file", redis_pem, "--tls-key-file", redis_pem,
           "--tls-auth-clients", "no", NULL);
    _exit(127);
}

static inline bool redis_answers(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    memcpy(address.sun_path, redis_socket, strlen(redis_socket) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool there = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return there;
}

/* Starts it with this password ("": none) and waits until it is there. */
__attribute__((unused)) static void start_redis(const char *password)
{
    if (!redis_port) {
        redis_port = free_port();
        snprintf(redis_socket, sizeof redis_socket, "/tmp/gale-redis-%d.sock", getpid());
    }
    redis_pid = fork();
    if (redis_pid == 0)
        exec_redis(password);
    assert_true(redis_pid > 0);
    for (int tries = 0; !redis_answers(); tries++) {
        assert_true(tries < 2000);
        usleep(5000);
    }
}

/* SIGKILL: it is cut in the middle of whatever it does. */
__attribute__((unused)) static void stop_redis(void)
{
    kill(redis_pid, SIGKILL);
    waitpid(redis_pid, NULL, 0);
    unlink(redis_socket);
    redis_pid = 0;
}

/* "redis://..." of the one that runs; valid until the next call. */
__attribute__((unused)) static const char *redis_url(const char *userinfo, int database)
{
    static char url[128];
    snprintf(url, sizeof url, "redis://%s127.0.0.1:%d/%d", userinfo, redis_port, database);
    return url;
}

/* ---- Servers that are none ------------------------------------------------------------- */

typedef struct fake_redis {
    gale_tcp_server *server;
    char url[64];
    int connections;
} fake_redis;

/* `talk` has each connection, with the fake as argument. */
__attribute__((unused)) static void start_fake(fake_redis *fake, gale_stream_handler talk)
{
    int sockets[GALE_BIND_SOCKETS_MAX];
    int count = gale_bind_sockets(0, &(gale_bind_options){ .address = "127.0.0.1" }, sockets);
    assert_int_equal(count, 1);
    snprintf(fake->url, sizeof fake->url, "redis://127.0.0.1:%d", gale_socket_port(sockets[0]));
    fake->connections = 0;
    fake->server = gale_tcp_server_new(talk, fake, NULL);
    assert_ok(gale_tcp_server_add_sockets(fake->server, sockets, count));
}

#endif
