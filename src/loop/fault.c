/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/fault.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "platform/stack.h"

enum { ALTERNATE_STACK = 32 * 1024, FAULTS = 2 };

static const int faults[FAULTS] = { SIGSEGV, SIGBUS };

/* The loops that have started, in all threads: the last one to end restores. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int users;
static bool installed[FAULTS];

static const char *(*_Atomic describe_owner)(void *owner);

static _Thread_local struct {
    bool started;
    void *stack;       /* NULL: the thread had one already */
    size_t stack_size; /* of tasks */
} this_thread;

void gale__fault_set_describe(const char *(*describe)(void *owner))
{
    atomic_store(&describe_owner, describe);
}

/* ---- The line -------------------------------------------------------------------------- */

typedef struct report_line {
    char text[512];
    size_t size;
} report_line;

static void put_text(report_line *line, const char *text)
{
    while (*text && line->size < sizeof line->text - 1) /* the last byte is the line's end */
        line->text[line->size++] = *text++;
}

static void put_number(report_line *line, size_t number, unsigned base)
{
    char digits[24], *digit = digits + sizeof digits - 1;
    *digit = '\0';
    do {
        *--digit = "0123456789abcdef"[number % base];
        number /= base;
    } while (number);
    put_text(line, digit);
}

static void put_task(report_line *line, void *owner)
{
    const char *(*describe)(void *) = atomic_load(&describe_owner);
    const char *name = describe ? describe(owner) : NULL;
    if (name) {
        put_text(line, " in task ");
        put_text(line, name);
    }
}

static void put_overflow(report_line *line, void *owner)
{
    put_text(line, "gale: stack overflow");
    if (owner)
        put_task(line, owner);
    put_text(line, " (stack_size ");
    put_number(line, this_thread.stack_size, 10);
    put_text(line, ")");
}

static void put_fault(report_line *line, int number, const void *address)
{
    put_text(line, number == SIGBUS ? "gale: bus error at 0x" : "gale: segmentation fault at 0x");
    put_number(line, (size_t)address, 16);
    put_task(line, NULL);
}

/* ---- The signal ------------------------------------------------------------------------ */

static void on_fault(int number, siginfo_t *info, void *context)
{
    (void)context;
    void *owner;
    report_line line = { .size = 0 };
    bool sent = info->si_code <= 0; /* by a process; there is no address */
    if (!sent && gale__stack_find_overflow(info->si_addr, &owner))
        put_overflow(&line, owner);
    else
        put_fault(&line, number, sent ? NULL : info->si_addr);
    line.text[line.size++] = '\n';
    if (write(STDERR_FILENO, line.text, line.size) < 0) {
        /* nobody to tell */
    }
    /* Returning repeats the faulting instruction, so that a core file shows the very place. */
    signal(number, SIG_DFL);
    if (sent)
        raise(number);
}

static bool has_handler(int number, void (*handler)(int))
{
    struct sigaction action;
    return sigaction(number, NULL, &action) == 0 && !(action.sa_flags & SA_SIGINFO) &&
           action.sa_handler == handler;
}

static bool is_ours(int number)
{
    struct sigaction action;
    return sigaction(number, NULL, &action) == 0 && action.sa_flags & SA_SIGINFO &&
           action.sa_sigaction == on_fault;
}

static void install(void)
{
    struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < FAULTS; i++)
        installed[i] = has_handler(faults[i], SIG_DFL) && sigaction(faults[i], &action, NULL) == 0;
}

static void uninstall(void)
{
    for (int i = 0; i < FAULTS; i++) {
        if (installed[i] && is_ours(faults[i]))
            signal(faults[i], SIG_DFL);
        installed[i] = false;
    }
}

/* ---- The alternate stack --------------------------------------------------------------- */

static int open_alternate_stack(void)
{
    stack_t old;
    if (sigaltstack(NULL, &old) != 0 || !(old.ss_flags & SS_DISABLE))
        return 0;
    long least = sysconf(_SC_SIGSTKSZ);
    size_t size = least > ALTERNATE_STACK ? (size_t)least : ALTERNATE_STACK;
    stack_t stack = { .ss_sp = gale__malloc(size), .ss_size = size };
    if (!stack.ss_sp)
        return -ENOMEM;
    if (sigaltstack(&stack, NULL) != 0) {
        gale__free(stack.ss_sp);
        return 0;
    }
    this_thread.stack = stack.ss_sp;
    return 0;
}

static void close_alternate_stack(void)
{
    stack_t now, none = { .ss_flags = SS_DISABLE };
    if (!this_thread.stack)
        return;
    if (sigaltstack(NULL, &now) == 0 && now.ss_sp == this_thread.stack)
        sigaltstack(&none, NULL);
    gale__free(this_thread.stack);
    this_thread.stack = NULL;
}

int gale__fault_start(gale_ioloop *loop)
{
    size_t stack_size = loop->options.stack_size;
    this_thread.stack_size = stack_size ? stack_size : GALE__STACK_SIZE;
    GALE_TRY(open_alternate_stack());
    this_thread.started = true;
    pthread_mutex_lock(&lock);
    if (users++ == 0)
        install();
    pthread_mutex_unlock(&lock);
    return 0;
}

void gale__fault_stop(void)
{
    if (!this_thread.started)
        return;
    this_thread.started = false;
    pthread_mutex_lock(&lock);
    if (--users == 0)
        uninstall();
    pthread_mutex_unlock(&lock);
    close_alternate_stack();
}
