/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One mutex guards the hook and what the default hook has collected. Collected lines stand in
 * static memory, so that logging works when there is no other. A line is formatted on the stack,
 * or when it is long, in memory of its own; without that it is cut.
 */
#include <gale/log.h>

#include "core/log_context.h"
#include "core/memory.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    LONGEST_MESSAGE = 8 * 1024,
    SHORT_MESSAGE = 512,
    LONGEST_CONTEXT = 128,
    PENDING_SIZE = 64 * 1024, /* holds the longest line even if it consists of line ends */
    INDENTED_LINE_END = 5
};

static atomic_int enabled_level = GALE_LOG_WARNING;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static gale_log_hook current_hook; /* NULL is the default */
static void *current_arg;
static char pending[PENDING_SIZE];
static atomic_size_t pending_size; /* changed under the mutex, looked at without */
static time_t stamp_time;
static char stamp[sizeof "260101 12:34:56"];

void gale_log_set_level(gale_log_level level)
{
    atomic_store_explicit(&enabled_level, (int)level, memory_order_relaxed);
}

bool gale_log_enabled(gale_logger logger, gale_log_level level)
{
    (void)logger;
    return (int)level >= atomic_load_explicit(&enabled_level, memory_order_relaxed);
}

void gale_log_set_hook(gale_log_hook hook, void *arg)
{
    pthread_mutex_lock(&mutex);
    current_hook = hook;
    current_arg = arg;
    pthread_mutex_unlock(&mutex);
}

/* ---- The default hook. The mutex is held. ---- */

/* What standard error does not take is lost: a full pipe must not stop the program. */
static void write_pending(void)
{
    size_t written = 0;
    while (written < pending_size) {
        ssize_t count = write(STDERR_FILENO, pending + written, pending_size - written);
        if (count > 0)
            written += (size_t)count;
        else if (count == 0 || errno != EINTR)
            break;
    }
    pending_size = 0;
}

static void before_fork(void)
{
    pthread_mutex_lock(&mutex);
    write_pending();
}

static void after_fork(void)
{
    pthread_mutex_unlock(&mutex);
}

/* A child must neither write its parent's lines again nor find the mutex locked. */
static void register_handlers(void)
{
    atexit(gale_log_flush);
    pthread_atfork(before_fork, after_fork, after_fork);
}

static void update_stamp(void)
{
    time_t now = time(NULL);
    if (now == stamp_time && stamp[0])
        return;
    struct tm local;
    stamp_time = now;
    if (localtime_r(&now, &local))
        strftime(stamp, sizeof stamp, "%y%m%d %H:%M:%S", &local);
}

static char level_letter(gale_log_level level)
{
    return level >= GALE_LOG_ERROR     ? 'E'
           : level >= GALE_LOG_WARNING ? 'W'
           : level >= GALE_LOG_INFO    ? 'I'
                                       : 'D';
}

static const char *logger_name(gale_logger logger)
{
    return logger == GALE_LOG_ACCESS        ? "access"
           : logger == GALE_LOG_APPLICATION ? "application"
                                            : "general";
}

static void put(const char *data, size_t size)
{
    memcpy(pending + pending_size, data, size);
    pending_size += size;
}

/* A client's bytes must not reach a terminal as commands. */
static void put_control(unsigned char byte)
{
    static const char hex[] = "0123456789abcdef";
    const char text[] = { '\\', 'x', hex[byte >> 4], hex[byte & 15] };
    put(text, sizeof text);
}

/* Further lines of a message are indented, as Tornado does. */
static void put_message(const char *message, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)message[i];
        if (byte == '\n')
            put("\n    ", INDENTED_LINE_END);
        else if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
            put_control(byte);
        else
            pending[pending_size++] = message[i];
    }
}

static void collect(gale_logger logger, gale_log_level level, const char *message, size_t size)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, register_handlers);
    char prefix[64];
    update_stamp();
    size_t prefix_size = (size_t)snprintf(prefix, sizeof prefix, "[%c %s %s] ", level_letter(level),
                                          stamp, logger_name(logger));
    if (prefix_size + size * INDENTED_LINE_END + 1 > PENDING_SIZE - pending_size)
        write_pending();
    put(prefix, prefix_size);
    put_message(message, size);
    put("\n", 1);
}

void gale_log_flush(void)
{
    if (atomic_load_explicit(&pending_size, memory_order_relaxed) == 0)
        return;
    pthread_mutex_lock(&mutex);
    write_pending();
    pthread_mutex_unlock(&mutex);
}

/* ---- Any hook ---- */

static void deliver(gale_logger logger, gale_log_level level, const char *message, size_t size)
{
    pthread_mutex_lock(&mutex);
    gale_log_hook hook = current_hook;
    void *arg = current_arg;
    if (!hook)
        collect(logger, level, message, size);
    pthread_mutex_unlock(&mutex);
    if (hook)
        hook(logger, level, message, size, arg);
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static _Atomic(const char *(*)(void)) context_function;

void gale__log_set_context_function(const char *(*context)(void))
{
    atomic_store_explicit(&context_function, context, memory_order_relaxed);
}

/* Writes "[context] " and returns its size; 0 when there is none. */
static size_t write_context(char out[SHORT_MESSAGE])
{
    const char *(*context)(void) = atomic_load_explicit(&context_function, memory_order_relaxed);
    const char *text = context ? context() : NULL;
    int size = text ? snprintf(out, SHORT_MESSAGE, "[%.*s] ", LONGEST_CONTEXT, text) : 0;
    return size > 0 ? (size_t)size : 0;
}

static void format_and_deliver(gale_logger logger, gale_log_level level, const char *format,
                               va_list arguments)
{
    char local[SHORT_MESSAGE], *message = local, *longer = NULL;
    size_t prefix = write_context(local);
    va_list again;
    va_copy(again, arguments);
    int formatted = vsnprintf(local + prefix, sizeof local - prefix, format, arguments);
    size_t length = smaller(prefix + (formatted < 0 ? 0 : (size_t)formatted), LONGEST_MESSAGE);
    if (length >= sizeof local)
        longer = (char *)gale__malloc(length + 1);
    if (longer) {
        memcpy(longer, local, prefix);
        vsnprintf(longer + prefix, length + 1 - prefix, format, again);
        message = longer;
    } else {
        length = smaller(length, sizeof local - 1);
    }
    va_end(again);
    deliver(logger, level, message, length);
    gale__free(longer);
}

void gale_log(gale_logger logger, gale_log_level level, const char *format, ...)
{
    if (!gale_log_enabled(logger, level))
        return;
    int saved_errno = errno;
    va_list arguments;
    va_start(arguments, format);
    format_and_deliver(logger, level, format, arguments);
    va_end(arguments);
    errno = saved_errno;
}
