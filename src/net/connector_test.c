/* SPDX-License-Identifier: Apache-2.0 */
/* The happy eyeballs over attempts whose outcome is played: Tornado's ConnectorTest. */
#include "net/net_test.h"

#include "net/connector.h"

/* The pauses differ by so much that a busy machine does not change the order. */

enum { AF1 = AF_INET, AF2 = AF_INET6 };

/* What the attempt on an address does; the address is named by its port, 'a' to 'd'. */
typedef struct outcome {
    double after; /* seconds; < 0: never */
    int result;   /* 0: a stream */
} outcome;

static outcome outcomes['z'];
static int open_streams; /* that attempts have made, minus what they cancelled */

static int play(const gale_address *address, void *arg, gale_iostream **ret_stream)
{
    const char name[] = { (char)address->port, '\0' };
    const char end[] = { (char)(address->port - 'a' + 'A'), '\0' };
    const outcome *mine = &outcomes[address->port];
    assert_ptr_equal(arg, outcomes);
    note(name);
    int result = gale_sleep(mine->after < 0 ? 1000 : mine->after);
    if (result == GALE_ECANCELED) {
        note("-");
        return result;
    }
    note(end);
    if (mine->result < 0)
        return mine->result;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    *ret_stream = gale_iostream_new(fd, NULL);
    if (!*ret_stream) {
        close(fd);
        return -ENOMEM;
    }
    open_streams++;
    return 0;
}

static gale_iostream *stream;

/* Runs it over addresses of `families` ("12": AF1, AF2), named a, b, ... */
static int run(const char *families)
{
    gale_address addresses[8] = { 0 };
    int count = (int)strlen(families);
    for (int i = 0; i < count; i++) {
        addresses[i].family = families[i] == '1' ? AF1 : AF2;
        addresses[i].port = 'a' + i;
    }
    history[0] = '\0';
    stream = NULL;
    int result = gale__connector_run(addresses, count, play, outcomes, &stream);
    assert_true((result == 0) == (stream != NULL));
    gale_iostream_free(stream);
    return result;
}

static void play_all(const char *names, double after, int result)
{
    for (; *names; names++)
        outcomes[(int)*names] = (outcome){ after, result };
}

/* ---- Split ----------------------------------------------------------------------------- */

/* Tornado: TestConnectorSplit.test_one_family, test_mixed */
TEST(split_keeps_the_order_of_each_list)
{
    static const char families[] = "121232";
    gale_address addresses[6];
    for (int i = 0; i < 6; i++)
        addresses[i] = (gale_address){ .family = families[i], .port = i };
    assert_int_equal(gale__connector_split(addresses, 6), 2);
    static const int order[] = { 0, 2, 1, 3, 4, 5 };
    for (int i = 0; i < 6; i++)
        assert_int_equal(addresses[i].port, order[i]);
    assert_int_equal(gale__connector_split(addresses, 2), 2);
}

/* ---- Success and failure --------------------------------------------------------------- */

/* Tornado: test_immediate_success */
TASK_TEST(immediate_success)
{
    play_all("abcd", 0.001, 0);
    assert_ok(run("1122"));
    assert_string_equal(history, "aA");
}

/* Tornado: test_immediate_failure */
TASK_TEST(immediate_failure)
{
    play_all("a", 0.001, -ECONNREFUSED);
    assert_error(run("1"), -ECONNREFUSED);
    assert_string_equal(history, "aA");
}

/* Tornado: test_one_family_second_try */
TASK_TEST(one_family_second_try)
{
    play_all("a", 0.001, -ECONNREFUSED);
    play_all("b", 0.001, 0);
    assert_ok(run("11"));
    assert_string_equal(history, "aAbB");
}

/* Tornado: test_one_family_second_try_failure */
TASK_TEST(one_family_second_try_failure)
{
    play_all("a", 0.001, -ECONNREFUSED);
    play_all("b", 0.001, -EHOSTUNREACH);
    assert_error(run("11"), -EHOSTUNREACH);
    assert_string_equal(history, "aAbB");
}

/* Tornado: test_one_family_second_try_timeout */
TASK_TEST(one_family_second_try_after_the_pause)
{
    play_all("a", 0.6, -ECONNREFUSED);
    play_all("b", 0.001, 0);
    assert_ok(run("11"));
    assert_string_equal(history, "aAbB");
}

/* Tornado: test_two_families_immediate_failure */
TASK_TEST(two_families_immediate_failure)
{
    play_all("ab", 0.001, -ECONNREFUSED);
    play_all("c", 0.2, 0);
    assert_ok(run("1122"));
    assert_true(!strcmp(history, "aAbcBC") || !strcmp(history, "aAcbBC"));
}

/* Tornado: test_two_families_timeout */
TASK_TEST(two_families_after_the_pause)
{
    play_all("a", -1, 0);
    play_all("c", 0.001, 0);
    assert_ok(run("1122"));
    assert_string_equal(history, "acC-"); /* and b is never tried */
}

/* Tornado: test_success_after_timeout, test_two_family_success_after_timeout */
TASK_TEST(success_of_the_first_after_the_pause)
{
    play_all("a", 0.6, 0);
    play_all("c", -1, 0);
    assert_ok(run("1122"));
    assert_string_equal(history, "acA-");
}

/* Tornado: test_all_fail */
TASK_TEST(all_fail)
{
    play_all("a", 0.8, -ECONNREFUSED);
    play_all("cd", 0.001, -EHOSTUNREACH);
    play_all("b", 0.001, -ETIMEDOUT);
    assert_error(run("1122"), -ETIMEDOUT);
    assert_string_equal(history, "acCdDAbB");
}

/* RFC 8305 §5: an address that does not answer holds nobody up. */
TASK_TEST(a_silent_address_does_not_hold_up_the_next)
{
    play_all("a", -1, 0);
    play_all("b", 0.001, 0);
    assert_ok(run("11"));
    assert_string_equal(history, "abB-");
    play_all("c", 0.001, -ECONNREFUSED);
    assert_ok(run("112"));
    assert_string_equal(history, "acCbB-");
}

/* A connection that comes late is welcome, even from an address that was given up on. */
TASK_TEST(the_silent_one_may_still_win)
{
    play_all("a", 2.2, 0);
    play_all("b", -1, 0);
    assert_ok(run("11"));
    assert_string_equal(history, "abA-");
}

TASK_TEST(two_at_once_leave_one)
{
    open_streams = 0;
    play_all("a", 0.6, 0);
    play_all("b", 0.3, 0); /* from 0.3 on */
    assert_ok(run("12"));
    assert_true(open_streams >= 1); /* the late one was cancelled, or else freed: no leak */
}

/* ---- Deadlines ------------------------------------------------------------------------- */

static int run_families(void *arg)
{
    return run(arg);
}

/* Tornado: test_one_family_timeout_after_connect_timeout,
 * test_one_family_second_try_after_connect_timeout */
TASK_TEST(a_deadline_ends_all_attempts)
{
    play_all("a", -1, 0);
    assert_error(gale_with_timeout(0.01, run_families, "11"), GALE_ETIMEDOUT);
    assert_string_equal(history, "a-");
    play_all("a", 0.001, -ECONNREFUSED);
    play_all("b", -1, 0);
    assert_error(gale_with_timeout(0.2, run_families, "11"), GALE_ETIMEDOUT);
    assert_string_equal(history, "aAb-");
}

/* Tornado: test_two_family_timeout_before_connect_timeout,
 * test_two_family_timeout_after_connect_timeout */
TASK_TEST(a_deadline_ends_both_lists)
{
    play_all("abcd", -1, 0);
    assert_error(gale_with_timeout(0.6, run_families, "1122"), GALE_ETIMEDOUT);
    assert_string_equal(history, "ac--");
    assert_error(gale_with_timeout(0.05, run_families, "1122"), GALE_ETIMEDOUT);
    assert_string_equal(history, "a-");
}

/* Tornado: test_one_family_success_before_connect_timeout,
 * test_one_family_second_try_failure_before_connect_timeout */
TASK_TEST(a_deadline_that_comes_later_changes_nothing)
{
    play_all("a", 0.001, 0);
    assert_ok(gale_with_timeout(2, run_families, "11"));
    play_all("ab", 0.001, -ECONNREFUSED);
    assert_error(gale_with_timeout(2, run_families, "11"), -ECONNREFUSED);
}

TASK_TEST(each_allocation_may_fail)
{
    size_t n = 0;
    int result;
    play_all("ab", 0.0001, -ECONNREFUSED);
    play_all("c", 0.0001, 0);
    do {
        test_fail_allocation(++n);
        result = run("112");
        assert_true(result == 0 || result == -ENOMEM || result == -ECONNREFUSED);
        assert_true(n < 100);
    } while (test_allocation_failed());
    test_fail_allocation(0);
    assert_ok(result);
}

GALE_TEST_MAIN
