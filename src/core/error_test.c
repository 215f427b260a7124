/* SPDX-License-Identifier: Apache-2.0 */
#include "core/error.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>

#include "test.h"

TEST(own_codes_have_their_texts)
{
#define CHECK_TEXT(name, value, text)                                                              \
    assert_int_equal(name, value);                                                                 \
    assert_string_equal(gale_strerror(name), text);
    GALE_ERRORS(CHECK_TEXT)
#undef CHECK_TEXT
}

TEST(own_codes_differ)
{
#define CODE(name, value, text) name,
    static const int codes[] = { GALE_ERRORS(CODE) };
#undef CODE
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(codes[i], codes[j]);
}

TEST(system_errors_have_the_systems_text)
{
    assert_string_equal(gale_strerror(-ENOENT), "No such file or directory");
    assert_string_equal(gale_strerror(-ECONNRESET), "Connection reset by peer");
    assert_string_equal(gale_strerror(0), "Success");
}

TEST(codes_that_say_that_time_ran_out)
{
    static const int timeouts[] = { GALE_ETIMEDOUT,
                                    GALE_ETIMEDOUT_QUEUE,
                                    GALE_ETIMEDOUT_RESOLVE,
                                    GALE_ETIMEDOUT_CONNECT,
                                    GALE_ETIMEDOUT_HANDSHAKE,
                                    GALE_ETIMEDOUT_FIRST_BYTE,
                                    -ETIMEDOUT };
    size_t count = 0;
#define COUNT(name, value, text) count += gale_is_timeout(name);
    GALE_ERRORS(COUNT)
#undef COUNT
    for (size_t i = 0; i < sizeof timeouts / sizeof *timeouts; i++)
        assert_true(gale_is_timeout(timeouts[i]));
    assert_int_equal(count, sizeof timeouts / sizeof *timeouts - 1);
    assert_false(gale_is_timeout(0));
    assert_false(gale_is_timeout(-ECANCELED));
}

TEST(unknown_codes_are_named_by_number)
{
    assert_string_equal(gale_strerror(-9999), "unknown error -9999");
    assert_string_equal(gale_strerror(-10999), "unknown error -10999");
    assert_string_equal(gale_strerror(5), "unknown error 5");
    assert_string_equal(gale_strerror(INT_MIN), "unknown error -2147483648");
    assert_string_equal(gale_strerror(INT_MAX), "unknown error 2147483647");
}

TEST(fail_sets_the_detail_and_returns_the_code)
{
    assert_int_equal(gale__fail(GALE_EINPUT, "no %s in %d", "colon", 7), GALE_EINPUT);
    assert_string_equal(gale_error_detail(), "no colon in 7");
    assert_int_equal(gale__fail(-EIO, "%s", ""), -EIO);
    assert_string_equal(gale_error_detail(), "");
    assert_int_equal(test_allocations(), 0);
}

TEST(a_detail_may_quote_the_one_before)
{
    gale__fail(GALE_EINPUT, "bad digit");
    gale__fail(GALE_EINPUT, "chunk size: %s", gale_error_detail());
    assert_string_equal(gale_error_detail(), "chunk size: bad digit");

    gale__error_slot slot = { NULL };
    gale__error_slot_use(&slot);
    gale__fail(GALE_EINPUT, "bad digit");
    gale__fail(GALE_EINPUT, "chunk size: %s", gale_error_detail());
    assert_string_equal(gale_error_detail(), "chunk size: bad digit");
    gale__error_slot_use(NULL);
    gale__error_slot_clear(&slot);
}

TEST(a_long_detail_is_cut)
{
    char text[GALE__ERROR_DETAIL_MAX * 2];
    memset(text, 'x', sizeof text);
    gale__fail(GALE_EINPUT, "%.*s", (int)sizeof text, text);
    assert_int_equal(strlen(gale_error_detail()), GALE__ERROR_DETAIL_MAX);
}

TEST(each_slot_keeps_its_own_detail)
{
    gale__error_slot first = { NULL }, second = { NULL };
    gale__fail(GALE_EINPUT, "thread");
    gale__error_slot_use(&first);
    assert_string_equal(gale_error_detail(), "");
    gale__fail(GALE_EINPUT, "first");
    gale__error_slot_use(&second);
    gale__fail(GALE_EINPUT, "second");
    gale__error_slot_use(&first);
    assert_string_equal(gale_error_detail(), "first");
    gale__error_slot_clear(&first);
    assert_string_equal(gale_error_detail(), "");
    gale__error_slot_use(NULL);
    assert_string_equal(gale_error_detail(), "thread");
    assert_string_equal(second.text, "second");
    gale__error_slot_clear(&second);
    gale__error_slot_clear(&second);
}

TEST(out_of_memory_loses_the_detail_but_not_the_code)
{
    gale__error_slot slot = { NULL };
    gale__error_slot_use(&slot);
    gale__fail(GALE_EINPUT, "old");
    test_fail_allocation(1);
    assert_int_equal(gale__fail(GALE_ETOOBIG, "new"), GALE_ETOOBIG);
    assert_string_equal(gale_error_detail(), "");
    gale__error_slot_use(NULL);
    gale__error_slot_clear(&slot);
}

static void *fail_elsewhere(void *arg)
{
    (void)arg;
    bool empty = *gale_error_detail() == '\0';
    gale__fail(GALE_EINPUT, "elsewhere");
    const char *text = gale_strerror(-7777);
    return empty && strcmp(text, "unknown error -7777") == 0 ? NULL : (void *)-1;
}

TEST(threads_do_not_see_each_others_errors)
{
    pthread_t thread;
    void *result;
    gale__fail(GALE_EINPUT, "here");
    const char *text = gale_strerror(-8888);
    assert_int_equal(pthread_create(&thread, NULL, fail_elsewhere, NULL), 0);
    assert_int_equal(pthread_join(thread, &result), 0);
    assert_null(result);
    assert_string_equal(gale_error_detail(), "here");
    assert_string_equal(text, "unknown error -8888");
}

static int try_twice(int first, int second, int *calls)
{
    GALE_TRY(((*calls)++, first));
    GALE_TRY(((*calls)++, second));
    return 1;
}

TEST(try_returns_early_on_negative_codes_only)
{
    int calls = 0;
    assert_int_equal(try_twice(GALE_EFULL, 0, &calls), GALE_EFULL);
    assert_int_equal(calls, 1);
    assert_int_equal(try_twice(7, -EIO, &calls), -EIO);
    assert_int_equal(try_twice(0, 7, &calls), 1);
}

GALE_TEST_MAIN
