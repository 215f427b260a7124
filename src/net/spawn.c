/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting a program. posix_spawn does what a fork of a large process with threads cannot do
 * safely: the child borrows our memory until it has become the program, and what fails in it is
 * told to us.
 */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <unistd.h>

#include "net/subprocess.h"

#ifdef __GLIBC_PREREQ
#if __GLIBC_PREREQ(2, 34)
#define HAVE_CLOSEFROM
#endif
#endif

enum { FIRST_PASSED = STDERR_FILENO + 1 };

extern char **environ;

static int add_files(posix_spawn_file_actions_t *actions, const gale_subprocess_options *options,
                     const gale__spawn_files *files)
{
    int error = 0;
    if (options->directory)
        error = posix_spawn_file_actions_addchdir_np(actions, options->directory);
    for (int i = 0; i < 3 && !error; i++)
        if (files->fds[i] >= 0)
            error = posix_spawn_file_actions_adddup2(actions, files->fds[i], i);
    if (!error && files->stderr_is_stdout)
        error = posix_spawn_file_actions_adddup2(actions, STDOUT_FILENO, STDERR_FILENO);
    for (int i = 0; i < files->passed_count && !error; i++)
        error = posix_spawn_file_actions_adddup2(actions, files->passed[i], FIRST_PASSED + i);
#ifdef HAVE_CLOSEFROM
    if (!error && !options->inherit_fds)
        error =
            posix_spawn_file_actions_addclosefrom_np(actions, FIRST_PASSED + files->passed_count);
#endif
    return error;
}

static int set_attributes(posix_spawnattr_t *attributes, const gale_subprocess_options *options)
{
    sigset_t none, to_default;
    sigemptyset(&none);
    sigemptyset(&to_default);
    sigaddset(&to_default, SIGPIPE); /* which loops ignore */
    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    if (options->start_new_session)
        flags |= POSIX_SPAWN_SETSID;
    int error = posix_spawnattr_setsigmask(attributes, &none);
    if (!error)
        error = posix_spawnattr_setsigdefault(attributes, &to_default);
    return error ? error : posix_spawnattr_setflags(attributes, flags);
}

/* posix_spawn takes strings as if it changed them. */
static char *const *unconst(const char *const *strings)
{
    char *const *result;
    memcpy(&result, &strings, sizeof result);
    return result;
}

pid_t gale__spawn(const char *program, const char *const *arguments,
                  const gale_subprocess_options *options, const gale__spawn_files *files)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    pid_t pid = -1;
    int error = posix_spawn_file_actions_init(&actions);
    if (error)
        return -error;
    error = posix_spawnattr_init(&attributes);
    if (!error) {
        error = add_files(&actions, options, files);
        if (!error)
            error = set_attributes(&attributes, options);
        if (!error)
            error = posix_spawnp(&pid, program, &actions, &attributes, unconst(arguments),
                                 options->environment ? unconst(options->environment) : environ);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return error ? -error : pid;
}
