/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "platform/context.h"
#include "platform/stack.h"

#include <execinfo.h>
#include <pthread.h>

/* A stack, a context and what a test wants from it. */
typedef struct strand {
    gale__context context;
    gale__stack *stack;
    int number, steps;
    double sum;
} strand;

static _Thread_local gale__context main_context;
static _Thread_local gale__stack_pool pool;

static void strand_start(strand *self, void (*entry)(void *arg))
{
    self->stack = gale__stack_get(&pool);
    assert_non_null(self->stack);
    gale__context_make(&self->context, self->stack->low, self->stack->size, entry, self);
}

static void strand_resume(strand *self)
{
    gale__context_switch(&main_context, &self->context);
}

static void strand_yield(strand *self)
{
    gale__context_switch(&self->context, &main_context);
}

_Noreturn static void strand_finish(strand *self)
{
    gale__context_exit(&self->context, &main_context);
}

static void strand_end(strand *self)
{
    gale__context_destroy(&self->context);
    gale__stack_put(&pool, self->stack);
}

static void count_to_three(void *arg)
{
    strand *self = arg;
    for (int i = 0; i < 3; i++) {
        self->steps++;
        strand_yield(self);
    }
    self->steps = 100;
    strand_finish(self);
}

TEST(a_context_runs_between_switches)
{
    gale__stack_pool_init(&pool, 0);
    strand self = { .number = 1 };
    strand_start(&self, count_to_three);
    assert_int_equal(self.steps, 0);
    for (int i = 1; i <= 3; i++) {
        strand_resume(&self);
        assert_int_equal(self.steps, i);
    }
    strand_resume(&self);
    assert_int_equal(self.steps, 100);
    strand_end(&self);
    gale__stack_pool_close(&pool);
}

TEST(a_context_may_be_dropped_while_suspended)
{
    gale__stack_pool_init(&pool, 0);
    for (int i = 0; i < 50; i++) {
        strand self = { .number = i };
        strand_start(&self, count_to_three);
        strand_resume(&self);
        strand_end(&self);
    }
    assert_int_equal(pool.used, 0);
    gale__stack_pool_close(&pool);
}

static void check_alignment(void *arg)
{
    strand *self = arg;
    _Alignas(16) volatile char block[16] = { 0 };
    self->steps = (int)((uintptr_t)block % 16);
    strand_finish(self);
}

TEST(the_stack_is_aligned_whatever_its_bounds)
{
    static _Alignas(16) char memory[64 * 1024];
    for (size_t odd = 0; odd < 16; odd++) {
        strand self = { .steps = -1 };
        gale__context_make(&self.context, memory, sizeof memory - odd, check_alignment, &self);
        strand_resume(&self);
        assert_int_equal(self.steps, 0);
        gale__context_destroy(&self.context);
    }
}

/* More live values than there are registers, of both kinds, over each switch. */
static uint64_t churn(strand *self, void (*yield)(strand *), uint64_t seed)
{
    uint64_t a = seed, b = seed * 3, c = seed * 5, d = seed * 7, e = seed * 11, f = seed * 13;
    double p = (double)seed, q = p + 0.5, r = p * 0.25, s = p - 7, t = p * 3, u = p / 3;
    for (int i = 0; i < 20; i++) {
        yield(self);
        a += b ^ c;
        b += c ^ d;
        c += d ^ e;
        d += e ^ f;
        e += f ^ a;
        f += a ^ b;
        p += q;
        q += r * 0.5;
        r += s * 0.125;
        s += t - u;
        t += p * 0.0625;
        u += q - p;
    }
    self->sum = p + q + r + s + t + u;
    return a ^ b ^ c ^ d ^ e ^ f;
}

static void stay(strand *self)
{
    (void)self;
}

static uint64_t churned[8];

static void churn_entry(void *arg)
{
    strand *self = arg;
    churned[self->number] = churn(self, strand_yield, (uint64_t)self->number + 17);
    strand_finish(self);
}

TEST(registers_and_floats_survive_switches)
{
    gale__stack_pool_init(&pool, 0);
    strand strands[8] = { 0 };
    for (int i = 0; i < 8; i++) {
        strands[i].number = i;
        strand_start(&strands[i], churn_entry);
    }
    for (int round = 0; round < 21; round++)
        for (int i = 0; i < 8; i++)
            strand_resume(&strands[i]);
    for (int i = 0; i < 8; i++) {
        strand expected = { 0 };
        assert_true(churned[i] == churn(&expected, stay, (uint64_t)i + 17));
        assert_true(strands[i].sum == expected.sum);
        strand_end(&strands[i]);
    }
    gale__stack_pool_close(&pool);
}

#if defined(__x86_64__)

/* The rounding modes of SSE and, above it, of the x87. */
static unsigned rounding(void)
{
    unsigned mxcsr;
    unsigned short control_word;
    __asm__ volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(mxcsr), "=m"(control_word));
    return (mxcsr >> 13 & 3) | (control_word >> 10 & 3u) << 2;
}

static void set_rounding(unsigned mode)
{
    unsigned mxcsr = 0x1f80 | (mode & 3) << 13;
    unsigned short control_word = (unsigned short)(0x37f | (mode >> 2 & 3) << 10);
    __asm__ volatile("ldmxcsr %0\n\tfldcw %1" : : "m"(mxcsr), "m"(control_word));
}

#elif defined(__aarch64__)

static unsigned rounding(void)
{
    uint64_t fpcr;
    __asm__ volatile("mrs %0, fpcr" : "=r"(fpcr));
    return fpcr >> 22 & 3;
}

static void set_rounding(unsigned mode)
{
    uint64_t fpcr = (uint64_t)(mode & 3) << 22;
    __asm__ volatile("msr fpcr, %0" : : "r"(fpcr));
}

#endif

#if defined(__x86_64__) || defined(__aarch64__)

enum { NEAREST = 0, ONE = 1 | 2 << 2, OTHER = 2 | 1 << 2 };

static void change_rounding(void *arg)
{
    strand *self = arg;
    self->number = (int)rounding();
    set_rounding(OTHER);
    strand_yield(self);
    self->steps = (int)rounding();
    strand_finish(self);
}

TEST(each_context_has_its_own_rounding_mode)
{
    gale__stack_pool_init(&pool, 0);
    strand self = { 0 };
    set_rounding(ONE);
    unsigned one = rounding();
    strand_start(&self, change_rounding);
    set_rounding(OTHER);
    unsigned other = rounding();
    set_rounding(NEAREST);
    strand_resume(&self);
    unsigned after_first = rounding();
    strand_resume(&self);
    unsigned after_second = rounding();
    assert_true(one != NEAREST && other != NEAREST && one != other);
    assert_int_equal(self.number, one); /* as when it was made */
    assert_int_equal(self.steps, other);
    assert_int_equal(after_first, NEAREST);
    assert_int_equal(after_second, NEAREST);
    strand_end(&self);
    gale__stack_pool_close(&pool);
}

#endif

/* ThreadSanitizer has room for some thousand fibers only. */
enum { MANY = GALE__TSAN ? 1000 : 10000 };

static void add_up(void *arg)
{
    strand *self = arg;
    int local = self->number;
    for (int i = 0; i < 5; i++) {
        local = local * 3 + 1;
        strand_yield(self);
    }
    self->steps = local;
    strand_finish(self);
}

TEST(ten_thousand_contexts_interleave)
{
    gale__stack_pool_init(&pool, 64 * 1024);
    strand *strands = gale__calloc(MANY, sizeof *strands);
    assert_non_null(strands);
    for (int i = 0; i < MANY; i++) {
        strands[i].number = i;
        strand_start(&strands[i], add_up);
    }
    for (int round = 0; round < 6; round++)
        for (int i = 0; i < MANY; i++)
            strand_resume(&strands[round % 2 ? MANY - 1 - i : i]);
    for (int i = 0; i < MANY; i++) {
        int expected = i;
        for (int round = 0; round < 5; round++)
            expected = expected * 3 + 1;
        assert_int_equal(strands[i].steps, expected);
        strand_end(&strands[i]);
    }
    assert_int_equal(pool.used, 0);
    gale__free(strands);
    gale__stack_pool_close(&pool);
}

static strand ring[4];

/* Contexts that switch to each other and not through the main one. */
static void pass_on(void *arg)
{
    strand *self = arg;
    strand *neighbour = &ring[(self->number + 1) % 4];
    while (self->steps < 100) {
        self->steps++;
        gale__context_switch(&self->context, &neighbour->context);
    }
    strand_finish(self);
}

TEST(contexts_switch_to_each_other)
{
    gale__stack_pool_init(&pool, 0);
    for (int i = 0; i < 4; i++) {
        ring[i] = (strand){ .number = i };
        strand_start(&ring[i], pass_on);
    }
    for (int i = 0; i < 4; i++)
        strand_resume(&ring[i]);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(ring[i].steps, 100);
        strand_end(&ring[i]);
    }
    gale__stack_pool_close(&pool);
}

static void *frames[64];

static void take_backtrace(void *arg)
{
    strand *self = arg;
    self->steps = backtrace(frames, 64);
    strand_finish(self);
}

/* Above the first frame lies what looks like a return address; nothing may follow it. */
TEST(a_backtrace_ends_at_the_entry)
{
    gale__stack_pool_init(&pool, 0);
    strand self = { .stack = gale__stack_get(&pool) };
    assert_non_null(self.stack);
    uintptr_t decoy = (uintptr_t)count_to_three + 1;
    uintptr_t *above = gale__stack_reserve(self.stack, 4 * sizeof decoy);
    for (int i = 0; i < 4; i++)
        above[i] = decoy;
    gale__context_make(&self.context, self.stack->low, self.stack->size, take_backtrace, &self);
    strand_resume(&self);
    assert_in_range(self.steps, 1, 6);
    for (int i = 0; i < self.steps; i++)
        assert_true((uintptr_t)frames[i] != decoy);
    strand_end(&self);
    gale__stack_pool_close(&pool);
}

static void *thread_main(void *arg)
{
    int *ret_steps = arg;
    gale__stack_pool_init(&pool, 0);
    for (int i = 0; i < 200; i++) {
        strand self = { .stack = gale__stack_get(&pool) };
        if (!self.stack)
            return NULL;
        gale__context_make(&self.context, self.stack->low, self.stack->size, count_to_three, &self);
        for (int step = 0; step < 4; step++)
            strand_resume(&self);
        *ret_steps += self.steps;
        strand_end(&self);
    }
    gale__stack_pool_close(&pool);
    return NULL;
}

TEST(each_thread_has_contexts_of_its_own)
{
    pthread_t threads[4];
    int steps[4] = { 0 };
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, thread_main, &steps[i]), 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(steps[i], 200 * 100);
    }
}

GALE_TEST_MAIN
