/* SPDX-License-Identifier: Apache-2.0 */
/* A directory of files, for the tests of static files. */
#ifndef GALE_WEB_STATIC_TEST_H
#define GALE_WEB_STATIC_TEST_H

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "web/web_test.h"

#define ROBOTS "User-agent: *\nDisallow: /\n"
#define ROBOTS_HASH                                                                                \
    "63a36e950e134b5217e33c763e88840c10a07d80e6057d92b9ac97508de7fb1f"                             \
    "a6f0e9b7531e169657165ea764e8963399cb6d921ffe6078425aaafe54c04563"

static char root[64]; /* of the files; below a directory of the test's own */

static inline const char *at(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", root, name);
    return path;
}

static inline void put_bytes(const char *name, const void *data, size_t size)
{
    int fd = open(at(name), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, size), size);
    close(fd);
}

static inline void put(const char *name, const char *text)
{
    put_bytes(name, text, strlen(text));
}

/* Gives a file that time of change, in seconds since 1970. */
static inline void touch(const char *name, time_t seconds)
{
    struct timespec times[2] = { { .tv_sec = seconds }, { .tv_sec = seconds } };
    assert_int_equal(utimensat(AT_FDCWD, at(name), times, AT_SYMLINK_NOFOLLOW), 0);
}

static inline void make_directory(const char *name)
{
    assert_int_equal(mkdir(at(name), 0755), 0);
}

/* root/robots.txt, root/dir/index.html, and beside root: root-foo and secret.txt. */
static inline void make_files(void)
{
    strcpy(root, "/tmp/gale-static-XXXXXX");
    assert_non_null(mkdtemp(root));
    strcat(root, "/root");
    make_directory("");
    make_directory("../root-foo");
    make_directory("dir");
    put("robots.txt", ROBOTS);
    touch("robots.txt", 784111777);
    put("dir/index.html", "this is the index\n");
    put("../secret.txt", "secret");
    put("../root-foo/a.txt", "secret");
}

static inline int remove_one(const char *path, const struct stat *status, int type,
                             struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    return remove(path);
}

static inline void remove_files(void)
{
    *strrchr(root, '/') = '\0';
    assert_int_equal(nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/* The answer to a GET or HEAD with these header lines; free() it. */
static inline char *ask_for(int port, const char *method, const char *target, const char *lines)
{
    char request[16384];
    snprintf(request, sizeof request, "%s %s HTTP/1.1\r\n" CLOSE "%s\r\n", method, target, lines);
    return ask(port, request);
}

static inline bool answer_has(const char *answer, const char *line)
{
    const char *end = strstr(answer, "\r\n\r\n"), *found = strstr(answer, line);
    return end && found && found < end;
}

/* The status of the answer to a GET, a line that its head has (NULL: any), and its body (NULL:
 * any). */
static inline void assert_file(int port, const char *target, const char *lines, int status,
                               const char *line, const char *body)
{
    char *answer = ask_for(port, "GET", target, lines);
    const char *end = strstr(answer, "\r\n\r\n");
    if (atoi(answer + 9) != status || (line && !answer_has(answer, line)) ||
        (body && (!end || strcmp(end + 4, body) != 0)))
        fail_msg("%s %s\nwanted: %d %s %s\ngot: %s", target, lines, status, line ? line : "",
                 body ? body : "", answer);
    free(answer);
}

#endif
