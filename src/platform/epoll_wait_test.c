/* SPDX-License-Identifier: Apache-2.0 */
/* The epoll backend through its table: accepting, waiting and being woken. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/memory.h"
#include "platform/backend.h"
#include "platform/clock.h"
#include "test.h"

static gale__backend *backend;
static const gale__backend_operations *table;

static void begin(void)
{
    table = &gale__epoll_backend;
    assert_ok(table->open(&backend));
}

/* Has everything happen that can happen now; returns how many events. */
static int turn(void)
{
    int64_t now;
    int count = table->wait(backend, 0, &now);
    assert_true(count >= 0);
    return count;
}

/* ---- Accepting ------------------------------------------------------------------------- */

typedef struct listener {
    gale__io io;
    struct sockaddr_in address;
    int connections, error, errors;
    int family;
    bool ends_itself, pauses;
} listener;

static void accepted(gale__io *io, int fd, const struct sockaddr *address, socklen_t size)
{
    listener *self = GALE__CONTAINER_OF(io, listener, io);
    if (fd < 0) {
        self->error = fd;
        self->errors++;
        return;
    }
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_true(size >= sizeof(struct sockaddr_in));
    self->family = address->sa_family;
    self->connections++;
    close(fd);
    if (self->pauses)
        table->accept(backend, io, false);
    if (self->ends_itself) {
        table->end(backend, io, true);
        memset(self, 0xee, sizeof *self); /* as if freed and used again */
    }
}

static const gale__io_handlers listener_handlers = { .accepted = accepted };

static void listener_open(listener *self)
{
    socklen_t size = sizeof self->address;
    *self = (listener){ .io.handlers = &listener_handlers,
                        .address = { .sin_family = AF_INET,
                                     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) } };
    self->io.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(self->io.fd, (void *)&self->address, size), 0);
    assert_int_equal(listen(self->io.fd, 16), 0);
    assert_int_equal(getsockname(self->io.fd, (void *)&self->address, &size), 0);
    assert_ok(table->accept(backend, &self->io, true));
}

static int connect_to(const struct sockaddr_in *address)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const void *)address, sizeof *address), 0);
    return fd;
}

TEST(all_waiting_connections_are_accepted_in_one_turn)
{
    listener one;
    int clients[3];
    begin();
    listener_open(&one);
    for (int i = 0; i < 3; i++)
        clients[i] = connect_to(&one.address);
    assert_int_equal(turn(), 1);
    assert_int_equal(one.connections, 3);
    assert_int_equal(one.family, AF_INET);
    assert_int_equal(turn(), 0);
    for (int i = 0; i < 3; i++)
        close(clients[i]);
    table->end(backend, &one.io, true);
    table->close(backend);
}

TEST(accepting_can_pause_and_end_in_its_callback)
{
    listener one;
    int clients[3];
    begin();
    listener_open(&one);
    one.pauses = true;
    for (int i = 0; i < 3; i++)
        clients[i] = connect_to(&one.address);
    turn();
    turn();
    assert_int_equal(one.connections, 1);
    one.pauses = false;
    one.ends_itself = true;
    assert_ok(table->accept(backend, &one.io, true));
    turn();
    assert_int_equal(turn(), 0);
    for (int i = 0; i < 3; i++)
        close(clients[i]);
    table->close(backend);
}

TEST(descriptor_limit_is_reported_and_left)
{
    listener one;
    struct rlimit before, now;
    begin();
    listener_open(&one);
    int client = connect_to(&one.address);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    now = before;
    now.rlim_cur = (rlim_t)client + 1;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
    turn();
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(one.error, -EMFILE);
    assert_int_equal(one.errors, 1);
    assert_int_equal(one.connections, 0);
    turn();
    assert_int_equal(one.connections, 1);
    close(client);
    table->end(backend, &one.io, true);
    table->close(backend);
}

/* ---- Waiting --------------------------------------------------------------------------- */

TEST(wait_is_never_short)
{
    begin();
    for (int64_t timeout = 1; timeout < 5000000; timeout = timeout * 3 + 1) {
        int64_t before = gale__clock_monotonic(), now;
        assert_int_equal(table->wait(backend, timeout, &now), 0);
        assert_true(now - before >= timeout);
        assert_true(table->now(backend) >= now);
    }
    table->close(backend);
}

TEST(wake_ends_the_next_wait)
{
    int64_t now;
    begin();
    for (int i = 0; i < 3; i++)
        table->wake(backend);
    assert_int_equal(table->wait(backend, -1, &now), 1);
    assert_int_equal(turn(), 0);
    table->close(backend);
}

static void *wake_soon(void *arg)
{
    (void)arg;
    usleep(5000);
    table->wake(backend);
    return NULL;
}

TEST(wake_from_a_thread_ends_the_wait)
{
    pthread_t thread;
    int64_t now;
    begin();
    assert_int_equal(pthread_create(&thread, NULL, wake_soon, NULL), 0);
    assert_int_equal(table->wait(backend, -1, &now), 1);
    assert_int_equal(pthread_join(thread, NULL), 0);
    table->close(backend);
}

static volatile sig_atomic_t errno_kept;

static void wake_handler(int number)
{
    (void)number;
    int saved = errno;
    errno = EDOM;
    table->wake(backend);
    errno_kept = errno == EDOM;
    errno = saved;
}

TEST(wake_from_a_signal_handler_ends_the_wait)
{
    int64_t now;
    begin();
    signal(SIGALRM, wake_handler);
    ualarm(3000, 0);
    int count = table->wait(backend, -1, &now);
    assert_true(count == 0 || count == 1); /* interrupted, or woken */
    turn();
    assert_true(errno_kept);
    signal(SIGALRM, SIG_DFL);
    table->close(backend);
}

TEST(out_of_memory_and_descriptors_are_returned)
{
    struct rlimit before, now;
    table = &gale__epoll_backend;
    test_fail_allocation(1);
    assert_error(table->open(&backend), -ENOMEM);
    test_fail_allocation(0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    for (rlim_t room = 0; room < 2; room++) {
        int lowest = dup(0);
        close(lowest);
        now = before;
        now.rlim_cur = (rlim_t)lowest + room;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
        int result = table->open(&backend);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        assert_int_equal(result, -EMFILE);
    }
}

GALE_TEST_MAIN
