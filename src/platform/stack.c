/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where stacks come from. A pool's slabs grow from 16 stacks to 1024, so that a program with
 * few tasks reserves little address space and one with a million makes few mappings. A stack
 * is cut from its slab, and its guard made, when it is first needed.
 */
#include "platform/stack.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__has_include)
#if __has_include(<valgrind/valgrind.h>) && !defined(NVALGRIND)
#include <valgrind/valgrind.h>
#endif
#endif
#if !defined(VALGRIND_STACK_REGISTER)
#define VALGRIND_STACK_REGISTER(start, end) 0
#define VALGRIND_STACK_DEREGISTER(id) ((void)(id))
#define RUNNING_ON_VALGRIND 0
#endif

#if !defined(MADV_GUARD_INSTALL)
#define MADV_GUARD_INSTALL 102 /* Linux 6.13 */
#endif

enum {
    SLAB_MIN = 16, /* stacks */
    SLAB_MAX = 1024,
    STACK_SIZE_MIN = 16 * 1024,
    GUARD_MAX = 64 * 1024, /* a frame that is larger could step over it */
    MAP_COUNT_DEFAULT = 65530
};

typedef struct gale__stack_slab {
    struct gale__stack_slab *next;                /* in the pool */
    struct gale__stack_slab *_Atomic next_of_all; /* in all_slabs */
    char *base;
    size_t stack_size, guard_size;
    size_t count, cut;
    long mprotected; /* stacks guarded so */
} gale__stack_slab;

_Atomic long gale__stack_mprotect_left;

/* Changed under the mutex; a signal handler reads it without. */
static gale__stack_slab *_Atomic all_slabs;
static pthread_mutex_t all_slabs_mutex = PTHREAD_MUTEX_INITIALIZER;

/* ---- What the system can do ------------------------------------------------------------ */

static gale__stack_guard best_guard;
static size_t page_size;

/* An emulator may accept the advice and do nothing, so ask the kernel to read the page. */
static bool kernel_refuses_to_read(const char *page)
{
    int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (descriptor < 0)
        return false;
    bool refused = write(descriptor, page, sizeof(uint64_t)) < 0 && errno == EFAULT;
    close(descriptor);
    return refused;
}

static bool have_guard_advice(void)
{
    char *page = mmap(NULL, page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return false;
    bool works = !madvise(page, page_size, MADV_GUARD_INSTALL) && kernel_refuses_to_read(page);
    munmap(page, page_size);
    return works;
}

static long max_map_count(void)
{
    long count = MAP_COUNT_DEFAULT;
    FILE *file = fopen("/proc/sys/vm/max_map_count", "re");
    if (!file)
        return count;
    if (fscanf(file, "%ld", &count) != 1)
        count = MAP_COUNT_DEFAULT;
    fclose(file);
    return count;
}

static void probe(void)
{
    page_size = (size_t)sysconf(_SC_PAGESIZE);
    best_guard = have_guard_advice() ? GALE__STACK_GUARD_MADVISE : GALE__STACK_GUARD_MPROTECT;
    gale__stack_mprotect_left = max_map_count() / 4;
}

static size_t round_up(size_t size)
{
    return (size + page_size - 1) & ~(page_size - 1);
}

/* ---- Slabs ----------------------------------------------------------------------------- */

static void slab_register(gale__stack_slab *slab)
{
    pthread_mutex_lock(&all_slabs_mutex);
    slab->next_of_all = all_slabs;
    all_slabs = slab;
    pthread_mutex_unlock(&all_slabs_mutex);
}

static void slab_unregister(gale__stack_slab *slab)
{
    pthread_mutex_lock(&all_slabs_mutex);
    gale__stack_slab *_Atomic *link = &all_slabs;
    while (*link != slab)
        link = &(*link)->next_of_all;
    *link = slab->next_of_all;
    pthread_mutex_unlock(&all_slabs_mutex);
}

static bool slab_map(gale__stack_slab *slab)
{
    size_t size = slab->count * slab->stack_size;
    void *base = mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (base == MAP_FAILED)
        return false;
    madvise(base, size, MADV_NOHUGEPAGE); /* fails where there are no huge pages anyway */
    slab->base = base;
    return true;
}

/* Twice as large as the one before, or as large as there is address space. */
static gale__stack_slab *slab_new(gale__stack_pool *pool)
{
    gale__stack_slab *slab = GALE__NEW(gale__stack_slab);
    if (!slab)
        return NULL;
    slab->stack_size = pool->stack_size;
    slab->guard_size = pool->guard_size;
    slab->count = pool->slabs ? pool->slabs->count * 2 : SLAB_MIN;
    if (slab->count > SLAB_MAX)
        slab->count = SLAB_MAX;
    while (!slab_map(slab)) {
        slab->count /= 2;
        if (!slab->count) {
            gale__free(slab);
            return NULL;
        }
    }
    slab_register(slab);
    slab->next = pool->slabs;
    pool->slabs = slab;
    return slab;
}

static gale__stack *slab_stack(const gale__stack_slab *slab, size_t index)
{
    return (gale__stack *)(void *)(slab->base + (index + 1) * slab->stack_size) - 1;
}

static void slab_free(gale__stack_slab *slab)
{
    slab_unregister(slab);
    for (size_t i = 0; RUNNING_ON_VALGRIND && i < slab->cut; i++)
        VALGRIND_STACK_DEREGISTER(slab_stack(slab, i)->valgrind_id);
    munmap(slab->base, slab->count * slab->stack_size);
    gale__stack_mprotect_left += slab->mprotected;
    gale__free(slab);
}

/* ---- Stacks ---------------------------------------------------------------------------- */

static bool guard_by_mprotect(gale__stack_slab *slab, char *base)
{
    if (--gale__stack_mprotect_left < 0 || mprotect(base, slab->guard_size, PROT_NONE)) {
        gale__stack_mprotect_left++;
        return false;
    }
    slab->mprotected++;
    return true;
}

static gale__stack_guard make_guard(gale__stack_guard method, gale__stack_slab *slab, char *base)
{
    if (method == GALE__STACK_GUARD_MADVISE && !madvise(base, slab->guard_size, MADV_GUARD_INSTALL))
        return GALE__STACK_GUARD_MADVISE;
    if (method != GALE__STACK_GUARD_CANARY && guard_by_mprotect(slab, base))
        return GALE__STACK_GUARD_MPROTECT;
    return GALE__STACK_GUARD_CANARY;
}

static char *stack_top(gale__stack *stack)
{
    return (char *)(stack + 1);
}

/* The lowest byte of the part that may stay dirty. */
static char *keep_low(gale__stack *stack)
{
    return stack_top(stack) - round_up(GALE__STACK_KEEP_DEPTH);
}

static gale__stack *cut_stack(gale__stack_pool *pool, gale__stack_slab *slab)
{
    char *base = slab->base + slab->cut * slab->stack_size;
    gale__stack *stack = slab_stack(slab, slab->cut);
    stack->guard = make_guard(pool->guard, slab, base);
    stack->low = base + slab->guard_size;
    stack->size = (size_t)((char *)stack - stack->low);
    if (!RUNNING_ON_VALGRIND && keep_low(stack) - GALE__STACK_MARK >= stack->low)
        stack->depth_mark = keep_low(stack) - GALE__STACK_MARK;
    stack->valgrind_id = (unsigned)VALGRIND_STACK_REGISTER(stack->low, stack);
    slab->cut++;
    return stack;
}

void gale__stack_pool_init(gale__stack_pool *pool, size_t stack_size)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, probe);
    size_t size = stack_size ? stack_size : GALE__STACK_SIZE;
    *pool = (gale__stack_pool){
        .stack_size = round_up(size < STACK_SIZE_MIN ? STACK_SIZE_MIN : size),
        .guard = best_guard,
    };
    if (pool->stack_size < 2 * page_size)
        pool->stack_size = 2 * page_size;
    pool->guard_size = round_up(pool->stack_size / 4);
    if (pool->guard_size > round_up(GUARD_MAX))
        pool->guard_size = round_up(GUARD_MAX);
}

void gale__stack_pool_close(gale__stack_pool *pool)
{
    while (pool->slabs) {
        gale__stack_slab *slab = pool->slabs;
        pool->slabs = slab->next;
        slab_free(slab);
    }
    pool->free_stacks = NULL;
    pool->used = 0;
}

gale__stack *gale__stack_pool_grow(gale__stack_pool *pool)
{
    gale__stack_slab *slab = pool->slabs;
    if (!slab || slab->cut == slab->count)
        slab = slab_new(pool);
    if (!slab)
        return NULL;
    pool->used++;
    return cut_stack(pool, slab);
}

void gale__stack_trim(gale__stack_pool *pool, gale__stack *stack)
{
    char *from = stack->low;
    if (stack->guard == GALE__STACK_GUARD_CANARY)
        from -= pool->guard_size;
    madvise(from, (size_t)(keep_low(stack) - from), MADV_DONTNEED);
}

bool gale__stack_find_overflow(const void *fault_address, void **ret_owner)
{
    uintptr_t address = (uintptr_t)fault_address;
    for (gale__stack_slab *slab = all_slabs; slab; slab = slab->next_of_all) {
        uintptr_t offset = address - (uintptr_t)slab->base; /* huge when it lies below */
        size_t index = offset / slab->stack_size;
        if (index >= slab->cut)
            continue;
        if (offset % slab->stack_size >= slab->guard_size)
            return false;
        *ret_owner = slab_stack(slab, index)->owner;
        return true;
    }
    return false;
}
