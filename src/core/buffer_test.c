/* SPDX-License-Identifier: Apache-2.0 */
#include "core/buffer.h"

#include <errno.h>
#include <stdlib.h>

#include "test.h"

static void assert_terminated(const gale__buffer *buffer)
{
    assert_int_equal(*gale__buffer_end(buffer), '\0');
}

TEST(an_empty_buffer_holds_no_memory)
{
    gale__buffer buffer;
    gale__buffer_init(&buffer, 100);
    assert_str(gale__buffer_str(&buffer), "");
    assert_string_equal(gale__buffer_str(&buffer).data, "");
    assert_ok(gale__buffer_append(&buffer, NULL, 0));
    gale__buffer_consume(&buffer, 0);
    gale__buffer_clear(&buffer);
    assert_int_equal(test_allocations(), 0);
}

TEST(appended_text_follows)
{
    gale__buffer buffer;
    gale__buffer_init(&buffer, SIZE_MAX);
    assert_ok(gale__buffer_append(&buffer, "hello", 5));
    assert_ok(gale__buffer_append_char(&buffer, ','));
    assert_ok(gale__buffer_printf(&buffer, " %s %d", "world", 1));
    assert_str(gale__buffer_str(&buffer), "hello, world 1");
    assert_terminated(&buffer);
    gale__buffer_clear(&buffer);
    assert_str(gale__buffer_str(&buffer), "");
}

TEST(the_limit_is_exact_and_sticky)
{
    gale__buffer buffer;
    gale__buffer_init(&buffer, 10);
    assert_ok(gale__buffer_append(&buffer, "0123456789", 10));
    assert_true(test_allocated_bytes() <= 24); /* no more than the limit can use */
    assert_error(gale__buffer_append_char(&buffer, 'x'), GALE_ETOOBIG);
    assert_str(gale__buffer_str(&buffer), "0123456789");
    assert_terminated(&buffer);

    gale__buffer_consume(&buffer, 10);
    assert_error(gale__buffer_append_char(&buffer, 'x'), GALE_ETOOBIG);
    assert_error(gale__buffer_append(&buffer, NULL, 0), GALE_ETOOBIG);
    assert_error(gale__buffer_reserve(&buffer, 0), GALE_ETOOBIG);
    assert_error(gale__buffer_printf(&buffer, "x"), GALE_ETOOBIG);
    assert_str(gale__buffer_str(&buffer), "");

    gale__buffer_clear(&buffer);
    assert_ok(gale__buffer_append(&buffer, "0123456789", 10));
    assert_error(gale__buffer_reserve(&buffer, SIZE_MAX), GALE_ETOOBIG);
    gale__buffer_clear(&buffer);
}

TEST(the_limit_counts_unconsumed_bytes_only)
{
    gale__buffer buffer;
    gale__buffer_init(&buffer, 10);
    for (int i = 0; i < 1000; i++) {
        assert_ok(gale__buffer_append(&buffer, "abcdefg", 7));
        gale__buffer_consume(&buffer, 4);
        assert_str(gale__buffer_str(&buffer), "efg");
        assert_ok(gale__buffer_append(&buffer, "1234567", 7));
        assert_str(gale__buffer_str(&buffer), "efg1234567");
        assert_terminated(&buffer);
        gale__buffer_consume(&buffer, 10);
        assert_terminated(&buffer);
    }
    assert_int_equal(test_allocations(), 1);
    gale__buffer_clear(&buffer);
}

TEST(a_limit_of_zero_takes_nothing)
{
    gale__buffer buffer;
    gale__buffer_init(&buffer, 0);
    assert_ok(gale__buffer_reserve(&buffer, 0));
    assert_ok(gale__buffer_printf(&buffer, "%s", ""));
    assert_terminated(&buffer);
    assert_error(gale__buffer_append_char(&buffer, 'x'), GALE_ETOOBIG);
    gale__buffer_clear(&buffer);
}

TEST(printf_respects_the_limit)
{
    gale__buffer buffer;
    gale__buffer_init(&buffer, 300);
    assert_ok(gale__buffer_printf(&buffer, "%*d", 299, 1));
    assert_ok(gale__buffer_printf(&buffer, "%d", 2));
    assert_int_equal(buffer.size, 300);
    assert_terminated(&buffer);
    assert_error(gale__buffer_printf(&buffer, "%d", 3), GALE_ETOOBIG);
    assert_int_equal(buffer.size, 300);
    assert_terminated(&buffer);
    gale__buffer_clear(&buffer);
}

TEST(a_bad_format_argument_is_a_sticky_error)
{
    gale__buffer buffer;
    gale__buffer_init(&buffer, SIZE_MAX);
    assert_ok(gale__buffer_append(&buffer, "kept", 4));
    assert_error(gale__buffer_printf(&buffer, "lost %ls", L"\x7fffffff"), -EILSEQ);
    assert_error(gale__buffer_append_char(&buffer, 'x'), -EILSEQ);
    assert_str(gale__buffer_str(&buffer), "kept");
    assert_terminated(&buffer);
    gale__buffer_clear(&buffer);
}

TEST(reserved_room_counts_after_commit)
{
    gale__buffer buffer;
    gale__buffer_init(&buffer, SIZE_MAX);
    assert_ok(gale__buffer_reserve(&buffer, 1000));
    assert_int_equal(buffer.size, 0);
    memset(gale__buffer_end(&buffer), 'x', 1000);
    gale__buffer_commit(&buffer, 600);
    gale__buffer_commit(&buffer, 400);
    assert_int_equal(buffer.size, 1000);
    assert_terminated(&buffer);
    gale__buffer_clear(&buffer);
}

TEST(growth_doubles)
{
    gale__buffer buffer;
    gale__buffer_init(&buffer, SIZE_MAX);
    for (int i = 0; i < 1 << 20; i++)
        assert_ok(gale__buffer_append_char(&buffer, (char)('a' + i % 26)));
    assert_true(test_allocations() < 20);
    for (size_t i = 0; i < 1 << 20; i++)
        assert_int_equal(gale__buffer_begin(&buffer)[i], 'a' + i % 26);
    gale__buffer_clear(&buffer);
}

/* Random appends and consumes against a plain array. */
TEST(content_survives_any_order_of_appending_and_consuming)
{
    enum { SIZE = 200000 };
    char *model = malloc(SIZE), piece[700];
    size_t begin = 0, end = 0;
    unsigned random = 1;
    gale__buffer buffer;
    gale__buffer_init(&buffer, SIZE_MAX);
    while (end + sizeof piece < SIZE) {
        random = random * 1103515245 + 12345;
        size_t size = random / 65536 % sizeof piece;
        for (size_t i = 0; i < size; i++)
            piece[i] = (char)(end + i * 7);
        memcpy(model + end, piece, size);
        end += size;
        assert_ok(gale__buffer_append(&buffer, piece, size));
        size_t consumed = (end - begin) * (random / 4096 % 5) / 4;
        gale__buffer_consume(&buffer, consumed);
        begin += consumed;
        assert_bytes(gale__buffer_str(&buffer), ((gale_str){ model + begin, end - begin }));
        assert_terminated(&buffer);
    }
    assert_true(test_allocated_bytes() < 16384); /* consumed bytes are reused */
    gale__buffer_clear(&buffer);
    free(model);
}

TEST(out_of_memory_is_sticky_and_loses_nothing)
{
    gale__buffer buffer;
    gale__buffer_init(&buffer, SIZE_MAX);
    test_fail_allocation(1);
    assert_error(gale__buffer_append(&buffer, "a", 1), -ENOMEM);
    assert_error(gale__buffer_append(&buffer, "a", 1), -ENOMEM);
    assert_int_equal(test_allocations(), 1);
    gale__buffer_clear(&buffer);

    assert_ok(gale__buffer_append(&buffer, "head tail", 9));
    gale__buffer_consume(&buffer, 5);
    test_fail_allocation(1);
    assert_error(gale__buffer_printf(&buffer, "%*d", 5000, 1), -ENOMEM);
    assert_str(gale__buffer_str(&buffer), "tail");
    assert_terminated(&buffer);
    gale__buffer_clear(&buffer);

    assert_error(gale__buffer_reserve(&buffer, SIZE_MAX), -ENOMEM);
    gale__buffer_clear(&buffer);
}

GALE_TEST_MAIN
