/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop's inside, for the floors above. See <gale/ioloop.h> for the order of one turn.
 *
 * Invariants: only the loop's thread touches anything here but `remote`; a callback node is
 * intrusive, so that asking for a callback cannot fail; nothing is called from within the call
 * that asks for it.
 */
#ifndef GALE_LOOP_LOOP_H
#define GALE_LOOP_LOOP_H

#include <pthread.h>
#include <stdatomic.h>

#include <gale/ioloop.h>

#include "core/list.h"
#include "core/pool.h"
#include "loop/timer.h"
#include "platform/backend.h"

/* A callback whose memory the asker owns. Zeroed or inited, it is not queued. */
typedef struct gale__callback {
    gale__list link;
    void (*run)(struct gale__callback *callback);
} gale__callback;

/* What each floor keeps for a loop. Freed from the last to the first, but for the tasks, which
 * may use all the others and end before. */
enum {
    GALE__LOOP_WATCHES,
    GALE__LOOP_SIGNALS,
    GALE__LOOP_EXECUTOR,
    GALE__LOOP_TASKS,
    GALE__LOOP_NET,
    GALE__LOOP_HTTP,
    GALE__LOOP_DATA,
    GALE__LOOP_WEB,
    GALE__LOOP_PARTS
};

/* Something that a graceful stop has to wait for: a server, an application. */
typedef struct gale__service {
    gale__list link;
    /* Stop taking new work; finish what is in flight. Called twice by a loop that retires. */
    void (*drain)(struct gale__service *service);
    /* True when nothing is in flight any more. */
    bool (*drained)(struct gale__service *service);
    /* Cut off what is still in flight: handlers are cancelled. */
    void (*cancel)(struct gale__service *service);
    /* The loop ends. */
    void (*close)(struct gale__service *service);
} gale__service;

struct gale_ioloop {
    const gale__backend_operations *operations;
    gale__backend *backend; /* made at the first turn, or when first needed */
    int64_t now;            /* monotonic ns at the last look */
    gale__wheel wheel;
    gale__list callbacks; /* of gale__callback */
    gale__list services;
    gale__pool blocks; /* GALE__ARENA_BLOCK: first blocks of arenas */
    bool running, stop_asked, shutting_down;
    bool retiring; /* the first phase of a stop: what is idle is left alone */
    /* Runs at the end of a graceful stop, instead of stopping the loop. A later request to stop
     * takes it away. */
    void (*then)(struct gale_ioloop *loop);
    bool visiting_services; /* an empty one does not end the graceful stop meanwhile */
    const bool *done;       /* of the run at hand; may be NULL */
    bool failed;            /* something that was asked for has failed: start returns 1 */
    bool has_run;
    gale_ioloop_options options;
    pthread_t thread;
    struct gale__timeouts *timeouts;
    gale_executor *default_executor; /* borrowed; NULL: the loop's own */
    struct {
        void *state;
        void (*close)(void *state);
    } parts[GALE__LOOP_PARTS];
    /* Callbacks from other threads. */
    pthread_mutex_t remote_lock;
    gale__list remote;
    atomic_bool remote_waiting;
    atomic_bool signals_waiting; /* some gale_signal_callback was asked for */
    gale__timer shutdown_timer;
    gale__callback shutdown_stop, shutdown_idle;
};

/* The backend, made when it is not there yet. */
int gale__loop_open_backend(gale_ioloop *loop);
/* Uses another backend (tests); before the first turn. */
void gale__loop_use_backend(gale_ioloop *loop, const gale__backend_operations *operations);

void gale__loop_attach(gale_ioloop *loop, int part, void *state, void (*close)(void *state));
void *gale__loop_part(gale_ioloop *loop, int part);

/* Queues a callback for the next turn; harmless when it is queued. */
void gale__loop_call(gale_ioloop *loop, gale__callback *callback);
void gale__loop_uncall(gale__callback *callback);
/* The same from any thread; the node must stay until it has run. */
void gale__loop_call_remote(gale_ioloop *loop, gale__callback *callback);

/* Looks at the clock. */
int64_t gale__loop_update_time(gale_ioloop *loop);
void gale__loop_add_timer(gale_ioloop *loop, gale__timer *timer, double seconds);
void gale__loop_remove_timer(gale_ioloop *loop, gale__timer *timer);

void gale__loop_add_service(gale_ioloop *loop, gale__service *service);
void gale__loop_remove_service(gale__service *service);
/* Stops gracefully, but what waits for work may wait on for `idle_timeout` seconds. */
void gale__loop_retire(gale_ioloop *loop, double idle_timeout);
/* A service has become empty: the loop may end its graceful stop. */
void gale__loop_service_drained(gale_ioloop *loop);

/* Runs one turn; `block` false: does not wait for events. */
int gale__loop_turn(gale_ioloop *loop, bool block);
/* Runs turns, at least one, until `done` is true or the loop is stopped. GALE_ESTATE when it
 * runs already, GALE_ETHREAD in another thread than its own, or what the backend failed with. */
int gale__loop_run(gale_ioloop *loop, const bool *done);

/* Seconds as nanoseconds, clamped to 0 and to INT64_MAX / 4. */
int64_t gale__seconds(double seconds);

/* The timeouts of <gale/ioloop.h>; freed with the loop. */
void gale__timeouts_free(gale_ioloop *loop);
/* Installs the handlers of gale_ioloop_start; each only over the default. */
int gale__signals_start(gale_ioloop *loop);
void gale__signals_stop(gale_ioloop *loop);
/* Queues the callbacks that signal handlers have asked for. */
void gale__signals_take(gale_ioloop *loop);

#endif
