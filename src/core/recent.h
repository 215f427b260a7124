/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table of bounded size: the entry that was not asked for the longest time makes room. Entries
 * are found by a hash with a random key; two of 2^64 keys that share one are the owner's affair.
 */
#ifndef GALE_CORE_RECENT_H
#define GALE_CORE_RECENT_H

#include <gale/core.h>

#include "core/list.h"

typedef struct gale__recent_entry {
    gale__list link;                 /* the least recent first */
    struct gale__recent_entry *next; /* in its slot */
    uint64_t hash;
} gale__recent_entry;

typedef struct gale__recent {
    gale__list entries;
    size_t count, most;
    size_t slot_count; /* a power of two */
    gale__recent_entry **slots;
    uint64_t key[2];
    void (*forget)(gale__recent_entry *entry); /* frees it; it is out of the table */
} gale__recent;

/* Returns 0 or a negative error; clear it then, too. */
int gale__recent_init(gale__recent *table, size_t most, void (*forget)(gale__recent_entry *entry));
void gale__recent_clear(gale__recent *table);
uint64_t gale__recent_hash(const gale__recent *table, gale_str key);
/* The entry with that hash, which is the most recent one then, or NULL. */
gale__recent_entry *gale__recent_find(gale__recent *table, uint64_t hash);
/* Adds an entry whose hash no other has; the oldest one may have to go. */
void gale__recent_add(gale__recent *table, gale__recent_entry *entry, uint64_t hash);
/* Takes an entry out and forgets it. */
void gale__recent_remove(gale__recent *table, gale__recent_entry *entry);
/* The entry that would go next, or NULL. */
gale__recent_entry *gale__recent_oldest(const gale__recent *table);

#endif
