/* SPDX-License-Identifier: Apache-2.0 */
#include "core/recent.h"

#include <errno.h>

#include "core/memory.h"
#include "test.h"

typedef struct item {
    gale__recent_entry entry;
    int value;
} item;

static void forget(gale__recent_entry *entry)
{
    gale__free(GALE__CONTAINER_OF(entry, item, entry));
}

static void add(gale__recent *table, int value)
{
    item *made = GALE__NEW(item);
    made->value = value;
    gale_str key = { (const char *)&value, sizeof value };
    gale__recent_add(table, &made->entry, gale__recent_hash(table, key));
}

static bool has(gale__recent *table, int value)
{
    gale_str key = { (const char *)&value, sizeof value };
    gale__recent_entry *found = gale__recent_find(table, gale__recent_hash(table, key));
    return found && GALE__CONTAINER_OF(found, item, entry)->value == value;
}

TEST(the_least_recent_makes_room)
{
    gale__recent table;
    assert_ok(gale__recent_init(&table, 3, forget));
    assert_null(gale__recent_oldest(&table));
    for (int i = 0; i < 3; i++)
        add(&table, i);
    assert_true(has(&table, 0));
    add(&table, 3);
    assert_true(has(&table, 0));
    assert_false(has(&table, 1));
    assert_true(has(&table, 2));
    gale__recent_remove(&table, gale__recent_oldest(&table));
    assert_false(has(&table, 3));
    assert_int_equal(table.count, 2);
    gale__recent_clear(&table);
}

TEST(many_entries)
{
    gale__recent table;
    assert_ok(gale__recent_init(&table, 1000, forget));
    for (int i = 0; i < 5000; i++)
        add(&table, i);
    for (int i = 0; i < 5000; i++)
        assert_int_equal(has(&table, i), i >= 4000);
    gale__recent_clear(&table);
}

TEST(without_memory)
{
    gale__recent table;
    test_fail_allocation(1);
    assert_error(gale__recent_init(&table, 3, forget), -ENOMEM);
    gale__recent_clear(&table);
}

GALE_TEST_MAIN
