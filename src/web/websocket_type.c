/* SPDX-License-Identifier: Apache-2.0 */
/* What connections of a class have in common, and how they are compressed. */
#include <errno.h>

#include "web/application.h"
#include "web/websocket.h"

enum { LEVEL = 6, MEMORY = 8, MOST_BITS = 15 };
enum { MAX_MESSAGE_SIZE = 10485760, MAX_WRITE_BUFFER = 16777216 };

/* ---- Limits ---------------------------------------------------------------------------- */

static int64_t nanoseconds(double seconds)
{
    return seconds > 0 ? gale__seconds(seconds) : 0;
}

static double pick_seconds(double first, double second, double last)
{
    return first != 0 ? first : second != 0 ? second : last;
}

static int64_t pick(int64_t first, int64_t second, int64_t last)
{
    return first ? first : second ? second : last;
}

void gale__websocket_type_set(gale__websocket_type *type, const gale_websocket_class *slots,
                              const gale__websocket_limits *first,
                              const gale__websocket_limits *last)
{
    type->slots = slots;
    type->compression = slots->compression;
    double interval = pick_seconds(first->ping_interval, slots->ping_interval, last->ping_interval);
    double timeout = pick_seconds(first->ping_timeout, slots->ping_timeout, last->ping_timeout);
    if (timeout == 0 || timeout > interval)
        timeout = interval;
    type->ping_interval = nanoseconds(interval);
    type->ping_timeout = nanoseconds(timeout);
    type->max_message_size =
        pick(first->max_message_size, slots->max_message_size, last->max_message_size);
    if (type->max_message_size == 0)
        type->max_message_size = MAX_MESSAGE_SIZE;
    int64_t buffer = slots->max_write_buffer ? slots->max_write_buffer : MAX_WRITE_BUFFER;
    type->max_write_buffer = buffer < 0 ? UINT64_MAX : (uint64_t)buffer;
}

gale__websocket_type *gale__websocket_type_new(const gale_websocket_class *slots,
                                               const gale_application_settings *settings)
{
    gale__websocket_type *type = GALE__NEW(gale__websocket_type);
    const gale__websocket_limits none = { 0 }, last = { settings->websocket_ping_interval,
                                                        settings->websocket_ping_timeout,
                                                        settings->websocket_max_message_size };
    if (type)
        gale__websocket_type_set(type, slots, &none, &last);
    return type;
}

void gale__websocket_type_clear(gale__websocket_type *type)
{
    if (type->can_deflate)
        gale__websocket_deflater_end(&type->deflater);
    if (type->can_inflate)
        gale__websocket_inflater_end(&type->inflater);
    type->can_deflate = type->can_inflate = false;
}

void gale__websocket_type_free(gale__websocket_type *type)
{
    if (!type)
        return;
    gale__websocket_type_clear(type);
    gale__free(type->spare);
    gale__free(type);
}

/* ---- Compression ----------------------------------------------------------------------- */

static int level_of(const gale_websocket_compression *options)
{
    return options->compression_level ? options->compression_level : LEVEL;
}

static int memory_of(const gale_websocket_compression *options)
{
    return options->mem_level ? options->mem_level : MEMORY;
}

static int begin_deflater(gale__websocket_deflater *deflater,
                          const gale_websocket_compression *options, int bits, bool keep)
{
    return gale__websocket_deflater_begin(deflater, bits, level_of(options), memory_of(options),
                                          keep);
}

/* One that serves many connections has the smallest window that any of them may have. */
static int shared_bits(const gale__websocket_type *type)
{
    int bits = type->compression->max_window_bits;
    return bits ? bits : MOST_BITS;
}

uint32_t gale__websocket_compression_kind(const gale_websocket *self)
{
    const gale_websocket_compression *options = self->type->compression;
    if (self->windows && self->windows->keeps_deflater)
        return 0;
    return (uint32_t)(level_of(options) << 16 | memory_of(options) << 8 | shared_bits(self->type));
}

int gale__websocket_deflate_message(gale_websocket *self, gale_str message, gale__buffer *out)
{
    gale__websocket_type *type = self->type;
    if (self->windows && self->windows->keeps_deflater)
        return gale__websocket_deflater_run(&self->windows->deflater, message, out);
    if (!type->can_deflate) {
        GALE_TRY(begin_deflater(&type->deflater, type->compression, shared_bits(type), false));
        type->can_deflate = true;
    }
    return gale__websocket_deflater_run(&type->deflater, message, out);
}

int gale__websocket_inflate_message(gale_websocket *self, gale_str message, gale__buffer *out)
{
    gale__websocket_type *type = self->type;
    if (self->windows && self->windows->keeps_inflater)
        return gale__websocket_inflater_run(&self->windows->inflater, message, out);
    if (!type->can_inflate) {
        GALE_TRY(gale__websocket_inflater_begin(&type->inflater, MOST_BITS, false));
        type->can_inflate = true;
    }
    return gale__websocket_inflater_run(&type->inflater, message, out);
}

int gale__websocket_keep_windows(gale_websocket *self, const gale__websocket_deflate *agreed)
{
    bool client = self->type->client != NULL;
    bool anew = client ? agreed->client_no_context_takeover : agreed->server_no_context_takeover;
    bool peer_anew =
        client ? agreed->server_no_context_takeover : agreed->client_no_context_takeover;
    int bits = client ? agreed->client_max_window_bits : agreed->server_max_window_bits;
    int peer_bits = client ? agreed->server_max_window_bits : agreed->client_max_window_bits;
    /* A peer with a small window needs a deflater of its own, even if that keeps nothing. */
    bool own = !anew || bits < shared_bits(self->type);
    self->compressed = true;
    if (!own && peer_anew)
        return 0;
    gale__websocket_windows *windows = self->windows = GALE__NEW(gale__websocket_windows);
    if (!windows)
        return -ENOMEM;
    if (own) {
        GALE_TRY(begin_deflater(&windows->deflater, self->type->compression, bits, !anew));
        windows->keeps_deflater = true;
    }
    if (!peer_anew) {
        GALE_TRY(gale__websocket_inflater_begin(&windows->inflater, peer_bits, true));
        windows->keeps_inflater = true;
    }
    return 0;
}

void gale__websocket_windows_free(gale__websocket_windows *windows)
{
    if (!windows)
        return;
    if (windows->keeps_deflater)
        gale__websocket_deflater_end(&windows->deflater);
    if (windows->keeps_inflater)
        gale__websocket_inflater_end(&windows->inflater);
    gale__free(windows);
}
