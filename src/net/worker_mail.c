/* SPDX-License-Identifier: Apache-2.0 */
/* What the processes of a supervisor share for their messages. */
#include "net/worker_mail.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/digest.h"
#include "core/error.h"

/* `wanted` has a row of all workers for each kind: who says something looks at one row. A count
 * that has reached its end stays there. */
typedef struct shared_page {
    uint64_t family, key[2];
    _Atomic uint32_t *generations;
    _Atomic uint16_t *wanted;
} shared_page;

typedef struct pair {
    int inbox, outbox;
} pair;

static shared_page *page;
static size_t page_size;
static pair *pairs;
static int worker_count, self = -1;

/* ---- The supervisor --------------------------------------------------------------------- */

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static int open_pair(pair *one)
{
    int ends[2], wanted = 1 << 20;
    if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
        return -errno;
    setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &wanted, sizeof wanted);
    *one = (pair){ ends[0], ends[1] };
    return 0;
}

static int open_page(int workers)
{
    size_t generations = (size_t)workers * sizeof(_Atomic uint32_t);
    size_t wanted = (size_t)workers * GALE__MAIL_KINDS * sizeof(_Atomic uint16_t);
    size_t size = sizeof *page + generations + wanted;
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return -errno;
    page = memory;
    page_size = size;
    page->generations = (void *)(page + 1);
    page->wanted = (void *)((char *)page->generations + generations);
    GALE_TRY(gale__random(&page->family, sizeof page->family));
    return gale__random(page->key, sizeof page->key);
}

int gale__worker_mail_open(int workers)
{
    pairs = gale__calloc((size_t)workers, sizeof *pairs);
    if (!pairs)
        return -ENOMEM;
    worker_count = workers;
    for (int i = 0; i < workers; i++)
        pairs[i] = (pair){ -1, -1 };
    int result = open_page(workers);
    for (int i = 0; i < workers && result >= 0; i++)
        result = open_pair(&pairs[i]);
    if (result < 0)
        gale__worker_mail_close();
    return result;
}

void gale__worker_mail_close(void)
{
    for (int i = 0; i < worker_count; i++) {
        close_fd(&pairs[i].inbox);
        close_fd(&pairs[i].outbox);
    }
    if (page)
        munmap(page, page_size);
    gale__free(pairs);
    page = NULL;
    pairs = NULL;
    worker_count = 0;
    self = -1;
}

void gale__worker_mail_become(int worker)
{
    if (!page)
        return;
    self = worker;
    for (int i = 0; i < worker_count; i++)
        close_fd(i == worker ? &pairs[i].outbox : &pairs[i].inbox);
}

static _Atomic uint16_t *want_of(int worker, unsigned kind)
{
    return &page->wanted[(size_t)kind * (size_t)worker_count + (size_t)worker];
}

void gale__worker_mail_ended(int worker)
{
    for (unsigned kind = 0; page && kind < GALE__MAIL_KINDS; kind++)
        if (gale__worker_mail_wants(worker, kind))
            atomic_store(want_of(worker, kind), 0);
}

/* ---- Workers ---------------------------------------------------------------------------- */

int gale__worker_mail_count(void)
{
    return self >= 0 ? worker_count : 0;
}

uint64_t gale__worker_mail_family(void)
{
    return page->family;
}

const uint64_t *gale__worker_mail_key(void)
{
    return page->key;
}

void gale__worker_mail_want(unsigned kind, bool more)
{
    _Atomic uint16_t *count = want_of(self, kind);
    uint16_t now = atomic_load_explicit(count, memory_order_relaxed);
    if (now < UINT16_MAX) /* this worker alone changes it */
        atomic_store(count, (uint16_t)(more ? now + 1 : now - 1));
}

bool gale__worker_mail_wants(int worker, unsigned kind)
{
    return atomic_load_explicit(want_of(worker, kind), memory_order_acquire) > 0;
}

uint32_t gale__worker_mail_generation(int worker)
{
    return atomic_load_explicit(&page->generations[worker], memory_order_acquire);
}

uint32_t gale__worker_mail_begin(void)
{
    return atomic_fetch_add(&page->generations[self], 1) + 1;
}

int gale__worker_mail_self(void)
{
    return self;
}

int gale__worker_mail_inbox(void)
{
    return pairs[self].inbox;
}

int gale__worker_mail_outbox(int worker)
{
    return pairs[worker].outbox;
}
