/* SPDX-License-Identifier: Apache-2.0 */
/* Listening sockets, addresses, accept handlers, the resolver. */
#include "net/net_test.h"

#include <gale/netutil.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

static int sockets[GALE_BIND_SOCKETS_MAX];

static int option_of(int fd, int level, int name)
{
    int value = -1;
    socklen_t size = sizeof value;
    assert_int_equal(getsockopt(fd, level, name, &value, &size), 0);
    return value;
}

static int family_of(int fd)
{
    return option_of(fd, SOL_SOCKET, SO_DOMAIN);
}

static void connect_to(int port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd);
}

/* ---- bind_sockets ---------------------------------------------------------------------- */

TEST(bind_sockets_listens_ready_for_use)
{
    gale_bind_options options = { .address = "127.0.0.1" };
    assert_int_equal(gale_bind_sockets(0, &options, sockets), 1);
    int fd = sockets[0];
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_true(option_of(fd, SOL_SOCKET, SO_ACCEPTCONN));
    assert_true(option_of(fd, SOL_SOCKET, SO_REUSEADDR));
    assert_true(option_of(fd, IPPROTO_TCP, TCP_NODELAY));
    assert_false(option_of(fd, SOL_SOCKET, SO_REUSEPORT));
    connect_to(gale_socket_port(fd));
    gale_close_sockets(sockets, 1);
}

TEST(accepted_sockets_inherit_nodelay)
{
    int ends[2];
    tcp_pair(ends);
    assert_true(option_of(ends[1], IPPROTO_TCP, TCP_NODELAY));
    gale_close_sockets(ends, 2);
}

/* Tornado: test_same_port_allocation */
TEST(port_0_is_the_same_for_all_families)
{
    int count = gale_bind_sockets(0, NULL, sockets);
    assert_true(count >= 1);
    int port = gale_socket_port(sockets[0]);
    assert_true(port > 0);
    for (int i = 1; i < count; i++) {
        assert_int_equal(gale_socket_port(sockets[i]), port);
        assert_int_equal(family_of(sockets[i]), AF_INET6);
        assert_true(option_of(sockets[i], IPPROTO_IPV6, IPV6_V6ONLY));
    }
    assert_int_equal(family_of(sockets[0]), AF_INET);
    gale_close_sockets(sockets, count);
    gale_bind_options empty = { .address = "", .family = AF_INET };
    assert_int_equal(gale_bind_sockets(0, &empty, sockets), 1);
    gale_close_sockets(sockets, 1);
}

TEST(localhost_is_bound_on_what_it_has)
{
    gale_bind_options options = { .address = "localhost" };
    int count = gale_bind_sockets(0, &options, sockets);
    assert_true(count == 1 || count == 2);
    gale_close_sockets(sockets, count);
}

/* Tornado: test_reuse_port */
TEST(reuse_port)
{
    int second[GALE_BIND_SOCKETS_MAX];
    gale_bind_options options = { .address = "127.0.0.1", .reuse_port = true };
    assert_int_equal(gale_bind_sockets(0, &options, sockets), 1);
    int port = gale_socket_port(sockets[0]);
    assert_int_equal(gale_bind_sockets(port, &options, second), 1);
    assert_int_equal(gale_socket_port(second[0]), port);
    gale_close_sockets(sockets, 1);
    gale_close_sockets(second, 1);
}

TEST(bind_sockets_says_what_is_wrong)
{
    char expected[128];
    int second[GALE_BIND_SOCKETS_MAX];
    int count = gale_bind_sockets(0, NULL, sockets);
    int port = gale_socket_port(sockets[0]);
    assert_error(gale_bind_sockets(port, NULL, second), -EADDRINUSE);
    snprintf(expected, sizeof expected, "cannot listen on port %d: Address already in use", port);
    assert_string_equal(gale_error_detail(), expected);
    gale_close_sockets(sockets, count);
    gale_bind_options foreign = { .address = "192.0.2.1" };
    assert_error(gale_bind_sockets(80, &foreign, second), -EADDRNOTAVAIL);
    assert_string_equal(gale_error_detail(),
                        "cannot listen on 192.0.2.1 port 80: Cannot assign requested address");
    assert_error(gale_bind_sockets(65536, NULL, second), GALE_EINVALID);
    assert_error(gale_bind_sockets(-1, NULL, second), GALE_EINVALID);
    gale_bind_options nonsense = { .address = "300.0.0.1", .flags = AI_NUMERICHOST };
    assert_error(gale_bind_sockets(0, &nonsense, second), GALE_ENOTFOUND);
    assert_error(gale_socket_port(-1), -EBADF);
}

/* ---- Unix sockets ---------------------------------------------------------------------- */

TEST(bind_unix_socket)
{
    char directory[] = "netutil-test-XXXXXX", path[64];
    struct stat status;
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/socket", directory);
    int first = gale_bind_unix_socket(path, 0, 0);
    assert_true(first >= 0);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    int second = gale_bind_unix_socket(path, 0666, 1); /* replaces it */
    assert_true(second >= 0);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0666);
    unlink(path);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    assert_error(gale_bind_unix_socket(path, 0, 0), -EEXIST);
    assert_non_null(strstr(gale_error_detail(), "exists and is not a socket"));
    unlink(path);
    rmdir(directory);
    assert_error(gale_bind_unix_socket(path, 0, 0), -ENOENT);
    int abstract = gale_bind_unix_socket(own_name(), 0, 0);
    assert_true(abstract >= 0);
    assert_error(gale_bind_unix_socket(own_name(), 0, 0), -EADDRINUSE);
    assert_error(gale_socket_port(abstract), GALE_EINVALID);
    gale_close_sockets((int[]){ first, second, abstract }, 3);
}

/* ---- Addresses ------------------------------------------------------------------------- */

/* Tornado: test_is_valid_ip */
TEST(is_valid_ip)
{
    static const char *const valid[] = { "127.0.0.1", "4.4.4.4", "::1", "2620:0:1cfe:face:b00c::3",
                                         "127.1" };
    static const char *const invalid[] = {
        "www.google.com", "localhost", "4.4.4.4<", " 127.0.0.1", "", " ", "\n", NULL
    };
    for (size_t i = 0; i < sizeof valid / sizeof *valid; i++)
        assert_true(gale_is_valid_ip(valid[i]));
    for (size_t i = 0; i < sizeof invalid / sizeof *invalid; i++)
        assert_false(gale_is_valid_ip(invalid[i]));
    char many[101];
    memset(many, 'a', 100);
    many[100] = '\0';
    assert_false(gale_is_valid_ip(many));
}

TEST(addresses_as_text)
{
    gale_address address;
    char text[GALE_ADDRESS_TEXT_MAX], path[200];
    assert_ok(gale_address_from_ip("10.1.2.3", 80, &address));
    assert_string_equal(gale_address_text(&address, text), "10.1.2.3:80");
    assert_ok(gale_address_from_ip("2001:db8::1", 443, &address));
    assert_string_equal(gale_address_text(&address, text), "[2001:db8::1]:443");
    assert_ok(gale_address_from_path("/run/x", &address));
    assert_string_equal(gale_address_text(&address, text), "/run/x");
    assert_string_equal(gale_address_text(&(gale_address){ 0 }, text), "");
    assert_error(gale_address_from_ip("1.2.3", 80, &address), GALE_EINVALID);
    assert_error(gale_address_from_ip("1.2.3.4", 65536, &address), GALE_EINVALID);
    assert_error(gale_address_from_path("", &address), GALE_EINVALID);
    memset(path, 'p', sizeof path);
    path[108] = '\0';
    assert_error(gale_address_from_path(path, &address), GALE_EINVALID);
    path[107] = '\0';
    assert_ok(gale_address_from_path(path, &address));
}

/* ---- The resolver ---------------------------------------------------------------------- */

TEST(literal_addresses_are_resolved_outside_a_task)
{
    gale_address addresses[2];
    assert_int_equal(gale_resolve("127.0.0.1", 80, 0, addresses, 2), 1);
    assert_int_equal(addresses[0].family, AF_INET);
    assert_int_equal(addresses[0].port, 80);
    assert_memory_equal(addresses[0].ip, "\177\0\0\1", 4);
    assert_int_equal(gale_resolve("::1", 80, AF_INET6, addresses, 2), 1);
    assert_int_equal(addresses[0].family, AF_INET6);
    assert_error(gale_resolve("::1", -1, AF_INET6, addresses, 2), GALE_EINVALID);
    assert_error(gale_resolve("some.name", 1, 0, addresses, 2), GALE_ENOTASK);
}

/* Tornado: test_localhost */
TASK_TEST(resolve_localhost)
{
    gale_address addresses[8];
    char text[GALE_ADDRESS_TEXT_MAX];
    bool found = false;
    int count = gale_resolve("localhost", 80, 0, addresses, 8);
    assert_true(count >= 1 && count <= 8);
    for (int i = 0; i < count; i++)
        found = found || !strcmp(gale_address_text(&addresses[i], text), "127.0.0.1:80");
    assert_true(found);
    assert_int_equal(gale_resolve("localhost", 80, AF_INET, addresses, 0), 1);
}

/* Tornado: test_bad_host */
TASK_TEST(resolve_a_bad_host)
{
    gale_address address;
    assert_error(gale_resolve("an invalid domain", 80, 0, &address, 1), GALE_ENOTFOUND);
    assert_non_null(strstr(gale_error_detail(), "cannot resolve 'an invalid domain': "));
}

static int resolve_it(void *arg)
{
    gale_address address;
    *(int *)arg = gale_resolve("localhost", 80, 0, &address, 1);
    return 0;
}

TASK_TEST(a_cancelled_resolve_leaves_at_once)
{
    int result = 0;
    gale_scope *scope = gale_scope_open(NULL);
    assert_ok(gale_scope_spawn(scope, "resolve", resolve_it, &result));
    loop_briefly();
    if (result == 0) { /* it has not come yet */
        gale_scope_cancel(scope);
        gale_scope_close(scope, 0);
        assert_int_equal(result, GALE_ECANCELED);
    } else {
        gale_scope_close(scope, 0);
    }
}

TASK_TEST(each_allocation_of_a_resolve_may_fail)
{
    gale_address address;
    size_t n = 0;
    int result;
    do {
        test_fail_allocation(++n);
        result = gale_resolve("localhost", 80, 0, &address, 1);
        assert_true(result >= 1 || result == -ENOMEM);
    } while (test_allocation_failed() && n < 100);
    test_fail_allocation(0);
    assert_true(n < 100);
}

/* ---- Accept handlers ------------------------------------------------------------------- */

static int accepted_count;
static gale_accept_handler *handler;

static void on_accepted(int fd, const gale_address *address, void *arg)
{
    assert_ptr_equal(arg, &accepted_count);
    assert_int_equal(address->family, AF_INET);
    assert_true(address->port > 0);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    accepted_count++;
    close(fd);
}

TASK_TEST(an_accept_handler_leaves_the_socket_open)
{
    gale_bind_options options = { .address = "127.0.0.1" };
    assert_int_equal(gale_bind_sockets(0, &options, sockets), 1);
    fcntl(sockets[0], F_SETFL, 0); /* a blocking one would do */
    int port = gale_socket_port(sockets[0]);
    accepted_count = 0;
    handler = gale_add_accept_handler(sockets[0], on_accepted, &accepted_count);
    assert_non_null(handler);
    connect_to(port);
    connect_to(port);
    assert_ok(gale_sleep(0.01));
    assert_int_equal(accepted_count, 2);
    gale_remove_accept_handler(handler);
    connect_to(port);
    assert_ok(gale_sleep(0.01));
    assert_int_equal(accepted_count, 2);
    gale_remove_accept_handler(NULL);
    assert_null(gale_add_accept_handler(-1, on_accepted, NULL));
    gale_close_sockets(sockets, 1);
}

static void accept_one(int fd, const gale_address *address, void *arg)
{
    (void)address;
    (void)arg;
    accepted_count++;
    close(fd);
    gale_remove_accept_handler(handler);
}

TASK_TEST(an_accept_handler_may_stop_in_the_middle_of_a_batch)
{
    gale_bind_options options = { .address = "127.0.0.1" };
    assert_int_equal(gale_bind_sockets(0, &options, sockets), 1);
    accepted_count = 0;
    for (int i = 0; i < 5; i++)
        connect_to(gale_socket_port(sockets[0]));
    handler = gale_add_accept_handler(sockets[0], accept_one, NULL);
    assert_ok(gale_sleep(0.01));
    assert_int_equal(accepted_count, 1);
    gale_close_sockets(sockets, 1);
}

/* ---- Out of descriptors ---------------------------------------------------------------- */

static int kept[64], kept_count;

static void keep(int fd, const gale_address *address, void *arg)
{
    (void)address;
    (void)arg;
    kept[kept_count++] = fd;
}

static int log_lines;

static void count_lines(const gale_log_record *record, void *arg)
{
    (void)arg;
    log_lines += strstr(record->message, "accept: Too many open files") != NULL;
}

/* More clients than descriptors: some are turned away, and when there is room again, one is
 * accepted again. */
static int flood(void *arg)
{
    const int port = *(int *)arg;
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int clients[20];
    for (int i = 0; i < 20; i++) {
        clients[i] = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(clients[i], (struct sockaddr *)&address, sizeof address) != 0)
            return 10;
    }
    struct rlimit limit = { (rlim_t)clients[19] + 4, (rlim_t)clients[19] + 4 };
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 11;
    gale_accept_handler *own = gale_add_accept_handler(sockets[0], keep, NULL);
    if (gale_sleep(0.55) != 0 || kept_count == 0 || kept_count > 3)
        return 12;
    if (log_lines != 1)
        return 13; /* several pauses, one line */
    char byte;
    int turned_away = 0;
    for (int i = 0; i < 20; i++)
        turned_away += recv(clients[i], &byte, 1, MSG_DONTWAIT) == 0;
    if (turned_away < 3 || turned_away > 10)
        return 14;
    for (int i = 0; i < kept_count; i++)
        close(kept[i]);
    int before = kept_count;
    if (gale_sleep(0.3) != 0 || kept_count == before)
        return 15;
    gale_remove_accept_handler(own);
    return 0;
}

TEST(out_of_descriptors_it_turns_away_pauses_and_goes_on)
{
    gale_bind_options options = { .address = "127.0.0.1" };
    assert_int_equal(gale_bind_sockets(0, &options, sockets), 1);
    int port = gale_socket_port(sockets[0]);
    pid_t pid = fork();
    if (pid == 0) {
        gale_log_set_hook(count_lines, NULL);
        _exit(gale_ioloop_run_sync(gale_ioloop_new(NULL), flood, &port, 10));
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    gale_close_sockets(sockets, 1);
}

GALE_TEST_MAIN
