/* SPDX-License-Identifier: Apache-2.0 */
/* Each time limit has an error of its own. */
#include <sys/socket.h>
#include <unistd.h>

#include "http/client_test.h"

static gale_http_response *response;

/* A port that takes connections into its queue, and then no more. */
static int full_port(int *ret_listening, int *ret_waiting)
{
    int sockets[GALE_BIND_SOCKETS_MAX];
    gale_bind_options options = { .address = "127.0.0.1" };
    assert_int_equal(gale_bind_sockets(0, &options, sockets), 1);
    assert_int_equal(listen(sockets[0], 0), 0);
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    getsockname(sockets[0], (struct sockaddr *)&address, &size);
    for (int i = 0; i < 2; i++) {
        ret_waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(ret_waiting[i], (struct sockaddr *)&address, size);
    }
    *ret_listening = sockets[0];
    return gale_socket_port(sockets[0]);
}

/* Tornado: SimpleHTTPClientTestMixin.test_connect_timeout */
TASK_TEST(connecting_takes_too_long)
{
    int listening, waiting[2];
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", full_port(&listening, waiting));
    assert_error(gale_fetch(url, &(gale_fetch_options){ .connect_timeout = 0.02 }, &response),
                 GALE_ETIMEDOUT_CONNECT);
    assert_string_equal(gale_error_detail(), "Timeout while connecting");
    assert_error(gale_fetch(url, &(gale_fetch_options){ .request_timeout = 0.02 }, &response),
                 GALE_ETIMEDOUT);
    assert_string_equal(gale_error_detail(), "Timeout while connecting");
    assert_null(response);
    close(listening);
    close(waiting[0]);
    close(waiting[1]);
}

static int resolve_never(const char *host, int port, int family, gale_address *addresses,
                         int capacity, void *arg)
{
    (void)host, (void)port, (void)family, (void)addresses, (void)capacity, (void)arg;
    return gale_sleep(3600);
}

/* Tornado: ResolveTimeoutTestCase.test_resolve_timeout */
TASK_TEST(looking_a_name_up_takes_too_long)
{
    gale_resolver *resolver = gale_resolver_new(resolve_never, NULL);
    gale_http_client_options options = { .resolver = resolver };
    gale_http_client *client = gale_http_client_new(&options);
    assert_error(gale_http_client_fetch(client, "http://example.invalid/",
                                        &(gale_fetch_options){ .connect_timeout = 0.02 },
                                        &response),
                 GALE_ETIMEDOUT_CONNECT);
    assert_string_equal(gale_error_detail(), "Timeout while connecting");
    assert_error(gale_http_client_fetch(client, "http://example.invalid/",
                                        &(gale_fetch_options){ .resolve_timeout = 0.02 },
                                        &response),
                 GALE_ETIMEDOUT_RESOLVE);
    assert_string_equal(gale_error_detail(), "cannot resolve 'example.invalid' within 0.02 s");
    gale_http_client_free(client);
    gale_resolver_free(resolver);
}

/* Tornado: SimpleHTTPClientTestMixin.test_request_timeout */
TASK_TEST(the_response_takes_too_long)
{
    gale_fetch_options options = { .request_timeout = 0.02 };
    RAW_SERVER(HANG, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe" HANG,
               "HTTP/1.1 302 X\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", HANG);
    for (int i = 0; i < 3; i++) {
        assert_error(get(&options, &response), GALE_ETIMEDOUT);
        assert_string_equal(gale_error_detail(), "Timeout during request");
        assert_null(response);
    }
    raw_stop();
}

TASK_TEST(the_first_byte_takes_too_long)
{
    gale_fetch_options options = { .first_byte_timeout = 0.02 };
    RAW_SERVER(HANG, DRIP "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", OK("again", "5"));
    assert_error(get(&options, &response), GALE_ETIMEDOUT_FIRST_BYTE);
    assert_string_equal(gale_error_detail(), "Timeout while waiting for the response");
    assert_ok(get(&options, &response));
    assert_body(response, "hello");
    assert_ok(get(&options, &response));
    assert_body(response, "again");
    raw_stop();
}

/* Tornado: HTTPClientCommonTestCase.test_zero_timeout (where zero means no limit) */
TASK_TEST(no_limits)
{
    gale_fetch_options options = { .connect_timeout = GALE_NONE,
                                   .request_timeout = GALE_NONE,
                                   .queue_timeout = GALE_NONE };
    RAW_SERVER(OK("ok", "2"));
    assert_ok(get(&options, &response));
    assert_body(response, "ok");
    raw_stop();
}

static int fetch_hanging(void *arg)
{
    (void)arg;
    return get(NULL, &response);
}

TASK_TEST(a_deadline_around_a_fetch)
{
    RAW_SERVER(HANG);
    assert_error(gale_with_timeout(0.02, fetch_hanging, NULL), GALE_ETIMEDOUT);
    raw_stop();
}

GALE_TEST_MAIN
