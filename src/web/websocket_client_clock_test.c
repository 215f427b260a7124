/* SPDX-License-Identifier: Apache-2.0 */
/* What clients do at their time, on a clock that jumps. */
#include "loop/virtual_clock.h"
#include "web/websocket_client.h"
#include "web/websocket_client_test.h"

static int64_t first_ping;

static int ping_timed(gale_websocket *self, gale_str data)
{
    char text[20];
    (void)self, (void)data;
    int64_t now = gale_ioloop_current()->now;
    first_ping = first_ping ? first_ping : now;
    snprintf(text, sizeof text, "%.1f ", (double)(now - first_ping) / 1e9);
    note(text);
    return 0;
}

static const gale_websocket_class timed = { .on_ping = ping_timed };
static const gale_handler_class timed_handler = { .websocket = &timed };
static const gale_route timed_routes[] = { ROUTE("/", timed_handler), { 0 } };

static int ping_for_a_while(void *arg)
{
    gale_websocket_connect_options options = { .ping_interval = 10,
                                               .ping_timeout = *(double *)arg };
    serve(timed_routes, "/");
    first_ping = 0;
    *history = '\0';
    assert_ok(gale_websocket_connect(ws_url, &options, &ws));
    assert_ok(gale_sleep(45));
    assert_string_equal(history, "0.0 10.0 20.0 30.0 ");
    return 0;
}

/* Whatever the answer may take, pings are as far from each other. Tornado:
 * PingCalculationTest.test_ping_sleep_time */
TEST(the_time_between_pings)
{
    double timeouts[] = { 0, 0.1, 4, 10, 20, GALE_NONE };
    for (size_t i = 0; i < sizeof timeouts / sizeof *timeouts; i++) {
        gale_ioloop *loop = gale_ioloop_new(NULL);
        gale__loop_use_backend(loop, &gale__virtual_backend);
        assert_ok(gale_ioloop_run_sync(loop, ping_for_a_while, &timeouts[i], 100));
        gale_ioloop_free(loop);
    }
}

static int close_in_vain(void *arg)
{
    (void)arg;
    SCRIPT(ACCEPTED "\r\n", "");
    assert_ok(gale_websocket_connect(ws_url, NULL, &ws));
    int64_t before = gale_ioloop_current()->now;
    assert_ok(gale_websocket_close(ws, 1000, "done"));
    assert_error(gale_read_message(ws, &message), GALE_ECLOSED);
    double seconds = (double)(gale_ioloop_current()->now - before) / 1e9;
    assert_true(seconds > 4.9 && seconds < 5.5);
    /* A server that answers, and does not end the connection, which is its part. */
    script.frames = GALE_STR("\x88\x02\x03\xe8");
    assert_ok(gale_websocket_connect(ws_url, NULL, &ws));
    assert_closed(1000, "");
    gale_sleep(4);
    assert_true(script.server && !gale__stream_closed(&ws->stream));
    gale_sleep(1.1);
    assert_true(gale__stream_closed(&ws->stream));
    script_stop();
    return 0;
}

TEST(a_server_that_does_not_answer_a_close)
{
    gale_ioloop *loop = gale_ioloop_new(NULL);
    gale__loop_use_backend(loop, &gale__virtual_backend);
    assert_ok(gale_ioloop_run_sync(loop, close_in_vain, NULL, 60));
    gale_ioloop_free(loop);
}

GALE_TEST_MAIN
