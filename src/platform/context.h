/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stackful context: a flow of control with a stack of its own. A suspended one is no more
 * than its stack pointer and a few registers; everything else lies on its stack.
 *
 * A context is switched to and from by one thread only. Signal masks are not part of it; the
 * floating-point control words are. The context that a thread begins with is not made: a
 * zeroed gale__context is filled in when it is first switched away from.
 *
 * x86-64 and AArch64 have their own switch in assembly, the one inline, the other a function;
 * GALE__CONTEXT_UCONTEXT, which is the default elsewhere, uses the C library's. ASan, TSan and
 * valgrind are told of every switch.
 */
#ifndef GALE_PLATFORM_CONTEXT_H
#define GALE_PLATFORM_CONTEXT_H

#include "core/sanitize.h"

#include <gale/core.h>

#if !defined(__x86_64__) && !defined(__aarch64__) && !defined(GALE__CONTEXT_UCONTEXT)
#define GALE__CONTEXT_UCONTEXT 1
#endif

#if defined(__x86_64__) && !defined(GALE__CONTEXT_UCONTEXT)
#include "platform/context_x86_64.h"
#else
typedef struct gale__context_registers {
    void *stack_pointer; /* while suspended */
} gale__context_registers;
#endif

typedef struct gale__context {
    gale__context_registers registers;
#if GALE__ASAN || GALE__TSAN
    void (*entry)(void *arg);
    void *arg;
    const void *stack_low; /* of a made context, or once it has been switched away from */
    size_t stack_size;
    void *fake_stack; /* of ASan, while suspended */
    void *fiber;      /* of TSan */
#endif
} gale__context;

/*
 * Prepares a context that, when first switched to, calls entry(arg) on the given stack: its
 * lowest byte and its size, 16 byte aligned, at least 1 KiB (GALE__CONTEXT_UCONTEXT: 8 KiB).
 * `entry` must not return: it ends by gale__context_exit.
 */
void gale__context_make(gale__context *context, void *stack_low, size_t stack_size,
                        void (*entry)(void *arg), void *arg);

/* Fills a new stack, and the registers, so that swapping to them calls entry(arg). */
void gale__context_prepare(gale__context_registers *registers, void *stack_low, size_t stack_size,
                           void (*entry)(void *arg), void *arg);
#if !defined(GALE__CONTEXT_INLINE)
/* Saves the running context in `from` and continues `to`: the assembly, or ucontext. */
void gale__context_registers_swap(gale__context_registers *from, gale__context_registers *to);
#endif

#if GALE__ASAN || GALE__TSAN

void gale__context_switch(gale__context *from, gale__context *to);
_Noreturn void gale__context_exit(gale__context *finished, gale__context *to);
void gale__context_destroy(gale__context *context);

#else

/* Suspends `from`, which must be the running context, and continues `to`. Returns when
 * something switches to `from`. */
static inline void gale__context_switch(gale__context *from, gale__context *to)
{
    gale__context_registers_swap(&from->registers, &to->registers);
}

/* The last switch away from a context; nothing may switch to `finished` afterwards. */
_Noreturn static inline void gale__context_exit(gale__context *finished, gale__context *to)
{
    gale__context_registers_swap(&finished->registers, &to->registers);
    __builtin_unreachable();
}

/* Ends a made context, finished or only suspended, that will not run again. Call it from
 * another context, before the stack is used for something else. Only sanitizers need it. */
static inline void gale__context_destroy(gale__context *context)
{
    (void)context;
}

#endif

#endif
