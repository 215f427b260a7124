/* SPDX-License-Identifier: Apache-2.0 */
/* Applications: listening, failing to, sharing, stopping gracefully. */
#include <gale/netutil.h>

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "web/web_test.h"

static int hello(gale_handler *self)
{
    return gale_write(self, "hello");
}

static int show_user_data(gale_handler *self)
{
    const gale_application_settings *settings =
        gale_application_get_settings(gale_handler_application(self));
    return gale_write(self, settings->user_data);
}

static bool waiting; /* a handler waits */

static int wait_a_little(gale_handler *self)
{
    __atomic_store_n(&waiting, true, __ATOMIC_RELEASE);
    int result = gale_sleep(0.1);
    note(result == 0 ? "slept" : gale_strerror(result));
    return result < 0 ? result : gale_write(self, "slept");
}

static int wait_for_ever(gale_handler *self)
{
    (void)self;
    __atomic_store_n(&waiting, true, __ATOMIC_RELEASE);
    int result = gale_sleep(60);
    note(gale_strerror(result));
    return result;
}

static const gale_handler_class hello_handler = { .get = hello },
                                user_data_handler = { .get = show_user_data },
                                little_handler = { .get = wait_a_little },
                                ever_handler = { .get = wait_for_ever };

static const gale_route routes[] = { ROUTE("/", hello_handler),
                                     ROUTE("/user_data", user_data_handler),
                                     ROUTE("/little", little_handler),
                                     ROUTE("/ever", ever_handler),
                                     { 0 } };

/* ---- Listening ------------------------------------------------------------------------- */

TEST(one_application_on_several_ports)
{
    int first;
    gale_application *application =
        serve(routes, &(gale_application_settings){ .user_data = "mine" }, &first);
    int second = gale_application_listen_address(application, 0, "127.0.0.1");
    assert_true(second > 0 && second != first);
    int sockets[GALE_BIND_SOCKETS_MAX];
    int count = gale_bind_sockets(0, &(gale_bind_options){ .address = "127.0.0.1" }, sockets);
    assert_int_equal(count, 1);
    int third = gale_socket_port(sockets[0]);
    assert_ok(gale_application_listen_sockets(application, sockets, count));
    assert_body(first, "/", "hello");
    assert_body(second, "/user_data", "mine");
    assert_body(third, "/", "hello");
    stop();
}

TEST(two_applications_on_one_loop)
{
    int first, second;
    gale_application *mine =
        serve(routes, &(gale_application_settings){ .user_data = "1" }, &first);
    serve(routes, &(gale_application_settings){ .user_data = "2" }, &second);
    assert_body(first, "/user_data", "1");
    assert_body(second, "/user_data", "2");
    gale_application_free(mine);
    assert_body(second, "/user_data", "2");
    gale_application_free(NULL);
    stop();
}

TEST(all_interfaces)
{
    gale_application *application = gale_application_new(routes, NULL);
    int port = gale_application_listen(application, 0);
    assert_true(port > 0);
    assert_body(port, "/", "hello");
    stop();
}

/* What routes and settings were made of need not outlive the call. */
TEST(routes_are_copied)
{
    char pattern[] = "/x", name[] = "x";
    gale_route on_stack[] = { ROUTE(pattern, hello_handler, .name = name), { 0 } };
    gale_application_settings settings = { .user_data = "x" };
    int port;
    gale_application *application = serve(on_stack, &settings, &port);
    memset(on_stack, 0, sizeof on_stack);
    memset(&settings, 0, sizeof settings);
    pattern[1] = name[0] = 'y';
    assert_body(port, "/x", "hello");
    gale_bytes *path = gale_application_reverse_url(application, "x", NULL, 0);
    assert_str(gale_bytes_str(path), "/x");
    gale_bytes_unref(path);
    stop();
}

/* ---- Failing to listen ----------------------------------------------------------------- */

TEST(a_port_in_use)
{
    int port;
    serve(routes, NULL, &port);
    gale_application *second = gale_application_new(routes, NULL);
    char line[100];
    snprintf(line, sizeof line, "cannot listen on 127.0.0.1 port %d: Address already in use", port);
    test_expect_log(GALE_LOG_ERROR, line);
    assert_error(gale_application_listen_address(second, port, "127.0.0.1"), -EADDRINUSE);
    assert_int_equal(gale_ioloop_start(gale_ioloop_current()), 1);
    stop();
}

TEST(an_address_that_is_none)
{
    gale_application *application = gale_application_new(routes, NULL);
    test_expect_log(GALE_LOG_ERROR, "cannot listen on ");
    assert_true(gale_application_listen_address(application, 0, "not an address") < 0);
    assert_int_equal(gale_ioloop_start(gale_ioloop_current()), 1);
    stop();
}

/* ---- Stopping -------------------------------------------------------------------------- */

/* The loop ends as soon as its servers have, so the client is in a thread of its own. */
typedef struct stopping {
    gale_ioloop *loop;
    int port;
    const char *target;
    char answer[500], idle_answer[500];
    bool idle_closed, refused;
} stopping;

static int open_connection(int port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){ .tv_sec = 10 },
               sizeof(struct timeval));
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

static void send_get(int fd, const char *target)
{
    char request[100];
    int size = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", target);
    send(fd, request, (size_t)size, MSG_NOSIGNAL);
}

/* Reads until `end` has come, or until the server closes; false in the latter case. */
static bool read_until(int fd, const char *end, char *answer, size_t room)
{
    size_t size = 0;
    ssize_t got = 1;
    answer[0] = '\0';
    while ((!end || !strstr(answer, end)) && got > 0) {
        got = recv(fd, answer + size, room - size - 1, 0);
        size += got > 0 ? (size_t)got : 0;
        answer[size] = '\0';
    }
    return got > 0;
}

static void shut_down(void *loop)
{
    gale_ioloop_shutdown(loop);
}

/* One connection is idle and one at work when the loop is told to stop. */
static void *stop_client(void *arg)
{
    stopping *self = arg;
    int idle = open_connection(self->port), busy = open_connection(self->port);
    send_get(idle, "/");
    read_until(idle, "hello", self->idle_answer, sizeof self->idle_answer);
    send_get(busy, self->target);
    while (!__atomic_load_n(&waiting, __ATOMIC_ACQUIRE))
        usleep(1000);
    gale_ioloop_add_callback(self->loop, shut_down, self->loop);
    char rest[10];
    self->idle_closed = !read_until(idle, NULL, rest, sizeof rest) && !*rest;
    self->refused = open_connection(self->port) < 0;
    read_until(busy, NULL, self->answer, sizeof self->answer);
    close(idle);
    close(busy);
    return NULL;
}

static void stop_while(stopping *self)
{
    pthread_t client;
    self->loop = gale_ioloop_new(&(gale_ioloop_options){ .shutdown_timeout = 0.3 });
    self->port = serve_routes(routes);
    assert_int_equal(pthread_create(&client, NULL, stop_client, self), 0);
    assert_int_equal(gale_ioloop_start(self->loop), 0);
    stop();
    pthread_join(client, NULL);
    assert_null(strstr(self->idle_answer, "Connection"));
    assert_true(self->idle_closed);
    assert_true(self->refused);
    waiting = false;
}

TEST(a_graceful_stop_finishes_what_is_in_flight)
{
    stopping self = { .target = "/little" };
    stop_while(&self);
    assert_memory_equal(self.answer, "HTTP/1.1 200 OK\r\n", 17);
    assert_non_null(strstr(self.answer, "\r\nConnection: close\r\n\r\nslept"));
    assert_trace("slept");
}

/* After shutdown_timeout. */
TEST(a_graceful_stop_cancels_what_does_not_end)
{
    stopping self = { .target = "/ever" };
    test_expect_log(GALE_LOG_WARNING, "graceful stop: cancelling what is still in flight");
    stop_while(&self);
    assert_string_equal(self.answer, "");
    assert_trace("canceled");
}

TEST(a_loop_may_be_freed_while_handlers_wait)
{
    gale_str part = GALE_STR("GET /ever HTTP/1.1\r\nHost: h\r\n\r\n");
    asking what = { .port = serve_routes(routes), .parts = &part, .part_count = 1 };
    assert_ok(gale_ioloop_run_sync(gale_ioloop_current(), ask_task, &what, 0.05));
    assert_int_equal(what.result, GALE_ECANCELED);
    free(what.answer);
    assert_true(waiting);
    waiting = false;
    stop();
    assert_trace("canceled");
}

GALE_TEST_MAIN
