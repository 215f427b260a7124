/* SPDX-License-Identifier: Apache-2.0 */
#include <gale/log.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/memory.h"
#include "test.h"

enum { LONGEST_MESSAGE = 8 * 1024 };

/* ---- Hooks ---- */

static struct {
    size_t count;
    const char *file;
    int line;
    gale_logger logger;
    gale_log_level level;
    size_t size;
    char message[LONGEST_MESSAGE + 1];
} seen;

static void see(const gale_log_record *record, void *arg)
{
    assert_ptr_equal(arg, &seen);
    assert_int_equal(record->message[record->size], '\0');
    seen.count++;
    seen.file = record->file;
    seen.line = record->line;
    seen.logger = record->logger;
    seen.level = record->level;
    seen.size = record->size;
    memcpy(seen.message, record->message, record->size + 1);
}

static void use_hook(void)
{
    memset(&seen, 0, sizeof seen);
    gale_log_set_hook(see, &seen);
}

TEST(the_hook_gets_the_formatted_line)
{
    use_hook();
    int line = __LINE__ + 1;
    gale_log(GALE_LOG_APPLICATION, GALE_LOG_ERROR, "%s: %d", "answer", 42);
    assert_int_equal(seen.line, line);
    assert_string_equal(seen.file, "log_test.c");
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.logger, GALE_LOG_APPLICATION);
    assert_int_equal(seen.level, GALE_LOG_ERROR);
    assert_string_equal(seen.message, "answer: 42");
    assert_int_equal(seen.size, 10);
}

TEST(lines_below_the_level_are_not_formatted)
{
    use_hook();
    assert_true(gale_log_enabled(GALE_LOG_GENERAL, GALE_LOG_WARNING));
    assert_false(gale_log_enabled(GALE_LOG_GENERAL, GALE_LOG_INFO));
    int formatted = 0;
    gale_log(GALE_LOG_GENERAL, GALE_LOG_INFO, "lost%n", &formatted);
    assert_int_equal(formatted, 0);
    assert_int_equal(seen.count, 0);

    gale_log_set_level(GALE_LOG_DEBUG);
    assert_true(gale_log_enabled(GALE_LOG_ACCESS, GALE_LOG_DEBUG));
    gale_log(GALE_LOG_ACCESS, GALE_LOG_DEBUG, "kept");
    assert_int_equal(seen.count, 1);

    gale_log_set_logger_level(GALE_LOG_ACCESS, GALE_LOG_ERROR);
    assert_int_equal(gale_log_get_level(GALE_LOG_ACCESS), GALE_LOG_ERROR);
    assert_int_equal(gale_log_get_level(GALE_LOG_GENERAL), GALE_LOG_DEBUG);
    assert_false(gale_log_enabled(GALE_LOG_ACCESS, GALE_LOG_WARNING));

    gale_log_set_level(GALE_LOG_OFF);
    assert_false(gale_log_enabled(GALE_LOG_GENERAL, GALE_LOG_ERROR));
    gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "lost");
    assert_int_equal(seen.count, 1);
}

TEST(long_lines_are_cut_at_8_kib)
{
    use_hook();
    for (int size = 510; size < 515; size++) { /* around the size of the local buffer */
        gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "%*d", size, 7);
        assert_int_equal(seen.size, size);
        assert_int_equal(seen.message[size - 1], '7');
    }
    gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "%*d", LONGEST_MESSAGE, 7);
    assert_int_equal(seen.size, LONGEST_MESSAGE);
    assert_int_equal(seen.message[LONGEST_MESSAGE - 1], '7');
    gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "%*d", LONGEST_MESSAGE + 1, 7);
    assert_int_equal(seen.size, LONGEST_MESSAGE);
    assert_int_equal(seen.message[LONGEST_MESSAGE - 1], ' ');
}

TEST(out_of_memory_cuts_the_line_shorter)
{
    use_hook();
    test_fail_allocation(1);
    gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "start%*d", 2000, 7);
    assert_true(test_allocation_failed());
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.size, 511);
    assert_memory_equal(seen.message, "start   ", 8);
}

TEST(errno_is_kept)
{
    use_hook();
    errno = ECONNRESET;
    gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "%m");
    assert_int_equal(errno, ECONNRESET);
    assert_string_equal(seen.message, "Connection reset by peer");
}

static void log_again(const gale_log_record *record, void *arg)
{
    int *depth = arg;
    if (++*depth < 3)
        gale_log(GALE_LOG_GENERAL, record->level, "again");
}

TEST(a_hook_may_log)
{
    int depth = 0;
    gale_log_set_hook(log_again, &depth);
    gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "first");
    assert_int_equal(depth, 3);
}

/* ---- The default hook, with standard error in a file ---- */

static int kept_stderr;
static FILE *captured;

static void capture(void)
{
    gale_log_set_hook(NULL, NULL);
    gale_log_flush();
    captured = tmpfile();
    assert_non_null(captured);
    kept_stderr = dup(STDERR_FILENO);
    assert_true(kept_stderr >= 0);
    assert_true(dup2(fileno(captured), STDERR_FILENO) >= 0);
}

static size_t captured_size(void)
{
    return (size_t)lseek(fileno(captured), 0, SEEK_END);
}

/* Ends the capture; free the text with gale__free. */
static char *release(void)
{
    dup2(kept_stderr, STDERR_FILENO);
    close(kept_stderr);
    size_t size = captured_size();
    char *text = gale__malloc(size + 1);
    assert_non_null(text);
    assert_int_equal(pread(fileno(captured), text, size, 0), size);
    text[size] = '\0';
    fclose(captured);
    return text;
}

/* "[X date log_test:N] " and the rest. */
static void assert_line(const char *line, char letter, const char *rest)
{
    char expected[256], stamp[32];
    const char *message;
    time_t now = time(NULL);
    struct tm local;
    assert_non_null(localtime_r(&now, &local));
    strftime(stamp, sizeof stamp, "%y%m%d ", &local);
    snprintf(expected, sizeof expected, "[%c %s", letter, stamp);
    assert_memory_equal(line, expected, strlen(expected));
    int hour, minute, second, length = 0;
    assert_int_equal(
        sscanf(line + strlen(expected), "%2d:%2d:%2d%n", &hour, &minute, &second, &length), 3);
    assert_int_equal(length, 8);
    message = line + strlen(expected) + length;
    assert_memory_equal(message, " log_test:", 10);
    message = strchr(message, ']');
    assert_non_null(message);
    assert_string_equal(message, rest);
}

TEST(the_default_hook_writes_tornados_format_when_flushed)
{
    capture();
    gale_log_set_level(GALE_LOG_DEBUG);
    gale_log(GALE_LOG_GENERAL, GALE_LOG_WARNING, "message %d", 1);
    size_t before = captured_size();
    gale_log_flush();
    size_t after = captured_size();
    gale_log_flush();
    size_t twice = captured_size();
    char *text = release();
    assert_int_equal(before, 0);
    assert_int_equal(twice, after);
    assert_line(text, 'W', "] message 1\n");
    gale__free(text);
}

TEST(levels_and_loggers_have_their_names)
{
    static const struct {
        gale_logger logger;
        gale_log_level level;
        char letter;
        const char *rest;
    } cases[] = { { GALE_LOG_GENERAL, GALE_LOG_DEBUG, 'D', "] x\n" },
                  { GALE_LOG_ACCESS, GALE_LOG_INFO, 'I', "] x\n" },
                  { GALE_LOG_APPLICATION, GALE_LOG_WARNING, 'W', "] x\n" },
                  { GALE_LOG_GENERAL, GALE_LOG_ERROR, 'E', "] x\n" } };
    gale_log_set_level(GALE_LOG_DEBUG);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        capture();
        gale_log(cases[i].logger, cases[i].level, "x");
        gale_log_flush();
        char *text = release();
        assert_line(text, cases[i].letter, cases[i].rest);
        gale__free(text);
    }
}

TEST(further_lines_of_a_message_are_indented)
{
    capture();
    gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "first\nsecond\n\nlast");
    gale_log_flush();
    char *text = release();
    assert_line(text, 'E', "] first\n    second\n    \n    last\n");
    gale__free(text);
}

TEST(control_characters_do_not_reach_the_terminal)
{
    capture();
    gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR,
             "a\x1b[31m\tb\r\x7f\x01"
             "é");
    gale_log_flush();
    char *text = release();
    assert_line(text, 'E', "] a\\x1b[31m\tb\\x0d\\x7f\\x01é\n");
    gale__free(text);
}

TEST(a_full_buffer_writes_itself_and_keeps_every_line)
{
    enum { LINES = 5000 };
    capture();
    for (int i = 0; i < LINES; i++)
        gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "line %d of many, to fill it", i);
    size_t before = captured_size();
    gale_log_flush();
    char *text = release(), *at = text;
    assert_true(before > 64 * 1024 && before < strlen(text));
    for (int i = 0; i < LINES; i++) {
        int number = -1;
        assert_non_null(at);
        assert_int_equal(sscanf(at, "[E %*s %*s %*s line %d", &number), 1);
        assert_int_equal(number, i);
        at = strchr(at, '\n') + 1;
    }
    assert_int_equal(*at, '\0');
    gale__free(text);
}

TEST(the_longest_line_of_line_ends_fits)
{
    char ends[LONGEST_MESSAGE + 1];
    memset(ends, '\n', LONGEST_MESSAGE);
    ends[LONGEST_MESSAGE] = '\0';
    capture();
    gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "%s", ends);
    gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "%s", ends);
    gale_log_flush();
    char *text = release();
    assert_int_equal(strlen(text),
                     2 * (5 * LONGEST_MESSAGE + strlen("[E 260101 12:34:56 log_test:123] \n")));
    gale__free(text);
}

TEST(a_closed_standard_error_is_survived)
{
    capture();
    close(STDERR_FILENO);
    gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "lost");
    gale_log_flush();
    char *text = release();
    assert_string_equal(text, "");
    gale__free(text);
}

/* Standard error is a pipe that nobody reads at first. */
TEST(a_reader_that_does_not_read_stops_nothing)
{
    enum { ENOUGH = 5000 };
    int ends[2], kept = dup(STDERR_FILENO), lines = 0, lost = 0;
    static char text[1024 * 1024];
    gale_log_set_hook(NULL, NULL);
    assert_int_equal(pipe(ends), 0);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    for (int i = 0; i < ENOUGH; i++)
        gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "line %d of many, to fill it", i);
    gale_log_flush();
    size_t size = (size_t)read(ends[0], text, sizeof text);
    assert_true(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
    for (int turn = 0; turn < 8; turn++) {
        gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "later");
        gale_log_flush();
        for (ssize_t count; (count = read(ends[0], text + size, sizeof text - size)) > 0;)
            size += (size_t)count;
    }
    text[size] = '\0';
    dup2(kept, STDERR_FILENO);
    close(kept);
    close(ends[0]);
    close(ends[1]);
    for (const char *at = text; (at = strstr(at, "] line ")); at++) {
        int number = -1;
        assert_int_equal(sscanf(at, "] line %d of many, to fill it\n", &number), 1);
        assert_int_equal(number, lines++);
    }
    const char *loss = strstr(text, "log lines are lost: nobody read them\n");
    assert_non_null(loss);
    while (*loss != ']')
        loss--;
    assert_int_equal(sscanf(loss, "] %d log lines are lost", &lost), 1);
    assert_true(lines > 1000 && lost > 0);
    assert_int_equal(lines + lost, ENOUGH);
}

TEST(exit_flushes_and_a_child_does_not_repeat_its_parents_lines)
{
    capture();
    gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "parent");
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "child");
        exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    gale_log_flush();
    char *text = release();
    char *parent = strstr(text, "parent"), *in_child = strstr(text, "child");
    assert_int_equal(status, 0);
    assert_non_null(parent);
    assert_non_null(in_child);
    assert_null(strstr(parent + 1, "parent"));
    assert_null(strstr(in_child + 1, "child"));
    gale__free(text);
}

/* ---- Threads ---- */

enum { THREADS = 4, LINES_EACH = 2000 };

static void *log_many(void *arg)
{
    int number = *(const int *)arg;
    for (int i = 0; i < LINES_EACH; i++) {
        gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "thread %d line %d", number, i);
        if (i % 500 == 0)
            gale_log_flush();
    }
    return NULL;
}

TEST(lines_of_many_threads_come_whole_and_in_order)
{
    pthread_t threads[THREADS];
    int numbers[THREADS], next[THREADS] = { 0 };
    capture();
    for (int i = 0; i < THREADS; i++) {
        numbers[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, log_many, &numbers[i]), 0);
    }
    gale_log_set_level(GALE_LOG_INFO);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    gale_log_flush();
    char *text = release(), *at = text;
    for (int i = 0; i < THREADS * LINES_EACH; i++) {
        int thread = -1, line = -1;
        assert_int_equal(sscanf(at, "[E %*s %*s %*s thread %d line %d\n", &thread, &line), 2);
        assert_true(thread >= 0 && thread < THREADS);
        assert_int_equal(line, next[thread]++);
        at = strchr(at, '\n') + 1;
    }
    assert_int_equal(*at, '\0');
    gale__free(text);
}

GALE_TEST_MAIN
