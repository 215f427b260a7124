/* SPDX-License-Identifier: Apache-2.0 */
/* Reads up to a delimiter or a match. The cases after Tornado's iostream_test have its names in a
 * comment. */
#include "net/read_test.h"

#include <stdlib.h>
#include <time.h>

/* ---- Delimiters ------------------------------------------------------------------------ */

PAIR_TEST(read_until_returns_up_to_and_with_the_delimiter)
{
    write_all(pair->writer, "one\r\n\r\ntwo\r\nthree\r\n\r\nrest");
    assert_ok(gale_iostream_read_until(pair->reader, "\r\n\r\n", 0, &data));
    assert_str(data, "one\r\n\r\n");
    assert_ok(gale_iostream_read_until(pair->reader, "\r\n\r\n", 0, &data));
    assert_str(data, "two\r\nthree\r\n\r\n");
    assert_ok(gale_iostream_read_bytes(pair->reader, 4, false, &data));
    assert_str(data, "rest");
}

TASK_TEST(read_until_finds_a_delimiter_that_drips_in)
{
    stream_pair pair = open_pair(PAIR_TCP, NULL);
    script drip = { pair.writer, "a\r\rb\r\nc\r\n\r\nd", 0.001, true };
    SPAWN(write_script, &drip);
    assert_ok(gale_iostream_read_until(pair.reader, "\r\n\r\n", 0, &data));
    assert_str(data, "a\r\rb\r\nc\r\n\r\n");
    assert_ok(gale_iostream_read_until_close(pair.reader, &data));
    assert_str(data, "d");
    free_pair(&pair);
}

TASK_TEST(read_until_str_takes_a_delimiter_with_nul)
{
    stream_pair pair = open_pair(PAIR_UNIX, NULL);
    assert_ok(gale_iostream_write(pair.writer, "a\0b\0\0c", 6));
    assert_ok(gale_iostream_read_until_str(pair.reader, GALE_STR("\0\0"), 0, &data));
    assert_bytes(data, GALE_STR("a\0b\0\0"));
    assert_error(gale_iostream_read_until_str(pair.reader, GALE_STR(""), 0, &data), GALE_EINVALID);
    free_pair(&pair);
}

/* Tornado: test_read_until_max_bytes */
PAIR_TEST(read_until_max_bytes)
{
    gale_log_set_level(GALE_LOG_INFO);
    write_all(pair->writer, "abcdef");
    assert_error(gale_iostream_read_until(pair->reader, "x", 5, &data), GALE_ECLOSED);
    assert_true(gale_iostream_closed(pair->reader));
    assert_int_equal(gale_iostream_error(pair->reader), GALE_EUNSATISFIABLE);
    assert_true(test_logged("Unsatisfiable read, closing connection: delimiter x not found within "
                            "5 bytes"));
    assert_non_null(strstr(gale_error_detail(), "unsatisfiable"));
}

/* Tornado: test_read_until_max_bytes_inline */
PAIR_TEST(read_until_max_bytes_of_what_is_buffered)
{
    write_all(pair->writer, "123456xabcdefx");
    assert_ok(gale_iostream_read_until(pair->reader, "x", 7, &data)); /* equal is allowed */
    assert_str(data, "123456x");
    assert_error(gale_iostream_read_until(pair->reader, "x", 6, &data), GALE_ECLOSED);
    assert_int_equal(gale_iostream_error(pair->reader), GALE_EUNSATISFIABLE);
}

/* Tornado: test_read_until_max_bytes_ignores_extra */
PAIR_TEST(read_until_max_bytes_also_when_the_delimiter_came)
{
    write_all(pair->writer, "abcdef|ghi");
    assert_error(gale_iostream_read_until(pair->reader, "|", 5, &data), GALE_ECLOSED);
}

/* Tornado: test_large_read_until, test_small_read_untils_from_large_buffer */
TASK_TEST(read_untils_of_many_sizes)
{
    enum { SIZE = 300000 };
    char *text = malloc(SIZE + 1);
    for (int i = 0; i < SIZE; i++)
        text[i] = i % 10 == 9 && i < 100000 ? '\n' : 'x';
    text[SIZE - 1] = '\n';
    text[SIZE] = '\0';
    stream_pair pair = open_pair(PAIR_TCP, NULL);
    script all = { pair.writer, text, 0, false };
    SPAWN(write_script, &all);
    for (int i = 0; i < 10000; i++) {
        assert_ok(gale_iostream_read_until(pair.reader, "\n", 10, &data));
        assert_str(data, "xxxxxxxxx\n");
    }
    assert_ok(gale_iostream_read_until(pair.reader, "\n", 0, &data));
    assert_int_equal(data.len, SIZE - 100000);
    free_pair(&pair);
    free(text);
}

/* ---- Regular expressions --------------------------------------------------------------- */

PAIR_TEST(read_until_regex)
{
    write_all(pair->writer, "status: 200\nrest 17;");
    assert_ok(gale_iostream_read_until_regex(pair->reader, "[0-9]+\\n", 0, &data));
    assert_str(data, "status: 200\n");
    assert_ok(gale_iostream_read_until_regex(pair->reader, "(?<=t )(?P<number>\\d+)", 0, &data));
    assert_str(data, "rest 17");
    assert_ok(gale_iostream_read_until_regex(pair->reader, ";", 0, &data));
    assert_str(data, ";");
    assert_error(gale_iostream_read_until_regex(pair->reader, "(", 0, &data), GALE_EINVALID);
    assert_non_null(strstr(gale_error_detail(), "regular expression ("));
}

TASK_TEST(read_until_regex_that_drips_in)
{
    stream_pair pair = open_pair(PAIR_UNIX, NULL);
    script drip = { pair.writer, "a\r\nb\r\n\nc\n\n", 0.001, false };
    SPAWN(write_script, &drip);
    assert_ok(gale_iostream_read_until_regex(pair.reader, "\\r?\\n\\r?\\n", 0, &data));
    assert_str(data, "a\r\nb\r\n\n");
    assert_ok(gale_iostream_read_until_regex(pair.reader, "\\r?\\n\\r?\\n", 0, &data));
    assert_str(data, "c\n\n");
    free_pair(&pair);
}

/* Tornado: test_read_until_regex_max_bytes */
PAIR_TEST(read_until_regex_max_bytes)
{
    gale_log_set_level(GALE_LOG_INFO);
    write_all(pair->writer, "abcdef");
    assert_error(gale_iostream_read_until_regex(pair->reader, "x+", 5, &data), GALE_ECLOSED);
    assert_int_equal(gale_iostream_error(pair->reader), GALE_EUNSATISFIABLE);
    assert_true(test_logged("regex x+ not found within 5 bytes"));
}

/* Tornado: test_read_until_regex_max_bytes_inline, ..._ignores_extra */
PAIR_TEST(read_until_regex_max_bytes_of_what_is_buffered)
{
    write_all(pair->writer, "12345xabcdefx");
    assert_ok(gale_iostream_read_until_regex(pair->reader, "x", 6, &data));
    assert_str(data, "12345x");
    assert_error(gale_iostream_read_until_regex(pair->reader, "x", 6, &data), GALE_ECLOSED);
}

TASK_TEST(read_until_regex_over_its_limits_closes)
{
    stream_pair pair = open_pair(PAIR_UNIX, NULL);
    write_all(pair.writer, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab");
    assert_error(gale_iostream_read_until_regex(pair.reader, "(a+)+(a+)+$c", 0, &data),
                 GALE_ECLOSED);
    assert_int_equal(gale_iostream_error(pair.reader), GALE_EUNSATISFIABLE);
    free_pair(&pair);
}

/* Searching everything again for each piece that comes would take much longer. */
TASK_TEST(searching_what_drips_in_takes_linear_time)
{
    enum { PIECES = 20000, PIECE = 50 };
    int peer;
    char piece[PIECE + 1];
    memset(piece, 'x', PIECE);
    piece[PIECE] = '\0';
    for (int with_regex = 0; with_regex < 2; with_regex++) {
        gale_iostream *stream = stream_and_peer(PAIR_UNIX, &peer, NULL);
        reading line = { .stream = stream, .result = 1, .regex = with_regex ? "[a-f]+y" : NULL };
        gale_scope *scope = gale_scope_open(NULL);
        SPAWN(read_line, &line);
        clock_t before = clock();
        for (int i = 0; i < PIECES; i++) {
            put(peer, piece);
            assert_ok(gale_moment());
        }
        put(peer, "aby\n");
        assert_ok(gale_scope_close(scope, 0));
        assert_int_equal(line.result, 0);
        assert_int_equal(line.size, PIECES * PIECE + (with_regex ? 3 : 4));
        assert_true(clock() - before < 2 * CLOCKS_PER_SEC);
        gale_iostream_free(stream);
        close(peer);
    }
}

GALE_TEST_MAIN
