/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Contexts by the C library's ucontext, for processors that have no assembly here. It saves the
 * signal mask too, at the price of a system call for each switch. A suspended context's
 * ucontext_t lies on its own stack, so that its registers stay one pointer.
 */
#include "platform/context.h"

#if defined(GALE__CONTEXT_UCONTEXT)

#include <ucontext.h>

typedef struct start {
    ucontext_t ucontext;
    void (*entry)(void *arg);
    void *arg;
} start;

/* makecontext hands over ints only. */
static void begin(unsigned high, unsigned low)
{
    start *self = (start *)(((uintptr_t)high << 16 << 16) | low);
    self->entry(self->arg);
}

void gale__context_prepare(gale__context_registers *registers, void *stack_low, size_t stack_size,
                           void (*entry)(void *arg), void *arg)
{
    uintptr_t top = ((uintptr_t)stack_low + stack_size - sizeof(start)) & ~(uintptr_t)63;
    start *self = (start *)top;
    getcontext(&self->ucontext);
    self->ucontext.uc_stack.ss_sp = stack_low;
    self->ucontext.uc_stack.ss_size = top - (uintptr_t)stack_low;
    self->ucontext.uc_link = NULL;
    self->entry = entry;
    self->arg = arg;
    makecontext(&self->ucontext, (void (*)(void))begin, 2, (unsigned)(top >> 16 >> 16),
                (unsigned)top);
    registers->stack_pointer = self;
}

void gale__context_registers_swap(gale__context_registers *from, gale__context_registers *to)
{
    ucontext_t here;
    from->stack_pointer = &here;
    swapcontext(&here, to->stack_pointer);
}

#endif
