/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of what a program does: in a process of its own, with what it says. */
#ifndef GALE_APP_CHILD_TEST_H
#define GALE_APP_CHILD_TEST_H

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

enum { CHILD_SAID_MAX = 4096 };

/* Runs `program(arg)`; returns its exit status, and what it wrote to standard output and error. */
static inline int run_child(int (*program)(void *arg), void *arg, char said[CHILD_SAID_MAX])
{
    int ends[2], status;
    ssize_t size = 0, count;
    assert_int_equal(pipe(ends), 0);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        dup2(ends[1], STDOUT_FILENO);
        gale_log_set_hook(NULL, NULL);
        int result = program(arg);
        gale_log_flush();
        fflush(stdout);
        _exit(result);
    }
    close(ends[1]);
    while ((count = read(ends[0], said + size, (size_t)(CHILD_SAID_MAX - 1 - size))) > 0)
        size += count;
    said[size] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

#endif
