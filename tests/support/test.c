/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <dirent.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- The counting allocator ---- */

/* Blocks are measured by malloc_usable_size, not by a header, so that sanitizers still see an
 * access in front of a block. */
static struct {
    atomic_size_t requests;
    atomic_size_t failing; /* the request that fails; 0 for none */
    atomic_long blocks, bytes;
} memory;

static bool request_fails(void)
{
    size_t number = atomic_fetch_add(&memory.requests, 1) + 1;
    return number == atomic_load(&memory.failing);
}

static void count(void *block, long sign)
{
    if (!block)
        return;
    atomic_fetch_add(&memory.blocks, sign);
    atomic_fetch_add(&memory.bytes, sign * (long)malloc_usable_size(block));
}

static void *counting_malloc(size_t size, void *arg)
{
    (void)arg;
    void *block = request_fails() ? NULL : malloc(size);
    count(block, 1);
    return block;
}

static void *counting_realloc(void *block, size_t size, void *arg)
{
    (void)arg;
    if (request_fails())
        return NULL;
    size_t old_size = block ? malloc_usable_size(block) : 0;
    void *moved = realloc(block, size);
    if (!moved)
        return NULL;
    atomic_fetch_add(&memory.blocks, block ? 0 : 1);
    atomic_fetch_add(&memory.bytes, (long)malloc_usable_size(moved) - (long)old_size);
    return moved;
}

static void counting_free(void *block, void *arg)
{
    (void)arg;
    count(block, -1);
    free(block);
}

static void memory_begin(void)
{
    atomic_store(&memory.requests, 0);
    atomic_store(&memory.failing, 0);
    atomic_store(&memory.blocks, 0);
    atomic_store(&memory.bytes, 0);
    gale_set_allocator(&(gale_allocator){ counting_malloc, counting_realloc, counting_free, NULL });
}

static bool memory_end(void)
{
    long blocks = atomic_load(&memory.blocks), bytes = atomic_load(&memory.bytes);
    gale_set_allocator(NULL);
    if (blocks <= 0)
        return true;
    print_error("leaked %ld bytes in %ld blocks (%zu allocations)\n", bytes, blocks,
                test_allocations());
    return false;
}

void test_fail_allocation(size_t n)
{
    atomic_store(&memory.failing, n ? atomic_load(&memory.requests) + n : 0);
}

bool test_allocation_failed(void)
{
    size_t failing = atomic_load(&memory.failing);
    return failing && atomic_load(&memory.requests) >= failing;
}

size_t test_allocations(void)
{
    return atomic_load(&memory.requests);
}

size_t test_allocated_bytes(void)
{
    long bytes = atomic_load(&memory.bytes);
    return bytes > 0 ? (size_t)bytes : 0;
}

/* ---- The recording log hook ---- */

typedef struct line {
    struct line *next;
    gale_log_level level;
    bool met; /* of an announced line: it came */
    char text[];
} line;

static struct {
    pthread_mutex_t mutex;
    line *announced, *logged;
    bool unexpected;
} journal = { .mutex = PTHREAD_MUTEX_INITIALIZER };

static line *line_push(line **list, gale_log_level level, const char *text, size_t size)
{
    line *added = malloc(sizeof *added + size + 1);
    if (!added)
        abort();
    added->next = *list;
    added->level = level;
    added->met = false;
    memcpy(added->text, text, size);
    added->text[size] = '\0';
    *list = added;
    return added;
}

/* With its context in front, as it is written. */
static line *push_record(line **list, const gale_log_record *record)
{
    char text[9000];
    const char *context = record->context;
    int size = snprintf(text, sizeof text, "%s%.128s%s%s", context ? "[" : "",
                        context ? context : "", context ? "] " : "", record->message);
    return line_push(list, record->level, text, (size_t)size);
}

static void lines_free(line **list)
{
    while (*list) {
        line *first = *list;
        *list = first->next;
        free(first);
    }
}

/* The oldest announcement that the line fits and that has not been met. */
static line *find_announcement(const line *logged)
{
    line *found = NULL;
    for (line *at = journal.announced; at; at = at->next)
        if (!at->met && at->level == logged->level && strstr(logged->text, at->text))
            found = at;
    return found;
}

static void record_line(const gale_log_record *record, void *arg)
{
    (void)arg;
    pthread_mutex_lock(&journal.mutex);
    line *logged = push_record(&journal.logged, record);
    line *announcement = find_announcement(logged);
    if (announcement) {
        announcement->met = true;
    } else if (record->level >= GALE_LOG_WARNING) {
        journal.unexpected = true;
        print_error("unexpected log line (level %d): %s\n", (int)record->level, logged->text);
    }
    pthread_mutex_unlock(&journal.mutex);
}

static void journal_begin(void)
{
    lines_free(&journal.announced);
    lines_free(&journal.logged);
    journal.unexpected = false;
    gale_log_set_level(GALE_LOG_WARNING);
    gale_log_set_hook(record_line, NULL);
}

static bool journal_end(void)
{
    gale_log_set_hook(NULL, NULL);
    bool good = !journal.unexpected;
    for (line *at = journal.announced; at; at = at->next) {
        if (at->met)
            continue;
        good = false;
        print_error("log line did not come (level %d): %s\n", (int)at->level, at->text);
    }
    lines_free(&journal.announced);
    lines_free(&journal.logged);
    return good;
}

void test_expect_log(gale_log_level level, const char *substring)
{
    pthread_mutex_lock(&journal.mutex);
    line_push(&journal.announced, level, substring, strlen(substring));
    pthread_mutex_unlock(&journal.mutex);
}

bool test_logged(const char *substring)
{
    bool found = false;
    pthread_mutex_lock(&journal.mutex);
    for (line *at = journal.logged; at && !found; at = at->next)
        found = strstr(at->text, substring) != NULL;
    pthread_mutex_unlock(&journal.mutex);
    return found;
}

/* ---- Descriptors ---- */

static int descriptors_before;

static void print_descriptor(int directory, const char *name)
{
    char target[256];
    ssize_t size = readlinkat(directory, name, target, sizeof target);
    print_error("  descriptor %s: %.*s\n", name, size > 0 ? (int)size : 0, target);
}

/* How many are open, or -1 where that cannot be told. */
static int count_descriptors(bool print)
{
    DIR *directory = opendir("/proc/self/fd");
    if (!directory)
        return -1;
    int found = 0;
    struct dirent *entry;
    while ((entry = readdir(directory))) {
        if (entry->d_name[0] == '.' || atoi(entry->d_name) == dirfd(directory))
            continue;
        found++;
        if (print)
            print_descriptor(dirfd(directory), entry->d_name);
    }
    closedir(directory);
    return found;
}

static bool descriptors_end(void)
{
    int after = count_descriptors(false);
    if (after == descriptors_before)
        return true;
    print_error("open descriptors: %d before, %d after\n", descriptors_before, after);
    count_descriptors(true);
    return false;
}

/* ---- Assertions ---- */

static void print_bytes(const char *label, gale_str text)
{
    print_error("%s (%zu bytes): \"", label, text.len);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (byte < ' ' || byte > '~' || byte == '"' || byte == '\\')
            print_error("\\x%02x", byte);
        else
            print_error("%c", byte);
    }
    print_error("\"\n");
}

void test_assert_bytes(gale_str actual, gale_str expected, const char *file, int line_number)
{
    if (actual.len == expected.len &&
        (actual.len == 0 || memcmp(actual.data, expected.data, actual.len) == 0))
        return;
    print_bytes("  actual", actual);
    print_bytes("expected", expected);
    _fail(file, line_number);
}

void test_assert_str(gale_str actual, const char *expected, const char *file, int line_number)
{
    test_assert_bytes(actual, (gale_str){ expected, strlen(expected) }, file, line_number);
}

void test_assert_code(int actual, int expected, const char *call, const char *file, int line_number)
{
    if (actual == expected)
        return;
    print_error("%s\n  actual: %d (%s)\nexpected: %d (%s)\n", call, actual,
                actual < 0 ? gale_strerror(actual) : "", expected,
                expected < 0 ? gale_strerror(expected) : "");
    if (actual < 0 && *gale_error_detail())
        print_error("  detail: %s\n", gale_error_detail());
    _fail(file, line_number);
}

/* ---- Running ---- */

static test_case *first_test, **last_link = &first_test;

void test_register(test_case *test)
{
    *last_link = test;
    last_link = &test->next;
}

static void run_one(void **state)
{
    const test_case *test = (const test_case *)*state;
    descriptors_before = count_descriptors(false);
    memory_begin();
    journal_begin();
    test->function();
    bool log_good = journal_end(), memory_good = memory_end(), descriptors_good = descriptors_end();
    if (!log_good || !memory_good || !descriptors_good)
        fail();
}

static bool selected(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strstr(name, argv[i]))
            return true;
    return argc < 2;
}

/* What tests fetch is on this machine. */
static void forget_proxies(void)
{
    unsetenv("http_proxy");
    unsetenv("https_proxy");
    unsetenv("HTTPS_PROXY");
    unsetenv("all_proxy");
    unsetenv("ALL_PROXY");
}

int test_main(int argc, char **argv)
{
    size_t all = 0, chosen = 0;
    forget_proxies();
    signal(SIGINT, SIG_DFL); /* shells have it ignored in what they run in the background */
    signal(SIGQUIT, SIG_DFL);
    for (test_case *at = first_test; at; at = at->next)
        all++;
    struct CMUnitTest *tests = calloc(all + 1, sizeof *tests);
    if (!tests)
        abort();
    for (test_case *at = first_test; at; at = at->next)
        if (selected(at->name, argc, argv))
            tests[chosen++] = (struct CMUnitTest){ at->name, run_one, NULL, NULL, at };
    int failed = chosen ? _cmocka_run_group_tests(argv[0], tests, chosen, NULL, NULL) : 1;
    free(tests);
    return failed;
}
