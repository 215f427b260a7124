/* SPDX-License-Identifier: Apache-2.0 */
/* The options of the log. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "app/log_setup.h"
#include "app/option_parser.h"
#include "core/error.h"
#include "core/memory.h"

typedef struct gale__logging {
    gale_log_options own;
    gale_log_options *values;
    bool to_stderr; /* the variable of log-to-stderr, which has three values there */
} gale__logging;

static int set_to_stderr(const gale_option *option)
{
    gale__logging *logging = option->arg;
    logging->values->log_to_stderr = logging->to_stderr ? 1 : GALE_NONE;
    return 0;
}

/* Refuses a text early, with the option's name. `arg` lists what is allowed. */
static int check_word(const gale_option *option)
{
    const char *value = *(const char **)option->value, *words = option->arg;
    size_t size = strlen(value);
    for (const char *word = words; *word; word += strspn(word, "|")) {
        size_t length = strcspn(word, "|");
        if (length == size && strncasecmp(word, value, size) == 0)
            return 0;
        word += length;
    }
    return gale_option_expected("expected one of %s", words);
}

/* On the command line 0 is none, as in Tornado; in the struct 0 is the default. */
static int apply(void *arg)
{
    const gale__logging *logging = arg;
    gale_log_options options = *logging->values;
    if (options.log_file_max_size == 0)
        options.log_file_max_size = GALE_NONE;
    if (options.log_file_num_backups == 0)
        options.log_file_num_backups = GALE_NONE;
    return gale_enable_pretty_logging(&options);
}

static int define_all(gale_option_parser *parser, gale__logging *logging)
{
    static const char levels[] = "debug|info|warning|error|none", modes[] = "size|time",
                      whens[] = "S|M|H|D|midnight|W0|W1|W2|W3|W4|W5|W6", formats[] = "text|json";
    gale_log_options *values = logging->values;
    const gale_option options[] = {
        { .name = "logging",
          .value = (void *)(uintptr_t)&values->logging,
          .help = "the least level that is logged; none leaves the log as it is",
          .metavar = levels,
          .callback = check_word,
          .arg = (void *)(uintptr_t)levels },
        { .name = "log_to_stderr",
          .type = GALE_OPTION_BOOL,
          .value = &logging->to_stderr,
          .help =
              "log to standard error, also when there is a file; by default, when there is none",
          .callback = set_to_stderr,
          .arg = logging },
        { .name = "log_file_prefix",
          .value = (void *)(uintptr_t)&values->log_file_prefix,
          .help = "log to this file; several processes may share it",
          .metavar = "PATH" },
        { .name = "log_file_max_size",
          .type = GALE_OPTION_INT64,
          .value = &values->log_file_max_size,
          .help = "bytes of a file before a new one is begun" },
        { .name = "log_file_num_backups",
          .type = GALE_OPTION_INT,
          .value = &values->log_file_num_backups,
          .help = "how many old files are kept" },
        { .name = "log_rotate_mode",
          .value = (void *)(uintptr_t)&values->log_rotate_mode,
          .help = "begin a new file by size or time",
          .metavar = modes,
          .callback = check_word,
          .arg = (void *)(uintptr_t)modes },
        { .name = "log_rotate_when",
          .value = (void *)(uintptr_t)&values->log_rotate_when,
          .help = "by time: seconds, minutes, hours, days, at midnight, or at the end of "
                  "Monday (W0) to Sunday (W6)",
          .metavar = "S|M|H|D|midnight|W0...",
          .callback = check_word,
          .arg = (void *)(uintptr_t)whens },
        { .name = "log_rotate_interval",
          .type = GALE_OPTION_INT,
          .value = &values->log_rotate_interval,
          .help = "every so many of them" },
        { .name = "log_format",
          .value = (void *)(uintptr_t)&values->log_format,
          .help = "lines of text or of JSON",
          .metavar = formats,
          .callback = check_word,
          .arg = (void *)(uintptr_t)formats },
    };
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        gale_option option = options[i];
        option.group = "log";
        GALE_TRY(gale_option_parser_define(parser, &option));
    }
    return gale_option_parser_add_parse_callback(parser, apply, logging);
}

int gale_define_logging_options(gale_option_parser *parser, gale_log_options *values)
{
    if (parser->logging)
        return gale__fail(-EEXIST, "the options of the log are defined already");
    gale__logging *logging = GALE__NEW(gale__logging);
    if (!logging)
        return gale__fail(-ENOMEM, "out of memory");
    parser->logging = logging;
    logging->values = values ? values : &logging->own;
    logging->to_stderr = logging->values->log_to_stderr > 0;
    *logging->values = gale__log_options_complete(logging->values); /* for --help */
    return define_all(parser, logging);
}
