/* SPDX-License-Identifier: Apache-2.0 */
/* What is watched, and what stops a restart. That programs start again is tested with real ones
 * (tests/interop/autoreload_test.py). */
#include "net/process_test.h"

#include <dlfcn.h>
#include <gale/autoreload.h>
#include <link.h>
#include <pthread.h>
#include <sys/stat.h>

#include "net/autoreload.h"

/* Made when it is first needed. */
static char folder[] = "/tmp/gale-autoreload-XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[128];
    if (strcmp(folder + strlen(folder) - 6, "XXXXXX") == 0)
        assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const void *data, size_t size, mode_t mode)
{
    int fd = open(in_folder(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_int_equal(write(fd, data, size), (ssize_t)size);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static void remove_folder(void)
{
    static const char *const names[] = { "file", "other", "object" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlink(in_folder(names[i]));
    rmdir(folder);
    memset(folder + strlen(folder) - 6, 'X', 6);
}

/* ---- Files that are not whole ----------------------------------------------------------- */

static void assert_flaw(gale__file_kind kind, const char *expected)
{
    const char *flaw = gale__file_flaw(in_folder("file"), kind);
    assert_string_equal(flaw ? flaw : "none", expected);
}

/* The first bytes of this program, as a file. */
static size_t read_own(char *data, size_t size)
{
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    ssize_t got = read(fd, data, size);
    close(fd);
    assert_true(got > (ssize_t)sizeof(ElfW(Ehdr)));
    return (size_t)got;
}

TEST(files_that_are_no_program)
{
    assert_flaw(GALE__FILE_PROGRAM, "is missing");
    assert_flaw(GALE__FILE_PLAIN, "none");
    write_file("file", "", 0, 0755);
    assert_flaw(GALE__FILE_PROGRAM, "is only half there");
    write_file("file", "no program\n", 11, 0755);
    assert_flaw(GALE__FILE_PROGRAM, "is no program");
    assert_flaw(GALE__FILE_PLAIN, "none");
    write_file("file", "#!/bin/sh\n", 10, 0644);
    assert_flaw(GALE__FILE_PROGRAM, "is not executable");
    assert_flaw(GALE__FILE_OBJECT, "none");
    write_file("file", "#!/bin/sh\n", 10, 0755);
    assert_flaw(GALE__FILE_PROGRAM, "none");
    unlink(in_folder("file"));
    assert_int_equal(mkdir(in_folder("file"), 0755), 0);
    assert_flaw(GALE__FILE_PROGRAM, "is no file");
    rmdir(in_folder("file"));
    remove_folder();
}

TEST(files_that_are_half_of_a_program)
{
    static char data[64 << 20];
    size_t size = read_own(data, sizeof data);
    write_file("file", data, size, 0755);
    assert_flaw(GALE__FILE_PROGRAM, "none");
    static const size_t sizes[] = { 1, 4, 40, 64, 1000 };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        write_file("file", data, sizes[i], 0755);
        assert_flaw(GALE__FILE_PROGRAM, "is only half there");
    }
    write_file("file", data, size - 1, 0755);
    assert_flaw(GALE__FILE_PROGRAM, "is only half there");
    ElfW(Ehdr) *head = (void *)data;
    head->e_machine = (ElfW(Half))(head->e_machine + 1);
    write_file("file", data, size, 0755);
    assert_flaw(GALE__FILE_PROGRAM, "is for another machine");
    remove_folder();
}

TEST(files_that_are_being_written)
{
    write_file("file", "#!/bin/sh\n", 10, 0755);
    int fd = open(in_folder("file"), O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_flaw(GALE__FILE_PROGRAM, "is still being written");
    assert_flaw(GALE__FILE_PLAIN, "is still being written");
    close(fd);
    assert_flaw(GALE__FILE_PROGRAM, "none");
    remove_folder();
}

/* ---- What is watched -------------------------------------------------------------------- */

static gale__watched_file *find(const char *end)
{
    gale__autoreload *self = gale__net_of(gale_ioloop_current())->autoreload;
    for (gale__list *link = self->files.next; link != &self->files; link = link->next) {
        gale__watched_file *file = GALE__CONTAINER_OF(link, gale__watched_file, link);
        if (strlen(file->path) >= strlen(end) &&
            strcmp(file->path + strlen(file->path) - strlen(end), end) == 0)
            return file;
    }
    return NULL;
}

static bool has_changed(const char *name)
{
    const gale__watched_file *file = find(name);
    return file->latest && file->latest != file->first;
}

TASK_TEST(the_program_is_watched)
{
    char path[256];
    assert_ok(gale_autoreload_start(0));
    ssize_t size = readlink("/proc/self/exe", path, sizeof path - 1);
    path[size] = '\0';
    assert_non_null(find(path));
    assert_int_equal(find(path)->kind, GALE__FILE_PROGRAM);
    assert_ok(gale_autoreload_start(0)); /* changes nothing */
    assert_ok(gale_sleep(0.6));
    assert_false(has_changed(path));
}

/* It is looked at while the program's own file has a flaw, and so nothing is started. */
TASK_TEST(other_files_are_watched)
{
    write_file("file", "one", 3, 0644);
    assert_ok(gale_autoreload_watch(in_folder("file")));
    assert_ok(gale_autoreload_watch(in_folder("file")));
    assert_ok(gale_autoreload_watch(in_folder("other")));
    assert_ok(gale_autoreload_watch("relative"));
    assert_ok(gale_autoreload_start(0.01));
    strcpy(gale__net_of(gale_ioloop_current())->autoreload->program->path, "/");
    assert_ok(gale_sleep(0.05));
    assert_false(has_changed("/file") || has_changed("/other"));
    assert_true(find("/relative")->path[0] == '/');
    unlink(in_folder("file"));
    assert_ok(gale_sleep(0.05));
    assert_false(has_changed("/file"));
    write_file("file", "two", 3, 0644);
    write_file("other", "", 0, 0644);
    test_expect_log(GALE_LOG_WARNING, "modified, but no restart while / is no file");
    for (int i = 0; i < 1000 && !test_logged("no restart while"); i++)
        assert_ok(gale_sleep(0.01));
    assert_true(has_changed("/file") && has_changed("/other"));
    remove_folder();
}

/* Seconds until the change of a file is seen, when it is looked at each minute. */
TASK_TEST(the_kernel_tells_of_changes)
{
    write_file("file", "one", 3, 0644);
    assert_ok(gale_autoreload_watch(in_folder("file")));
    assert_ok(gale_autoreload_start(0.01));
    gale__autoreload *self = gale__net_of(gale_ioloop_current())->autoreload;
    strcpy(self->program->path, "/");
    self->check_time = 60;
    assert_ok(gale_sleep(0.05));
    write_file("other", "renamed over it", 15, 0644);
    char other[128];
    strcpy(other, in_folder("other"));
    assert_int_equal(rename(other, in_folder("file")), 0);
    for (int i = 0; i < 500 && !has_changed("/file"); i++)
        assert_ok(gale_sleep(0.01));
    assert_true(has_changed("/file"));
    remove_folder();
}

/* Copies the shared object that cmocka is. */
static void copy_object(const char *name)
{
    static char data[1 << 20];
    Dl_info info;
    assert_true(dladdr((void *)(uintptr_t)_fail, &info) != 0);
    FILE *file = fopen(info.dli_fname, "rb");
    size_t size = fread(data, 1, sizeof data, file);
    assert_true(size > 0 && size < sizeof data);
    fclose(file);
    write_file(name, data, size, 0755);
}

TASK_TEST(a_shared_object_is_watched_once_it_is_loaded)
{
    char other[128];
    assert_ok(gale_autoreload_start(0.01));
    strcpy(gale__net_of(gale_ioloop_current())->autoreload->program->path, "/");
    copy_object("object");
    assert_ok(gale_sleep(0.03));
    assert_null(find("/object"));
    void *object = dlopen(in_folder("object"), RTLD_NOW | RTLD_LOCAL);
    assert_non_null(object);
    for (int i = 0; i < 500 && !find("/object"); i++)
        assert_ok(gale_sleep(0.01));
    assert_int_equal(find("/object")->kind, GALE__FILE_OBJECT);
    copy_object("other");
    strcpy(other, in_folder("other"));
    assert_int_equal(rename(other, in_folder("object")), 0);
    for (int i = 0; i < 500 && !has_changed("/object"); i++)
        assert_ok(gale_sleep(0.01));
    assert_true(has_changed("/object"));
    dlclose(object);
    remove_folder();
}

/* One that was replaced before it was first looked at is a change at once. */
TASK_TEST(a_shared_object_that_was_replaced_before)
{
    char other[128];
    copy_object("object");
    void *object = dlopen(in_folder("object"), RTLD_NOW | RTLD_LOCAL);
    assert_non_null(object);
    copy_object("other");
    strcpy(other, in_folder("other"));
    assert_int_equal(rename(other, in_folder("object")), 0);
    assert_ok(gale_autoreload_start(0.01));
    strcpy(gale__net_of(gale_ioloop_current())->autoreload->program->path, "/");
    gale__watched_file *file = find("/object");
    for (int i = 0; i < 500 && file->latest == file->first; i++)
        assert_ok(gale_sleep(0.01));
    assert_true(has_changed("/object"));
    dlclose(object);
    remove_folder();
}

static void *start_on_another_loop(void *arg)
{
    gale_ioloop *loop = gale_ioloop_new(NULL);
    *(int *)arg = gale_autoreload_start(0);
    gale_ioloop_free(loop);
    return NULL;
}

TASK_TEST(a_second_loop_is_told_of)
{
    pthread_t thread;
    int result = -1;
    assert_ok(gale_autoreload_start(0));
    test_expect_log(GALE_LOG_WARNING, "autoreload started more than once in the same process");
    assert_int_equal(pthread_create(&thread, NULL, start_on_another_loop, &result), 0);
    pthread_join(thread, NULL);
    assert_ok(result);
}

/* ---- Workers ---------------------------------------------------------------------------- */

static void stop_loop(void *arg)
{
    gale_ioloop_stop(arg);
}

static int watch_in_worker(int id, int start_count)
{
    gale_ioloop *loop = gale_ioloop_current();
    (void)id;
    (void)start_count;
    if (gale_autoreload_watch(in_folder("file")) < 0 || gale_autoreload_start(0.01) < 0)
        return 1;
    write_file("file", "two", 3, 0644);
    gale_ioloop_call_later(loop, 0.3, stop_loop, loop, NULL);
    int result = gale_ioloop_start(loop);
    gale_ioloop_free(loop);
    return result;
}

TEST(workers_are_not_restarted)
{
    write_file("file", "one", 3, 0644);
    assert_int_equal(run(&(supervised){ 1, 0, watch_in_worker }), 0);
    assert_int_equal(occurrences("restarting"), 0);
    remove_folder();
}

/* ---- Failures --------------------------------------------------------------------------- */

static void never(void *arg)
{
    (void)arg;
    fail();
}

static int begin_to_watch(void)
{
    GALE_TRY(gale_autoreload_watch("/no/such/file"));
    GALE_TRY(gale_autoreload_add_reload_hook(never, NULL));
    return gale_autoreload_start(0);
}

static int begin_to_watch_task(void *arg)
{
    *(int *)arg = begin_to_watch();
    return 0;
}

TEST(each_allocation_may_fail)
{
    int failed = 0, result;
    for (size_t n = 1;; n++) {
        gale_ioloop *loop = gale_ioloop_new(NULL);
        gale__net_of(loop);
        (void)gale_ioloop_run_sync(loop, begin_to_watch_task, &result, 0);
        gale_ioloop_free(loop);
        assert_ok(result);
        loop = gale_ioloop_new(NULL);
        gale__net_of(loop);
        test_fail_allocation(n);
        result = begin_to_watch();
        bool reached = test_allocation_failed();
        test_fail_allocation(0);
        gale_ioloop_free(loop);
        if (!reached)
            break;
        assert_error(result, -ENOMEM);
        failed++;
    }
    assert_true(failed >= 4);
}

TEST(a_restart_may_lack_memory)
{
    int sockets[GALE_BIND_SOCKETS_MAX];
    gale__restart restart;
    gale_bind_options options = { .address = "127.0.0.1" };
    assert_int_equal(gale_bind_sockets(0, &options, sockets), 1);
    size_t n = 0;
    int result;
    do {
        test_fail_allocation(++n);
        result = gale__restart_prepare(&restart);
        gale__restart_clear(&restart);
        assert_true(result == (test_allocation_failed() ? -ENOMEM : 0));
    } while (test_allocation_failed());
    test_fail_allocation(0);
    assert_true(n > 3);
    assert_ok(gale__restart_prepare(&restart));
    assert_int_equal(restart.count, 1);
    assert_int_equal(gale_socket_port(restart.sockets[0]), gale_socket_port(sockets[0]));
    assert_int_equal(fcntl(restart.sockets[0], F_GETFD), FD_CLOEXEC);
    gale__restart_clear(&restart);
    gale_close_sockets(sockets, 1);
}

GALE_TEST_MAIN
