/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The context switch of x86-64 (System V ABI), in the middle of whoever switches: the compiler
 * saves the registers that it still needs, and there is neither a call nor a return, which the
 * processor would predict by the order of calls on one stack.
 *
 * Which floating-point exceptions have occurred, the low six bits of MXCSR, is nobody's to
 * preserve; loading an MXCSR that differs only there takes as long as ten switches.
 */
#ifndef GALE_PLATFORM_CONTEXT_X86_64_H
#define GALE_PLATFORM_CONTEXT_X86_64_H

#include <stddef.h>
#include <stdint.h>

#define GALE__CONTEXT_INLINE 1

typedef struct gale__context_registers {
    void *stack_pointer; /* all of them while suspended */
    void *frame_pointer;
    void *next; /* where it goes on */
    uint32_t mxcsr;
    uint16_t control_word; /* of the x87 */
} gale__context_registers;

_Static_assert(offsetof(gale__context_registers, frame_pointer) == 8 &&
                   offsetof(gale__context_registers, next) == 16 &&
                   offsetof(gale__context_registers, mxcsr) == 24 &&
                   offsetof(gale__context_registers, control_word) == 28,
               "the instructions below");

/* Indirect branch tracking would want a landing where it goes on; shadow stacks are not supported.
 */
#if defined(__CET__) && (__CET__ & 1)
#define GALE__CONTEXT_JUMP "notrack jmp"
#else
#define GALE__CONTEXT_JUMP "jmp"
#endif

#if defined(__AVX512F__)
#define GALE__CONTEXT_MASKS , "k1", "k2", "k3", "k4", "k5", "k6", "k7"
#else
#define GALE__CONTEXT_MASKS
#endif

static inline void gale__context_registers_swap(gale__context_registers *from,
                                                gale__context_registers *to)
{
    __asm__ volatile("leaq 1f(%%rip), %%rax\n\t"
                     "movq %%rsp, (%%rdi)\n\t"
                     "movq %%rbp, 8(%%rdi)\n\t"
                     "movq %%rax, 16(%%rdi)\n\t"
                     "stmxcsr 24(%%rdi)\n\t"
                     "fnstcw 28(%%rdi)\n\t"
                     "movl 24(%%rdi), %%eax\n\t"
                     "movzwl 28(%%rdi), %%ecx\n\t"
                     "movq (%%rsi), %%rsp\n\t"
                     "movq 8(%%rsi), %%rbp\n\t"
                     "xorl 24(%%rsi), %%eax\n\t"
                     "testl $0xffc0, %%eax\n\t"
                     "jz 2f\n\t"
                     "ldmxcsr 24(%%rsi)\n"
                     "2:\tcmpw 28(%%rsi), %%cx\n\t"
                     "je 3f\n\t"
                     "fldcw 28(%%rsi)\n"
                     "3:\t" GALE__CONTEXT_JUMP " *16(%%rsi)\n"
                     "1:"
                     : "+D"(from), "+S"(to)
                     :
                     : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
                       "r15", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
                       "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "cc",
                       "memory" GALE__CONTEXT_MASKS);
}

#endif
