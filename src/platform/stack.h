/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pooled stacks for contexts. Many stacks are cut from one mapping. Each is reserved address
 * space of which only touched pages cost memory, and has a guard at its low end.
 *
 *     base                low                                          base + stack_size
 *     | guard             | usable, grows downwards     | reserved     | gale__stack |
 *
 * The struct that describes a stack lies at its top, and beside it what the user reserves (a
 * task), so that a suspended task with shallow frames dirties one page and no other memory.
 *
 * Guards: by MADV_GUARD_INSTALL where the kernel has it, else by mprotect, which splits
 * mappings and so stops at a quarter of vm.max_map_count in the process. Stacks made later
 * have a canary instead, which gale__stack_check looks at. The canary and the mark by which a
 * deeply used stack is recognised are bytes that must have stayed zero: a kernel that has a
 * shared page of zeros maps it when they are read, so that they cost no memory.
 *
 * A pool belongs to one thread.
 */
#ifndef GALE_PLATFORM_STACK_H
#define GALE_PLATFORM_STACK_H

#include "core/memory.h"

enum {
    GALE__STACK_SIZE = 256 * 1024,      /* by default, guard included */
    GALE__STACK_KEEP_DEPTH = 16 * 1024, /* what a pooled stack may keep dirty */
    GALE__STACK_MARK = 4096             /* bytes of a canary or a depth mark */
};

typedef enum gale__stack_guard {
    GALE__STACK_GUARD_MADVISE,
    GALE__STACK_GUARD_MPROTECT,
    GALE__STACK_GUARD_CANARY
} gale__stack_guard;

typedef struct gale__stack {
    struct gale__stack *next; /* in the pool's list of free stacks */
    void *owner;              /* the user's; NULL after get */
    char *low;                /* the lowest usable byte, just above the guard */
    size_t size;              /* usable bytes from `low` on, below what is reserved */
    char *depth_mark;         /* zeros unless used so deeply; NULL in stacks too small for it
                                 and under valgrind */
    gale__stack_guard guard;
    unsigned valgrind_id;
} gale__stack;

typedef struct gale__stack_pool {
    gale__stack *free_stacks;
    struct gale__stack_slab *slabs; /* newest first; only the newest has stacks yet to cut */
    size_t stack_size;
    size_t guard_size;
    size_t used;             /* stacks handed out */
    gale__stack_guard guard; /* the method for stacks yet to cut; tests set it after init */
} gale__stack_pool;

/* Guards that mprotect may still make in this process. Tests lower it. */
extern _Atomic long gale__stack_mprotect_left;

/* `stack_size` is in bytes, guard included; it is rounded up to pages and to a minimum of 16
 * KiB; 0: GALE__STACK_SIZE. Takes no memory. */
void gale__stack_pool_init(gale__stack_pool *pool, size_t stack_size);
/* Unmaps all stacks, also those that have not been given back. */
void gale__stack_pool_close(gale__stack_pool *pool);
/* The slow path of gale__stack_get: a stack that was never used. */
gale__stack *gale__stack_pool_grow(gale__stack_pool *pool);
/* Gives the memory below GALE__STACK_KEEP_DEPTH back to the system. */
void gale__stack_trim(gale__stack_pool *pool, gale__stack *stack);

/*
 * True when `fault_address` is in the guard of a stack of any pool; *ret_owner is then that
 * stack's owner. Async-signal-safe, for a SIGSEGV handler on an alternate stack.
 */
bool gale__stack_find_overflow(const void *fault_address, void **ret_owner);

/* True while eight words, spread so that no gap between variables hides them all, are zero in
 * the GALE__STACK_MARK bytes at `mark`. They lie below the stack pointer of some context, so
 * the sanitizers must look away. */
__attribute__((no_sanitize("address", "thread"))) static inline bool
gale__stack_mark_clean(const char *mark)
{
    const uint64_t *words = (const uint64_t *)(const void *)mark;
    return !((words[0] | words[65] | words[130] | words[195]) |
             (words[260] | words[325] | words[390] | words[455]));
}

/* A stack with no owner and nothing reserved; NULL when out of memory. */
static inline gale__stack *gale__stack_get(gale__stack_pool *pool)
{
    gale__stack *stack = pool->free_stacks;
    if (GALE__UNLIKELY(!stack))
        return gale__stack_pool_grow(pool);
    pool->free_stacks = stack->next;
    pool->used++;
    stack->size = (size_t)((char *)stack - stack->low);
    return stack;
}

/* For a stack that will lie idle: what was used too deeply is given back to the system. */
static inline void gale__stack_rest(gale__stack_pool *pool, gale__stack *stack)
{
    if (GALE__UNLIKELY(stack->depth_mark && !gale__stack_mark_clean(stack->depth_mark)))
        gale__stack_trim(pool, stack);
}

/* Gives back a stack that nothing runs on. The next get returns the one put last. */
static inline void gale__stack_put(gale__stack_pool *pool, gale__stack *stack)
{
    gale__stack_rest(pool, stack);
    stack->owner = NULL;
    stack->next = pool->free_stacks;
    pool->free_stacks = stack;
    pool->used--;
}

/* Takes `bytes` from the top of the usable part, 16 byte aligned and not zeroed. For use before
 * anything runs on the stack; the memory is the caller's until the stack is put back. Users of
 * one pool take the same amount each time, or valgrind would see writes to old frames. */
static inline void *gale__stack_reserve(gale__stack *stack, size_t bytes)
{
    stack->size -= (bytes + 15) & ~(size_t)15;
    return stack->low + stack->size;
}

/* False when the stack has run over its low end and only the canary has noticed: memory of
 * another stack may be damaged then. Cheap enough for every switch. */
static inline bool gale__stack_check(const gale__stack *stack)
{
    return GALE__LIKELY(stack->guard != GALE__STACK_GUARD_CANARY) ||
           gale__stack_mark_clean(stack->low - GALE__STACK_MARK);
}

#endif
