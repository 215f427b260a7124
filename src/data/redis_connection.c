/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two tasks: one connects and writes, the other one, beside it while there is a connection, reads.
 * Either's failure ends both.
 */
#include "data/redis_connection.h"

#if GALE_REDIS

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <gale/gen.h>
#include <gale/log.h>

#include "core/digest.h"
#include "core/error.h"

enum { PIECE = 16384, STEADY = 1, LAST_SECONDS = 1 };

int gale__redis_broken(gale__redis *self, int code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (!self->why[0])
        vsnprintf(self->why, sizeof self->why, format, arguments);
    va_end(arguments);
    return code;
}

/* ---- Commands -------------------------------------------------------------------------- */

void gale__redis_encode_count(gale__buffer *buffer, size_t count)
{
    gale__buffer_printf(buffer, "*%zu\r\n", count);
}

void gale__redis_encode_word(gale__buffer *buffer, const gale_str *parts, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += parts[i].len;
    gale__buffer_printf(buffer, "$%zu\r\n", size);
    for (size_t i = 0; i < count; i++)
        gale__buffer_append(buffer, parts[i].data, parts[i].len);
    gale__buffer_append(buffer, "\r\n", 2);
}

void gale__redis_encode(gale__buffer *buffer, const gale_str *words, size_t count)
{
    gale__redis_encode_count(buffer, count);
    for (size_t i = 0; i < count; i++)
        gale__redis_encode_word(buffer, &words[i], 1);
}

int gale__redis_sent(gale__redis *self)
{
    int error = self->output.error;
    if (error < 0)
        gale_iostream_close_error(self->stream, error);
    else
        gale__wake_all(&self->writer, 0);
    return error;
}

int gale__redis_send(gale__redis *self, const gale_str *words, size_t count)
{
    gale__redis_encode(&self->output, words, count);
    return gale__redis_sent(self);
}

/* ---- Writing --------------------------------------------------------------------------- */

static int closed(gale__redis *self)
{
    int error = gale_iostream_error(self->stream);
    if (error == -ENOMEM)
        return error;
    return gale__redis_broken(self, GALE_ECLOSED, "%s",
                              error ? gale_strerror(error) : "the server has ended the connection");
}

static int write_once(void *arg)
{
    gale__redis *self = arg;
    gale_bytes *bytes = gale__buffer_take(&self->output);
    if (!bytes)
        return -ENOMEM;
    int result = gale_iostream_write_bytes(self->stream, bytes);
    gale_bytes_unref(bytes);
    return result == GALE_ECLOSED ? closed(self) : result;
}

static int write_output(gale__redis *self)
{
    for (;;) {
        while (self->output.size == 0)
            GALE_TRY(gale__wait_in(&self->writer));
        GALE_TRY(write_once(self));
    }
}

/* ---- Reading --------------------------------------------------------------------------- */

typedef struct reading {
    gale__redis *redis;
    gale_str bytes;
} reading;

static int read_some(void *arg)
{
    reading *self = arg;
    return gale_iostream_read_bytes(self->redis->stream, PIECE, true, &self->bytes);
}

int gale__redis_read(gale__redis *self)
{
    reading some = { .redis = self };
    int result = read_some(&some);
    if (result == GALE_ECLOSED)
        return closed(self);
    GALE_TRY(result);
    self->silent = false;
    return gale__redis_reader_feed(&self->reader, some.bytes);
}

static int read_once(void *arg)
{
    return gale__redis_read(arg);
}

static int read_or_ping(gale__redis *self)
{
    int result = gale_with_timeout(self->settings.ping_interval, read_once, self);
    if (result != GALE_ETIMEDOUT)
        return result;
    if (self->silent)
        return gale__redis_broken(self, result, "the server does not answer");
    self->silent = true;
    self->pings++;
    return gale__redis_send(self, (gale_str[]){ GALE_STR("PING") }, 1);
}

static bool is_text(const gale__redis_reply *reply, const char *text)
{
    return reply->text.data && strcasecmp(reply->text.data, text) == 0;
}

/* A subscriber gets its answer as an array. */
static bool is_pong(const gale__redis_reply *reply)
{
    return is_text(reply, "pong") || (reply->type == GALE__REDIS_ARRAY && reply->count == 2 &&
                                      is_text(reply->items[0], "pong"));
}

static int handle(gale__redis *self, gale__redis_reply *reply)
{
    bool pong = self->pings > 0 && is_pong(reply);
    if (pong)
        self->pings--;
    int result = pong ? 0 : self->handlers->received(self, reply);
    gale__redis_reply_free(reply);
    return result;
}

static int read_replies(gale__redis *self)
{
    for (;;) {
        gale__redis_reply *reply;
        int result = gale__redis_reader_next(&self->reader, &reply);
        if (result > 0)
            result = handle(self, reply);
        else if (result == 0)
            result = read_or_ping(self);
        GALE_TRY(result);
    }
}

static int read_task(void *arg)
{
    gale__redis *self = arg;
    int result = read_replies(self);
    if (result == -ENOMEM || result == GALE_ECANCELED)
        return result;
    return gale__redis_broken(self, result, "%s", gale_error_detail());
}

/* ---- One connection -------------------------------------------------------------------- */

static int converse(gale__redis *self)
{
    gale_scope *scope = gale_scope_open(&(gale_scope_options){ .cancel_on_error = true });
    int result = gale_scope_spawn(scope, self->purpose, read_task, self);
    if (result == 0)
        result = write_output(self);
    return gale_scope_close(scope, result);
}

static void disconnect(gale__redis *self)
{
    self->connected = false;
    gale_iostream_free(self->stream);
    self->stream = NULL;
    gale__redis_reader_close(&self->reader);
    gale__buffer_clear(&self->output);
    self->pings = 0;
    self->silent = false;
    self->handlers->lost(self);
}

static void report_connected(gale__redis *self)
{
    if (self->logged[0])
        gale_log(GALE_LOG_GENERAL, GALE_LOG_INFO, "Redis %s (%s): connected again", self->url.name,
                 self->purpose);
    self->logged[0] = '\0';
}

/* The same again is not said again. */
static void report_lost(gale__redis *self, int error, bool was_connected)
{
    if (!self->why[0])
        gale__redis_broken(self, error, "%s", gale_strerror(error));
    if (!was_connected && strcmp(self->why, self->logged) == 0)
        return;
    gale__error_slot_clear(gale__error_slot_current); /* it may wait long, or until the end */
    memcpy(self->logged, self->why, sizeof self->logged);
    gale_log(GALE_LOG_GENERAL, GALE_LOG_WARNING, "Redis %s (%s): %s: %s; trying again",
             self->url.name, self->purpose, was_connected ? "connection lost" : "cannot connect",
             self->why);
}

static int connect_and_converse(gale__redis *self)
{
    self->why[0] = '\0';
    int result = gale__redis_connect(self);
    bool was_connected = result == 0;
    int64_t since = gale__loop_update_time(self->loop);
    if (was_connected) {
        self->connected = true;
        report_connected(self);
        self->handlers->connected(self);
        result = converse(self);
    }
    if (result == GALE_ECANCELED && self->output.size > 0)
        gale_shield(write_once, self, LAST_SECONDS);
    if (was_connected && gale__loop_update_time(self->loop) - since > gale__seconds(STEADY))
        self->failures = 0;
    disconnect(self);
    if (result != GALE_ECANCELED)
        report_lost(self, result, was_connected);
    return result;
}

/* ---- Again and again ------------------------------------------------------------------- */

static double delay(const gale__redis *self)
{
    const double first = 0.1, last = 30;
    if (self->failures == 0)
        return 0;
    unsigned doublings = self->failures - 1;
    double longest = doublings < 9 ? first * (double)(1 << doublings) : last;
    longest = longest < last ? longest : last;
    uint32_t chance = 0;
    gale__random(&chance, sizeof chance);
    return longest * (1 - 0.5 * (double)chance / UINT32_MAX);
}

static int live(gale__redis *self)
{
    for (;;) {
        GALE_TRY(gale_sleep(delay(self)));
        self->failures += self->failures < 1000;
        int result = connect_and_converse(self);
        if (result == GALE_ECANCELED)
            return result;
    }
}

static void end(gale__redis *self)
{
    self->running = false;
    gale__redis_url_clear(&self->url);
    gale_ssl_context_unref(self->settings.ssl_context);
    self->settings.ssl_context = NULL;
    if (self->closed)
        self->handlers->stopped(self);
}

static int run(void *arg)
{
    gale__redis *self = arg;
    while (!self->closed && !gale_task_canceled()) {
        self->scope = gale_scope_open(NULL);
        if (self->scope)
            live(self);
        gale_scope *scope = self->scope;
        self->scope = NULL;
        gale_scope_close(scope, 0);
        if (!scope)
            gale_sleep(STEADY); /* out of memory */
    }
    end(self);
    return 0;
}

static void set_defaults(gale__redis_settings *settings)
{
    if (settings->connect_timeout <= 0)
        settings->connect_timeout = 5;
    if (settings->ping_interval <= 0)
        settings->ping_interval = 15;
    if (settings->max_reply == 0)
        settings->max_reply = (size_t)16 << 20;
}

int gale__redis_start(gale__redis *self, gale_ioloop *loop, const char *purpose, const char *url,
                      const gale__redis_settings *settings, const gale__redis_handlers *handlers)
{
    *self = (gale__redis){
        .handlers = handlers, .purpose = purpose, .loop = loop, .settings = *settings
    };
    set_defaults(&self->settings);
    gale__buffer_init(&self->output, SIZE_MAX);
    gale__list_init(&self->writer);
    int result = gale__redis_url_parse(&self->url, url);
    if (result == 0)
        result = gale_ioloop_spawn_callback(loop, purpose, run, self);
    if (result < 0) {
        gale__redis_url_clear(&self->url);
        return result;
    }
    self->running = true;
    if (settings->ssl_context)
        gale_ssl_context_ref(settings->ssl_context);
    return 0;
}

void gale__redis_stop(gale__redis *self)
{
    self->closed = true;
    if (self->running)
        gale_scope_cancel(self->scope);
    else
        self->handlers->stopped(self);
}

#endif
