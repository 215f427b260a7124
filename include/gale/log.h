/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gale/log.h: log lines. Tornado's counterpart: tornado.log.
 *
 * gale logs through three loggers, as Tornado does: ACCESS (one line a request), APPLICATION
 * (errors in the user's code) and GENERAL (everything else). A line whose level is not enabled
 * is not even formatted. Lines go to a hook; the default hook collects them and writes them to
 * standard error at most once a turn of the loop.
 */
#ifndef GALE_LOG_H
#define GALE_LOG_H

#include <gale/core.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum gale_log_level {
    GALE_LOG_DEBUG = 10,
    GALE_LOG_INFO = 20,
    GALE_LOG_WARNING = 30,
    GALE_LOG_ERROR = 40,
    GALE_LOG_OFF = 100
} gale_log_level;

typedef enum gale_logger {
    GALE_LOG_GENERAL,     /**< Tornado: log.gen_log ("tornado.general") */
    GALE_LOG_APPLICATION, /**< Tornado: log.app_log ("tornado.application") */
    GALE_LOG_ACCESS       /**< Tornado: log.access_log ("tornado.access") */
} gale_logger;

/** Receives each enabled line; `message` has no line end and is borrowed during the call. */
typedef void (*gale_log_hook)(gale_logger logger, gale_log_level level, const char *message,
                              size_t size, void *arg);

/** The level below which all three loggers are silent. WARNING until it is set. */
GALE_API void gale_log_set_level(gale_log_level level);
/** True when a line of that level would be written. */
GALE_API GALE_ANY_THREAD bool gale_log_enabled(gale_logger logger, gale_log_level level);
/** Sends all lines to `hook` instead of standard error; NULL goes back to the default. */
GALE_API void gale_log_set_hook(gale_log_hook hook, void *arg);
/** Logs one line, formatted as by printf. Lines longer than 8 KiB are cut. */
GALE_API GALE_ANY_THREAD void gale_log(gale_logger logger, gale_log_level level, const char *format,
                                       ...) GALE_PRINTF(3, 4);
/** Writes what the default hook has collected. The loop does so once a turn. */
GALE_API GALE_ANY_THREAD void gale_log_flush(void);

#ifdef __cplusplus
}
#endif

#endif
