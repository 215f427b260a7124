/* SPDX-License-Identifier: Apache-2.0 */
/* What a made context of x86-64 begins with: its entry and the argument for it lie on its stack.
 * The undefined return address tells debuggers that this is the outermost frame. */
#if defined(__x86_64__) && !defined(GALE__CONTEXT_UCONTEXT)

        .text
        .globl  gale__context_start
        .hidden gale__context_start
        .type   gale__context_start, @function
        .p2align 4
gale__context_start:
        .cfi_startproc
        .cfi_undefined %rip
        popq    %rax
        popq    %rdi
        callq   *%rax
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
