/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines that a test expects. */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <gale/testing.h>

#include "core/buffer.h"
#include "core/error.h"
#include "core/log_sink.h"
#include "web/route.h"

enum { LOGGERS = GALE_LOG_ACCESS + 1 };

struct gale_expect_log {
    gale__log_filter filter;
    gale_expect_log_options options;
    gale_logger logger;
    char *regex;
    gale__route_pattern pattern; /* of a whole message that begins with the expression */
    atomic_size_t matched, other_level;
    gale_log_level former[LOGGERS];
};

/* The mutex of the log is held. */
static bool suppress(gale__log_filter *filter, const gale_log_record *record)
{
    gale_expect_log *self = GALE__CONTAINER_OF(filter, gale_expect_log, filter);
    gale_str message = { record->message, record->size };
    if (!self->options.any_logger && record->logger != self->logger)
        return false;
    if (gale__route_pattern_match(&self->pattern, message, NULL, NULL) <= 0)
        return false;
    bool level_fits = self->options.level == 0 || record->level == self->options.level;
    atomic_fetch_add(level_fits ? &self->matched : &self->other_level, 1);
    return level_fits;
}

static int compile(gale_expect_log *self, const char *regex)
{
    gale__buffer text;
    gale__buffer_init(&text, SIZE_MAX);
    gale__buffer_printf(&text, "(?s)(?:%s).*", regex);
    int result = text.error;
    if (result >= 0)
        result = gale__route_pattern_compile(&self->pattern, gale__buffer_begin(&text));
    gale__buffer_clear(&text);
    if (result >= 0)
        self->regex = gale__strdup(regex, strlen(regex));
    return result < 0 ? result : self->regex ? 0 : -ENOMEM;
}

static void enable_level(gale_expect_log *self)
{
    for (int i = 0; i < LOGGERS; i++) {
        self->former[i] = gale_log_get_level((gale_logger)i);
        if ((self->options.any_logger || (int)self->logger == i) &&
            self->options.level < self->former[i])
            gale_log_set_logger_level((gale_logger)i, self->options.level);
    }
}

static void release(gale_expect_log *self)
{
    gale__route_pattern_free(&self->pattern);
    gale__free(self->regex);
    gale__free(self);
}

gale_expect_log *gale_expect_log_begin(gale_logger logger, const char *regex,
                                       const gale_expect_log_options *options)
{
    gale_expect_log *self = GALE__NEW(gale_expect_log);
    if (!self) {
        gale__fail(-ENOMEM, "out of memory");
        return NULL;
    }
    self->filter.suppress = suppress;
    self->logger = logger;
    if (options)
        self->options = *options;
    if (compile(self, regex) < 0) {
        release(self);
        return NULL;
    }
    if (self->options.level)
        enable_level(self);
    gale__log_add_filter(&self->filter);
    return self;
}

size_t gale_expect_log_matched(const gale_expect_log *expected)
{
    return atomic_load(&((gale_expect_log *)(uintptr_t)expected)->matched);
}

int gale_expect_log_end(gale_expect_log *self)
{
    if (!self)
        return -ENOMEM;
    gale__log_remove_filter(&self->filter);
    for (int i = 0; self->options.level && i < LOGGERS; i++)
        gale_log_set_logger_level((gale_logger)i, self->former[i]);
    int result = 0;
    if (atomic_load(&self->matched) == 0 && !self->options.not_required)
        result = gale__fail(GALE_ENOTFOUND, "did not get expected log message: %s%s", self->regex,
                            atomic_load(&self->other_level) ? " (it came at another level)" : "");
    release(self);
    return result;
}
