/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gale/log.h: log lines. Tornado's counterpart: tornado.log.
 *
 * gale logs through three loggers, as Tornado does: ACCESS (one line a request), APPLICATION
 * (errors in the user's code) and GENERAL (everything else). A line whose level is not enabled
 * is not even formatted. Lines are collected, and written to standard error at most once a turn of
 * the loop, as Tornado formats them:
 *
 *   [W 260708 12:34:56 blog:24] no such story
 *
 * A program that parses its options gets level INFO, colours on a terminal, and log files when it
 * is asked for them, see gale_log_options. docs/options-and-logging.md shows it all.
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

/* ---- Logging --------------------------------------------------------------------------- */

/** Logs one line, formatted as by printf: gale_log(GALE_LOG_APPLICATION, GALE_LOG_WARNING, "no
 * story %s", id). Lines longer than 8 KiB are cut. It knows the file and line that it stands in.
 * From any thread. Tornado: log.app_log.warning. */
#define gale_log(logger, level, ...)                                                               \
    gale_log_message(GALE_LOG_FILE_, __LINE__, (logger), (level), __VA_ARGS__)
/** The function behind gale_log; `file` is not copied. */
GALE_API GALE_ANY_THREAD void gale_log_message(const char *file, int line, gale_logger logger,
                                               gale_log_level level, const char *format, ...)
    GALE_PRINTF(5, 6);
#ifdef __FILE_NAME__
#define GALE_LOG_FILE_ __FILE_NAME__
#else
#define GALE_LOG_FILE_ __FILE__
#endif

/** The level below which all three loggers are silent. WARNING until it is set. */
GALE_API void gale_log_set_level(gale_log_level level);
/** The same for one logger. Tornado: logging.getLogger("tornado.access").setLevel. */
GALE_API void gale_log_set_logger_level(gale_logger logger, gale_log_level level);
/** The level of a logger. */
GALE_API GALE_ANY_THREAD gale_log_level gale_log_get_level(gale_logger logger);
/** True when a line of that level would be written. */
GALE_API GALE_ANY_THREAD bool gale_log_enabled(gale_logger logger, gale_log_level level);
/** Writes what was collected. The loop does so once a turn, and the program's end. A pipe or
 * terminal that nobody reads does not stop the program: what does not fit into 64 KiB is lost, and
 * counted by a line of its own once there is room. */
GALE_API GALE_ANY_THREAD void gale_log_flush(void);

/* ---- Records and hooks ----------------------------------------------------------------- */

/** One line, on its way. Everything in it is borrowed during the call. Python:
 * logging.LogRecord. */
typedef struct gale_log_record {
    gale_logger logger;
    gale_log_level level;
    const char *message; /**< without a line end; it may hold line ends */
    size_t size;         /**< of the message, in bytes */
    const char *context; /**< see gale_task_set_log_context; NULL: none */
    const char *task;    /**< the task that logs, of a handler its class; NULL: outside of tasks */
    const char *file;    /**< where it was logged */
    int line;
    double time; /**< Unix time, in seconds */
} gale_log_record;

/** Receives each enabled line. From the thread that logs. */
typedef void (*gale_log_hook)(const gale_log_record *record, void *arg);
/** Sends all lines to `hook` instead of where they went; NULL undoes it. */
GALE_API void gale_log_set_hook(gale_log_hook hook, void *arg);

/** How a line looks. Zero is the default of each. Tornado: log.LogFormatter. */
typedef struct gale_log_formatter {
    /** The part in brackets in the colour of its level. */
    bool color;
    /** A JSON object instead: {"time": "2026-07-08T12:34:56.789Z", "level": "warning", "logger":
     * "application", "source": "blog:24", "task": "story", "context": "...", "message": "..."}. */
    bool json;
    /** For strftime, in local time; NULL: "%y%m%d %H:%M:%S".
     * Tornado: LogFormatter.DEFAULT_DATE_FORMAT. */
    const char *date_format;
    /** The terminal's sequences for DEBUG, INFO, WARNING, ERROR; NULL: blue, green, yellow, red.
     * Tornado: LogFormatter.DEFAULT_COLORS. */
    const char *colors[4];
    void *reserved_[2];
} gale_log_formatter;

/**
 * Writes a line without its line end, and a NUL, to `out`, cut to `size` bytes; returns the length
 * of the whole line, as snprintf does. "[W 260708 12:34:56 blog:24] message": the level's letter,
 * the date, the source without ".c". A context stands in brackets before the message. Further lines
 * of a message are indented by four spaces; control characters, and bytes that are not UTF-8, are
 * written as \xNN, so that a client's bytes are no commands to a terminal. Tornado:
 * LogFormatter.format, LogFormatter.DEFAULT_FORMAT.
 */
GALE_API GALE_ANY_THREAD size_t gale_log_format(const gale_log_formatter *formatter,
                                                const gale_log_record *record, char *out,
                                                size_t size);

/* ---- Where lines go -------------------------------------------------------------------- */

/** Where lines go, and how. The strings are copied; zero is the default of each.
 * Tornado: the options of log.define_logging_options. */
typedef struct gale_log_options {
    /** "debug", "info", "warning" or "error", in any case; "none" leaves everything as it is.
     * NULL: "info". Tornado: logging. */
    const char *logging;
    /** 0: to standard error unless there is a file; 1: always; GALE_NONE: never.
     * Tornado: log_to_stderr. */
    int log_to_stderr;
    /** A file that lines are appended to; NULL or "": none. Several processes may share it.
     * Tornado: log_file_prefix. */
    const char *log_file_prefix;
    /** Bytes of a file before it is renamed to FILE.1, FILE.1 to FILE.2 ..., and a new one is
     * begun; 0: 100000000; GALE_NONE: no limit. Tornado: log_file_max_size. */
    int64_t log_file_max_size;
    /** How many such files are kept; 0: 10; GALE_NONE: the file is never renamed by size, and all
     * are kept by time. Tornado: log_file_num_backups. */
    int log_file_num_backups;
    /** "size", or "time": renamed to FILE.2026-07-08 and so on. NULL: "size".
     * Tornado: log_rotate_mode. */
    const char *log_rotate_mode;
    /** By time: "S", "M", "H", "D" (seconds ... days), "midnight", or "W0" to "W6" (at the
     * end of Monday to Sunday). NULL: "midnight". Tornado: log_rotate_when. */
    const char *log_rotate_when;
    /** Every so many of them; 0: 1. Tornado: log_rotate_interval. */
    int log_rotate_interval;
    /** "text", or "json": JSON lines. NULL: "text". */
    const char *log_format;
    void *reserved_[4];
} gale_log_options;

/**
 * Has lines written as `options` say (NULL: all defaults), instead of what was said before. A
 * program that parses its options need not call it. Standard error is coloured when it is a
 * terminal and the environment has no NO_COLOR. Returns 0; GALE_EINVALID or -errno, with a detail
 * that names the option, and then nothing has changed. Tornado: log.enable_pretty_logging.
 */
GALE_API int gale_enable_pretty_logging(const gale_log_options *options);
/** Opens the log file anew, at the end of the turn: for a file that was renamed by another program.
 * gale notices that by itself, too, once a turn. Safe in signal handlers. */
GALE_API GALE_ANY_THREAD void gale_log_reopen(void);

#ifdef __cplusplus
}
#endif

#endif
