/* SPDX-License-Identifier: Apache-2.0 */
/* A binary search over the bytes of the table: no index, and nothing for the linker to relocate. */
#include "core/entities.h"

#include <string.h>

/* The start of the record that the byte at `at` is part of. */
static const char *record_start(const char *first, const char *at)
{
    while (at > first && at[-1] != '\0')
        at--;
    return at;
}

static int compare(gale_str name, const char *record, size_t record_name_size)
{
    size_t common = name.len < record_name_size ? name.len : record_name_size;
    int order = memcmp(name.data, record, common);
    return order ? order : (name.len > record_name_size) - (name.len < record_name_size);
}

gale_str gale__entity_find(gale_str name, bool *ret_legacy)
{
    const char *low = gale__entity_records, *high = low + gale__entity_records_size;
    while (low < high) {
        const char *record = record_start(low, low + (high - low) / 2);
        size_t name_size = strcspn(record, "; ");
        const char *text = record + name_size + 1;
        int order = compare(name, record, name_size);
        if (order == 0) {
            *ret_legacy = record[name_size] == ' ';
            return (gale_str){ text, strlen(text) };
        }
        if (order < 0)
            high = record;
        else
            low = text + strlen(text) + 1;
    }
    return (gale_str){ NULL, 0 };
}
