/* SPDX-License-Identifier: Apache-2.0 */
/* The connection, with a real Redis and with servers that only look like one. */
#include "data/redis_connection.h"

#if GALE_REDIS

#include "core/error.h"
#include "data/redis_test.h"
#include "gen/gen_test.h"
#include "loop/virtual_clock.h"

/* ---- An owner -------------------------------------------------------------------------- */

typedef struct owner {
    gale__redis redis;
    bool stopped;
    int connected, lost;
    double lost_at[40];
    char replies[400];
    const char *greeting; /* a command to be sent first; NULL: none */
} owner;

static owner *of(gale__redis *redis)
{
    return GALE__CONTAINER_OF(redis, owner, redis);
}

static void on_connected(gale__redis *redis)
{
    of(redis)->connected++;
    if (of(redis)->greeting)
        gale__redis_send(redis, (gale_str[]){ { of(redis)->greeting, 4 } }, 1);
}

static int on_received(gale__redis *redis, const gale__redis_reply *reply)
{
    char *replies = of(redis)->replies;
    size_t used = strlen(replies);
    snprintf(replies + used, sizeof of(redis)->replies - used, "%s%lld ",
             reply->text.data ? reply->text.data : "", reply->integer);
    return 0;
}

/* Seconds of the loop's clock, which may be virtual. */
static double now(void)
{
    return (double)gale_ioloop_current()->now / 1e9;
}

static void on_lost(gale__redis *redis)
{
    if (of(redis)->lost < 40)
        of(redis)->lost_at[of(redis)->lost] = now();
    of(redis)->lost++;
}

static void on_stopped(gale__redis *redis)
{
    of(redis)->stopped = true;
}

static const gale__redis_handlers handlers = { on_connected, on_received, on_lost, on_stopped };

static owner own;

static void start_with(const char *url, const gale__redis_settings *settings)
{
    memset(&own, 0, sizeof own);
    assert_ok(
        gale__redis_start(&own.redis, gale_ioloop_current(), "test", url, settings, &handlers));
}

static void start(const char *url)
{
    start_with(url, &(gale__redis_settings){ 0 });
}

static void stop(void)
{
    gale__redis_stop(&own.redis);
    while (!own.stopped)
        assert_ok(gale_moment());
}

#define WAIT_FOR(condition)                                                                        \
    for (int turns_ = 0; !(condition); turns_++) {                                                 \
        assert_true(turns_ < 5000);                                                                \
        assert_ok(gale_sleep(0.002));                                                              \
    }

static int send_text(const char *a, const char *b)
{
    return gale__redis_send(&own.redis, (gale_str[]){ { a, strlen(a) }, { b, strlen(b) } }, 2);
}

/* ---- With Redis ------------------------------------------------------------------------ */

TASK_TEST(commands_and_replies_in_their_order)
{
    start_redis("");
    start(redis_url("", 3));
    WAIT_FOR(own.connected);
    send_text("ECHO", "one");
    send_text("ECHO", "two\r\n\x80");
    send_text("INCR", "counter");
    send_text("NONSENSE", "x");
    WAIT_FOR(strstr(own.replies, "ERR"));
    assert_non_null(strstr(own.replies, "one0 two\r\n\x80"
                                        "0 1 ERR unknown command"));
    stop();
    stop_redis();
}

TASK_TEST(unix_socket_and_password)
{
    char url[200];
    start_redis("se cret");
    snprintf(url, sizeof url, "unix://:se%%20cret@%s?db=1", redis_socket);
    start(url);
    WAIT_FOR(own.connected);
    stop();
    start(redis_url("default:se%20cret@", 0));
    WAIT_FOR(own.connected);
    stop();
    stop_redis();
}

TASK_TEST(a_host_by_name)
{
    char url[64];
    start_redis("");
    snprintf(url, sizeof url, "redis://localhost:%d", redis_port);
    start(url);
    WAIT_FOR(own.connected);
    stop();
    stop_redis();
}

/* Returns its text, which is also in `path`. */
static gale_bytes *make_certificate(char path[64])
{
    gale_bytes *pem;
    assert_ok(gale_ssl_self_signed("127.0.0.1", &pem));
    snprintf(path, 64, "/tmp/gale-redis-%d.pem", getpid());
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(gale_bytes_str(pem).data, file) > 0);
    assert_int_equal(fclose(file), 0);
    return pem;
}

TASK_TEST(tls)
{
    char path[64], port[16], url[64];
    gale_ssl_context *trusting;
    gale_bytes *pem = make_certificate(path);
    assert_ok(gale_ssl_context_new(&(gale_ssl_options){ .ca_data = gale_bytes_str(pem).data },
                                   &trusting));
    snprintf(port, sizeof port, "%d", free_port());
    snprintf(url, sizeof url, "rediss://:secret@127.0.0.1:%s", port);
    redis_tls_port = port;
    redis_pem = path;
    start_redis("secret");
    start_with(url, &(gale__redis_settings){ .ssl_context = trusting });
    WAIT_FOR(own.connected);
    send_text("ECHO", "over TLS");
    WAIT_FOR(own.replies[0]);
    assert_string_equal(own.replies, "over TLS0 ");
    stop();
    test_expect_log(GALE_LOG_WARNING, "cannot connect: certificate verify failed");
    start(url); /* nobody else trusts that certificate */
    WAIT_FOR(own.lost);
    stop();
    stop_redis();
    redis_tls_port = "0";
    redis_pem = "/dev/null";
    gale_ssl_context_unref(trusting);
    gale_bytes_unref(pem);
    unlink(path);
}

static void refused(const char *url, const char *why)
{
    test_expect_log(GALE_LOG_WARNING, why);
    start(url);
    WAIT_FOR(own.lost >= 2); /* it is said once */
    assert_int_equal(own.connected, 0);
    stop();
}

TASK_TEST(what_redis_refuses_is_said)
{
    start_redis("right");
    refused(redis_url(":wrong@", 0), "cannot connect: AUTH: WRONGPASS");
    assert_false(test_logged("wrong@"));
    refused(redis_url("", 0), "cannot connect: PING: NOAUTH");
    refused(redis_url("anna:right@", 0), "cannot connect: AUTH: WRONGPASS");
    refused(redis_url(":right@", 9999), "cannot connect: SELECT: ERR DB index is out of range");
    stop_redis();
}

TASK_TEST(a_restart_is_survived)
{
    start_redis("");
    start(redis_url("", 0));
    own.greeting = "INFO";
    WAIT_FOR(own.connected);
    WAIT_FOR(own.replies[0]);
    test_expect_log(GALE_LOG_WARNING, "connection lost: the server has ended the connection");
    test_expect_log(GALE_LOG_WARNING, "cannot connect");
    stop_redis();
    WAIT_FOR(own.lost > 1);
    own.replies[0] = '\0';
    start_redis("");
    WAIT_FOR(own.connected == 2);
    WAIT_FOR(own.replies[0]);
    stop();
    stop_redis();
}

/* What was sent just before the end still goes out. */
TASK_TEST(the_last_commands_are_sent)
{
    start_redis("");
    start(redis_url("", 0));
    WAIT_FOR(own.connected);
    send_text("INCR", "last");
    stop();
    start(redis_url("", 0));
    WAIT_FOR(own.connected);
    send_text("INCR", "last");
    WAIT_FOR(own.replies[0]);
    assert_string_equal(own.replies, "2 ");
    stop();
    stop_redis();
}

/* ---- With others ----------------------------------------------------------------------- */

static int wait_for_the_end(gale_iostream *stream)
{
    gale_str bytes;
    int result;
    while ((result = gale_iostream_read_bytes(stream, 65536, true, &bytes)) == 0)
        continue;
    return result == GALE_ECLOSED ? 0 : result;
}

/* +PONG to the greeting, then what `arg` says, again and again. */
static const char *endless;

static int greet_and_repeat(gale_iostream *stream, const gale_address *address, void *arg)
{
    fake_redis *fake = arg;
    (void)address;
    fake->connections++;
    gale_str bytes;
    GALE_TRY(gale_iostream_read_until(stream, "PING\r\n", 0, &bytes));
    GALE_TRY(gale_iostream_write(stream, "+PONG\r\n", 7));
    if (!endless)
        return wait_for_the_end(stream);
    for (;;) {
        int result = gale_iostream_write(stream, endless, strlen(endless));
        if (result < 0)
            return result == GALE_ECLOSED ? 0 : result;
    }
}

static int send_garbage(gale_iostream *stream, const gale_address *address, void *arg)
{
    (void)address, (void)arg;
    return gale_iostream_write(stream, "SSH-2.0-OpenSSH_9.2\r\n", 21);
}

static int say_nothing(gale_iostream *stream, const gale_address *address, void *arg)
{
    (void)address, (void)arg;
    return wait_for_the_end(stream);
}

TASK_TEST(garbage_instead_of_replies)
{
    fake_redis fake;
    start_fake(&fake, send_garbage);
    refused(fake.url, "cannot connect: this is no Redis: Protocol error, got \"S\"");
    gale_tcp_server_free(fake.server);
}

static void fails_with(const char *bytes, const char *why)
{
    fake_redis fake;
    endless = bytes;
    start_fake(&fake, greet_and_repeat);
    size_t before = test_allocated_bytes();
    test_expect_log(GALE_LOG_WARNING, why);
    start_with(fake.url, &(gale__redis_settings){ .max_reply = 1 << 20 });
    WAIT_FOR(own.lost);
    assert_true(test_allocated_bytes() < before + (8 << 20));
    stop();
    gale_tcp_server_free(fake.server);
}

TASK_TEST(endless_and_huge_replies)
{
    fails_with("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "got \"a\"");
    fails_with("$536870912\r\n", "a reply of Redis is over the limit of 1048576 bytes");
    fails_with("*2147483647\r\n", "a reply of Redis is over the limit");
    fails_with("*100\r\n", "No support for");
    fails_with("*9\r\n:1\r\n$1000000\r\n", "Protocol error");
    fails_with("+aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "over the limit");
}

/* ---- Time ------------------------------------------------------------------------------ */

static void in_virtual_time(gale_task_function function)
{
    gale_ioloop *loop = gale_ioloop_new(NULL);
    gale__loop_use_backend(loop, &gale__virtual_backend);
    assert_ok(gale_ioloop_run_sync(loop, function, NULL, 0));
    gale_ioloop_free(loop);
}

/* At once, then 0.1 s, then twice as long each time up to 30 s; at least half of that. */
static void expect_back_off(double sooner)
{
    double longest = 0.1;
    for (int i = 1; i < 13; i++) {
        double waited = own.lost_at[i] - own.lost_at[i - 1];
        assert_true(waited >= longest / 2 + sooner);
        assert_true(waited <= longest + sooner + 0.01);
        longest = longest * 2 < 30 ? longest * 2 : 30;
    }
}

static int retry_refused(void *arg)
{
    char url[64];
    (void)arg;
    snprintf(url, sizeof url, "redis://127.0.0.1:%d", free_port());
    test_expect_log(GALE_LOG_WARNING, "Connection refused; trying again");
    double begun = now();
    start(url);
    while (own.lost < 13)
        assert_ok(gale_sleep(1));
    assert_true(own.lost_at[0] - begun < 0.05);
    expect_back_off(0);
    stop();
    return 0;
}

TEST(back_off)
{
    in_virtual_time(retry_refused);
}

static int retry_mute(void *arg)
{
    fake_redis fake;
    (void)arg;
    start_fake(&fake, say_nothing);
    test_expect_log(GALE_LOG_WARNING, "cannot connect: no answer within 5 s");
    start(fake.url);
    while (own.lost < 13)
        assert_ok(gale_sleep(1));
    expect_back_off(5);
    stop();
    gale_tcp_server_free(fake.server);
    return 0;
}

TEST(a_server_that_never_answers)
{
    in_virtual_time(retry_mute);
}

static int fall_silent(void *arg)
{
    fake_redis fake;
    (void)arg;
    endless = NULL;
    start_fake(&fake, greet_and_repeat);
    test_expect_log(GALE_LOG_WARNING, "connection lost: the server does not answer");
    start_with(fake.url, &(gale__redis_settings){ .ping_interval = 7 });
    while (!own.connected)
        assert_ok(gale_sleep(0.1));
    double begun = now();
    while (!own.lost)
        assert_ok(gale_sleep(0.1));
    double waited = now() - begun;
    assert_true(waited > 13.8 && waited < 14.2);
    while (own.connected < 2) /* at once: it had been there for a while */
        assert_ok(gale_sleep(0.01));
    assert_true(now() - begun < 14.3);
    stop();
    gale_tcp_server_free(fake.server);
    return 0;
}

TEST(a_server_that_falls_silent)
{
    in_virtual_time(fall_silent);
}

static int stay_idle(void *arg)
{
    (void)arg;
    start_with(redis_url("", 0), &(gale__redis_settings){ .ping_interval = 0.05 });
    WAIT_FOR(own.connected);
    assert_ok(gale_sleep(0.4));
    assert_int_equal(own.lost, 0);
    assert_string_equal(own.replies, "");
    stop();
    return 0;
}

TEST(an_idle_connection_is_kept)
{
    start_redis("");
    assert_ok(run_in_loop(stay_idle, NULL));
    stop_redis();
}

/* ---- Its end --------------------------------------------------------------------------- */

TASK_TEST(bad_urls_start_nothing)
{
    gale__redis redis;
    assert_error(gale__redis_start(&redis, gale_ioloop_current(), "test", "http://localhost",
                                   &(gale__redis_settings){ 0 }, &handlers),
                 GALE_EINVALID);
}

TASK_TEST(stopped_before_it_began)
{
    start("redis://127.0.0.1:1");
    stop();
}

static int start_only(void *arg)
{
    start(arg);
    return 0;
}

/* As an owner that is freed with the loop does it. */
TEST(stopped_after_its_loop)
{
    assert_ok(run_in_loop(start_only, (void *)(uintptr_t) "redis://127.0.0.1:1"));
    assert_false(own.stopped);
    gale__redis_stop(&own.redis);
    assert_true(own.stopped);
}

static int exchange(void *arg)
{
    (void)arg;
    memset(&own, 0, sizeof own);
    own.stopped = true;
    int result = gale__redis_start(&own.redis, gale_ioloop_current(), "test", redis_url("", 0),
                                   &(gale__redis_settings){ 0 }, &handlers);
    if (result < 0)
        return result;
    own.stopped = false;
    for (int i = 0; i < 3000 && !strstr(own.replies, "x"); i++) {
        if (own.redis.connected && !own.redis.pings && !own.replies[0] && i % 10 == 0)
            send_text("ECHO", "x");
        gale_sleep(0.001);
    }
    gale__redis_stop(&own.redis);
    while (!own.stopped)
        gale_sleep(0.001);
    return strstr(own.replies, "x") ? 0 : GALE_ESTATE;
}

/* Without memory it is lost, and comes again. */
TEST(out_of_memory)
{
    start_redis("");
    gale_log_set_level(GALE_LOG_OFF);
    size_t n = 0;
    do {
        gale_ioloop *loop = gale_ioloop_new(NULL);
        test_fail_allocation(++n);
        int result = gale_ioloop_run_sync(loop, exchange, NULL, 20);
        assert_true(result == 0 || result == -ENOMEM);
        bool failed = test_allocation_failed();
        test_fail_allocation(0);
        gale_ioloop_free(loop);
        if (!failed)
            break;
    } while (n < 1000);
    gale_log_set_level(GALE_LOG_WARNING);
    stop_redis();
}

int main(int argc, char **argv)
{
    return redis_is_installed() ? test_main(argc, argv) : 77;
}

#else

int main(void)
{
    return 77;
}

#endif
