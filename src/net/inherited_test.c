/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets from the environment. The table is read once, so that each case is a process. */
#include "net/net_test.h"

#include <gale/process.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "net/inherited.h"

/* ---- What the environment says ---------------------------------------------------------- */

static void assert_names(const gale__inheritance *found, const char *expected)
{
    char all[256] = "";
    for (int i = 0; i < found->count; i++) {
        const char *name;
        size_t size = gale__inheritance_name(found, i, &name);
        strncat(all, name, size);
        strcat(all, "|");
    }
    assert_string_equal(all, expected);
}

TEST(what_systemd_says)
{
    gale__inheritance found;
    assert_true(gale__inheritance_parse_listen(&found, "2", NULL));
    assert_int_equal(found.first, 3);
    assert_int_equal(found.ready_fd, -1);
    assert_names(&found, "||");
    assert_true(gale__inheritance_parse_listen(&found, "3", "http::admin"));
    assert_names(&found, "http||admin|");
    assert_true(gale__inheritance_parse_listen(&found, "3", "one"));
    assert_names(&found, "one|||");
    static const char *const wrong[] = { "", "0", "x", "-1", "2x", "1025", "99999999999999" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(gale__inheritance_parse_listen(&found, wrong[i], NULL));
}

TEST(what_a_predecessor_says)
{
    gale__inheritance found;
    assert_true(gale__inheritance_parse_upgrade(&found, "2:http::"));
    assert_int_equal(found.ready_fd, 3);
    assert_int_equal(found.first, 4);
    assert_names(&found, "http||");
    assert_true(gale__inheritance_parse_upgrade(&found, "0:"));
    static const char *const wrong[] = { "", "2", ":", "x:", "1025:", "-1:" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(gale__inheritance_parse_upgrade(&found, wrong[i]));
}

/* ---- Sockets ---------------------------------------------------------------------------- */

/* Runs a case in a process of its own, in which descriptors from 3 on are free. */
static void in_process(void (*run)(void))
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        for (int fd = 3; fd < 100; fd++)
            close(fd);
        alarm(20);
        run();
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("it failed in line %d", WEXITSTATUS(status));
}

/* An assertion in such a process: its exit status is the line. */
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            _exit(__LINE__ % 256 ? __LINE__ % 256 : 255);                                          \
    } while (0)

static const gale_bind_options loopback = { .address = "127.0.0.1" };

/* Opens a listening socket, which has to become `fd`; returns its port. */
static int open_as(int fd, const gale_bind_options *options)
{
    int sockets[GALE_BIND_SOCKETS_MAX];
    CHECK(gale_bind_sockets(0, options, sockets) == 1);
    int port = gale_socket_port(sockets[0]);
    CHECK(sockets[0] == fd);
    return port;
}

static void say_for(pid_t pid, const char *count, const char *names)
{
    char text[32];
    snprintf(text, sizeof text, "%d", (int)pid);
    setenv("LISTEN_PID", text, 1);
    setenv("LISTEN_FDS", count, 1);
    setenv("LISTEN_FDNAMES", names, 1);
}

/* The first call that opens a socket reads the environment; so these are made otherwise. */
static int listen_on(int family, int v6only, int fd)
{
    struct sockaddr_storage address = { .ss_family = (sa_family_t)family };
    socklen_t size = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    int opened = socket(family, SOCK_STREAM, 0);
    CHECK(opened >= 0);
    if (family == AF_INET)
        ((struct sockaddr_in *)&address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    else
        setsockopt(opened, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof v6only);
    CHECK(bind(opened, (struct sockaddr *)&address, size) == 0 && listen(opened, 5) == 0);
    CHECK(opened == fd);
    return gale_socket_port(opened);
}

static void take_by_address(void)
{
    int sockets[GALE_BIND_SOCKETS_MAX];
    int port = listen_on(AF_INET, 0, 3), other = listen_on(AF_INET, 0, 4);
    CHECK(dup(0) == 5);
    say_for(getpid(), "3", "http:admin:none");
    CHECK(gale_bind_sockets(other, &loopback, sockets) == 1 && sockets[0] == 4);
    CHECK(fcntl(4, F_GETFD) == FD_CLOEXEC && (fcntl(4, F_GETFL) & O_NONBLOCK));
    CHECK(gale_bind_sockets(other, &loopback, sockets) == -EADDRINUSE); /* only once */
    CHECK(!getenv("LISTEN_PID") && !getenv("LISTEN_FDS") && !getenv("LISTEN_FDNAMES"));
    CHECK(gale_bind_sockets(port, &loopback, sockets) == 1 && sockets[0] == 3);
    CHECK(strcmp(gale__inherited_name(3), "http") == 0);
    CHECK(strcmp(gale__inherited_name(4), "admin") == 0);
    CHECK(strcmp(gale__inherited_name(5), "") == 0);
    CHECK(!gale__inherited_is_awaited() && gale__inherited_ready_fd() == -1);
}

static void take_by_name(void)
{
    int sockets[4];
    listen_on(AF_INET, 0, 3);
    listen_on(AF_INET, 0, 4);
    listen_on(AF_INET, 0, 5);
    say_for(getpid(), "3", "http:admin:http");
    CHECK(gale_inherited_sockets("http", sockets, 4) == 2 && sockets[0] == 3 && sockets[1] == 5);
    CHECK(gale_inherited_sockets("http", sockets, 4) == 0);
    CHECK(gale_inherited_sockets("none", sockets, 4) == 0);
    CHECK(gale_inherited_sockets(NULL, sockets, 4) == 1 && sockets[0] == 4);
}

static void meant_for_another(void)
{
    int sockets[4];
    listen_on(AF_INET, 0, 3);
    say_for(getppid(), "1", "");
    CHECK(gale_inherited_sockets(NULL, sockets, 4) == 0);
    CHECK(getenv("LISTEN_PID"));
}

static void no_socket_at_all(void)
{
    int sockets[4];
    CHECK(dup(0) == 3);
    say_for(getpid(), "5", "");
    CHECK(gale_inherited_sockets(NULL, sockets, 4) == 0);
    CHECK(open_as(4, &loopback) > 0);
}

/* systemd's ListenStream=80 is one socket for both families. */
static void one_for_both_families(void)
{
    int sockets[GALE_BIND_SOCKETS_MAX];
    int port = listen_on(AF_INET6, 0, 3);
    say_for(getpid(), "1", "");
    CHECK(gale__inherited_serves_both(port) && !gale__inherited_serves_both(port + 1));
    CHECK(gale_bind_sockets(port, NULL, sockets) == 1 && sockets[0] == 3);
}

static void closed_meanwhile(void)
{
    int sockets[GALE_BIND_SOCKETS_MAX];
    int port = listen_on(AF_INET, 0, 3);
    say_for(getpid(), "1", "");
    CHECK(!gale__inherited_is_awaited());
    close(3);
    CHECK(dup(0) == 3);
    CHECK(gale_bind_sockets(port, &loopback, sockets) == 1 && sockets[0] != 3);
}

static int listen_at(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    memcpy(address.sun_path, path, strlen(path));
    if (path[0] == '@')
        address.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(bind(fd, (struct sockaddr *)&address, size) == 0 && listen(fd, 5) == 0);
    return fd;
}

static void unix_sockets(void)
{
    char path[64], abstract[64];
    snprintf(path, sizeof path, "/tmp/gale-inherited-%d", getpid());
    snprintf(abstract, sizeof abstract, "@gale-inherited-%d", getpid());
    CHECK(listen_at(path) == 3 && listen_at(abstract) == 4);
    say_for(getpid(), "2", "");
    CHECK(gale_bind_unix_socket(abstract, 0, 0) == 4);
    CHECK(gale_bind_unix_socket(path, 0, 0) == 3);
    CHECK(gale_bind_unix_socket(path, 0, 0) == 5); /* replaced: it was taken */
    unlink(path);
}

static void from_a_predecessor(void)
{
    int ends[2], sockets[GALE_BIND_SOCKETS_MAX];
    CHECK(pipe(ends) == 0 && ends[0] == 3);
    CHECK(dup2(ends[1], 20) == 20 && dup2(3, 21) == 21 && close(3) == 0 && close(4) == 0);
    CHECK(dup2(20, 3) == 3 && close(20) == 0);
    int port = listen_on(AF_INET, 0, 4), forgotten = listen_on(AF_INET, 0, 5);
    setenv("GALE_UPGRADE", "2:a:", 1);
    CHECK(gale__inherited_is_awaited() && !getenv("GALE_UPGRADE"));
    CHECK(gale_bind_sockets(port, &loopback, sockets) == 1 && sockets[0] == 4);
    CHECK(forgotten > 0);
    gale_log_set_level(GALE_LOG_ERROR); /* a WARNING says which */
    gale__inherited_close_rest();
    CHECK(fcntl(5, F_GETFD) == -1);
    CHECK(fcntl(4, F_GETFD) == FD_CLOEXEC);
    char word = '-';
    CHECK(gale_notify("STATUS=READY=1\nREADY=10") == 0 && gale__inherited_is_awaited());
    CHECK(gale_notify("STATUS=fine\nREADY=1\n") == 0 && !gale__inherited_is_awaited());
    CHECK(read(21, &word, 1) == 1 && word == 's');
    CHECK(gale__inherited_ready_fd() == -1);
}

/* What asks for any port gets the one that the predecessor's had, and nobody else's. */
static void any_port_from_a_predecessor(void)
{
    int sockets[GALE_BIND_SOCKETS_MAX];
    int fixed = listen_on(AF_INET, 0, 3), any = listen_on(AF_INET, 0, 4);
    CHECK(dup2(4, 50) == 50 && dup2(3, 49) == 49 && close(3) == 0 && close(4) == 0);
    setenv("GALE_RELOAD", "49::50:.any-port:", 1);
    CHECK(gale_bind_sockets(0, NULL, sockets) > 0 && sockets[0] < 49); /* another address */
    CHECK(gale_bind_sockets(0, &loopback, sockets) == 1 && sockets[0] == 50);
    CHECK(gale_socket_port(50) == any);
    CHECK(gale_bind_sockets(0, &loopback, sockets) == 1 && sockets[0] < 49);
    CHECK(gale_bind_sockets(fixed, &loopback, sockets) == 1 && sockets[0] == 49);
    CHECK(strcmp(gale__inherited_name(50), ".any-port") == 0); /* for the next one */
    CHECK(strcmp(gale__inherited_name(49), "") == 0);
}

static void the_port_is_noted(void)
{
    int sockets[GALE_BIND_SOCKETS_MAX];
    for (int i = 0; i < 2000; i++) { /* more than are kept */
        CHECK(gale_bind_sockets(0, &loopback, sockets) == 1);
        CHECK(strcmp(gale__inherited_name(sockets[0]), ".any-port") == 0);
        int port = gale_socket_port(sockets[0]);
        close(sockets[0]);
        CHECK(gale_bind_sockets(port, &loopback, sockets) == 1);
        CHECK(strcmp(gale__inherited_name(sockets[0]), "") == 0);
        close(sockets[0]);
    }
}

static void from_itself(void)
{
    int sockets[GALE_BIND_SOCKETS_MAX];
    char text[64];
    int port = listen_on(AF_INET, 0, 3), other = listen_on(AF_INET, 0, 4);
    CHECK(dup2(3, 50) == 50 && dup2(4, 7) == 7 && close(3) == 0 && close(4) == 0);
    snprintf(text, sizeof text, "50:http:7::99:gone:2:none:x:y:");
    setenv("GALE_RELOAD", text, 1);
    CHECK(gale__inherited_is_left() && !gale__inherited_is_awaited() && !getenv("GALE_RELOAD"));
    CHECK(gale_bind_sockets(other, &loopback, sockets) == 1 && sockets[0] == 7);
    CHECK(gale_inherited_sockets("gone", sockets, 1) == 0);
    CHECK(gale__inherited_is_left());
    CHECK(gale_bind_sockets(port, &loopback, sockets) == 1 && sockets[0] == 50);
    CHECK(strcmp(gale__inherited_name(50), "http") == 0 && !gale__inherited_is_left());
    CHECK(fcntl(50, F_GETFD) == FD_CLOEXEC);
}

static void from_nobody(void)
{
    static const char *const wrong[] = { "", ":", "x", "3", ":3:", "99999999999:a:", "-1:a:" };
    int sockets[1];
    CHECK(listen_on(AF_INET, 0, 3) > 0);
    setenv("GALE_RELOAD", wrong[atoi(getenv("CASE"))], 1);
    CHECK(gale_inherited_sockets(NULL, sockets, 1) == 0 && !getenv("GALE_RELOAD"));
}

static void for_workers(void)
{
    gale_worker_sockets *all;
    int sockets[GALE_BIND_SOCKETS_MAX];
    int on = 1;
    int port = listen_on(AF_INET, 0, 3);
    /* Three on one port, as a supervisor of three workers hands over. */
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    CHECK(getsockname(3, (struct sockaddr *)&address, &size) == 0);
    close(3);
    for (int fd = 3; fd < 6; fd++) {
        CHECK(socket(AF_INET, SOCK_STREAM, 0) == fd);
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
        CHECK(bind(fd, (struct sockaddr *)&address, size) == 0 && listen(fd, 5) == 0);
    }
    say_for(getpid(), "3", "");
    CHECK(gale_worker_sockets_bind(2, port, &loopback, &all) == 0);
    CHECK(gale_worker_sockets_take(all, sockets) == 2); /* one more than its own */
    CHECK(sockets[0] == 3 && sockets[1] == 5);
    CHECK(fcntl(4, F_GETFD) == -1);
}

TEST(sockets_are_found_by_their_address)
{
    in_process(take_by_address);
    in_process(one_for_both_families);
    in_process(unix_sockets);
}

TEST(a_port_that_the_system_chose)
{
    in_process(any_port_from_a_predecessor);
    in_process(the_port_is_noted);
}

TEST(sockets_are_found_by_their_name)
{
    in_process(take_by_name);
}

TEST(what_is_not_meant_for_us_or_no_socket_is_left_alone)
{
    in_process(meant_for_another);
    in_process(no_socket_at_all);
    in_process(closed_meanwhile);
}

TEST(a_predecessor_hands_over)
{
    in_process(from_a_predecessor);
    in_process(for_workers);
}

TEST(a_program_that_was_executed_anew_finds_its_sockets)
{
    in_process(from_itself);
    for (char number[] = "0"; number[0] < '7'; number[0]++) {
        setenv("CASE", number, 1);
        in_process(from_nobody);
    }
    unsetenv("CASE");
}

/* ---- The service manager ---------------------------------------------------------------- */

static char told[256];

static const char *listen_to(int fd)
{
    ssize_t size = recv(fd, told, sizeof told - 1, MSG_DONTWAIT);
    told[size > 0 ? size : 0] = '\0';
    return told;
}

static void notify(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char name[64];
    snprintf(name, sizeof name, "@gale-notify-%d", getpid());
    memcpy(address.sun_path + 1, name + 1, strlen(name) - 1);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    CHECK(bind(fd, (struct sockaddr *)&address, size) == 0);
    CHECK(gale_notify("READY=1") == 0);
    setenv("NOTIFY_SOCKET", name, 1);
    CHECK(gale_notify("STATUS=well\nREADY=1") == 1);
    CHECK(strcmp(listen_to(fd), "STATUS=well\nREADY=1") == 0);
    int result = 1; /* until it has too much to read */
    for (int i = 0; i < 100000 && result == 1; i++)
        result = gale_notify("WATCHDOG=1");
    CHECK(result == -EAGAIN);
    close(fd);
    CHECK(gale_notify("READY=1") == -ECONNREFUSED);
    CHECK(strstr(gale_error_detail(), "cannot tell the service manager"));
    setenv("NOTIFY_SOCKET", "nonsense", 1);
    CHECK(gale_notify("READY=1") == -EINVAL);
}

TEST(states_are_sent)
{
    in_process(notify);
}

GALE_TEST_MAIN
