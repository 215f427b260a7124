/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at files, and starting the program again when one has changed. */
#include "net/autoreload.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <gale/autoreload.h>
#include <gale/log.h>
#include <gale/process.h>

#include "net/file_stamp.h"
#include "net/upgrade.h"

static const double CHECK_TIME = 0.5; /* seconds, unless it is said otherwise */
static const double SOON = 0.02;      /* after a notice of the kernel */
static const double SETTLING = 0.05;  /* that nothing may have changed before a restart */
static const double IDLE = 0.1;       /* that a request may still come on a connection */
static const double IN_FLIGHT = 0.25; /* that requests may go on after that */
enum { FLAWED_LOOKS = 40 };           /* at the same files, before their flaw is logged */

typedef struct hook {
    gale__list link;
    gale_callback function;
    void *arg;
} hook;

static atomic_int watching; /* loops of this process */

/* ---- The restart ------------------------------------------------------------------------ */

static void run_hooks(gale__autoreload *self)
{
    for (gale__list *link; (link = gale__list_pop(&self->hooks));) {
        hook *one = GALE__CONTAINER_OF(link, hook, link);
        one->function(one->arg);
        gale__free(one);
    }
}

/* All that was in flight has ended. */
static void restart(gale_ioloop *loop)
{
    gale__autoreload *self = gale__net_of(loop)->autoreload;
    run_hooks(self);
    gale__signals_stop(loop);
    int result = gale__restart_execute(&self->restart, self->program->path);
    gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "%s cannot be executed: %s; the server ends",
             self->program->path, gale_strerror(result));
    loop->failed = true;
    gale_ioloop_stop(loop);
}

static void begin_restart(gale__autoreload *self, const gale__watched_file *changed)
{
    int result = gale__restart_prepare(&self->restart);
    if (result < 0) {
        gale__restart_clear(&self->restart);
        gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "%s modified, but no restart: %s", changed->path,
                 gale_strerror(result));
        gale__loop_add_timer(self->loop, &self->timer, self->check_time);
        return;
    }
    gale_log(GALE_LOG_GENERAL, GALE_LOG_INFO, "%s modified; restarting server", changed->path);
    self->loop->options.shutdown_timeout = IN_FLIGHT;
    gale__loop_retire(self->loop, IDLE);
    self->loop->then = restart;
}

/* ---- Looking ---------------------------------------------------------------------------- */

/* What a look has seen. */
typedef struct findings {
    const gale__watched_file *changed; /* since the beginning; NULL: none */
    bool still;                        /* nothing has changed since the last look */
    const gale__watched_file *flawed;
    const char *flaw;
} findings;

/* What is missing is not changed until it is there again. */
static findings look_at_files(gale__autoreload *self)
{
    findings found = { .still = true };
    for (gale__list *link = self->files.next; link != &self->files; link = link->next) {
        gale__watched_file *file = GALE__CONTAINER_OF(link, gale__watched_file, link);
        uint64_t stamp = gale__file_stamp(file->path);
        found.still = found.still && stamp == file->latest;
        file->latest = stamp;
        if (stamp && stamp != file->first)
            found.changed = file;
    }
    return found;
}

static void find_flaw(gale__autoreload *self, findings *found)
{
    found->flawed = self->program;
    found->flaw = gale__file_flaw(self->program->path, GALE__FILE_PROGRAM);
    for (gale__list *link = self->files.next; link != &self->files && !found->flaw;
         link = link->next) {
        found->flawed = GALE__CONTAINER_OF(link, gale__watched_file, link);
        if (found->flawed->latest != found->flawed->first)
            found->flaw = gale__file_flaw(found->flawed->path, found->flawed->kind);
    }
}

/* Builds take their time: what stays as it is gets a line. */
static void wait_for_whole_files(gale__autoreload *self, const findings *found)
{
    self->flawed_looks = found->still ? self->flawed_looks + 1 : 0;
    if (self->flawed_looks == FLAWED_LOOKS)
        gale_log(GALE_LOG_GENERAL, GALE_LOG_WARNING,
                 "%s modified, but no restart while %s %s; the server goes on",
                 found->changed->path, found->flawed->path, found->flaw);
    gale__loop_add_timer(self->loop, &self->timer, SETTLING);
}

static bool is_free(const gale__autoreload *self)
{
    return !self->loop->shutting_down && !gale__upgrade_is_under_way();
}

static void look(gale__timer *timer)
{
    gale__autoreload *self = GALE__CONTAINER_OF(timer, gale__autoreload, timer);
    if (gale_task_id() >= 0)
        return;                         /* the supervisor would not know */
    gale__autoreload_add_objects(self); /* or at the next look */
    gale__autoreload_notice(self);
    self->looked = true;
    findings found = look_at_files(self);
    if (found.changed)
        find_flaw(self, &found);
    if (found.changed && found.still && !found.flaw && is_free(self))
        begin_restart(self, found.changed);
    else if (found.changed)
        wait_for_whole_files(self, &found);
    else
        gale__loop_add_timer(self->loop, timer, self->check_time);
}

void gale__autoreload_look_soon(gale__autoreload *self)
{
    int64_t soon = gale__loop_update_time(self->loop) + gale__seconds(SOON);
    if (gale__timer_pending(&self->timer) && self->timer.deadline > soon)
        gale__loop_add_timer(self->loop, &self->timer, SOON);
}

/* ---- Beginning and end ------------------------------------------------------------------ */

/* Of the current loop, made on first use; NULL when out of memory. */
static gale__autoreload *current(void)
{
    gale_ioloop *loop = gale_ioloop_current();
    gale__net *net = loop ? gale__net_of(loop) : NULL;
    if (!net || net->autoreload)
        return net ? net->autoreload : NULL;
    gale__autoreload *self = GALE__NEW(gale__autoreload);
    if (!self)
        return NULL;
    self->loop = loop;
    self->notices.fd = -1;
    self->timer.fire = look;
    gale__list_init(&self->files);
    gale__list_init(&self->hooks);
    return net->autoreload = self;
}

void gale__autoreload_free(gale__autoreload *self)
{
    if (!self)
        return;
    if (self->check_time > 0)
        atomic_fetch_sub(&watching, 1);
    gale__loop_remove_timer(self->loop, &self->timer);
    if (self->notices.fd >= 0)
        self->loop->operations->end(self->loop->backend, &self->notices, true);
    gale__restart_clear(&self->restart);
    for (gale__list *link; (link = gale__list_pop(&self->files));)
        gale__free(GALE__CONTAINER_OF(link, gale__watched_file, link));
    for (gale__list *link; (link = gale__list_pop(&self->hooks));)
        gale__free(GALE__CONTAINER_OF(link, hook, link));
    gale__free(self);
}

int gale_autoreload_start(double check_time)
{
    gale__autoreload *self = current();
    if (!self)
        return -ENOMEM;
    if (self->check_time > 0)
        return 0;
    GALE_TRY(gale__autoreload_add_program(self));
    GALE_TRY(gale__autoreload_add_objects(self));
    if (atomic_fetch_add(&watching, 1) > 0)
        gale_log(GALE_LOG_GENERAL, GALE_LOG_WARNING,
                 "autoreload started more than once in the same process");
    self->check_time = check_time > 0 ? check_time : CHECK_TIME;
    gale__loop_add_timer(self->loop, &self->timer, self->check_time);
    return 0;
}

int gale_autoreload_watch(const char *filename)
{
    char directory[PATH_MAX], path[2 * PATH_MAX];
    gale__autoreload *self = current();
    if (!self)
        return -ENOMEM;
    if (filename[0] == '/' || !getcwd(directory, sizeof directory))
        snprintf(path, sizeof path, "%s", filename);
    else
        snprintf(path, sizeof path, "%s/%s", directory, filename);
    return gale__autoreload_add(self, path, GALE__FILE_PLAIN, gale__file_stamp(path));
}

int gale_autoreload_add_reload_hook(gale_callback function, void *arg)
{
    gale__autoreload *self = current();
    hook *added = self ? GALE__NEW(hook) : NULL;
    if (!added)
        return -ENOMEM;
    added->function = function;
    added->arg = arg;
    gale__list_append(&self->hooks, &added->link);
    return 0;
}

int gale_autoreload_wait(void)
{
    int result = gale_autoreload_start(0);
    if (result < 0) {
        gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "cannot watch: %s", gale_strerror(result));
        return 1;
    }
    return gale_ioloop_start(gale_ioloop_current());
}
