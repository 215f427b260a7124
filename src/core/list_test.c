/* SPDX-License-Identifier: Apache-2.0 */
#include "core/list.h"
#include "test.h"

static void assert_order(const gale__list *list, gale__list *const links[], size_t count)
{
    const gale__list *at = list;
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(at->next, links[i]);
        assert_ptr_equal(at->next->prev, at);
        at = at->next;
    }
    assert_ptr_equal(at->next, list);
    assert_ptr_equal(list->prev, at);
}

TEST(links_stay_in_order_of_appending)
{
    gale__list list, a = { 0 }, b = { 0 }, c = { 0 };
    gale__list_init(&list);
    assert_true(gale__list_empty(&list));
    gale__list_append(&list, &a);
    gale__list_append(&list, &b);
    gale__list_append(&list, &c);
    assert_order(&list, (gale__list *[]){ &a, &b, &c }, 3);
    gale__list_remove(&b);
    assert_order(&list, (gale__list *[]){ &a, &c }, 2);
    assert_ptr_equal(gale__list_pop(&list), &a);
    assert_ptr_equal(gale__list_pop(&list), &c);
    assert_null(gale__list_pop(&list));
    assert_true(gale__list_empty(&list));
}

TEST(removing_twice_or_never_appended_is_harmless)
{
    gale__list list, a = { 0 };
    gale__list_init(&list);
    assert_false(gale__list_linked(&a));
    gale__list_remove(&a);
    gale__list_append(&list, &a);
    assert_true(gale__list_linked(&a));
    gale__list_remove(&a);
    assert_false(gale__list_linked(&a));
    gale__list_remove(&a);
    assert_true(gale__list_empty(&list));
}

TEST(splice_moves_everything_to_the_end)
{
    gale__list to, from, a = { 0 }, b = { 0 }, c = { 0 };
    gale__list_init(&to);
    gale__list_init(&from);
    gale__list_splice(&to, &from);
    assert_true(gale__list_empty(&to));
    gale__list_append(&from, &b);
    gale__list_append(&from, &c);
    gale__list_append(&to, &a);
    gale__list_splice(&to, &from);
    assert_order(&to, (gale__list *[]){ &a, &b, &c }, 3);
    assert_true(gale__list_empty(&from));
}

GALE_TEST_MAIN
