/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From gale_log to a record. A message is formatted on the stack, or when it is long, in memory of
 * its own; without that it is cut.
 */
#include <gale/log.h>

#include "core/log_context.h"
#include "core/log_sink.h"
#include "core/memory.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { SHORT_MESSAGE = 512, LOGGERS = GALE_LOG_ACCESS + 1 };

static atomic_int enabled_levels[LOGGERS] = { GALE_LOG_WARNING, GALE_LOG_WARNING,
                                              GALE_LOG_WARNING };

/* ---- Levels ---- */

void gale_log_set_logger_level(gale_logger logger, gale_log_level level)
{
    atomic_store_explicit(&enabled_levels[logger], (int)level, memory_order_relaxed);
}

void gale_log_set_level(gale_log_level level)
{
    for (int logger = 0; logger < LOGGERS; logger++)
        gale_log_set_logger_level((gale_logger)logger, level);
}

gale_log_level gale_log_get_level(gale_logger logger)
{
    return (gale_log_level)atomic_load_explicit(&enabled_levels[logger], memory_order_relaxed);
}

bool gale_log_enabled(gale_logger logger, gale_log_level level)
{
    return (int)level >= atomic_load_explicit(&enabled_levels[logger], memory_order_relaxed);
}

/* ---- Hook and filters ---- */

/* Under the mutex. */
static gale_log_hook current_hook; /* NULL: the sinks */
static void *current_arg;
static gale__log_filter *filters;

void gale_log_set_hook(gale_log_hook hook, void *arg)
{
    pthread_mutex_lock(&gale__log_mutex);
    current_hook = hook;
    current_arg = arg;
    pthread_mutex_unlock(&gale__log_mutex);
}

void gale__log_add_filter(gale__log_filter *filter)
{
    pthread_mutex_lock(&gale__log_mutex);
    filter->next = filters;
    filters = filter;
    pthread_mutex_unlock(&gale__log_mutex);
}

void gale__log_remove_filter(gale__log_filter *filter)
{
    pthread_mutex_lock(&gale__log_mutex);
    gale__log_filter **place = &filters;
    while (*place && *place != filter)
        place = &(*place)->next;
    if (*place)
        *place = filter->next;
    pthread_mutex_unlock(&gale__log_mutex);
}

static bool is_suppressed(const gale_log_record *record)
{
    for (gale__log_filter *filter = filters; filter; filter = filter->next)
        if (filter->suppress(filter, record))
            return true;
    return false;
}

static void deliver(const gale_log_record *record)
{
    pthread_mutex_lock(&gale__log_mutex);
    bool suppressed = is_suppressed(record);
    gale_log_hook hook = current_hook;
    void *arg = current_arg;
    pthread_mutex_unlock(&gale__log_mutex);
    if (suppressed)
        return;
    if (hook)
        hook(record, arg);
    else
        gale__log_collect(record);
}

/* ---- Records ---- */

typedef void (*describe_function)(const char **ret_context, const char **ret_task);

static _Atomic(describe_function) context_function;

void gale__log_set_context_function(describe_function describe)
{
    atomic_store_explicit(&context_function, describe, memory_order_relaxed);
}

static double wall_time(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void format_and_deliver(gale_log_record *record, const char *format, va_list arguments)
{
    char local[SHORT_MESSAGE], *longer = NULL;
    va_list again;
    va_copy(again, arguments);
    int formatted = vsnprintf(local, sizeof local, format, arguments);
    record->size = smaller(formatted < 0 ? 0 : (size_t)formatted, GALE__LOG_MESSAGE_MAX);
    if (formatted < 0)
        local[0] = '\0';
    if (record->size >= sizeof local)
        longer = (char *)gale__malloc(record->size + 1);
    if (longer)
        vsnprintf(longer, record->size + 1, format, again);
    else
        record->size = smaller(record->size, sizeof local - 1);
    va_end(again);
    record->message = longer ? longer : local;
    deliver(record);
    gale__free(longer);
}

static gale_log_record make_record(gale_logger logger, gale_log_level level, const char *file,
                                   int line)
{
    gale_log_record record = {
        .logger = logger, .level = level, .file = file, .line = line, .time = wall_time()
    };
    describe_function describe = atomic_load_explicit(&context_function, memory_order_relaxed);
    if (describe)
        describe(&record.context, &record.task);
    return record;
}

void gale_log_message(const char *file, int line, gale_logger logger, gale_log_level level,
                      const char *format, ...)
{
    if (!gale_log_enabled(logger, level))
        return;
    int saved_errno = errno;
    gale_log_record record = make_record(logger, level, file, line);
    errno = saved_errno; /* for "%m" */
    va_list arguments;
    va_start(arguments, format);
    format_and_deliver(&record, format, arguments);
    va_end(arguments);
    errno = saved_errno;
}

void gale__log_text(gale_logger logger, gale_log_level level, const char *file, int line,
                    gale_str text)
{
    int saved_errno = errno;
    gale_log_record record = make_record(logger, level, file, line);
    record.message = text.data;
    record.size = text.len;
    deliver(&record);
    errno = saved_errno;
}
