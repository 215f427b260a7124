/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The context switch of x86-64 (System V ABI): callee-saved registers and the two
 * floating-point control words go to the stack, the stack pointer to the context. The layout
 * of the saved frame is also that of struct frame in context.c.
 */
#if defined(__x86_64__) && !defined(GALE__CONTEXT_UCONTEXT)

#if defined(__CET__) && (__CET__ & 1)
#define LANDING endbr64
#define JUMP notrack jmp
#else
#define LANDING
#define JUMP jmp
#endif

/*
 * Which exceptions have occurred, the low six bits of MXCSR, is nobody's to preserve, and loading
 * an MXCSR that differs only there takes as long as ten switches.
 */
#define MXCSR_CONTROL 0xffc0

        .text

/* void gale__context_swap(gale__context *from, gale__context *to) */
        .globl  gale__context_swap
        .hidden gale__context_swap
        .type   gale__context_swap, @function
        .p2align 4
gale__context_swap:
        .cfi_startproc
        LANDING
        pushq   %rbp
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rbp, 0
        pushq   %rbx
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rbx, 0
        pushq   %r12
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r12, 0
        pushq   %r13
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r13, 0
        pushq   %r14
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r14, 0
        pushq   %r15
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r15, 0
        subq    $8, %rsp
        .cfi_adjust_cfa_offset 8
        stmxcsr (%rsp)
        fnstcw  4(%rsp)
        movl    (%rsp), %eax

        movq    %rsp, (%rdi)
        movq    (%rsi), %rsp    /* the same offsets hold on the other stack */

        fldcw   4(%rsp)
        xorl    (%rsp), %eax
        testl   $MXCSR_CONTROL, %eax
        jnz     2f
1:      .cfi_remember_state
        addq    $8, %rsp
        .cfi_adjust_cfa_offset -8
        popq    %r15
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r15
        popq    %r14
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r14
        popq    %r13
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r13
        popq    %r12
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r12
        popq    %rbx
        .cfi_adjust_cfa_offset -8
        .cfi_restore %rbx
        popq    %rbp
        .cfi_adjust_cfa_offset -8
        .cfi_restore %rbp
        popq    %rcx            /* a jump is predicted here, a return would never be */
        .cfi_adjust_cfa_offset -8
        .cfi_register %rip, %rcx
        JUMP    *%rcx
        .cfi_restore_state
2:      ldmxcsr (%rsp)
        jmp     1b
        .cfi_endproc
        .size   gale__context_swap, . - gale__context_swap

/* What a made context begins with: entry is in r12, its argument in r13. The undefined return
 * address tells debuggers that this is the outermost frame. */
        .globl  gale__context_start
        .hidden gale__context_start
        .type   gale__context_start, @function
        .p2align 4
gale__context_start:
        .cfi_startproc
        .cfi_undefined %rip
        LANDING
        movq    %r13, %rdi
        callq   *%r12
        ud2
        .cfi_endproc
        .size   gale__context_start, . - gale__context_start

#if defined(__CET__) && (__CET__ & 1)
/* Indirect branch tracking is supported, shadow stacks are not. */
        .section .note.gnu.property, "a"
        .p2align 3
        .long   4, 16, 5
        .asciz  "GNU"
        .long   0xc0000002, 4, 1, 0
#endif
#endif

#if defined(__linux__)
        .section .note.GNU-stack, "", %progbits
#endif
