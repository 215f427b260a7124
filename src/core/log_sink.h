/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where lines are collected until they are written: a list of sinks, which all get each line. The
 * default is one for standard error. All of it happens under one mutex. The memory of sinks is
 * fixed, so that logging works when there is no other.
 */
#ifndef GALE_CORE_LOG_SINK_H
#define GALE_CORE_LOG_SINK_H

#include <pthread.h>

#include <gale/log.h>

extern pthread_mutex_t gale__log_mutex;

enum {
    GALE__LOG_MESSAGE_MAX = 8 * 1024,
    GALE__LOG_CONTEXT_MAX = 128,
    GALE__LOG_SINK_SIZE = 64 * 1024 /* holds the longest line, whatever it consists of */
};

typedef struct gale__log_sink gale__log_sink;
struct gale__log_sink {
    gale_log_formatter formatter;
    /* Writes what was collected; returns how much of it need not be offered again. `last`: the
     * program ends. */
    size_t (*write)(gale__log_sink *sink, const char *data, size_t size, bool last);
    /* A line of that many bytes, with its end, is about to be collected; unset: nothing. */
    void (*before_line)(gale__log_sink *sink, const gale_log_record *record, size_t size);
    gale__log_sink *next;
    size_t lost; /* lines for which there was no room, since the last that was collected */
    size_t size; /* collected bytes */
    char buffer[GALE__LOG_SINK_SIZE];
};

/* Writes to standard error as far as it takes something without waiting. A `write` of sinks. */
size_t gale__log_write_stderr(gale__log_sink *sink, const char *data, size_t size, bool last);
/* Writes what was collected. The mutex is held. */
void gale__log_sink_flush(gale__log_sink *sink, bool last);

/* Replaces the list of sinks, after those that were there have been flushed; NULL: the default.
 * Returns the former list, NULL for the default, which is the caller's. */
gale__log_sink *gale__log_set_sinks(gale__log_sink *sinks);
/* gale_log_message of a text that ends with a NUL, and not too long, without formatting it. */
void gale__log_text(gale_logger logger, gale_log_level level, const char *file, int line,
                    gale_str text);
/* Collects a line. */
void gale__log_collect(const gale_log_record *record);

/* Sees each record before hook and sinks, and keeps it from them by returning true. It must not
 * log. */
typedef struct gale__log_filter gale__log_filter;
struct gale__log_filter {
    bool (*suppress)(gale__log_filter *filter, const gale_log_record *record);
    gale__log_filter *next;
};
void gale__log_add_filter(gale__log_filter *filter);
void gale__log_remove_filter(gale__log_filter *filter);

#endif
