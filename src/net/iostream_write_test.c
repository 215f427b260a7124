/* SPDX-License-Identifier: Apache-2.0 */
/* Writes of streams, their order and their back-pressure. */
#include "net/net_test.h"

#include <pthread.h>
#include <stdlib.h>

enum { BIG = 16000000 };

static gale_str data;

/* Bytes that tell where they stand. */
static char *pattern(size_t size)
{
    char *text = malloc(size);
    assert_non_null(text);
    for (size_t i = 0; i < size; i++)
        text[i] = (char)(i * 31 + i / 251);
    return text;
}

typedef struct writing {
    gale_iostream *stream;
    const char *text;
    size_t size;
    gale_bytes *bytes; /* instead of the text */
    int result;
    bool done;
} writing;

static int write_it(void *arg)
{
    writing *self = arg;
    self->result = self->bytes ? gale_iostream_write_bytes(self->stream, self->bytes)
                               : gale_iostream_write(self->stream, self->text, self->size);
    self->done = true;
    return 0;
}

/* Tornado: test_write_zero_bytes */
TASK_TEST(write_zero_bytes)
{
    stream_pair pair = open_pair(PAIR_TCP, NULL);
    assert_ok(gale_iostream_write(pair.writer, "", 0));
    assert_ok(gale_iostream_write(pair.writer, NULL, 0));
    assert_false(gale_iostream_writing(pair.writer));
    free_pair(&pair);
}

/* Tornado: test_future_write, test_pipe_iostream, test_pipe_iostream_big_write */
TASK_TEST(a_big_write_arrives_whole)
{
    char *text = pattern(BIG);
    for (pair_kind kind = 0; kind < PAIR_KINDS; kind++) {
        stream_pair pair = open_pair(kind, NULL);
        writing big = { .stream = pair.writer, .text = text, .size = BIG };
        gale_scope *scope = gale_scope_open(NULL);
        SPAWN(write_it, &big);
        loop_briefly();
        assert_false(big.done); /* no kernel takes so much */
        assert_true(gale_iostream_writing(pair.writer));
        assert_ok(gale_iostream_read_bytes(pair.reader, BIG, false, &data));
        assert_memory_equal(data.data, text, BIG);
        assert_ok(gale_scope_close(scope, 0));
        assert_int_equal(big.result, 0);
        assert_false(gale_iostream_writing(pair.writer));
        free_pair(&pair);
    }
    free(text);
}

/* The memory is the writer's again as soon as the call has returned, whatever was sent of it by
 * then. Tornado: TestReadWriteMixin.test_write_memoryview */
TASK_TEST(a_part_of_ones_own_memory_is_written)
{
    char memory[] = "[hel\0lo]";
    for (pair_kind kind = 0; kind < PAIR_KINDS; kind++) {
        stream_pair pair = open_pair(kind, NULL);
        assert_ok(gale_iostream_write(pair.writer, memory + 1, 6));
        memset(memory + 1, '-', 6);
        assert_ok(gale_iostream_read_bytes(pair.reader, 6, false, &data));
        assert_bytes(data, GALE_STR("hel\0lo"));
        memcpy(memory + 1, "hel\0lo", 6);
        free_pair(&pair);
    }
}

TASK_TEST(a_megabyte_goes_both_ways_at_once)
{
    char *text = pattern(1 << 20);
    stream_pair pair = open_pair(PAIR_TCP, NULL);
    gale_scope *scope = gale_scope_open(NULL);
    writing there = { .stream = pair.writer, .text = text, .size = 1 << 20 };
    writing back = { .stream = pair.reader, .text = text, .size = 1 << 20 };
    SPAWN(write_it, &there);
    SPAWN(write_it, &back);
    assert_ok(gale_iostream_read_bytes(pair.reader, 1 << 20, false, &data));
    assert_memory_equal(data.data, text, 1 << 20);
    assert_ok(gale_iostream_read_bytes(pair.writer, 1 << 20, false, &data));
    assert_memory_equal(data.data, text, 1 << 20);
    assert_ok(gale_scope_close(scope, 0));
    free_pair(&pair);
    free(text);
}

TASK_TEST(writes_of_many_tasks_keep_their_order)
{
    char *text = pattern(BIG);
    gale_bytes *shared = gale_bytes_new("shared", 6);
    stream_pair pair = open_pair(PAIR_TCP, NULL);
    writing all[] = { { .stream = pair.writer, .text = text, .size = BIG },
                      { .stream = pair.writer, .text = "between", .size = 7 },
                      { .stream = pair.writer, .text = "", .size = 0 },
                      { .stream = pair.writer, .bytes = shared },
                      { .stream = pair.writer, .text = text, .size = BIG } };
    gale_scope *scope = gale_scope_open(NULL);
    for (size_t i = 0; i < 5; i++)
        SPAWN(write_it, &all[i]);
    loop_briefly();
    assert_false(all[0].done || all[1].done || all[2].done || all[3].done);
    assert_ok(gale_iostream_read_bytes(pair.reader, BIG, false, &data));
    assert_memory_equal(data.data, text, BIG);
    assert_ok(gale_iostream_read_bytes(pair.reader, 13, false, &data));
    assert_str(data, "betweenshared");
    assert_ok(gale_iostream_read_bytes(pair.reader, BIG, false, &data));
    assert_memory_equal(data.data, text, BIG);
    assert_ok(gale_scope_close(scope, 0));
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(all[i].result, 0);
    gale_bytes_unref(shared);
    free_pair(&pair);
    free(text);
}

TASK_TEST(an_early_writer_does_not_wait_for_a_later_one)
{
    char *text = pattern(2 * BIG);
    stream_pair pair = open_pair(PAIR_UNIX, NULL);
    writing early = { .stream = pair.writer, .text = text, .size = 1000000 };
    writing later = { .stream = pair.writer, .text = text, .size = 2 * BIG };
    gale_scope *scope = gale_scope_open(NULL);
    SPAWN(write_it, &early);
    SPAWN(write_it, &later);
    assert_ok(gale_iostream_read_bytes(pair.reader, BIG, false, &data));
    loop_briefly();
    assert_true(early.done);
    assert_false(later.done);
    gale_iostream_close(pair.reader);
    assert_ok(gale_scope_close(scope, 0));
    assert_int_equal(early.result, 0);
    assert_int_equal(later.result, GALE_ECLOSED);
    assert_int_equal(gale_iostream_error(pair.writer), -EPIPE);
    free_pair(&pair);
    free(text);
}

TASK_TEST(max_write_buffer_size)
{
    char *text = pattern(BIG);
    gale_iostream_options options = { .max_write_buffer_size = BIG };
    stream_pair pair = open_pair(PAIR_UNIX, &options);
    writing first = { .stream = pair.writer, .text = text, .size = BIG };
    gale_scope *scope = gale_scope_open(NULL);
    assert_error(gale_iostream_write(pair.writer, text, BIG + 1), GALE_EFULL);
    SPAWN(write_it, &first);
    loop_briefly();
    assert_error(gale_iostream_write(pair.writer, text, BIG), GALE_EFULL);
    assert_string_equal(gale_error_detail(), "Reached maximum write buffer size");
    assert_ok(gale_iostream_read_bytes(pair.reader, BIG, false, &data));
    assert_ok(gale_scope_close(scope, 0));
    assert_ok(gale_iostream_write(pair.writer, "!", 1)); /* and nothing of the refused ones */
    assert_ok(gale_iostream_read_bytes(pair.reader, 1, false, &data));
    assert_str(data, "!");
    free_pair(&pair);
    free(text);
}

TASK_TEST(a_cancelled_write_is_sent_all_the_same)
{
    char *text = pattern(BIG);
    stream_pair pair = open_pair(PAIR_TCP, NULL);
    writing big = { .stream = pair.writer, .text = text, .size = BIG };
    gale_scope *scope = gale_scope_open(NULL);
    SPAWN(write_it, &big);
    loop_briefly();
    gale_scope_cancel(scope);
    gale_scope_close(scope, 0);
    assert_int_equal(big.result, GALE_ECANCELED);
    assert_ok(gale_iostream_read_bytes(pair.reader, BIG, false, &data));
    assert_memory_equal(data.data, text, BIG);
    free_pair(&pair);
    free(text);
}

TASK_TEST(a_close_and_a_free_end_the_writes_of_others)
{
    char *text = pattern(BIG);
    for (int with_free = 0; with_free < 2; with_free++) {
        stream_pair pair = open_pair(PAIR_TCP, NULL);
        writing big = { .stream = pair.writer, .text = text, .size = BIG };
        gale_scope *scope = gale_scope_open(NULL);
        SPAWN(write_it, &big);
        loop_briefly();
        if (with_free) {
            free_pair(&pair);
            pair.writer = pair.reader = NULL;
        } else {
            gale_iostream_close_error(pair.writer, GALE_ETIMEDOUT);
            assert_int_equal(gale_iostream_error(pair.writer), GALE_ETIMEDOUT);
        }
        assert_ok(gale_scope_close(scope, 0));
        assert_int_equal(big.result, GALE_ECLOSED);
        free_pair(&pair);
    }
    free(text);
}

TASK_TEST(a_closed_stream_is_not_written)
{
    stream_pair pair = open_pair(PAIR_TCP, NULL);
    gale_iostream_close(pair.writer);
    assert_error(gale_iostream_write(pair.writer, "x", 1), GALE_ECLOSED);
    assert_string_equal(gale_error_detail(), "stream is closed");
    free_pair(&pair);
}

TASK_TEST(a_write_to_a_peer_that_has_gone_closes_quietly)
{
    int peer;
    gale_iostream *stream = stream_and_peer(PAIR_UNIX, &peer, NULL);
    close(peer);
    assert_error(gale_iostream_write(stream, "x", 1), GALE_ECLOSED);
    assert_int_equal(gale_iostream_error(stream), -EPIPE);
    gale_iostream_free(stream);
}

TASK_TEST(a_reset_ends_a_write_that_waits)
{
    char *text = pattern(2 * BIG);
    int peer;
    gale_iostream *stream = stream_and_peer(PAIR_TCP, &peer, NULL);
    writing big = { .stream = stream, .text = text, .size = 2 * BIG };
    gale_scope *scope = gale_scope_open(NULL);
    SPAWN(write_it, &big);
    loop_briefly();
    reset(peer);
    assert_ok(gale_scope_close(scope, 0));
    assert_int_equal(big.result, GALE_ECLOSED);
    assert_int_equal(gale_iostream_error(stream), -ECONNRESET);
    gale_iostream_free(stream);
    free(text);
}

/* ---- A slow reader without a loop of ours --------------------------------------------- */

typedef struct slow_reader {
    int fd;
    const char *text;
    bool same;
} slow_reader;

static void *read_slowly(void *arg)
{
    slow_reader *self = arg;
    char chunk[8192];
    size_t at = 0;
    self->same = true;
    for (ssize_t size; (size = read(self->fd, chunk, sizeof chunk)) > 0; at += (size_t)size) {
        self->same = self->same && memcmp(chunk, self->text + at, (size_t)size) == 0;
        usleep(200);
    }
    self->same = self->same && at == BIG;
    return NULL;
}

TASK_TEST(a_slow_reader_holds_the_writer_back)
{
    enum { PIECE = 100000 };
    slow_reader reader = { .text = pattern(BIG) };
    gale_iostream *stream = stream_and_peer(PAIR_TCP, &reader.fd, NULL);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, read_slowly, &reader), 0);
    size_t before = test_allocated_bytes(), most = 0;
    for (size_t at = 0; at < BIG; at += PIECE) {
        assert_ok(gale_iostream_write(stream, reader.text + at, PIECE));
        size_t held = test_allocated_bytes() - before;
        most = held > most ? held : most;
    }
    gale_iostream_close(stream); /* all of it is in the kernel */
    pthread_join(thread, NULL);
    assert_true(reader.same);
    assert_true(most < 4 * PIECE);
    close(reader.fd);
    gale_iostream_free(stream);
    free((char *)(uintptr_t)reader.text);
}

TEST(outside_a_task_nothing_is_written)
{
    gale_ioloop *loop = gale_ioloop_new(NULL);
    stream_pair pair = open_pair(PAIR_UNIX, NULL);
    assert_error(gale_iostream_write(pair.writer, "x", 1), GALE_ENOTASK);
    free_pair(&pair);
    gale_ioloop_free(loop);
}

GALE_TEST_MAIN
