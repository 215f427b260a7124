/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/entity_tag.h"

#include <string.h>

static bool is_weak(gale_str tag)
{
    return tag.len >= 2 && tag.data[0] == 'W' && tag.data[1] == '/';
}

static gale_str without_weakness(gale_str tag)
{
    return is_weak(tag) ? (gale_str){ tag.data + 2, tag.len - 2 } : tag;
}

bool gale__entity_tag_equal(gale_str a, gale_str b, gale__entity_tag_comparison comparison)
{
    if (comparison == GALE__ENTITY_TAG_STRONG && (is_weak(a) || is_weak(b)))
        return false;
    a = without_weakness(a);
    b = without_weakness(b);
    return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

/* Takes the next "*" or tag from the front of the list; false when there is none. */
static bool take_item(gale_str *list, gale_str *ret_item)
{
    const char *at = list->data, *end = at + list->len;
    while (at < end && *at != '*' && *at != '"')
        at++;
    if (at == end)
        return false;
    const char *begin = at, *close = at;
    if (*at == '"') {
        close = memchr(at + 1, '"', (size_t)(end - at - 1));
        if (!close) /* no more quotes: but perhaps a star */
            begin = close = memchr(at, '*', (size_t)(end - at));
        else if (at - list->data >= 2 && at[-1] == '/' && at[-2] == 'W')
            begin = at - 2;
        if (!close)
            return false;
    }
    *ret_item = (gale_str){ begin, (size_t)(close + 1 - begin) };
    *list = (gale_str){ close + 1, (size_t)(end - close - 1) };
    return true;
}

bool gale__entity_tag_in_list(gale_str list, gale_str tag, gale__entity_tag_comparison comparison)
{
    gale_str item;
    for (bool first = true; take_item(&list, &item); first = false) {
        if (*item.data == '*') {
            if (first)
                return true;
        } else if (gale__entity_tag_equal(item, tag, comparison)) {
            return true;
        }
    }
    return false;
}
