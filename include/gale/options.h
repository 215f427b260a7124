/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gale/options.h: options of a program: on its command line, in its environment, in a file.
 * Tornado's counterpart: tornado.options.
 *
 *     static int port = 8888;
 *     static bool debug;
 *
 *     int main(int argc, char **argv)
 *     {
 *         gale_define_int("port", &port, "run on the given port");
 *         gale_define_bool("debug", &debug, "show errors in the browser");
 *         gale_parse_command_line(argc, argv);
 *         ... port is 8888, or what --port=80 said ...
 *
 * An option is a variable: its value when it is defined is the default, and reading it is reading
 * the variable. Whatever the order of the calls, the command line goes before the environment, the
 * environment before files, and files before the default.
 *
 * A program has options for its log, too, see gale_log_options, and --help. The functions here that
 * have no parser as an argument are for main(): what is wrong ends the program with exit status 2
 * and a line on standard error that says where, what and what to do. Those of a gale_option_parser
 * return it instead. Options belong to the thread of main().
 */
#ifndef GALE_OPTIONS_H
#define GALE_OPTIONS_H

#include <stdio.h>
#include <time.h>

#include <gale/core.h>
#include <gale/json.h>
#include <gale/log.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Options --------------------------------------------------------------------------- */

/** What an option is, and so what its variable is. How each is written is in
 * docs/options-and-logging.md. Tornado: the argument `type` of options.define. */
typedef enum gale_option_type {
    /** const char *. NULL may be the default. Text that was given is valid until the option is
     * given again or the parser is freed. */
    GALE_OPTION_STR,
    /** int: 80, -1, 1_000. */
    GALE_OPTION_INT,
    /** int64_t, for sizes. */
    GALE_OPTION_INT64,
    /** double: 1.5, 1e-3. */
    GALE_OPTION_FLOAT,
    /** bool: true and false, also t f 1 0 yes no y n on off, in any case. --name is --name=true. */
    GALE_OPTION_BOOL,
    /** struct tm, without a time zone; mktime or timegm make it a time. tm_mday 0 is "none", a
     * possible default. 2013-04-28 05:16, 20130428, 05:16 (of 1900-01-01) and so on. */
    GALE_OPTION_DATETIME,
    /** double, in seconds: 45, 1.5h, 2 days 3 sec. */
    GALE_OPTION_TIMEDELTA,
    /** const char *, and the file of that name is read when the option is given, as
     * gale_parse_config_file does. `value` may be NULL. Only for a single value. */
    GALE_OPTION_CONFIG_FILE
} gale_option_type;

/** The variable of an option that takes several values: --hosts=a,b or a list in a file. The array
 * of the option's type has `count` elements, valid as the text of an option is. Numbers may be
 * ranges: 1,5:7 is 1,5,6,7. Tornado: multiple=True. */
typedef struct gale_option_list {
    size_t count;
    union {
        const char *const *strs;
        const int *ints;
        const int64_t *int64s;
        const double *floats; /**< and durations */
        const bool *bools;
        const struct tm *datetimes;
    };
} gale_option_list;

typedef struct gale_option gale_option;
typedef struct gale_option_parser gale_option_parser;

/** An option. Zero is the default of each member. What it points to must outlive the parser.
 * Tornado: the arguments of options.define. */
struct gale_option {
    /** Letters, digits, "-" and "_", of which the last two are the same. */
    const char *name;
    gale_option_type type;
    /** The variable: of the type, or a gale_option_list when `multiple`. */
    void *value;
    /** For --help. */
    const char *help;
    /** What stands for the value in --help; NULL: by the type. */
    const char *metavar;
    /** The heading in --help; NULL: the program's own. */
    const char *group;
    bool multiple;
    /** Runs when the option was given and its variable has the new value. A negative result, as
     * that of gale_option_expected, refuses it: the variable gets its old value back. */
    int (*callback)(const gale_option *option);
    /** For the callback. */
    void *arg;
    void *reserved_[4];
};

/** For callbacks: refuses the value. "no @ in it" makes the message "--email=me: no @ in it".
 * Returns GALE_EINVALID. */
GALE_API int gale_option_expected(const char *format, ...) GALE_PRINTF(1, 2);

/* ---- The options of the program -------------------------------------------------------- */

/*
 * What is wrong with a definition (the name is taken, or none; out of memory) is returned, and
 * remembered: parsing ends the program with it. So nobody has to look.
 */

/** Defines an option of any kind. GALE_EINVALID, -EEXIST, -ENOMEM. Tornado: options.define. */
GALE_API int gale_define(const gale_option *option);
/** Defines an option; `name` and `help` are not copied. */
GALE_API int gale_define_int(const char *name, int *value, const char *help);
/** The same for a 64-bit number. */
GALE_API int gale_define_int64(const char *name, int64_t *value, const char *help);
/** The same for a double. */
GALE_API int gale_define_float(const char *name, double *value, const char *help);
/** The same for a bool. */
GALE_API int gale_define_bool(const char *name, bool *value, const char *help);
/** The same for text. */
GALE_API int gale_define_str(const char *name, const char **value, const char *help);
/** The same for a date, a time, or both. */
GALE_API int gale_define_datetime(const char *name, struct tm *value, const char *help);
/** The same for a duration in seconds. */
GALE_API int gale_define_timedelta(const char *name, double *value, const char *help);
/** An option that names a configuration file: --config=blog.conf. */
GALE_API int gale_define_config_file(const char *name, const char *help);

/**
 * Takes the options off a command line: --name=value, or --name for a bool; any number of dashes.
 * The first argument that does not begin with a dash ends the options, and so does "--", which is
 * dropped. Then the parse callbacks run, of which the log's is the first. After --help the program
 * ends with status 0. Returns the index in argv of the first argument that is none, argc when there
 * is none. Tornado: options.parse_command_line.
 */
GALE_API int gale_parse_command_line(int argc, char **argv);
/**
 * Reads options from a file: lines of `name = value`. An unknown name is an error, as is a file
 * that is not there. Does not run the parse callbacks.
 *
 *     # of the blog
 *     port = 80
 *     title = "Tornado # and C"      # quotes, with JSON's escapes, keep what is in them
 *     hosts = ["a:11011", "b:11011"] # or a:11011, b:11011; a list may have several lines
 *
 * Tornado: options.parse_config_file(final=False).
 */
GALE_API void gale_parse_config_file(const char *path);
/**
 * Reads options from the environment: with the prefix "BLOG_" the option log-file-prefix is
 * BLOG_LOG_FILE_PREFIX. Other variables are left alone. Does not run the parse callbacks. `prefix`
 * is copied.
 */
GALE_API void gale_parse_environment(const char *prefix);
/** Has `callback(arg)` run when the command line was parsed. A negative result ends the program.
 * Returns 0 or -ENOMEM. Tornado: options.add_parse_callback. */
GALE_API int gale_add_parse_callback(int (*callback)(void *arg), void *arg);
/** Writes what --help writes. NULL: to standard error. Tornado: options.print_help. */
GALE_API void gale_print_help(FILE *file);

/** The parser behind these functions, made when it is first asked for; NULL when out of memory. It
 * has the options of gale_define_logging_options. gale_option_parser_free makes it as if nothing
 * had been defined. Tornado: options.options. */
GALE_API gale_option_parser *gale_options(void);

/* ---- Parsers --------------------------------------------------------------------------- */

/** A set of options; it has --help. Tornado: options.OptionParser. */
GALE_API gale_option_parser *gale_option_parser_new(void);
/** Frees it; the variables get their defaults back. NULL is allowed. */
GALE_API void gale_option_parser_free(gale_option_parser *parser);
/** As gale_define. Tornado: OptionParser.define. */
GALE_API int gale_option_parser_define(gale_option_parser *parser, const gale_option *option);
/**
 * As gale_parse_command_line; the callbacks run only when `final`. Returns the index; GALE_EINVALID
 * with a detail; what a definition or a callback has failed with; GALE_EFINISH when --help was
 * written, to standard output. argv[0] is the program. Tornado: OptionParser.parse_command_line.
 */
GALE_API int gale_option_parser_parse_command_line(gale_option_parser *parser, int argc,
                                                   char **argv, bool final);
/** As gale_parse_config_file. The detail begins with FILE:LINE. Returns 0, GALE_EINVALID, -errno,
 * or as above. Tornado: OptionParser.parse_config_file. */
GALE_API int gale_option_parser_parse_config_file(gale_option_parser *parser, const char *path,
                                                  bool final);
/** As gale_parse_environment. */
GALE_API int gale_option_parser_parse_environment(gale_option_parser *parser, const char *prefix,
                                                  bool final);
/** Gives an option a value, as if it stood on the command line; `value` NULL: its default. An
 * unknown name is GALE_ENOTFOUND. Programs that know the variable just set it.
 * Tornado: setting an attribute of OptionParser. */
GALE_API int gale_option_parser_set(gale_option_parser *parser, const char *name,
                                    const char *value);
/** The value of an option: a new reference; NULL (no such option: GALE_ENOTFOUND is the reason, or
 * out of memory). Dates are text, durations seconds, several values an array; none, and what is no
 * number of JSON, is null.
 * Tornado: getting an item of OptionParser. */
GALE_API json_t *gale_option_parser_get(gale_option_parser *parser, const char *name);
/** An option by its place in the order of definition, from 0; NULL behind the last. Borrowed.
 * Tornado: iterating over OptionParser, OptionParser.items. */
GALE_API const gale_option *gale_option_parser_at(const gale_option_parser *parser, size_t index);
/** The names of the groups, "" for the program's own: an array, a new reference; NULL when out of
 * memory. Tornado: OptionParser.groups. */
GALE_API json_t *gale_option_parser_groups(const gale_option_parser *parser);
/** The values of a group ("" or NULL: of all) by name, as gale_option_parser_get gives them: an
 * object, a new reference; NULL when out of memory. Tornado: OptionParser.group_dict. */
GALE_API json_t *gale_option_parser_group_dict(gale_option_parser *parser, const char *group);
/** All values by name. Tornado: OptionParser.as_dict. */
GALE_API json_t *gale_option_parser_as_dict(gale_option_parser *parser);
/** As gale_add_parse_callback. Tornado: OptionParser.add_parse_callback. */
GALE_API int gale_option_parser_add_parse_callback(gale_option_parser *parser,
                                                   int (*callback)(void *arg), void *arg);
/** Runs the callbacks; the first negative result ends it. Tornado:
 * OptionParser.run_parse_callbacks. */
GALE_API int gale_option_parser_run_parse_callbacks(gale_option_parser *parser);
/** Writes what --help writes, as wide as the terminal, 79 columns elsewhere. NULL: to standard
 * error. Tornado: OptionParser.print_help. */
GALE_API void gale_option_parser_print_help(gale_option_parser *parser, FILE *file);

/**
 * Defines the options of the log in the group "log": logging, log-to-stderr, log-file-prefix,
 * log-file-max-size, log-file-num-backups, log-rotate-mode, log-rotate-when, log-rotate-interval,
 * log-format; and a parse callback that hands them to gale_enable_pretty_logging. `values` gets
 * them, and its zeroes become the defaults; it must outlive the parser; NULL: one of the parser's
 * own. Tornado: log.define_logging_options.
 */
GALE_API int gale_define_logging_options(gale_option_parser *parser, gale_log_options *values);

/* ---- For tests ------------------------------------------------------------------------- */

/** A value that was put in the place of another. */
typedef struct gale_option_mock gale_option_mock;
/** gale_option_parser_set until gale_option_unmock: for a test. May be nested. NULL, with a detail,
 * when it fails. Tornado: mock.patch.object(OptionParser.mockable(), name, value). */
GALE_API gale_option_mock *gale_option_parser_mock(gale_option_parser *parser, const char *name,
                                                   const char *value);
/** Gives the option the value back that it had, and frees. NULL is allowed. */
GALE_API void gale_option_unmock(gale_option_mock *mock);

#ifdef __cplusplus
}
#endif

#endif
