/* SPDX-License-Identifier: Apache-2.0 */
#include "app/log_setup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <gale/options.h>

#include "app/child_test.h"
#include "app/log_file.h"
#include "test.h"

/* ---- A folder for the files of a test ---- */

static char folder[64], prefix[96];

static void open_folder(void)
{
    snprintf(folder, sizeof folder, "/tmp/gale-log-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(prefix, sizeof prefix, "%s/test_log", folder);
    gale_log_set_hook(NULL, NULL);
}

/* Removes everything, and the sinks. Returns how many files there were. */
static int close_folder(void)
{
    int count = 0;
    char path[400];
    struct dirent *entry;
    gale__log_setup_end();
    DIR *stream = opendir(folder);
    assert_non_null(stream);
    while ((entry = readdir(stream))) {
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        count += unlink(path) == 0;
    }
    closedir(stream);
    assert_ok(rmdir(folder));
    return count;
}

/* What the file with that suffix holds; "" when it is not there. */
static const char *content(const char *suffix)
{
    static char text[16384];
    char path[160];
    snprintf(path, sizeof path, "%s%s", prefix, suffix);
    int fd = open(path, O_RDONLY);
    ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    text[size < 0 ? 0 : size] = '\0';
    return text;
}

static bool exists(const char *suffix)
{
    char path[160];
    snprintf(path, sizeof path, "%s%s", prefix, suffix);
    return access(path, F_OK) == 0;
}

/* Enables with these options; the file is the folder's. */
#define ENABLE(...)                                                                                \
    gale_enable_pretty_logging(&(gale_log_options){ .log_file_prefix = prefix, __VA_ARGS__ })

static void log_error(const char *text)
{
    gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "%s", text);
    gale_log_flush();
}

/* ---- Tornado's cases ---- */

static void check_hello(void)
{
    char letter;
    int date, hour, minute, second, line, end = 0;
    log_error("hello");
    assert_int_equal(sscanf(content(""), "[%c %6d %2d:%2d:%2d log_setup_test:%d] hello%n", &letter,
                            &date, &hour, &minute, &second, &line, &end),
                     6);
    assert_string_equal(content("") + end, "\n");
    assert_int_equal(letter, 'E');
}

TEST(log_file)
{
    open_folder();
    assert_ok(ENABLE(.log_to_stderr = 0));
    assert_int_equal(gale_log_get_level(GALE_LOG_ACCESS), GALE_LOG_INFO);
    check_hello();
    assert_int_equal(close_folder(), 1);
}

TEST(log_file_with_timed_rotating)
{
    open_folder();
    assert_ok(ENABLE(.log_rotate_mode = "time"));
    check_hello();
    assert_int_equal(close_folder(), 1);
}

TEST(what_the_options_refuse)
{
    open_folder();
    assert_error(ENABLE(.log_rotate_mode = "wrong_mode"), GALE_EINVALID);
    assert_string_equal(gale_error_detail(),
                        "The value of log_rotate_mode option should be \"size\" or \"time\", not "
                        "\"wrong_mode\"");
    assert_error(ENABLE(.log_rotate_when = "W7"), GALE_EINVALID);
    assert_error(ENABLE(.log_rotate_interval = -1), GALE_EINVALID);
    assert_error(ENABLE(.logging = "loud"), GALE_EINVALID);
    assert_error(ENABLE(.log_format = "xml"), GALE_EINVALID);
    snprintf(prefix, sizeof prefix, "%s/none/x", folder);
    assert_error(ENABLE(.logging = "debug"), -ENOENT);
    assert_non_null(strstr(gale_error_detail(), "/none/x: No such file or directory"));
    assert_int_equal(gale_log_get_level(GALE_LOG_GENERAL), GALE_LOG_WARNING);
    test_fail_allocation(1);
    assert_error(gale_enable_pretty_logging(NULL), -ENOMEM);
    assert_int_equal(close_folder(), 0);
}

typedef struct logging_program {
    const char *logging; /* set before; NULL: it is not */
    bool parse;
    const char *argument; /* NULL: none */
} logging_program;

static int log_one(void *arg)
{
    const logging_program *self = arg;
    char *arguments[] = { "main", (char *)(uintptr_t)self->argument, NULL };
    if (self->logging)
        gale_option_parser_set(gale_options(), "logging", self->logging);
    if (self->parse)
        gale_parse_command_line(self->argument ? 2 : 1, arguments);
    gale_log(GALE_LOG_APPLICATION, GALE_LOG_INFO, "hello");
    return 0;
}

/* Whether such a program logs INFO. */
static bool logs_present(const char *logging, bool parse, const char *argument)
{
    char said[CHILD_SAID_MAX];
    assert_int_equal(run_child(log_one, &(logging_program){ logging, parse, argument }, said), 0);
    return strstr(said, "hello") != NULL;
}

TEST(the_option_turns_the_log_on_and_off)
{
    assert_false(logs_present(NULL, false, NULL));
    assert_true(logs_present(NULL, true, NULL));
    assert_false(logs_present(NULL, true, "--logging=none"));
    assert_false(logs_present(NULL, true, "--logging=None"));
    assert_false(logs_present("none", true, NULL));
    assert_true(logs_present("none", true, "--logging=info"));
    assert_false(logs_present(NULL, true, "--logging=error"));
    assert_false(logs_present(NULL, true, "--log-to-stderr=false"));
}

/* ---- Rotation by size ---- */

TEST(a_full_file_is_renamed)
{
    open_folder();
    /* "[E 261124 12:34:56 log_setup_test:123] N........." */
    assert_ok(ENABLE(.log_file_max_size = 140, .log_file_num_backups = 2));
    static const char *const lines[] = { "1.........", "2.........", "3.........", "4.........",
                                         "5.........", "6.........", "7........." };
    for (size_t i = 0; i < 7; i++)
        log_error(lines[i]);
    assert_non_null(strstr(content(""), "] 7"));
    assert_null(strstr(content(""), "] 6"));
    assert_non_null(strstr(content(".1"), "] 5"));
    assert_non_null(strstr(content(".1"), "] 6"));
    assert_non_null(strstr(content(".2"), "] 3"));
    assert_non_null(strstr(content(".2"), "] 4"));
    assert_false(exists(".3"));
    assert_int_equal(close_folder(), 3);
}

TEST(lines_of_one_turn_are_spread_over_files)
{
    open_folder();
    assert_ok(ENABLE(.log_file_max_size = 150, .log_file_num_backups = 20));
    for (int i = 0; i < 30; i++)
        gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "%d.........", i);
    gale_log_flush();
    assert_non_null(strstr(content(""), "] 29."));
    assert_non_null(strstr(content(".14"), "] 0."));
    assert_int_equal(close_folder(), 15);
}

TEST(no_backups_mean_no_renaming)
{
    open_folder();
    assert_ok(ENABLE(.log_file_max_size = 60, .log_file_num_backups = GALE_NONE));
    log_error("1");
    log_error("2");
    assert_int_equal(close_folder(), 1);
    open_folder();
    assert_ok(ENABLE(.log_file_max_size = GALE_NONE));
    log_error("1");
    log_error("2");
    assert_int_equal(close_folder(), 1);
}

enum { PROCESSES = 3, LINES = 300 };

TEST(processes_share_a_file_that_is_renamed)
{
    open_folder();
    for (int i = 0; i < PROCESSES; i++)
        if (fork() == 0) {
            gale_log_set_hook(NULL, NULL);
            if (ENABLE(.log_file_max_size = 4000, .log_file_num_backups = 100) < 0)
                _exit(1);
            for (int line = 0; line < LINES; line++) {
                gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "process %d line %d", i, line);
                if (line % 3 == 0)
                    gale_log_flush();
            }
            gale_log_flush();
            _exit(0);
        }
    for (int i = 0, status; i < PROCESSES; i++)
        assert_true(wait(&status) > 0 && status == 0);
    int lines = 0;
    for (int i = 0; i <= 100; i++) {
        char suffix[16];
        snprintf(suffix, sizeof suffix, i ? ".%d" : "%.0d", i);
        for (const char *at = content(suffix); (at = strstr(at, "] process ")); at++)
            lines++;
    }
    assert_int_equal(lines, PROCESSES * LINES);
    assert_true(close_folder() > 5);
}

/* ---- Rotation by time ---- */

static int64_t local_time(const char *text)
{
    struct tm local = { .tm_isdst = -1 };
    assert_non_null(strptime(text, "%Y-%m-%d %H:%M:%S", &local));
    return (int64_t)mktime(&local);
}

TEST(when_a_file_ends_and_how_it_is_called)
{
    static const struct {
        const char *when;
        int interval;
        const char *start, *end, *suffix;
    } cases[] = {
        { "S", 5, "2026-07-08 12:00:00", "2026-07-08 12:00:05", ".2026-07-08_12-00-00" },
        { "M", 1, "2026-07-08 12:00:30", "2026-07-08 12:01:30", ".2026-07-08_12-00" },
        { "H", 2, "2026-07-08 12:00:30", "2026-07-08 14:00:30", ".2026-07-08_12" },
        { "D", 1, "2026-07-08 12:00:30", "2026-07-09 12:00:30", ".2026-07-08" },
        { "midnight", 1, "2026-07-08 12:00:30", "2026-07-09 00:00:00", ".2026-07-08" },
        { "midnight", 2, "2026-12-31 23:59:59", "2027-01-02 00:00:00", ".2026-12-31" },
        /* 2026-07-08 is a Wednesday. */
        { "W2", 1, "2026-07-08 12:00:30", "2026-07-09 00:00:00", ".2026-07-02" },
        { "W0", 1, "2026-07-08 12:00:30", "2026-07-14 00:00:00", ".2026-07-07" },
        { "W6", 1, "2026-07-08 12:00:30", "2026-07-13 00:00:00", ".2026-07-06" },
        /* An hour of summer time begins on 29 March and ends on 25 October. */
        { "midnight", 1, "2026-03-29 00:30:00", "2026-03-30 00:00:00", ".2026-03-29" },
        { "midnight", 1, "2026-10-25 12:00:00", "2026-10-26 00:00:00", ".2026-10-25" },
    };
    char suffix[32];
    setenv("TZ", "Europe/Berlin", 1);
    tzset();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gale__log_rotation rotation = { .when = cases[i].when, .interval = cases[i].interval };
        int64_t end = gale__log_rollover(&rotation, local_time(cases[i].start));
        assert_int_equal(end, local_time(cases[i].end));
        gale__log_suffix(&rotation, end, suffix);
        assert_string_equal(suffix, cases[i].suffix);
    }
    unsetenv("TZ");
    tzset();
}

TEST(a_file_of_yesterday_is_renamed_at_once)
{
    char suffix[32];
    open_folder();
    int fd = open(prefix, O_CREAT | O_WRONLY, 0600);
    assert_int_equal(write(fd, "old\n", 4), 4);
    const struct timespec times[2] = { { time(NULL) - 86400, 0 }, { time(NULL) - 86400, 0 } };
    assert_ok(futimens(fd, times));
    close(fd);
    strftime(suffix, sizeof suffix, ".%Y-%m-%d", localtime(&times[0].tv_sec));
    assert_ok(ENABLE(.log_rotate_mode = "time"));
    log_error("new");
    assert_string_equal(content(suffix), "old\n");
    assert_non_null(strstr(content(""), "] new\n"));
    assert_int_equal(close_folder(), 2);
}

TEST(a_file_whose_time_is_over_is_renamed)
{
    open_folder();
    static const char *const old[] = { ".2001-01-01_00-00-00", ".2001-01-01_00-00-01",
                                       ".2001-01-01_00-00-02", ".other" };
    for (size_t i = 0; i < 4; i++) {
        char path[160];
        snprintf(path, sizeof path, "%s%s", prefix, old[i]);
        close(open(path, O_CREAT | O_WRONLY, 0600));
    }
    assert_ok(ENABLE(.log_rotate_mode = "time", .log_rotate_when = "s", .log_file_num_backups = 2));
    log_error("first");
    usleep(1100 * 1000);
    log_error("second");
    assert_null(strstr(content(""), "first"));
    assert_non_null(strstr(content(""), "second"));
    assert_false(exists(old[0]) || exists(old[1]));
    assert_true(exists(old[2]) && exists(old[3]));
    assert_int_equal(close_folder(), 4);
}

/* ---- Reopening ---- */

TEST(a_file_that_was_moved_or_removed_is_opened_anew)
{
    char moved[128];
    open_folder();
    assert_ok(ENABLE(.logging = "info"));
    log_error("first");
    snprintf(moved, sizeof moved, "%s.moved", prefix);
    assert_ok(rename(prefix, moved));
    log_error("second");
    assert_ok(unlink(prefix));
    log_error("third");
    gale_log_reopen();
    log_error("fourth");
    assert_non_null(strstr(content(".moved"), "first"));
    assert_null(strstr(content(".moved"), "second"));
    assert_null(strstr(content(""), "second"));
    assert_non_null(strstr(content(""), "third"));
    assert_non_null(strstr(content(""), "fourth"));
    assert_int_equal(close_folder(), 2);
}

TEST(a_relative_path_outlives_a_change_of_directory)
{
    char before[256];
    assert_non_null(getcwd(before, sizeof before));
    open_folder();
    assert_ok(chdir(folder));
    snprintf(prefix, sizeof prefix, "test_log");
    assert_ok(ENABLE(.logging = "info"));
    assert_ok(chdir(before));
    log_error("first");
    snprintf(prefix, sizeof prefix, "%s/test_log", folder);
    assert_non_null(strstr(content(""), "first"));
    assert_int_equal(close_folder(), 1);
}

/* ---- Forms and places ---- */

TEST(json_lines)
{
    open_folder();
    assert_ok(ENABLE(.log_format = "json"));
    log_error("a \"line\"\nof \x1b \xff two");
    json_t *line = gale_json_decode((gale_str){ content(""), strcspn(content(""), "\n") });
    assert_non_null(line);
    assert_string_equal(json_string_value(json_object_get(line, "message")),
                        "a \"line\"\nof \x1b \xef\xbf\xbd two");
    assert_string_equal(json_string_value(json_object_get(line, "level")), "error");
    assert_string_equal(json_string_value(json_object_get(line, "logger")), "general");
    assert_memory_equal(json_string_value(json_object_get(line, "source")), "log_setup_test:", 15);
    assert_int_equal(strlen(json_string_value(json_object_get(line, "time"))),
                     sizeof "2026-07-08T12:34:56.789Z" - 1);
    json_decref(line);
    assert_int_equal(close_folder(), 1);
}

TEST(lines_go_to_the_file_and_to_standard_error_when_asked_for)
{
    open_folder();
    int kept = dup(STDERR_FILENO);
    FILE *captured = tmpfile();
    assert_true(dup2(fileno(captured), STDERR_FILENO) >= 0);
    assert_ok(ENABLE(.log_to_stderr = 1));
    log_error("both");
    assert_ok(ENABLE(.log_to_stderr = 0));
    log_error("file");
    assert_ok(gale_enable_pretty_logging(&(gale_log_options){ .log_to_stderr = GALE_NONE }));
    log_error("none");
    gale__log_setup_end();
    dup2(kept, STDERR_FILENO);
    close(kept);
    char text[1024] = "";
    assert_true(pread(fileno(captured), text, sizeof text - 1, 0) > 0);
    fclose(captured);
    assert_non_null(strstr(text, "both"));
    assert_null(strstr(text, "file"));
    assert_null(strstr(text, "none"));
    assert_non_null(strstr(content(""), "both"));
    assert_non_null(strstr(content(""), "file"));
    assert_int_equal(close_folder(), 1);
}

/* What standard error gets when it is a terminal, with this environment. */
static void on_terminal(const char *term, const char *no_color, char said[512])
{
    int terminal, program, kept = dup(STDERR_FILENO);
    assert_int_equal(openpty(&terminal, &program, NULL, NULL, NULL), 0);
    assert_true(dup2(program, STDERR_FILENO) >= 0);
    setenv("TERM", term, 1);
    setenv("NO_COLOR", no_color, 1);
    int result = gale_enable_pretty_logging(NULL);
    log_error("hello");
    gale__log_setup_end();
    dup2(kept, STDERR_FILENO);
    ssize_t size = read(terminal, said, 511);
    close(kept);
    close(program);
    close(terminal);
    assert_ok(result);
    said[size < 0 ? 0 : size] = '\0';
}

TEST(lines_have_colours_on_a_terminal)
{
    char said[512];
    gale_log_set_hook(NULL, NULL);
    on_terminal("xterm", "", said);
    assert_memory_equal(said, "\x1b[31m[E ", 8);
    assert_non_null(strstr(said, "]\x1b[0m hello"));
    on_terminal("dumb", "", said);
    assert_memory_equal(said, "[E ", 3);
    on_terminal("xterm", "1", said);
    assert_memory_equal(said, "[E ", 3);
    unsetenv("NO_COLOR");
}

TEST(none_leaves_everything_as_it_is)
{
    assert_ok(gale_enable_pretty_logging(&(gale_log_options){ .logging = "NONE" }));
    assert_int_equal(gale_log_get_level(GALE_LOG_ACCESS), GALE_LOG_WARNING);
    assert_int_equal(gale_log_get_level(GALE_LOG_GENERAL), GALE_LOG_WARNING);
}

TEST(options_of_a_parser_of_ones_own)
{
    open_folder();
    char argument[128];
    gale_log_options values = { .logging = "error" };
    gale_option_parser *options = gale_option_parser_new();
    assert_ok(gale_define_logging_options(options, &values));
    assert_error(gale_define_logging_options(options, &values), -EEXIST);
    assert_int_equal(values.log_file_num_backups, 10);
    snprintf(argument, sizeof argument, "--log_file_prefix=%s", prefix);
    char *arguments[] = { "main", argument, "--log-file-max-size=0", NULL };
    assert_int_equal(gale_option_parser_parse_command_line(options, 3, arguments, true), 3);
    assert_int_equal(gale_log_get_level(GALE_LOG_ACCESS), GALE_LOG_ERROR);
    assert_error(gale_option_parser_set(options, "log-rotate-when", "Tuesday"), GALE_EINVALID);
    log_error("hello");
    assert_non_null(strstr(content(""), "hello"));
    gale_option_parser_free(options);
    assert_int_equal(close_folder(), 1);
}

GALE_TEST_MAIN
