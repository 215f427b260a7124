/* SPDX-License-Identifier: Apache-2.0 */
/* From the options of the log to its sinks. */
#include "app/log_setup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "app/log_file.h"
#include "core/error.h"
#include "core/memory.h"

gale_log_options gale__log_options_complete(const gale_log_options *options)
{
    gale_log_options all = options ? *options : (gale_log_options){ 0 };
    all.logging = all.logging ? all.logging : "info";
    all.log_file_max_size = all.log_file_max_size ? all.log_file_max_size : 100000000;
    all.log_file_num_backups = all.log_file_num_backups ? all.log_file_num_backups : 10;
    all.log_rotate_mode = all.log_rotate_mode ? all.log_rotate_mode : "size";
    all.log_rotate_when = all.log_rotate_when ? all.log_rotate_when : "midnight";
    all.log_rotate_interval = all.log_rotate_interval ? all.log_rotate_interval : 1;
    all.log_format = all.log_format ? all.log_format : "text";
    return all;
}

/* ---- What the texts mean ---- */

/* Above the levels: as it is. */
enum { LEAVE_ALONE = GALE_LOG_OFF + 1 };

static int read_level(const char *text)
{
    static const struct {
        const char *name;
        int level;
    } levels[] = { { "debug", GALE_LOG_DEBUG },
                   { "info", GALE_LOG_INFO },
                   { "warning", GALE_LOG_WARNING },
                   { "error", GALE_LOG_ERROR },
                   { "none", LEAVE_ALONE } };
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        if (strcasecmp(levels[i].name, text) == 0)
            return levels[i].level;
    return gale__fail(GALE_EINVALID, "logging is debug, info, warning, error or none, not \"%s\"",
                      text);
}

/* The same in a text that stays; NULL when it is none. */
static const char *find_when(const char *text)
{
    static const char *const whens[] = { "S",  "M",  "H",  "D",  "midnight", "W0",
                                         "W1", "W2", "W3", "W4", "W5",       "W6" };
    for (size_t i = 0; i < sizeof whens / sizeof *whens; i++)
        if (strcasecmp(whens[i], text) == 0)
            return whens[i];
    return NULL;
}

static int read_rotation(const gale_log_options *options, gale__log_rotation *out)
{
    bool by_time = strcasecmp(options->log_rotate_mode, "time") == 0;
    if (!by_time && strcasecmp(options->log_rotate_mode, "size") != 0)
        return gale__fail(GALE_EINVALID,
                          "The value of log_rotate_mode option should be \"size\" or \"time\", "
                          "not \"%s\"",
                          options->log_rotate_mode);
    const char *when = find_when(options->log_rotate_when);
    if (!when)
        return gale__fail(GALE_EINVALID,
                          "log_rotate_when is S, M, H, D, midnight or W0 to W6, not \"%s\"",
                          options->log_rotate_when);
    if (options->log_rotate_interval < 1 || options->log_rotate_interval > 100000)
        return gale__fail(GALE_EINVALID, "log_rotate_interval is from 1 to 100000, not %d",
                          options->log_rotate_interval);
    *out = (gale__log_rotation){
        .max_size = options->log_file_max_size > 0 ? options->log_file_max_size : 0,
        .backups = options->log_file_num_backups > 0 ? options->log_file_num_backups : 0,
        .when = by_time ? when : NULL,
        .interval = options->log_rotate_interval
    };
    return 0;
}

static int read_format(const gale_log_options *options, gale_log_formatter *out)
{
    *out = (gale_log_formatter){ .json = strcasecmp(options->log_format, "json") == 0 };
    if (out->json || strcasecmp(options->log_format, "text") == 0)
        return 0;
    return gale__fail(GALE_EINVALID, "log_format is text or json, not \"%s\"", options->log_format);
}

/* ---- Sinks ---- */

static struct {
    gale__log_sink *file, *other; /* NULL: none */
} current;

static bool has_colors(void)
{
    const char *terminal = getenv("TERM"), *no_color = getenv("NO_COLOR");
    return isatty(STDERR_FILENO) && terminal && *terminal && strcmp(terminal, "dumb") != 0 &&
           !(no_color && *no_color);
}

static size_t write_nothing(gale__log_sink *sink, const char *data, size_t size, bool last)
{
    (void)sink;
    (void)data;
    (void)last;
    return size;
}

static int make_file(const gale_log_options *options, const gale__log_rotation *rotation,
                     gale__log_sink **ret_sink)
{
    *ret_sink = NULL;
    if (!options->log_file_prefix || !*options->log_file_prefix)
        return 0;
    int result = gale__log_file_new(options->log_file_prefix, rotation, ret_sink);
    return result < 0 ? gale__fail(result, "log_file_prefix %s: %s", options->log_file_prefix,
                                   gale_strerror(result))
                      : 0;
}

/* Standard error, or when nothing was wanted, nothing. */
static int make_other(const gale_log_options *options, bool has_file,
                      const gale_log_formatter *formatter, gale__log_sink **ret_sink)
{
    bool wanted = options->log_to_stderr > 0 || (options->log_to_stderr == 0 && !has_file);
    *ret_sink = NULL;
    if (!wanted && has_file)
        return 0;
    gale__log_sink *sink = GALE__NEW(gale__log_sink);
    if (!sink)
        return gale__fail(-ENOMEM, "out of memory");
    sink->write = wanted ? gale__log_write_stderr : write_nothing;
    sink->formatter = *formatter;
    sink->formatter.color = !formatter->json && has_colors();
    *ret_sink = sink;
    return 0;
}

void gale__log_setup_end(void)
{
    gale__log_set_sinks(NULL);
    if (current.file)
        gale__log_file_free(current.file);
    gale__free(current.other);
    current.file = current.other = NULL;
}

static int replace_sinks(const gale_log_options *options, const gale__log_rotation *rotation,
                         const gale_log_formatter *formatter)
{
    gale__log_sink *file, *other;
    GALE_TRY(make_file(options, rotation, &file));
    int result = make_other(options, file != NULL, formatter, &other);
    if (result < 0) {
        if (file)
            gale__log_file_free(file);
        return result;
    }
    gale__log_setup_end();
    if (file) {
        file->formatter = *formatter;
        file->next = other;
    }
    current.file = file;
    current.other = other;
    gale__log_set_sinks(file ? file : other);
    return 0;
}

int gale_enable_pretty_logging(const gale_log_options *options)
{
    gale_log_options all = gale__log_options_complete(options);
    gale__log_rotation rotation;
    gale_log_formatter formatter;
    int level = read_level(all.logging);
    if (level < 0 || level == LEAVE_ALONE)
        return level < 0 ? level : 0;
    GALE_TRY(read_rotation(&all, &rotation));
    GALE_TRY(read_format(&all, &formatter));
    GALE_TRY(replace_sinks(&all, &rotation, &formatter));
    gale_log_set_level((gale_log_level)level);
    return 0;
}
