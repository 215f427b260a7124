/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals. A handler does no more than set a flag and wake the loop, which runs the callback in
 * its next turn.
 *
 * The table of signals is the process's; a signal belongs to one loop at a time. Handlers and
 * askers may be in any thread, also while the loop's thread takes the callback away, or ends the
 * loop because of it: `asking` tells when memory can be freed.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include "core/error.h"
#include "loop/fault.h"
#include "loop/loop.h"

struct gale_signal_callback {
    gale__callback base;
    gale__list link; /* signals.callbacks */
    gale_ioloop *loop;
    gale_callback function;
    void *arg;
    atomic_bool asked;
    atomic_bool stops; /* the process has got a signal that stops this loop */
};

/* What a loop has of it. */
typedef struct signals {
    gale_ioloop *loop;
    gale__list callbacks;
    gale_signal_callback *stop; /* shared by SIGINT and SIGTERM */
    bool ignores_sigpipe;
} signals;

static struct slot {
    /* The user's comes first. */
    gale_signal_callback *_Atomic user, *_Atomic stop;
    struct sigaction former;
    bool installed;
} slots[NSIG];
static pthread_mutex_t slots_lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_int asking;    /* threads that are in on_signal or add_callback_from_signal */
static int sigpipe_ignorers; /* loops, under slots_lock */

static const int stop_signals[] = { SIGINT, SIGTERM };
enum { STOP_SIGNALS = sizeof stop_signals / sizeof *stop_signals };

/* ---- Callbacks that a signal handler may ask for ---------------------------------------- */

static void run_signal_callback(gale__callback *callback)
{
    gale_signal_callback *self = GALE__CONTAINER_OF(callback, gale_signal_callback, base);
    self->function(self->arg);
}

static void close_signals(void *state);

static signals *signals_of(gale_ioloop *loop)
{
    signals *self = gale__loop_part(loop, GALE__LOOP_SIGNALS);
    if (self)
        return self;
    self = GALE__NEW(signals);
    if (!self)
        return NULL;
    self->loop = loop;
    gale__list_init(&self->callbacks);
    gale__loop_attach(loop, GALE__LOOP_SIGNALS, self, close_signals);
    return self;
}

gale_signal_callback *gale_ioloop_register_signal_callback(gale_ioloop *loop,
                                                           gale_callback callback, void *arg)
{
    signals *self = signals_of(loop);
    gale_signal_callback *registered = self ? GALE__NEW(gale_signal_callback) : NULL;
    if (!registered)
        return NULL;
    registered->base.run = run_signal_callback;
    registered->loop = loop;
    registered->function = callback;
    registered->arg = arg;
    gale__list_append(&self->callbacks, &registered->link);
    return registered;
}

static void unregister(gale_signal_callback *callback)
{
    gale__loop_uncall(&callback->base);
    gale__list_remove(&callback->link);
    gale__free(callback);
}

/* Short, as no handler takes a lock or waits. */
static void wait_for_askers(void)
{
    while (atomic_load(&asking) > 0)
        sched_yield();
}

/* Without a backend the loop has not begun its first turn, which looks at the flag. */
void gale_ioloop_add_callback_from_signal(gale_signal_callback *callback)
{
    atomic_fetch_add(&asking, 1);
    gale_ioloop *loop = callback->loop;
    atomic_store(&callback->asked, true);
    atomic_store(&loop->signals_waiting, true);
    gale__backend *backend = __atomic_load_n(&loop->backend, __ATOMIC_SEQ_CST);
    if (backend)
        backend->operations->wake(backend);
    atomic_fetch_sub(&asking, 1);
}

void gale__signals_take(gale_ioloop *loop)
{
    signals *self = gale__loop_part(loop, GALE__LOOP_SIGNALS);
    atomic_store(&loop->signals_waiting, false);
    for (gale__list *link = self->callbacks.next; link != &self->callbacks; link = link->next) {
        gale_signal_callback *callback = GALE__CONTAINER_OF(link, gale_signal_callback, link);
        if (atomic_exchange(&callback->asked, false))
            gale__loop_call(loop, &callback->base);
    }
}

/* ---- Handlers of the process ----------------------------------------------------------- */

static void on_signal(int number)
{
    int saved = errno;
    atomic_fetch_add(&asking, 1);
    gale_signal_callback *callback = atomic_load(&slots[number].user);
    if (!callback) {
        callback = atomic_load(&slots[number].stop);
        if (callback && atomic_exchange(&callback->stops, true))
            _exit(1); /* asked twice: at once */
    }
    if (callback)
        gale_ioloop_add_callback_from_signal(callback);
    atomic_fetch_sub(&asking, 1);
    errno = saved;
}

static bool is_handled_by(int number, void (*handler)(int))
{
    struct sigaction action;
    return sigaction(number, NULL, &action) == 0 && !(action.sa_flags & SA_SIGINFO) &&
           action.sa_handler == handler;
}

static int install(int number)
{
    struct slot *slot = &slots[number];
    if (slot->installed)
        return 0;
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
    sigemptyset(&action.sa_mask);
    if (sigaction(number, &action, &slot->former) != 0)
        return -errno;
    slot->installed = true;
    return 0;
}

/* Restores the former handling when nobody wants the signal any more, and waits for handlers
 * that may still be using what was taken out of the slot. */
static void release(int number)
{
    struct slot *slot = &slots[number];
    if (slot->installed && !atomic_load(&slot->user) && !atomic_load(&slot->stop)) {
        if (is_handled_by(number, on_signal)) /* and nobody has put another on top */
            sigaction(number, &slot->former, NULL);
        slot->installed = false;
    }
    wait_for_askers();
}

/* ---- set_signal_handler ---------------------------------------------------------------- */

static bool can_be_handled(int number)
{
    /* Going on after the hardware's complaints would repeat them for ever. */
    return number > 0 && number < NSIG && number != SIGSEGV && number != SIGBUS &&
           number != SIGILL && number != SIGFPE;
}

static void clear_user(struct slot *slot, int number)
{
    gale_signal_callback *callback = atomic_exchange(&slot->user, NULL);
    release(number);
    if (callback)
        unregister(callback);
}

static int set_user(gale_ioloop *loop, int number, gale_callback callback, void *arg)
{
    struct slot *slot = &slots[number];
    gale_signal_callback *old = atomic_load(&slot->user);
    if (old && old->loop != loop)
        return gale__fail(-EINVAL, "signal %d belongs to another thread's loop", number);
    if (!callback) {
        clear_user(slot, number);
        return 0;
    }
    gale_signal_callback *registered = gale_ioloop_register_signal_callback(loop, callback, arg);
    int result = registered ? install(number) : -ENOMEM;
    if (result < 0) {
        if (registered)
            unregister(registered);
        return result;
    }
    atomic_store(&slot->user, registered);
    release(number);
    if (old)
        unregister(old);
    return 0;
}

int gale_ioloop_set_signal_handler(gale_ioloop *loop, int signal_number, gale_callback callback,
                                   void *arg)
{
    if (!can_be_handled(signal_number))
        return gale__fail(-EINVAL, "signal %d cannot be handled by a loop", signal_number);
    pthread_mutex_lock(&slots_lock);
    int result = set_user(loop, signal_number, callback, arg);
    pthread_mutex_unlock(&slots_lock);
    return result;
}

/* ---- gale_ioloop_start ----------------------------------------------------------------- */

static void stop_gracefully(void *arg)
{
    gale_ioloop_shutdown((gale_ioloop *)arg);
}

static void take_stop_signals(signals *self)
{
    for (int i = 0; i < STOP_SIGNALS; i++) {
        int number = stop_signals[i];
        struct slot *slot = &slots[number];
        gale_signal_callback *user = atomic_load(&slot->user);
        bool ours = user && user->loop == self->loop && slot->former.sa_handler == SIG_DFL;
        if ((ours || is_handled_by(number, SIG_DFL)) && install(number) == 0)
            atomic_store(&slot->stop, self->stop);
    }
}

static void give_stop_signals_back(signals *self)
{
    for (int i = 0; i < STOP_SIGNALS; i++) {
        if (atomic_load(&slots[stop_signals[i]].stop) != self->stop)
            continue;
        atomic_store(&slots[stop_signals[i]].stop, NULL);
        release(stop_signals[i]);
    }
}

static void ignore_sigpipe(signals *self)
{
    if (sigpipe_ignorers == 0) {
        if (!is_handled_by(SIGPIPE, SIG_DFL))
            return;
        signal(SIGPIPE, SIG_IGN);
    }
    sigpipe_ignorers++;
    self->ignores_sigpipe = true;
}

static void restore_sigpipe(signals *self)
{
    if (!self->ignores_sigpipe)
        return;
    self->ignores_sigpipe = false;
    if (--sigpipe_ignorers == 0 && is_handled_by(SIGPIPE, SIG_IGN))
        signal(SIGPIPE, SIG_DFL);
}

int gale__signals_start(gale_ioloop *loop)
{
    signals *self = signals_of(loop);
    if (!self)
        return -ENOMEM;
    if (!loop->options.no_stop_signals) {
        self->stop = gale_ioloop_register_signal_callback(loop, stop_gracefully, loop);
        if (!self->stop)
            return -ENOMEM;
    }
    if (!loop->options.no_fault_report)
        GALE_TRY(gale__fault_start(loop));
    pthread_mutex_lock(&slots_lock);
    if (self->stop)
        take_stop_signals(self);
    if (!loop->options.keep_sigpipe)
        ignore_sigpipe(self);
    pthread_mutex_unlock(&slots_lock);
    return 0;
}

void gale__signals_stop(gale_ioloop *loop)
{
    signals *self = gale__loop_part(loop, GALE__LOOP_SIGNALS);
    if (!self)
        return;
    pthread_mutex_lock(&slots_lock);
    restore_sigpipe(self);
    if (self->stop)
        give_stop_signals_back(self);
    pthread_mutex_unlock(&slots_lock);
    if (self->stop)
        unregister(self->stop);
    self->stop = NULL;
    gale__fault_stop();
}

static void close_signals(void *state)
{
    signals *self = (signals *)state;
    pthread_mutex_lock(&slots_lock);
    for (int number = 1; number < NSIG; number++) {
        gale_signal_callback *callback = atomic_load(&slots[number].user);
        if (callback && callback->loop == self->loop)
            clear_user(&slots[number], number);
    }
    pthread_mutex_unlock(&slots_lock);
    wait_for_askers();
    while (!gale__list_empty(&self->callbacks))
        unregister(GALE__CONTAINER_OF(self->callbacks.next, gale_signal_callback, link));
    gale__free(self);
}
