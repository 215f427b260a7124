/* SPDX-License-Identifier: Apache-2.0 */
#include "core/recent.h"

#include <errno.h>

#include "core/digest.h"
#include "core/memory.h"
#include "core/siphash.h"

int gale__recent_init(gale__recent *table, size_t most, void (*forget)(gale__recent_entry *entry))
{
    *table = (gale__recent){ .most = most, .slot_count = 64, .forget = forget };
    gale__list_init(&table->entries);
    while (table->slot_count < most / 2)
        table->slot_count *= 2;
    table->slots = gale__calloc(table->slot_count, sizeof(gale__recent_entry *));
    return table->slots ? gale__random(table->key, sizeof table->key) : -ENOMEM;
}

uint64_t gale__recent_hash(const gale__recent *table, gale_str key)
{
    return gale__siphash(table->key, key);
}

static gale__recent_entry **slot_of(gale__recent *table, uint64_t hash)
{
    return &table->slots[hash & (table->slot_count - 1)];
}

gale__recent_entry *gale__recent_find(gale__recent *table, uint64_t hash)
{
    gale__recent_entry *found = *slot_of(table, hash);
    while (found && found->hash != hash)
        found = found->next;
    if (!found)
        return NULL;
    gale__list_remove(&found->link);
    gale__list_append(&table->entries, &found->link);
    return found;
}

void gale__recent_remove(gale__recent *table, gale__recent_entry *entry)
{
    gale__recent_entry **place = slot_of(table, entry->hash);
    while (*place != entry)
        place = &(*place)->next;
    *place = entry->next;
    gale__list_remove(&entry->link);
    table->count--;
    table->forget(entry);
}

gale__recent_entry *gale__recent_oldest(const gale__recent *table)
{
    if (gale__list_empty(&table->entries))
        return NULL;
    return GALE__CONTAINER_OF(table->entries.next, gale__recent_entry, link);
}

void gale__recent_add(gale__recent *table, gale__recent_entry *entry, uint64_t hash)
{
    if (table->count >= table->most && table->count > 0)
        gale__recent_remove(table, gale__recent_oldest(table));
    gale__recent_entry **slot = slot_of(table, hash);
    entry->hash = hash;
    entry->next = *slot;
    *slot = entry;
    gale__list_append(&table->entries, &entry->link);
    table->count++;
}

void gale__recent_clear(gale__recent *table)
{
    for (gale__recent_entry *entry; table->slots && (entry = gale__recent_oldest(table));)
        gale__recent_remove(table, entry);
    gale__free(table->slots);
    table->slots = NULL;
}
