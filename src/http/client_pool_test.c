/* SPDX-License-Identifier: Apache-2.0 */
/* Connections that are used again, and places in the queue. */
#include "http/client_test.h"

#include "http/client_pool.h"

static gale_http_response *response;

static int idle_count(void)
{
    return gale_http_client_current()->idle_count;
}

TASK_TEST(one_connection_serves_one_fetch_after_the_other)
{
    RAW_SERVER(OK("1", "1"), OK("2", "1"), OK("3", "1"));
    for (int i = 0; i < 3; i++)
        assert_ok(get(NULL, &response));
    assert_body(response, "3");
    assert_int_equal(raw.connections, 1);
    assert_int_equal(idle_count(), 1);
    raw_stop();
}

TASK_TEST(connections_that_are_not_kept)
{
    RAW_SERVER("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n" HANG,
               "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n" HANG,
               "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n",
               OK("", "0") "more");
    for (int i = 0; i < 2; i++)
        assert_ok(get(NULL, &response));
    assert_int_equal(raw.connections, 2);
    assert_int_equal(idle_count(), 0);
    assert_ok(get(NULL, &response));
    assert_int_equal(idle_count(), 1);
    assert_ok(get(NULL, &response)); /* the answer to nothing */
    assert_int_equal(raw.connections, 3);
    assert_int_equal(idle_count(), 0);
    raw_stop();
}

TASK_TEST(what_comes_unasked_ends_a_connection)
{
    RAW_SERVER(OK("1", "1"), OK("2", "1"), OK("3", "1"));
    gale_iostream *stream;
    (void)stream;
    assert_ok(get(NULL, &response));
    raw.answers[1] = OK("2", "1") DRIP;
    assert_ok(get(NULL, &response));
    gale_sleep(0.02);
    assert_ok(get(NULL, &response));
    assert_body(response, "3");
    assert_int_equal(raw.connections, 2);
    raw_stop();
}

TASK_TEST(a_closed_connection_leaves_the_pool)
{
    RAW_SERVER(OK("", "0") CLOSE, OK("", "0"));
    assert_ok(get(NULL, &response));
    for (int i = 0; i < 100 && idle_count() > 0; i++)
        gale_sleep(0.001);
    assert_int_equal(idle_count(), 0);
    assert_ok(get(NULL, &response));
    assert_int_equal(raw.connections, 2);
    raw_stop();
}

/* ---- Stale connections ----------------------------------------------------------------- */

TASK_TEST(a_request_is_sent_again_when_its_connection_was_closed)
{
    RAW_SERVER(OK("1", "1"), CLOSE, OK("3", "1"), OK("4", "1"), CLOSE, OK("6", "1"));
    assert_ok(get(NULL, &response));
    assert_ok(get(NULL, &response));
    assert_body(response, "3");
    assert_int_equal(raw.connections, 2);
    gale_fetch_options put = { .method = "PUT", .body = "b" };
    assert_ok(get(&put, &response));
    assert_ok(get(&put, &response));
    assert_body(response, "6");
    assert_int_equal(raw.connections, 3);
    raw_stop();
}

TASK_TEST(but_not_twice_and_not_after_a_byte_has_come)
{
    RAW_SERVER(OK("", "0"), CLOSE, CLOSE, OK("", "0"), "H" CLOSE);
    assert_ok(get(NULL, &response));
    assert_error(get(NULL, &response), GALE_ECLOSED);
    assert_string_equal(gale_error_detail(), "Connection closed without a response");
    assert_ok(get(NULL, &response));
    assert_error(get(NULL, &response), GALE_ECLOSED);
    assert_int_equal(raw.requests, 5);
    raw_stop();
}

TASK_TEST(a_post_is_not_sent_again)
{
    gale_fetch_options post = { .method = "POST", .body = "b" };
    RAW_SERVER(OK("", "0"), CLOSE, OK("", "0"));
    assert_ok(get(&post, &response));
    assert_error(get(&post, &response), GALE_ECLOSED);
    assert_int_equal(raw.requests, 2);
    raw_stop();
}

/* The loop has not seen the end when the fetch begins. */
TASK_TEST(a_post_looks_before_it_takes_a_connection)
{
    gale_fetch_options post = { .method = "POST", .body = "b" };
    RAW_SERVER(OK("", "0"), OK("", "0"));
    assert_ok(get(&post, &response));
    gale__list *first = gale_http_client_current()->idle.next;
    gale_iostream *stream = GALE__CONTAINER_OF(first, gale__client_connection, link)->stream;
    assert_int_equal(shutdown(gale_iostream_fileno(stream), SHUT_RD), 0);
    assert_ok(get(&post, &response));
    assert_int_equal(raw.connections, 2);
    raw_stop();
}

/* ---- Limits ---------------------------------------------------------------------------- */

static int fetch_in_client(void *arg)
{
    gale_http_response *own;
    return gale_http_client_fetch(arg, raw.url, NULL, &own);
}

static void fetch_at_once(gale_http_client *client, int count)
{
    gale_call calls[8];
    for (int i = 0; i < count; i++)
        calls[i] = (gale_call){ fetch_in_client, client, 0 };
    assert_ok(gale_multi(calls, (size_t)count));
}

TASK_TEST(how_many_wait)
{
    gale_http_client_options options = { .max_idle_per_host = 2 };
    gale_http_client *client = gale_http_client_new(&options);
    RAW_SERVER(OK("1", "1"), OK("2", "1"), OK("3", "1"), OK("4", "1"));
    fetch_at_once(client, 4);
    assert_int_equal(raw.connections, 4);
    assert_int_equal(client->idle_count, 2);
    gale_http_client_free(client);
    raw_stop();
    options = (gale_http_client_options){ .max_idle = 3 };
    client = gale_http_client_new(&options);
    RAW_SERVER(OK("1", "1"), OK("2", "1"), OK("3", "1"), OK("4", "1"));
    fetch_at_once(client, 4);
    assert_int_equal(client->idle_count, 3);
    gale_http_client_free(client);
    raw_stop();
    gale_fetch_options defaults = { .no_keep_alive = true };
    options = (gale_http_client_options){ .defaults = &defaults };
    client = gale_http_client_new(&options);
    RAW_SERVER(OK("1", "1"));
    fetch_at_once(client, 1);
    assert_int_equal(client->idle_count, 0);
    gale_http_client_free(client);
    raw_stop();
    options = (gale_http_client_options){ .max_clients = GALE_NONE,
                                          .max_idle = GALE_NONE,
                                          .max_idle_per_host = GALE_NONE,
                                          .idle_timeout = GALE_NONE };
    client = gale_http_client_new(&options);
    RAW_SERVER(OK("1", "1"), OK("2", "1"), OK("3", "1"), OK("4", "1"));
    fetch_at_once(client, 4);
    assert_int_equal(client->idle_count, 4);
    gale_http_client_free(client);
    raw_stop();
}

TASK_TEST(how_long_they_wait)
{
    gale_http_client_options options = { .idle_timeout = 0.02 };
    gale_http_client *client = gale_http_client_new(&options);
    RAW_SERVER(OK("1", "1"), OK("2", "1"),
               "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=3, max=9\r\nContent-Length: 0\r\n\r\n");
    fetch_at_once(client, 1);
    gale_sleep(0.01);
    assert_int_equal(client->idle_count, 1);
    fetch_at_once(client, 1);
    assert_int_equal(raw.connections, 1);
    gale_sleep(0.04);
    assert_int_equal(client->idle_count, 0);
    gale_http_client_free(client);
    assert_ok(get(NULL, &response));
    gale__list *first = gale_http_client_current()->idle.next;
    assert_true(GALE__CONTAINER_OF(first, gale__client_connection, link)->keep_alive == 2);
    raw_stop();
}

/* ---- The queue ------------------------------------------------------------------------- */

/* Tornado: SimpleHTTPClientTestMixin.test_connection_limit */
TASK_TEST(at_most_so_many_at_once_and_in_order)
{
    gale_http_client_options options = { .max_clients = 2 };
    gale_http_client *client = gale_http_client_new(&options);
    RAW_SERVER(OK("1", "1"), OK("2", "1"), OK("3", "1"), OK("4", "1"), OK("5", "1"));
    fetch_at_once(client, 5);
    assert_int_equal(raw.requests, 5);
    assert_int_equal(raw.connections, 2);
    assert_int_equal(client->active, 0);
    gale_http_client_free(client);
    raw_stop();
}

/* Tornado: SimpleHTTPClientTestMixin.test_redirect_connection_limit */
TASK_TEST(a_redirect_keeps_its_place)
{
    gale_http_client_options options = { .max_clients = 1 };
    gale_http_client *client = gale_http_client_new(&options);
    RAW_SERVER("HTTP/1.1 302 X\r\nLocation: /a\r\nContent-Length: 0\r\n\r\n",
               "HTTP/1.1 302 X\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n", OK("", "0"));
    fetch_at_once(client, 1);
    assert_sent("GET /b ");
    gale_http_client_free(client);
    raw_stop();
}

static int hang(void *arg)
{
    gale_http_response *own;
    int result = gale_http_client_fetch(arg, raw.url, NULL, &own);
    return result == GALE_ECANCELED ? 0 : result;
}

/* Tornado: SimpleHTTPClientTestMixin.test_queue_timeout */
TASK_TEST(no_place_in_time)
{
    gale_http_client_options options = { .max_clients = 1 };
    gale_http_client *client = gale_http_client_new(&options);
    gale_fetch_options fetch = { .connect_timeout = 0.02 };
    RAW_SERVER(HANG, OK("", "0"));
    gale_scope *scope = gale_scope_open(NULL);
    assert_ok(gale_scope_spawn(scope, NULL, hang, client));
    gale_sleep(0.005);
    assert_error(gale_http_client_fetch(client, raw.url, &fetch, &response), GALE_ETIMEDOUT_QUEUE);
    assert_string_equal(gale_error_detail(), "Timeout in request queue");
    fetch.queue_timeout = 0.01;
    fetch.connect_timeout = 0;
    assert_error(gale_http_client_fetch(client, raw.url, &fetch, &response), GALE_ETIMEDOUT_QUEUE);
    gale_scope_cancel(scope);
    gale_scope_close(scope, 0);
    assert_int_equal(client->active, 0);
    assert_ok(gale_http_client_fetch(client, raw.url, &fetch, &response));
    gale_http_client_free(client);
    raw_stop();
}

static int wait_for_closed(void *arg)
{
    gale_http_response *own;
    int result = gale_http_client_fetch(arg, raw.url, NULL, &own);
    return result == GALE_ECLOSED ? 0 : GALE_ESTATE;
}

TASK_TEST(a_client_that_is_freed)
{
    gale_http_client_options options = { .max_clients = 1 };
    gale_http_client *client = gale_http_client_new(&options);
    RAW_SERVER(DRIP OK("", "0"));
    gale_scope *scope = gale_scope_open(NULL);
    assert_ok(gale_scope_spawn(scope, NULL, hang, client));
    assert_ok(gale_scope_spawn(scope, NULL, wait_for_closed, client));
    gale_sleep(0.001);
    gale_http_client_free(client);
    assert_ok(gale_scope_close(scope, gale_scope_wait(scope)));
    raw_stop();
}

/* Tornado: HTTPClientCommonTestCase.test_error_after_cancel */
TASK_TEST(a_canceled_fetch_closes_its_connection)
{
    RAW_SERVER("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe" HANG, OK("", "0"));
    gale_http_client *client = gale_http_client_current();
    gale_scope *scope = gale_scope_open(NULL);
    assert_ok(gale_scope_spawn(scope, NULL, hang, NULL));
    gale_sleep(0.01);
    assert_int_equal(client->active, 1);
    gale_scope_cancel(scope);
    assert_error(gale_scope_close(scope, 0), 0);
    assert_int_equal(client->active, 0);
    assert_int_equal(idle_count(), 0);
    assert_ok(get(NULL, &response));
    assert_int_equal(raw.connections, 2);
    raw_stop();
}

GALE_TEST_MAIN
