/* SPDX-License-Identifier: Apache-2.0 */
/* Reads of streams. The cases after Tornado's iostream_test have its names in a comment. */
#include "net/read_test.h"

#include <stdlib.h>

/* Tornado: test_read_zero_bytes */
PAIR_TEST(read_zero_bytes)
{
    write_all(pair->writer, "abc");
    assert_ok(gale_iostream_read_bytes(pair->reader, 0, false, &data));
    assert_str(data, "");
    assert_ok(gale_iostream_read_bytes(pair->reader, 3, false, &data));
    assert_str(data, "abc");
    assert_ok(gale_iostream_read_bytes(pair->reader, 0, true, &data));
    assert_str(data, "");
}

/* Tornado: test_read_bytes_partial */
PAIR_TEST(read_bytes_partial)
{
    script drip = { pair->writer, "hello", 0, false };
    SPAWN(write_script, &drip);
    assert_ok(gale_iostream_read_bytes(pair->reader, 50, true, &data));
    assert_str(data, "hello");
    write_all(pair->writer, "world!");
    assert_ok(gale_iostream_read_bytes(pair->reader, 5, true, &data));
    assert_str(data, "world");
    assert_ok(gale_iostream_read_bytes(pair->reader, 5, true, &data));
    assert_str(data, "!");
}

/* Tornado: test_many_mixed_reads (its idea: any sequence of reads sees the same bytes) */
PAIR_TEST(many_mixed_reads)
{
    static char sent[200000];
    unsigned seed = 42;
    for (size_t i = 0; i < sizeof sent - 1; i++)
        sent[i] = (char)('a' + rand_r(&seed) % 26);
    script all = { pair->writer, sent, 0, true };
    SPAWN(write_script, &all);
    size_t at = 0;
    while (at < sizeof sent - 1) {
        size_t want = 1 + (size_t)rand_r(&seed) % 3000;
        if (want > sizeof sent - 1 - at)
            want = sizeof sent - 1 - at;
        char into[3000];
        size_t got = want;
        switch (rand_r(&seed) % 4) {
        case 0:
            assert_ok(gale_iostream_read_bytes(pair->reader, want, false, &data));
            break;
        case 1:
            assert_ok(gale_iostream_read_bytes(pair->reader, want, true, &data));
            got = data.len;
            break;
        case 2:
            assert_ok(gale_iostream_read_into(pair->reader, into, want, false, &got));
            data = (gale_str){ into, got };
            assert_int_equal(got, want);
            break;
        default:
            if (!strchr(sent + at, 'q'))
                continue;
            assert_ok(gale_iostream_read_until(pair->reader, "q", 0, &data));
            got = data.len;
        }
        assert_true(got > 0 && data.len == got);
        assert_memory_equal(data.data, sent + at, got);
        at += got;
    }
    assert_error(gale_iostream_read_bytes(pair->reader, 1, false, &data), GALE_ECLOSED);
}

/* ---- Into memory of the caller --------------------------------------------------------- */

/* Tornado: test_read_into */
PAIR_TEST(read_into)
{
    char memory[10];
    size_t size;
    write_all(pair->writer, "hello world!");
    assert_ok(gale_iostream_read_into(pair->reader, memory, sizeof memory, false, &size));
    assert_int_equal(size, sizeof memory);
    assert_memory_equal(memory, "hello worl", 10);
    script rest = { pair->writer, "12345678xyz", 0, false };
    SPAWN(write_script, &rest);
    assert_ok(gale_iostream_read_into(pair->reader, memory, sizeof memory, false, &size));
    assert_memory_equal(memory, "d!12345678", 10);
    assert_ok(gale_iostream_read_bytes(pair->reader, 3, false, &data));
    assert_str(data, "xyz");
}

/* Tornado: test_read_into_partial */
PAIR_TEST(read_into_partial)
{
    char memory[10];
    size_t size;
    script hello = { pair->writer, "hello", 0, false };
    SPAWN(write_script, &hello);
    assert_ok(gale_iostream_read_into(pair->reader, memory, sizeof memory, true, &size));
    assert_int_equal(size, 5);
    assert_memory_equal(memory, "hello", 5);
    write_all(pair->writer, "world!1234567890");
    assert_ok(gale_iostream_read_into(pair->reader, memory, 5, true, &size));
    assert_int_equal(size, 5);
    assert_memory_equal(memory, "world", 5);
    assert_ok(gale_iostream_read_into(pair->reader, memory, sizeof memory, false, &size));
    assert_memory_equal(memory, "!123456789", 10);
}

/* Tornado: test_read_into_zero_bytes */
PAIR_TEST(read_into_zero_bytes)
{
    size_t size = 7;
    write_all(pair->writer, "hello");
    assert_ok(gale_iostream_read_into(pair->reader, NULL, 0, false, &size));
    assert_int_equal(size, 0);
}

/* ---- The end of the stream ------------------------------------------------------------- */

/* Tornado: test_read_until_close, test_future_read_until_close */
PAIR_TEST(read_until_close)
{
    script all = { pair->writer, "the whole of it", 0.0001, true };
    SPAWN(write_script, &all);
    assert_ok(gale_iostream_read_bytes(pair->reader, 4, false, &data));
    assert_str(data, "the ");
    assert_ok(gale_iostream_read_until_close(pair->reader, &data));
    assert_str(data, "whole of it");
    assert_true(gale_iostream_closed(pair->reader));
    assert_int_equal(gale_iostream_error(pair->reader), 0);
}

/* Tornado: test_read_until_close_after_close */
PAIR_TEST(read_until_close_after_close)
{
    write_all(pair->writer, "1234");
    gale_iostream_close(pair->writer);
    assert_ok(gale_iostream_read_bytes(pair->reader, 1, false, &data));
    assert_str(data, "1");
    gale_iostream_close(pair->reader);
    assert_ok(gale_iostream_read_bytes(pair->reader, 1, false, &data)); /* still buffered */
    assert_str(data, "2");
    assert_ok(gale_iostream_read_until_close(pair->reader, &data));
    assert_str(data, "34");
    assert_ok(gale_iostream_read_until_close(pair->reader, &data));
    assert_str(data, "");
    assert_error(gale_iostream_read_bytes(pair->reader, 1, false, &data), GALE_ECLOSED);
}

/* Tornado: test_read_until_close_with_error */
TASK_TEST(read_until_close_is_satisfied_by_a_reset)
{
    int peer;
    gale_iostream *stream = stream_and_peer(PAIR_TCP, &peer, NULL);
    put(peer, "last words");
    assert_ok(gale_iostream_read_bytes(stream, 5, false, &data));
    reset(peer);
    assert_ok(gale_iostream_read_until_close(stream, &data));
    assert_str(data, "words");
    assert_int_equal(gale_iostream_error(stream), -ECONNRESET);
    gale_iostream_free(stream);
}

/* Tornado: test_read_until_unsatisfied_after_close, test_connection_closed */
PAIR_TEST(read_until_fails_at_the_end)
{
    script all = { pair->writer, "no line end", 0, true };
    SPAWN(write_script, &all);
    assert_error(gale_iostream_read_until(pair->reader, "\n", 0, &data), GALE_ECLOSED);
    assert_true(gale_iostream_closed(pair->reader));
    assert_int_equal(gale_iostream_error(pair->reader), 0);
    assert_ok(gale_iostream_read_bytes(pair->reader, 7, false, &data)); /* nothing is lost */
    assert_str(data, "no line");
    assert_error(gale_iostream_read_until(pair->reader, "\n", 0, &data), GALE_ECLOSED);
}

/* Tornado: test_read_until_with_close_after_second_packet */
TASK_TEST(read_until_with_close_after_second_packet)
{
    int peer;
    gale_iostream *stream = stream_and_peer(PAIR_TCP, &peer, NULL);
    put(peer, "sixth ");
    assert_ok(gale_iostream_read_bytes(stream, 1, false, &data));
    put(peer, "sense\r\n\r\n");
    close(peer);
    assert_ok(gale_iostream_read_until(stream, "\r\n\r\n", 0, &data));
    assert_str(data, "ixth sense\r\n\r\n");
    assert_error(gale_iostream_read_until(stream, "\n", 0, &data), GALE_ECLOSED);
    gale_iostream_free(stream);
}

/* Tornado: test_inline_read_error, test_async_read_error_logging: a reset is quiet */
TASK_TEST(a_reset_ends_a_read_quietly)
{
    int peer;
    gale_iostream *stream = stream_and_peer(PAIR_TCP, &peer, NULL);
    reset(peer);
    assert_error(gale_iostream_read_bytes(stream, 1, false, &data), GALE_ECLOSED);
    assert_int_equal(gale_iostream_error(stream), -ECONNRESET);
    assert_non_null(strstr(gale_error_detail(), "Connection reset by peer"));
    gale_iostream_free(stream);
}

TASK_TEST(a_half_closed_peer_still_gets_its_answer)
{
    int peer;
    gale_iostream *stream = stream_and_peer(PAIR_TCP, &peer, NULL);
    put(peer, "question\n");
    shutdown(peer, SHUT_WR);
    assert_ok(gale_iostream_read_until(stream, "\n", 0, &data));
    loop_briefly();
    assert_ok(gale_sleep(0.01)); /* the end has come by now */
    assert_false(gale_iostream_closed(stream));
    assert_ok(gale_iostream_write(stream, "answer\n", 7));
    assert_error(gale_iostream_read_until(stream, "\n", 0, &data), GALE_ECLOSED);
    char answer[16];
    assert_int_equal(read(peer, answer, sizeof answer), 7);
    close(peer);
    gale_iostream_free(stream);
}

/* ---- Limits and memory ----------------------------------------------------------------- */

TASK_TEST(a_read_over_max_buffer_size_closes)
{
    stream_pair pair = open_pair(PAIR_TCP, &(gale_iostream_options){ .max_buffer_size = 1000 });
    static char text[2001];
    memset(text, 'x', 2000);
    test_expect_log(GALE_LOG_ERROR, "Reached maximum read buffer size");
    script all = { pair.writer, text, 0, false };
    SPAWN(write_script, &all);
    assert_error(gale_iostream_read_until(pair.reader, "\n", 0, &data), GALE_ECLOSED);
    assert_int_equal(gale_iostream_error(pair.reader), -ENOBUFS);
    free_pair(&pair);
}

/* Tornado: test_flow_control */
TASK_TEST(a_small_buffer_holds_a_fast_peer_back)
{
    enum { CHUNK = 50000, CHUNKS = 100 };
    stream_pair pair = open_pair(PAIR_TCP, &(gale_iostream_options){ .max_buffer_size = CHUNK });
    char *text = malloc(CHUNK * CHUNKS + 1);
    memset(text, 'x', CHUNK * CHUNKS);
    text[CHUNK * CHUNKS] = '\0';
    script all = { pair.writer, text, 0, false };
    SPAWN(write_script, &all);
    size_t before = test_allocated_bytes();
    for (int i = 0; i < CHUNKS; i++) {
        assert_ok(gale_iostream_read_bytes(pair.reader, CHUNK, false, &data));
        assert_int_equal(data.len, CHUNK);
        assert_ok(gale_moment());
    }
    assert_true(test_allocated_bytes() < before + (1 << 20) + CHUNK * CHUNKS);
    free_pair(&pair);
    free(text);
}

TASK_TEST(without_a_read_little_is_received)
{
    int peer;
    gale_iostream *stream = stream_and_peer(PAIR_UNIX, &peer, NULL);
    put(peer, "a");
    assert_ok(gale_iostream_read_bytes(stream, 1, false, &data));
    fcntl(peer, F_SETFL, O_NONBLOCK);
    static char block[65536];
    size_t sent = 0;
    for (int i = 0; i < 200; i++) {
        ssize_t size = write(peer, block, sizeof block);
        sent += size > 0 ? (size_t)size : 0;
        assert_ok(gale_moment());
    }
    assert_true(sent < 1000000);
    assert_true(test_allocated_bytes() < 600000);
    close(peer);
    gale_iostream_free(stream);
}

TASK_TEST(the_buffer_is_given_back_when_empty)
{
    stream_pair pair = open_pair(PAIR_TCP, NULL);
    write_all(pair.writer, "warm up");
    assert_ok(gale_iostream_read_bytes(pair.reader, 7, false, &data));
    assert_ok(gale_iostream_read_bytes(pair.reader, 0, false, &data));
    size_t before = test_allocated_bytes();
    static char text[100001];
    memset(text, 'x', 100000);
    script all = { pair.writer, text, 0, false };
    gale_scope *scope = gale_scope_open(NULL);
    SPAWN(write_script, &all);
    assert_ok(gale_iostream_read_bytes(pair.reader, 100000, false, &data));
    assert_true(test_allocated_bytes() >= before + 100000);
    assert_ok(gale_scope_close(scope, 0));
    assert_ok(gale_iostream_read_bytes(pair.reader, 0, false, &data));
    assert_true(test_allocated_bytes() <= before + 8192);
    free_pair(&pair);
}

TASK_TEST(a_result_stays_until_the_next_read)
{
    int peer;
    gale_iostream *stream = stream_and_peer(PAIR_UNIX, &peer, NULL);
    put(peer, "first second");
    assert_ok(gale_iostream_read_bytes(stream, 6, false, &data));
    static char noise[30000];
    assert_int_equal(write(peer, noise, sizeof noise), sizeof noise);
    assert_ok(gale_sleep(0.01));
    assert_str(data, "first ");
    close(peer);
    assert_ok(gale_sleep(0.01));
    gale_iostream_close(stream);
    assert_str(data, "first ");
    assert_ok(gale_iostream_read_bytes(stream, 6, false, &data));
    assert_str(data, "second");
    gale_iostream_free(stream);
}

/* ---- Several tasks, cancellation ------------------------------------------------------- */

static int fill_memory(void *arg)
{
    reading *self = arg;
    self->result = gale_iostream_read_into(self->stream, self->memory, sizeof self->memory, false,
                                           &self->size);
    return 0;
}

/* Tornado: "Already reading" */
TASK_TEST(one_read_at_a_time)
{
    stream_pair pair = open_pair(PAIR_UNIX, NULL);
    reading first = { .stream = pair.reader, .result = 1 };
    gale_scope *scope = gale_scope_open(NULL);
    SPAWN(read_line, &first);
    loop_briefly();
    assert_true(gale_iostream_reading(pair.reader));
    assert_error(gale_iostream_read_bytes(pair.reader, 1, false, &data), GALE_ESTATE);
    assert_string_equal(gale_error_detail(), "Already reading");
    assert_error(gale_iostream_read_until_regex(pair.reader, "x", 0, &data), GALE_ESTATE);
    write_all(pair.writer, "x\n");
    assert_ok(gale_scope_close(scope, 0));
    assert_int_equal(first.result, 0);
    assert_false(gale_iostream_reading(pair.reader));
    free_pair(&pair);
}

/* Tornado: test_future_close_while_reading */
PAIR_TEST(a_close_ends_the_read_of_another_task)
{
    reading line = { .stream = pair->reader, .result = 1 };
    gale_scope *scope = gale_scope_open(NULL);
    SPAWN(read_line, &line);
    loop_briefly();
    gale_iostream_close(pair->reader);
    assert_int_equal(gale_iostream_fileno(pair->reader), -1);
    assert_ok(gale_scope_close(scope, 0));
    assert_int_equal(line.result, GALE_ECLOSED);
}

TASK_TEST(a_free_ends_the_read_of_another_task)
{
    stream_pair pair = open_pair(PAIR_TCP, NULL);
    reading line = { .stream = pair.reader, .result = 1 };
    gale_scope *scope = gale_scope_open(NULL);
    SPAWN(read_line, &line);
    loop_briefly();
    free_pair(&pair);
    assert_ok(gale_scope_close(scope, 0));
    assert_int_equal(line.result, GALE_ECLOSED);
}

PAIR_TEST(a_cancelled_read_loses_nothing)
{
    reading line = { .stream = pair->reader, .result = 1 };
    gale_scope *scope = gale_scope_open(NULL);
    SPAWN(read_line, &line);
    write_all(pair->writer, "half a ");
    assert_ok(gale_sleep(0.01));
    gale_scope_cancel(scope);
    gale_scope_close(scope, 0);
    assert_int_equal(line.result, GALE_ECANCELED);
    assert_false(gale_iostream_closed(pair->reader));
    assert_false(gale_iostream_reading(pair->reader));
    write_all(pair->writer, "line\n");
    assert_ok(gale_iostream_read_until(pair->reader, "\n", 0, &data));
    assert_str(data, "half a line\n");
}

PAIR_TEST(a_cancelled_read_into_loses_nothing)
{
    reading filling = { .stream = pair->reader, .result = 1 };
    write_all(pair->writer, "ab");
    assert_ok(gale_iostream_read_bytes(pair->reader, 1, false, &data));
    gale_scope *scope = gale_scope_open(NULL);
    SPAWN(fill_memory, &filling);
    write_all(pair->writer, "cd");
    assert_ok(gale_sleep(0.01));
    gale_scope_cancel(scope);
    gale_scope_close(scope, 0);
    assert_int_equal(filling.result, GALE_ECANCELED);
    write_all(pair->writer, "e");
    assert_ok(gale_iostream_read_bytes(pair->reader, 4, false, &data));
    assert_str(data, "bcde");
}

TASK_TEST(a_cancelled_task_gets_what_is_buffered)
{
    stream_pair pair = open_pair(PAIR_UNIX, NULL);
    write_all(pair.writer, "12");
    assert_ok(gale_iostream_read_bytes(pair.reader, 1, false, &data));
    gale_scope *scope = gale_scope_open(NULL);
    gale_scope_cancel(scope);
    assert_ok(gale_iostream_read_bytes(pair.reader, 1, false, &data));
    assert_str(data, "2");
    assert_error(gale_iostream_read_bytes(pair.reader, 1, false, &data), GALE_ECANCELED);
    gale_scope_close(scope, 0);
    write_all(pair.writer, "3");
    assert_ok(gale_iostream_read_bytes(pair.reader, 1, false, &data));
    assert_str(data, "3");
    free_pair(&pair);
}

TEST(outside_a_task_nothing_is_read)
{
    gale_ioloop *loop = gale_ioloop_new(NULL);
    stream_pair pair = open_pair(PAIR_UNIX, NULL);
    assert_error(gale_iostream_read_bytes(pair.reader, 0, false, &data), GALE_ENOTASK);
    free_pair(&pair);
    gale_ioloop_free(loop);
}

GALE_TEST_MAIN
