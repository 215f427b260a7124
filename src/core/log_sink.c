/* SPDX-License-Identifier: Apache-2.0 */
#include "core/log_sink.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PATIENCE_MS = 10,      /* for a reader that is busy */
    LAST_PATIENCE_MS = 500 /* when the program ends */
};

static gale__log_sink default_sink = { .write = gale__log_write_stderr };

pthread_mutex_t gale__log_mutex = PTHREAD_MUTEX_INITIALIZER;
static gale__log_sink *sinks = &default_sink;
static atomic_bool waiting; /* something was collected; changed under the mutex */

/* ---- Standard error ---- */

/* Nobody reads: then it is not worth waiting until somebody has read. Under the mutex. */
static bool stuck;

/* What a pipe takes without waiting: PIPE_BUF bytes once it is ready for any. */
static bool is_ready(int patience)
{
    struct pollfd standard_error = { .fd = STDERR_FILENO, .events = POLLOUT };
    int ready = poll(&standard_error, 1, stuck ? 0 : patience);
    stuck = ready == 0;
    return ready != 0;
}

size_t gale__log_write_stderr(gale__log_sink *sink, const char *data, size_t size, bool last)
{
    (void)sink;
    size_t written = 0;
    stuck = stuck && !last;
    while (written < size && is_ready(last ? LAST_PATIENCE_MS : PATIENCE_MS)) {
        size_t most = size - written < PIPE_BUF ? size - written : PIPE_BUF;
        ssize_t count = write(STDERR_FILENO, data + written, most);
        if (count > 0)
            written += (size_t)count;
        else if (count < 0 && errno == EAGAIN)
            break;
        else if (count == 0 || errno != EINTR)
            return size; /* there is no such place */
    }
    return written;
}

/* ---- Collecting ---- */

void gale__log_sink_flush(gale__log_sink *sink, bool last)
{
    if (sink->size == 0)
        return;
    size_t written = sink->write(sink, sink->buffer, sink->size, last);
    sink->size -= written;
    memmove(sink->buffer, sink->buffer + written, sink->size);
}

static void flush_all(bool last)
{
    bool left = false;
    for (gale__log_sink *sink = sinks; sink; sink = sink->next) {
        gale__log_sink_flush(sink, last);
        left = left || sink->size > 0;
    }
    atomic_store_explicit(&waiting, left, memory_order_relaxed);
}

void gale_log_flush(void)
{
    if (!atomic_load_explicit(&waiting, memory_order_relaxed))
        return;
    pthread_mutex_lock(&gale__log_mutex);
    flush_all(false);
    pthread_mutex_unlock(&gale__log_mutex);
}

static void flush_at_exit(void)
{
    pthread_mutex_lock(&gale__log_mutex);
    flush_all(true);
    pthread_mutex_unlock(&gale__log_mutex);
}

static void before_fork(void)
{
    pthread_mutex_lock(&gale__log_mutex);
    flush_all(false);
}

static void after_fork(void)
{
    pthread_mutex_unlock(&gale__log_mutex);
}

/* What could not be written stays its parent's. */
static void in_child(void)
{
    for (gale__log_sink *sink = sinks; sink; sink = sink->next)
        sink->size = sink->lost = 0;
    after_fork();
}

/* A child must neither write its parent's lines again nor find the mutex locked. */
static void register_handlers(void)
{
    atexit(flush_at_exit);
    pthread_atfork(before_fork, after_fork, in_child);
}

/* Writes a line behind what is collected; false when there is no room. *ret_size is with its end.
 */
static bool format_line(gale__log_sink *sink, const gale_log_record *record, size_t *ret_size)
{
    size_t room = sizeof sink->buffer - sink->size;
    size_t size = gale_log_format(&sink->formatter, record, sink->buffer + sink->size, room);
    *ret_size = size + 1;
    if (size + 1 > room)
        return false;
    sink->buffer[sink->size + size] = '\n';
    return true;
}

static void append_loss(gale__log_sink *sink, const gale_log_record *record)
{
    char message[64];
    gale_log_record loss = *record;
    loss.logger = GALE_LOG_GENERAL;
    loss.level = GALE_LOG_WARNING;
    loss.message = message;
    loss.size = (size_t)snprintf(message, sizeof message,
                                 "%zu log lines are lost: nobody read them", sink->lost);
    loss.context = loss.task = NULL;
    size_t size;
    if (!format_line(sink, &loss, &size))
        return;
    sink->size += size;
    sink->lost = 0;
}

static void collect_into(gale__log_sink *sink, const gale_log_record *record)
{
    if (sink->lost)
        append_loss(sink, record);
    size_t size, before = sink->size;
    bool fits = format_line(sink, record, &size);
    if (sink->before_line)
        sink->before_line(sink, record, size);
    if (!fits)
        gale__log_sink_flush(sink, false);
    if (sink->size != before) /* what was in front of it has gone */
        fits = format_line(sink, record, &size);
    if (fits)
        sink->size += size;
    else
        sink->lost++;
}

void gale__log_collect(const gale_log_record *record)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, register_handlers);
    pthread_mutex_lock(&gale__log_mutex);
    for (gale__log_sink *sink = sinks; sink; sink = sink->next)
        collect_into(sink, record);
    atomic_store_explicit(&waiting, true, memory_order_relaxed);
    pthread_mutex_unlock(&gale__log_mutex);
}

gale__log_sink *gale__log_set_sinks(gale__log_sink *list)
{
    pthread_mutex_lock(&gale__log_mutex);
    flush_all(true);
    gale__log_sink *former = sinks == &default_sink ? NULL : sinks;
    sinks = list ? list : &default_sink;
    pthread_mutex_unlock(&gale__log_mutex);
    return former;
}
