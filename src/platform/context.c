/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first frame of a new context, and the switch of sanitized builds.
 *
 * A sanitizer must be told before a switch where it leads, and ASan after it, on the new
 * stack, where it came from. That is how the bounds of a thread's own stack become known: it
 * is always switched away from before anything switches back to it.
 */
#include "platform/context.h"

#if GALE__ASAN
#include <sanitizer/common_interface_defs.h>
#endif
#if GALE__TSAN
#include <sanitizer/tsan_interface.h>
#endif

#if !defined(GALE__CONTEXT_UCONTEXT)

void gale__context_start(void);

#if defined(__x86_64__)

/* What gale__context_start takes from the stack. */
struct frame {
    uintptr_t entry, argument;
};

static void save_float_control(gale__context_registers *registers)
{
    __asm__ volatile("stmxcsr %0\n\tfnstcw %1"
                     : "=m"(registers->mxcsr), "=m"(registers->control_word));
}

void gale__context_prepare(gale__context_registers *registers, void *stack_low, size_t stack_size,
                           void (*entry)(void *arg), void *arg)
{
    uintptr_t top = ((uintptr_t)stack_low + stack_size) & ~(uintptr_t)15;
    struct frame *frame = (struct frame *)top - 1;
    *frame = (struct frame){ .entry = (uintptr_t)entry, .argument = (uintptr_t)arg };
    *registers = (gale__context_registers){ .stack_pointer = frame,
                                            .next = (void *)(uintptr_t)gale__context_start };
    save_float_control(registers);
}

#else

/* What gale__context_registers_swap leaves on a stack, from the stack pointer upwards. */
struct frame {
    uintptr_t entry, argument, x21_x28[8], frame_pointer, return_address;
    double d8_d15[8];
    uint64_t fpcr, unused;
};

void gale__context_prepare(gale__context_registers *registers, void *stack_low, size_t stack_size,
                           void (*entry)(void *arg), void *arg)
{
    uintptr_t top = ((uintptr_t)stack_low + stack_size) & ~(uintptr_t)15;
    struct frame *frame = (struct frame *)top - 1;
    *frame = (struct frame){
        .entry = (uintptr_t)entry,
        .argument = (uintptr_t)arg,
        .return_address = (uintptr_t)gale__context_start,
    };
    __asm__ volatile("mrs %0, fpcr" : "=r"(frame->fpcr));
    registers->stack_pointer = frame;
}

#endif

#endif

#if GALE__ASAN || GALE__TSAN

/* What this thread switched away from last. */
static _Thread_local gale__context *left;

/* Inline, because TSan keeps a call stack for each fiber: who calls __tsan_switch_to_fiber must
 * not return before the switch. */
__attribute__((always_inline)) static inline void depart(gale__context *from, gale__context *to,
                                                         bool for_ever)
{
    left = from;
#if GALE__ASAN
    __sanitizer_start_switch_fiber(for_ever ? NULL : &from->fake_stack, to->stack_low,
                                   to->stack_size);
#endif
#if GALE__TSAN
    (void)for_ever;
    from->fiber = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(to->fiber, 0);
#endif
}

static void arrive(gale__context *self)
{
#if GALE__ASAN
    __sanitizer_finish_switch_fiber(self->fake_stack, &left->stack_low, &left->stack_size);
#endif
    (void)self;
}

static void begin(void *arg)
{
    gale__context *self = arg;
    arrive(self);
    self->entry(self->arg);
}

void gale__context_make(gale__context *context, void *stack_low, size_t stack_size,
                        void (*entry)(void *arg), void *arg)
{
    *context = (gale__context){
        .entry = entry, .arg = arg, .stack_low = stack_low, .stack_size = stack_size
    };
    gale__context_prepare(&context->registers, stack_low, stack_size, begin, context);
#if GALE__TSAN
    context->fiber = __tsan_create_fiber(0);
#endif
}

void gale__context_switch(gale__context *from, gale__context *to)
{
    depart(from, to, false);
    gale__context_registers_swap(&from->registers, &to->registers);
    arrive(from);
}

void gale__context_exit(gale__context *finished, gale__context *to)
{
    depart(finished, to, true);
    gale__context_registers_swap(&finished->registers, &to->registers);
    __builtin_unreachable();
}

/* The frames that never returned have left their red zones on the stack. */
void gale__context_destroy(gale__context *context)
{
#if GALE__ASAN
    const char *top = (const char *)context->stack_low + context->stack_size;
    __asan_unpoison_memory_region(context->registers.stack_pointer,
                                  (size_t)(top - (const char *)context->registers.stack_pointer));
#endif
#if GALE__TSAN
    __tsan_destroy_fiber(context->fiber);
#endif
}

#else

void gale__context_make(gale__context *context, void *stack_low, size_t stack_size,
                        void (*entry)(void *arg), void *arg)
{
    gale__context_prepare(&context->registers, stack_low, stack_size, entry, arg);
}

#endif
