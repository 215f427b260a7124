/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions in memory, the most recently used ones. */
#include <gale/middleware.h>

#include <errno.h>
#include <string.h>

#include "core/memory.h"
#include "core/recent.h"
#include "platform/clock.h"

typedef struct session {
    gale__recent_entry entry;
    int64_t expires; /* ns */
    gale_bytes *text;
    char id[];
} session;

static session *session_of(gale__recent_entry *entry)
{
    return GALE__CONTAINER_OF(entry, session, entry);
}

static void forget(gale__recent_entry *entry)
{
    gale_bytes_unref(session_of(entry)->text);
    gale__free(session_of(entry));
}

static void close_store(void *store)
{
    gale__recent_clear(store);
    gale__free(store);
}

static int open_store(const void *arg, void **ret_store)
{
    const gale_memory_session_store_options *options = arg;
    gale__recent *table = GALE__NEW(gale__recent);
    if (!table)
        return -ENOMEM;
    size_t most = options && options->max_sessions ? options->max_sessions : 100000;
    int result = gale__recent_init(table, most, forget);
    if (result < 0)
        close_store(table);
    else
        *ret_store = table;
    return result;
}

/* The session, unless it is over. */
static session *find(gale__recent *table, const char *id)
{
    gale_str key = { id, strlen(id) };
    gale__recent_entry *entry = gale__recent_find(table, gale__recent_hash(table, key));
    if (!entry || strcmp(session_of(entry)->id, id) != 0)
        return NULL;
    if (session_of(entry)->expires > gale__clock_monotonic())
        return session_of(entry);
    gale__recent_remove(table, entry);
    return NULL;
}

static int load(void *store, const char *id, gale_bytes **ret_text)
{
    session *found = find(store, id);
    *ret_text = found ? gale_bytes_ref(found->text) : NULL;
    return 0;
}

/* Those that nobody came back to. */
static void forget_expired(gale__recent *table)
{
    int64_t now = gale__clock_monotonic();
    gale__recent_entry *oldest;
    while ((oldest = gale__recent_oldest(table)) && session_of(oldest)->expires <= now)
        gale__recent_remove(table, oldest);
}

static session *add(gale__recent *table, const char *id)
{
    size_t size = strlen(id) + 1;
    session *made = gale__calloc(1, sizeof *made + size);
    if (!made)
        return NULL;
    memcpy(made->id, id, size);
    uint64_t hash = gale__recent_hash(table, (gale_str){ id, size - 1 });
    gale__recent_entry *other = gale__recent_find(table, hash);
    if (other)
        gale__recent_remove(table, other);
    gale__recent_add(table, &made->entry, hash);
    return made;
}

static int save(void *store, const char *id, gale_str text, double seconds)
{
    forget_expired(store);
    gale_bytes *copy = gale_bytes_new(text.data, text.len);
    session *found = copy ? find(store, id) : NULL;
    if (copy && !found)
        found = add(store, id);
    if (!found) {
        gale_bytes_unref(copy);
        return -ENOMEM;
    }
    gale_bytes_unref(found->text);
    found->text = copy;
    found->expires = gale__clock_monotonic() + (int64_t)(seconds * 1e9);
    return 0;
}

static int remove_session(void *store, const char *id)
{
    session *found = find(store, id);
    if (found)
        gale__recent_remove(store, &found->entry);
    return 0;
}

const gale_session_store_class gale_memory_session_store = {
    .open = open_store, .close = close_store, .load = load, .save = save, .remove = remove_session
};
