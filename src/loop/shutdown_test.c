/* SPDX-License-Identifier: Apache-2.0 */
/* The graceful stop, with services that only pretend. */
#include "loop/loop.h"

#include "test.h"

typedef struct fake {
    gale__service base;
    int in_flight;
    bool drained_asked, cancelled, closed;
    bool ends_on_cancel;
    struct fake *removes; /* when it is drained */
} fake;

static gale_ioloop *loop;

static void fake_drain(gale__service *service)
{
    fake *self = GALE__CONTAINER_OF(service, fake, base);
    self->drained_asked = true;
    if (self->removes)
        gale__loop_remove_service(&self->removes->base);
    gale__loop_service_drained(loop);
}

static bool fake_drained(gale__service *service)
{
    return GALE__CONTAINER_OF(service, fake, base)->in_flight == 0;
}

static void fake_cancel(gale__service *service)
{
    fake *self = GALE__CONTAINER_OF(service, fake, base);
    self->cancelled = true;
    if (self->ends_on_cancel)
        self->in_flight = 0;
    gale__loop_service_drained(loop);
}

static void fake_close(gale__service *service)
{
    GALE__CONTAINER_OF(service, fake, base)->closed = true;
}

static void fake_init(fake *self, int in_flight)
{
    *self = (fake){ .base = { .drain = fake_drain,
                              .drained = fake_drained,
                              .cancel = fake_cancel,
                              .close = fake_close },
                    .in_flight = in_flight };
    gale__loop_add_service(loop, &self->base);
}

static void begin(double shutdown_timeout)
{
    loop = gale_ioloop_new(&(gale_ioloop_options){ .shutdown_timeout = shutdown_timeout });
    assert_non_null(loop);
}

static void ask(void *arg)
{
    (void)arg;
    gale_ioloop_shutdown(loop);
    gale_ioloop_shutdown(loop); /* the second changes nothing */
    assert_true(gale_ioloop_is_stopping(loop));
}

static void end_one(void *arg)
{
    fake *self = arg;
    self->in_flight--;
    gale__loop_service_drained(loop);
}

TEST(loop_without_services_stops_at_once)
{
    begin(0);
    assert_false(gale_ioloop_is_stopping(loop));
    gale_ioloop_add_callback(loop, ask, NULL);
    assert_int_equal(gale_ioloop_start(loop), 0);
    gale_ioloop_free(loop);
}

TEST(shutdown_before_start_ends_the_next_run)
{
    begin(0);
    gale_ioloop_shutdown(loop);
    assert_int_equal(gale_ioloop_start(loop), 0);
    gale_ioloop_free(loop);
}

TEST(loop_runs_until_nothing_is_in_flight)
{
    fake one, two;
    begin(0);
    fake_init(&one, 2);
    fake_init(&two, 1);
    gale_ioloop_add_callback(loop, ask, NULL);
    gale_ioloop_call_later(loop, 0.001, end_one, &one, NULL);
    gale_ioloop_call_later(loop, 0.002, end_one, &two, NULL);
    gale_ioloop_call_later(loop, 0.003, end_one, &one, NULL);
    assert_int_equal(gale_ioloop_start(loop), 0);
    assert_true(one.drained_asked && two.drained_asked);
    assert_int_equal(one.in_flight + two.in_flight, 0);
    assert_false(one.cancelled || two.cancelled || one.closed);
    gale_ioloop_free(loop);
    assert_true(one.closed && two.closed);
}

TEST(loop_can_be_stopped_gracefully_again)
{
    fake one;
    begin(0);
    fake_init(&one, 0);
    for (int i = 0; i < 2; i++) {
        one.drained_asked = false;
        one.in_flight = 1;
        gale_ioloop_add_callback(loop, ask, NULL);
        gale_ioloop_call_later(loop, 0.001, end_one, &one, NULL);
        assert_int_equal(gale_ioloop_start(loop), 0);
        assert_true(one.drained_asked);
        assert_false(gale_ioloop_is_stopping(loop));
        assert_false(gale__timer_pending(&loop->shutdown_timer));
    }
    gale_ioloop_free(loop);
}

TEST(deadline_cancels_what_is_still_in_flight)
{
    fake quick, slow;
    begin(0.005);
    fake_init(&quick, 0);
    fake_init(&slow, 1);
    slow.ends_on_cancel = true;
    test_expect_log(GALE_LOG_WARNING, "cancelling what is still in flight after 0.005 s");
    gale_ioloop_add_callback(loop, ask, NULL);
    assert_int_equal(gale_ioloop_start(loop), 0);
    assert_true(slow.cancelled);
    gale_ioloop_free(loop);
}

static void stop(void *arg)
{
    (void)arg;
    gale_ioloop_stop(loop);
}

TEST(what_ignores_its_cancellation_holds_the_loop_one_second)
{
    fake stubborn;
    begin(0.002);
    fake_init(&stubborn, 1);
    test_expect_log(GALE_LOG_WARNING, "cancelling");
    double before = gale_ioloop_time(loop);
    gale_ioloop_add_callback(loop, ask, NULL);
    gale_ioloop_call_later(loop, 30, stop, NULL, NULL);
    assert_int_equal(gale_ioloop_start(loop), 0);
    double took = gale_ioloop_time(loop) - before;
    assert_true(stubborn.cancelled && stubborn.in_flight == 1);
    assert_true(took >= 1 && took < 15);
    gale_ioloop_free(loop);
}

TEST(service_may_remove_others_while_it_drains)
{
    fake one, two, three;
    begin(0);
    fake_init(&one, 0);
    fake_init(&two, 1);
    fake_init(&three, 1);
    one.removes = &two;
    three.removes = &three;
    gale_ioloop_add_callback(loop, ask, NULL);
    assert_int_equal(gale_ioloop_start(loop), 0);
    assert_true(one.drained_asked && three.drained_asked);
    assert_false(two.drained_asked);
    gale_ioloop_free(loop);
    assert_true(one.closed);
    assert_false(two.closed || three.closed);
}

TEST(first_service_is_empty_but_the_last_is_not)
{
    fake empty, busy;
    begin(0);
    fake_init(&empty, 0); /* says so at once, before `busy` was asked */
    fake_init(&busy, 1);
    gale_ioloop_add_callback(loop, ask, NULL);
    gale_ioloop_call_later(loop, 0.002, end_one, &busy, NULL);
    assert_int_equal(gale_ioloop_start(loop), 0);
    assert_true(busy.drained_asked);
    assert_int_equal(busy.in_flight, 0);
    gale_ioloop_free(loop);
}

TEST(drained_service_without_a_stop_changes_nothing)
{
    fake one;
    begin(0);
    fake_init(&one, 1);
    gale_ioloop_add_callback(loop, end_one, &one);
    gale__loop_turn(loop, false);
    assert_false(loop->stop_asked);
    gale_ioloop_free(loop);
}

TEST(no_limit)
{
    fake one;
    begin(GALE_NONE);
    fake_init(&one, 1);
    gale_ioloop_add_callback(loop, ask, NULL);
    gale_ioloop_call_later(loop, 0.02, end_one, &one, NULL);
    assert_int_equal(gale_ioloop_start(loop), 0);
    assert_false(one.cancelled);
    gale_ioloop_free(loop);
}

/* ---- Retiring --------------------------------------------------------------------------- */

static int drains_while_retiring, drains;

static void count_drain(gale__service *service)
{
    (void)service;
    drains_while_retiring += loop->retiring;
    drains++;
}

static void retire_briefly(void *arg)
{
    (void)arg;
    gale__loop_retire(loop, 0.02);
    gale__loop_retire(loop, 0); /* the second changes nothing */
    assert_true(gale_ioloop_is_stopping(loop));
}

TEST(who_retires_waits_for_what_is_idle)
{
    fake one;
    begin(0.01);
    fake_init(&one, 1);
    one.base.drain = count_drain;
    one.ends_on_cancel = true;
    drains = drains_while_retiring = 0;
    gale_ioloop_add_callback(loop, retire_briefly, NULL);
    test_expect_log(GALE_LOG_WARNING, "cancelling what is still in flight after 0.01 s");
    assert_int_equal(gale_ioloop_start(loop), 0);
    assert_int_equal(drains_while_retiring, 1);
    assert_int_equal(drains, 2);
    assert_true(one.cancelled);
    assert_false(gale_ioloop_is_stopping(loop));
    gale_ioloop_free(loop);
}

TEST(who_retires_ends_when_nothing_is_left)
{
    fake one;
    begin(0);
    fake_init(&one, 1);
    gale_ioloop_add_callback(loop, retire_briefly, NULL);
    gale_ioloop_call_later(loop, 0.001, end_one, &one, NULL);
    assert_int_equal(gale_ioloop_start(loop), 0);
    assert_false(one.cancelled);
    gale_ioloop_free(loop);
}

TEST(a_stop_cuts_retirement_short)
{
    fake one;
    begin(0);
    fake_init(&one, 1);
    one.base.drain = count_drain;
    drains = 0;
    gale__loop_retire(loop, 1000);
    gale_ioloop_add_callback(loop, ask, NULL);
    gale_ioloop_call_later(loop, 0.005, end_one, &one, NULL);
    assert_int_equal(gale_ioloop_start(loop), 0);
    assert_int_equal(drains, 2);
    gale_ioloop_free(loop);
}

GALE_TEST_MAIN
