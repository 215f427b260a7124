/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Versions of files: hashes, and a cache of them. An entry is for a path and what the file system
 * says of the file; when that changes, the entry is not found any more. While a hash is being
 * computed, others who want the same one wait for it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/digest.h"
#include "web/static.h"

enum {
    HASH_MOST = 64 << 20, /* larger files are known by size and time */
    ENTRIES_MOST = 4096,
    BUCKETS = 1024,
    VERSION_SIZE = 2 * GALE__DIGEST_MAX + 1
};

/* What changes when a file does. All zero for what is no file of ours. */
typedef struct version_key {
    uint64_t device, inode;
    int64_t size, modified, changed; /* times in ns */
} version_key;

typedef struct version_entry {
    gale__list used;   /* in cache->used; not while it is computed */
    gale__list bucket; /* in cache->buckets */
    gale__list waiting;
    version_key key;
    uint32_t hash;
    bool computing;
    bool passing; /* not kept: the file could change without its being seen */
    size_t users; /* who wait, or compute */
    char version[VERSION_SIZE];
    char path[];
} version_entry;

struct gale__version_cache {
    size_t count;
    gale__list used; /* the oldest first */
    gale__list buckets[BUCKETS];
};
typedef struct gale__version_cache version_cache;

/* ---- Hashing --------------------------------------------------------------------------- */

typedef struct hash_job {
    int fd;
    char version[VERSION_SIZE];
} hash_job;

static int finish_hash(gale__hash *hash, char version[VERSION_SIZE])
{
    unsigned char digest[GALE__DIGEST_MAX];
    GALE_TRY(gale__hash_end(hash, digest));
    gale__hex_encode(version, digest, gale__digest_size(GALE__SHA512));
    version[2 * gale__digest_size(GALE__SHA512)] = '\0';
    return 0;
}

static int hash_file(gale__hash *hash, int fd)
{
    char data[65536];
    int64_t offset = 0;
    for (;;) {
        ssize_t got = pread(fd, data, sizeof data, offset);
        if (got < 0 && errno != EINTR)
            return -errno;
        if (got == 0)
            return 0;
        if (got > 0)
            GALE_TRY(gale__hash_update(hash, data, (size_t)got));
        offset += got > 0 ? got : 0;
    }
}

static int hash_in_thread(void *arg)
{
    hash_job *job = arg;
    gale__hash hash;
    GALE_TRY(gale__hash_begin(&hash, GALE__SHA512));
    int result = hash_file(&hash, job->fd);
    if (result >= 0)
        result = finish_hash(&hash, job->version);
    gale__hash_clear(&hash);
    return result;
}

static int64_t nanoseconds(struct timespec time)
{
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* True when a change could go unseen: the file system's clock may tick but every two seconds. */
static bool just_changed(const struct stat *status)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return nanoseconds(now) - nanoseconds(status->st_ctim) < 2000000000;
}

const char *gale__static_hash(gale_handler *self, const gale__static_file *file)
{
    gale__arena *arena = gale__handler_arena(self);
    const struct stat *status = &file->status;
    if (status->st_size > HASH_MOST)
        return gale__arena_printf(
            arena, NULL, "%llx-%llx-%llx", (unsigned long long)nanoseconds(status->st_mtim),
            (unsigned long long)status->st_size, (unsigned long long)status->st_ino);
    hash_job job = { .fd = file->fd };
    int result = gale_run_in_executor(NULL, hash_in_thread, &job);
    return result < 0 ? NULL : gale__arena_strdup(arena, job.version, strlen(job.version));
}

static int hash_sink(void *arg, const char *data, size_t size)
{
    return gale__hash_update(arg, data, size);
}

const char *gale__static_hash_content(gale_handler *self, const gale_static_slots *slots,
                                      const char *absolute_path)
{
    gale__hash hash;
    char version[VERSION_SIZE];
    if (gale__hash_begin(&hash, GALE__SHA512) < 0)
        return NULL;
    int result = slots->get_content(self, absolute_path, 0, GALE_NONE, hash_sink, &hash);
    if (result >= 0)
        result = finish_hash(&hash, version);
    gale__hash_clear(&hash);
    return result < 0 ? NULL
                      : gale__arena_strdup(gale__handler_arena(self), version, strlen(version));
}

/* ---- The cache ------------------------------------------------------------------------- */

static version_cache *cache_of(gale_application *application)
{
    gale__static_site *site = gale__static_site_of(application);
    if (!site || site->versions)
        return site ? site->versions : NULL;
    version_cache *cache = GALE__NEW(version_cache);
    if (!cache)
        return NULL;
    gale__list_init(&cache->used);
    for (size_t i = 0; i < BUCKETS; i++)
        gale__list_init(&cache->buckets[i]);
    return site->versions = cache;
}

static version_key key_of(const gale__static_file *file)
{
    if (!file)
        return (version_key){ 0 };
    const struct stat *status = &file->status;
    return (version_key){ status->st_dev, status->st_ino, status->st_size,
                          nanoseconds(status->st_mtim), nanoseconds(status->st_ctim) };
}

static uint32_t hash_of(const char *path)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (; *path; path++)
        hash = (hash ^ (uint8_t)*path) * 16777619u;
    return hash;
}

static void entry_remove(version_cache *cache, version_entry *entry)
{
    gale__list_remove(&entry->used);
    gale__list_remove(&entry->bucket);
    cache->count--;
    gale__free(entry);
}

/* The entry for that path, whatever its key. */
static version_entry *entry_find(version_cache *cache, const char *path, uint32_t hash)
{
    gale__list *bucket = &cache->buckets[hash % BUCKETS];
    for (gale__list *link = bucket->next; link != bucket; link = link->next) {
        version_entry *entry = GALE__CONTAINER_OF(link, version_entry, bucket);
        if (entry->hash == hash && strcmp(entry->path, path) == 0)
            return entry;
    }
    return NULL;
}

static version_entry *entry_new(version_cache *cache, const char *path, uint32_t hash,
                                const version_key *key)
{
    size_t size = strlen(path) + 1;
    version_entry *entry = gale__calloc(1, sizeof *entry + size);
    if (!entry)
        return NULL;
    if (cache->count >= ENTRIES_MOST && !gale__list_empty(&cache->used))
        entry_remove(cache, GALE__CONTAINER_OF(cache->used.next, version_entry, used));
    memcpy(entry->path, path, size);
    entry->hash = hash;
    entry->key = *key;
    entry->computing = true;
    gale__list_init(&entry->waiting);
    gale__list_append(&cache->buckets[hash % BUCKETS], &entry->bucket);
    cache->count++;
    return entry;
}

static void version_cache_free(version_cache *cache)
{
    while (cache && !gale__list_empty(&cache->used))
        entry_remove(cache, GALE__CONTAINER_OF(cache->used.next, version_entry, used));
    gale__free(cache);
}

/* ---- Looking up, and computing --------------------------------------------------------- */

/* Nobody uses the entry any more: it is kept when it has a version. */
static void entry_release(version_cache *cache, version_entry *entry)
{
    if (--entry->users > 0 || entry->computing)
        return;
    if (*entry->version && !entry->passing)
        gale__list_append(&cache->used, &entry->used);
    else
        entry_remove(cache, entry);
}

/* Waits for whoever computes it. The text is in the arena; NULL when that has come to nothing. */
static const char *await_version(gale_handler *self, version_cache *cache, version_entry *entry)
{
    const char *version = NULL;
    gale__list_remove(&entry->used);
    entry->users++;
    if (!entry->computing || gale__wait_in(&entry->waiting) >= 0)
        version = *entry->version ? gale__arena_strdup(gale__handler_arena(self), entry->version,
                                                       strlen(entry->version))
                                  : NULL;
    entry_release(cache, entry);
    return version;
}

static const char *compute(gale_handler *self, const gale_static_slots *slots,
                           const char *absolute_path)
{
    const gale_static_slots *own = &gale_static_default_slots;
    bool foreign = slots->get_content_version == own->get_content_version &&
                   slots->get_content != own->get_content;
    return foreign ? gale__static_hash_content(self, slots, absolute_path)
                   : slots->get_content_version(self, absolute_path);
}

static const char *compute_entry(gale_handler *self, const gale_static_slots *slots,
                                 version_cache *cache, version_entry *entry,
                                 const char *absolute_path)
{
    entry->users++;
    const char *version = compute(self, slots, absolute_path);
    if (version && strlen(version) < sizeof entry->version)
        strcpy(entry->version, version);
    entry->computing = false;
    gale__wake_all(&entry->waiting, 0);
    entry_release(cache, entry);
    return version;
}

const char *gale__static_version(gale_handler *self, const gale_static_slots *slots,
                                 const gale__static_file *file, const char *absolute_path)
{
    version_cache *cache = cache_of(self->application);
    if (!cache || self->application->settings.no_static_hash_cache)
        return compute(self, slots, absolute_path);
    const char *name = file ? file->path : absolute_path;
    uint32_t hash = hash_of(name);
    version_key key = key_of(file);
    version_entry *entry = entry_find(cache, name, hash);
    bool same = entry && memcmp(&entry->key, &key, sizeof key) == 0;
    const char *version = same ? await_version(self, cache, entry) : NULL;
    if (version || same || (entry && entry->users > 0)) /* it changes as we look */
        return version ? version : compute(self, slots, absolute_path);
    if (entry)
        entry_remove(cache, entry);
    entry = entry_new(cache, name, hash, &key);
    if (!entry)
        return compute(self, slots, absolute_path);
    entry->passing = file && just_changed(&file->status);
    return compute_entry(self, slots, cache, entry, absolute_path);
}

/* ---- The application's part ------------------------------------------------------------ */

gale__static_site *gale__static_site_of(gale_application *application)
{
    if (!application->static_site)
        application->static_site = GALE__NEW(gale__static_site);
    return application->static_site;
}

void gale__static_site_free(gale__static_site *site)
{
    if (site)
        version_cache_free(site->versions);
    gale__free(site);
}
