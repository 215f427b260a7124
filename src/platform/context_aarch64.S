/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The context switch of AArch64 (AAPCS64): callee-saved registers and the floating-point
 * control register go to the stack, the stack pointer to the context. The layout of the saved
 * frame is also that of struct frame in context.c.
 */
#if defined(__aarch64__) && !defined(GALE__CONTEXT_UCONTEXT)

#define FRAME 176

        .text

/* void gale__context_registers_swap(gale__context_registers *from,
 *                                   gale__context_registers *to) */
        .globl  gale__context_registers_swap
        .hidden gale__context_registers_swap
        .type   gale__context_registers_swap, %function
        .p2align 4
gale__context_registers_swap:
        .cfi_startproc
        hint    #34             /* bti c */
        sub     sp, sp, #FRAME
        .cfi_adjust_cfa_offset FRAME
        stp     x19, x20, [sp, #0]
        .cfi_rel_offset x19, 0
        .cfi_rel_offset x20, 8
        stp     x21, x22, [sp, #16]
        .cfi_rel_offset x21, 16
        .cfi_rel_offset x22, 24
        stp     x23, x24, [sp, #32]
        .cfi_rel_offset x23, 32
        .cfi_rel_offset x24, 40
        stp     x25, x26, [sp, #48]
        .cfi_rel_offset x25, 48
        .cfi_rel_offset x26, 56
        stp     x27, x28, [sp, #64]
        .cfi_rel_offset x27, 64
        .cfi_rel_offset x28, 72
        stp     x29, x30, [sp, #80]
        .cfi_rel_offset x29, 80
        .cfi_rel_offset x30, 88
        stp     d8, d9, [sp, #96]
        stp     d10, d11, [sp, #112]
        stp     d12, d13, [sp, #128]
        stp     d14, d15, [sp, #144]
        mrs     x9, fpcr
        str     x9, [sp, #160]

        mov     x10, sp
        str     x10, [x0]
        ldr     x11, [x1]
        mov     sp, x11         /* the same offsets hold on the other stack */

        ldr     x10, [sp, #160]
        cmp     x9, x10
        b.eq    1f              /* writing fpcr is slow, and it seldom differs */
        msr     fpcr, x10
1:      ldp     d14, d15, [sp, #144]
        ldp     d12, d13, [sp, #128]
        ldp     d10, d11, [sp, #112]
        ldp     d8, d9, [sp, #96]
        ldp     x29, x30, [sp, #80]
        ldp     x27, x28, [sp, #64]
        ldp     x25, x26, [sp, #48]
        ldp     x23, x24, [sp, #32]
        ldp     x21, x22, [sp, #16]
        ldp     x19, x20, [sp, #0]
        add     sp, sp, #FRAME
        .cfi_def_cfa_offset 0
        .cfi_restore x19
        .cfi_restore x20
        .cfi_restore x21
        .cfi_restore x22
        .cfi_restore x23
        .cfi_restore x24
        .cfi_restore x25
        .cfi_restore x26
        .cfi_restore x27
        .cfi_restore x28
        .cfi_restore x29
        .cfi_restore x30
        ret
        .cfi_endproc
        .size   gale__context_registers_swap, . - gale__context_registers_swap

/* What a made context begins with: entry is in x19, its argument in x20. The undefined return
 * address tells debuggers that this is the outermost frame. */
        .globl  gale__context_start
        .hidden gale__context_start
        .type   gale__context_start, %function
        .p2align 4
gale__context_start:
        .cfi_startproc
        .cfi_undefined x30
        mov     x0, x20
        blr     x19
        brk     #1
        .cfi_endproc
        .size   gale__context_start, . - gale__context_start

#if defined(__ARM_FEATURE_BTI_DEFAULT)
/* Branch target identification is supported. */
        .section .note.gnu.property, "a"
        .p2align 3
        .long   4, 16, 5
        .asciz  "GNU"
        .long   0xc0000000, 4, 1, 0
#endif
#endif

#if defined(__linux__)
        .section .note.GNU-stack, "", %progbits
#endif
