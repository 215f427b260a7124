/* SPDX-License-Identifier: Apache-2.0 */
#include "data/redis_reader.h"

#if GALE_REDIS

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "test.h"

enum { LIMIT = 100000 };

static gale__redis_reader reader;

/* ---- Replies as text ------------------------------------------------------------------- */

static char text[4096];

static void add(const char *format, const char *what, size_t size)
{
    size_t used = strlen(text);
    snprintf(text + used, sizeof text - used, format, (int)size, what);
}

static void describe(const gale__redis_reply *reply)
{
    char number[32];
    switch (reply->type) {
    case GALE__REDIS_STATUS:
        add("+%.*s ", reply->text.data, reply->text.len);
        break;
    case GALE__REDIS_ERROR:
        add("-%.*s ", reply->text.data, reply->text.len);
        break;
    case GALE__REDIS_STRING:
        add("'%.*s' ", reply->text.data, reply->text.len);
        break;
    case GALE__REDIS_NIL:
        add("%.*s", "nil ", 4);
        break;
    case GALE__REDIS_INTEGER:
        snprintf(number, sizeof number, "%lld ", reply->integer);
        add("%.*s", number, strlen(number));
        break;
    case GALE__REDIS_ARRAY:
        add("%.*s", "[ ", 2);
        for (size_t i = 0; i < reply->count; i++)
            describe(reply->items[i]);
        add("%.*s", "] ", 2);
    }
}

static int take_all(void)
{
    gale__redis_reply *reply;
    int result;
    while ((result = gale__redis_reader_next(&reader, &reply)) > 0) {
        describe(reply);
        gale__redis_reply_free(reply);
    }
    return result;
}

/* What comes of `bytes` when they arrive in pieces of `piece` bytes. */
static int read_in_pieces(const char *bytes, size_t size, size_t piece)
{
    int result = 0;
    text[0] = '\0';
    assert_ok(gale__redis_reader_open(&reader, LIMIT));
    for (size_t at = 0; at < size && result == 0; at += piece) {
        result = gale__redis_reader_feed(
            &reader, (gale_str){ bytes + at, size - at < piece ? size - at : piece });
        result = result ? result : take_all();
    }
    gale__redis_reader_close(&reader);
    return result;
}

/* ---- Tests ----------------------------------------------------------------------------- */

TEST(every_kind_of_reply_cut_anywhere)
{
    static const char bytes[] =
        "+OK\r\n-ERR no\r\n:-42\r\n$5\r\na\r\nbc\r\n$0\r\n\r\n$-1\r\n*-1\r\n"
        "*0\r\n*3\r\n$7\r\nmessage\r\n*2\r\n:1\r\n+x\r\n$-1\r\n+end\r\n";
    for (size_t piece = 1; piece < sizeof bytes; piece++) {
        assert_ok(read_in_pieces(bytes, sizeof bytes - 1, piece));
        assert_string_equal(text, "+OK -ERR no -42 'a\r\nbc' '' nil nil [ ] "
                                  "[ 'message' [ 1 +x ] nil ] +end ");
    }
}

static void refused(const char *bytes, int code)
{
    assert_error(read_in_pieces(bytes, strlen(bytes), 1), code);
    assert_error(read_in_pieces(bytes, strlen(bytes), SIZE_MAX / 2), code);
}

TEST(what_is_no_reply)
{
    refused("HTTP/1.1 200 OK\r\n\r\n", GALE_EINPUT);
    assert_non_null(strstr(gale_error_detail(), "this is no Redis"));
    refused("\r\n", GALE_EINPUT);
    refused(":one\r\n", GALE_EINPUT);
    refused("$x\r\n", GALE_EINPUT);
    refused("$-2\r\n", GALE_EINPUT);
    refused("*-2\r\n", GALE_EINPUT);
    refused("*x\r\n", GALE_EINPUT);
    refused("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n", GALE_EINPUT);
    refused("%1\r\n+a\r\n+b\r\n", GALE_EINPUT);
}

/* Refused as soon as the length is known, before the memory is asked for. */
TEST(huge_lengths)
{
    refused("$100001\r\n", GALE_ETOOBIG);
    assert_non_null(strstr(gale_error_detail(), "over the limit of 100000 bytes"));
    refused("$536870912\r\n", GALE_ETOOBIG);
    refused("*2\r\n$3\r\nabc\r\n$9999999999\r\n", GALE_ETOOBIG);
    refused("*100000\r\n", GALE_ETOOBIG);
    refused("*2147483647\r\n", GALE_ETOOBIG);
    refused("*9223372036854775807\r\n", GALE_EINPUT);
    refused("*5000\r\n*5000\r\n*5000\r\n*5000\r\n*5000\r\n", GALE_ETOOBIG);
}

/* What `start` begins and `more` continues without end stays within bounds. */
static void endless(const char *start, const char *more)
{
    size_t before = test_allocated_bytes(), fed = 0;
    int result = 0;
    text[0] = '\0';
    assert_ok(gale__redis_reader_open(&reader, LIMIT));
    assert_ok(gale__redis_reader_feed(&reader, (gale_str){ start, strlen(start) }));
    while (result == 0 && fed < 100 * LIMIT) {
        result = gale__redis_reader_feed(&reader, (gale_str){ more, strlen(more) });
        result = result ? result : take_all();
        fed += strlen(more);
        assert_true(test_allocated_bytes() - before < 10 * LIMIT);
    }
    gale__redis_reader_close(&reader);
    assert_int_equal(result, GALE_ETOOBIG);
    assert_true(fed <= 4 * LIMIT);
}

TEST(data_without_end)
{
    endless("+", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    endless("+a\rb", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    endless("$", "00000000000000000000000000000000");
    endless("$12\rx", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    endless("*10000\r\n", "*0\r\n*0\r\n*0\r\n*0\r\n");
    endless("*10000\r\n", ":1\r\n:1\r\n:1\r\n:1\r\n");
}

TEST(many_replies_need_little)
{
    char *all = malloc(6000 * 12);
    for (int i = 0; i < 6000; i++)
        memcpy(all + i * 12, "*1\r\n$2\r\nab\r\n", 12);
    assert_ok(gale__redis_reader_open(&reader, LIMIT));
    text[0] = '\0';
    assert_ok(gale__redis_reader_feed(&reader, (gale_str){ all, 6000 * 12 }));
    assert_ok(take_all());
    gale__redis_reader_close(&reader);
    free(all);
}

TEST(out_of_memory)
{
    static const char bytes[] = "*3\r\n$7\r\nmessage\r\n*2\r\n:1\r\n+x\r\n$-1\r\n";
    size_t n = 0;
    do {
        test_fail_allocation(++n);
        int result = read_in_pieces(bytes, sizeof bytes - 1, 7);
        assert_true(result == (test_allocation_failed() ? -ENOMEM : 0));
    } while (test_allocation_failed());
    test_fail_allocation(0);
}

GALE_TEST_MAIN

#else

int main(void)
{
    return 77;
}

#endif
