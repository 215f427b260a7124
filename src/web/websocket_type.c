/* SPDX-License-Identifier: Apache-2.0 */
/* What connections of a class have in common, and how they are compressed. */
#include <errno.h>

#include "web/application.h"
#include "web/websocket.h"

enum { LEVEL = 6, MEMORY = 8, MOST_BITS = 15 };

/* ---- Limits ---------------------------------------------------------------------------- */

static int64_t nanoseconds(double seconds)
{
    return seconds > 0 ? gale__seconds(seconds) : 0;
}

static int64_t pick(int64_t own, int64_t setting, int64_t otherwise)
{
    return own ? own : setting ? setting : otherwise;
}

gale__websocket_type *gale__websocket_type_new(const gale_websocket_class *slots,
                                               const gale_application_settings *settings)
{
    gale__websocket_type *type = GALE__NEW(gale__websocket_type);
    if (!type)
        return NULL;
    type->slots = slots;
    double interval =
        slots->ping_interval != 0 ? slots->ping_interval : settings->websocket_ping_interval;
    double timeout =
        slots->ping_timeout != 0 ? slots->ping_timeout : settings->websocket_ping_timeout;
    if (timeout == 0 || timeout > interval)
        timeout = interval;
    type->ping_interval = nanoseconds(interval);
    type->ping_timeout = nanoseconds(timeout);
    type->max_message_size =
        pick(slots->max_message_size, settings->websocket_max_message_size, 10485760);
    int64_t buffer = pick(slots->max_write_buffer, 0, 16777216);
    type->max_write_buffer = buffer < 0 ? UINT64_MAX : (uint64_t)buffer;
    return type;
}

void gale__websocket_type_free(gale__websocket_type *type)
{
    if (!type)
        return;
    if (type->can_deflate)
        gale__websocket_deflater_end(&type->deflater);
    if (type->can_inflate)
        gale__websocket_inflater_end(&type->inflater);
    gale__free(type);
}

/* ---- Compression ----------------------------------------------------------------------- */

static int begin_deflater(gale__websocket_deflater *deflater,
                          const gale_websocket_compression *options, int bits, bool keep)
{
    int level = options->compression_level ? options->compression_level : LEVEL;
    int memory = options->mem_level ? options->mem_level : MEMORY;
    return gale__websocket_deflater_begin(deflater, bits, level, memory, keep);
}

/* One that serves many connections has the smallest window that any of them may have. */
static int shared_bits(const gale__websocket_type *type)
{
    int bits = type->slots->compression->max_window_bits;
    return bits ? bits : MOST_BITS;
}

int gale__websocket_deflate_message(gale_websocket *self, gale_str message, gale__buffer *out)
{
    gale__websocket_type *type = self->type;
    if (self->windows && self->windows->keeps_deflater)
        return gale__websocket_deflater_run(&self->windows->deflater, message, out);
    if (!type->can_deflate) {
        GALE_TRY(
            begin_deflater(&type->deflater, type->slots->compression, shared_bits(type), false));
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
    /* A client with a small window needs a deflater of its own, even if that keeps nothing. */
    bool own = !agreed->server_no_context_takeover ||
               agreed->server_max_window_bits < shared_bits(self->type);
    self->compressed = true;
    if (!own && agreed->client_no_context_takeover)
        return 0;
    gale__websocket_windows *windows = self->windows = GALE__NEW(gale__websocket_windows);
    if (!windows)
        return -ENOMEM;
    if (own) {
        GALE_TRY(begin_deflater(&windows->deflater, self->type->slots->compression,
                                agreed->server_max_window_bits,
                                !agreed->server_no_context_takeover));
        windows->keeps_deflater = true;
    }
    if (!agreed->client_no_context_takeover) {
        GALE_TRY(gale__websocket_inflater_begin(&windows->inflater, agreed->client_max_window_bits,
                                                true));
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
