/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What <gale/autoreload.h> keeps for a loop.
 *
 * Changes are found by comparing the files' stamps with those of the beginning, at each look;
 * inotify does no more than bring the next look nearer, so that nothing depends on it.
 */
#ifndef GALE_NET_AUTORELOAD_H
#define GALE_NET_AUTORELOAD_H

#include "net/net.h"
#include "net/program_file.h"
#include "net/restart.h"

typedef struct gale__watched_file {
    gale__list link;
    uint64_t first;  /* its stamp when it began to be watched; 0: it was missing */
    uint64_t latest; /* at the last look */
    gale__file_kind kind;
    bool noticed; /* inotify tells of its directory */
    char path[];
} gale__watched_file;

typedef struct gale__autoreload {
    gale_ioloop *loop;
    gale__list files; /* of gale__watched_file */
    gale__list hooks;
    gale__watched_file *program; /* NULL until it was started */
    double check_time;
    unsigned long long objects; /* that were ever loaded, at the last look */
    gale__timer timer;
    gale__io notices; /* inotify, once the loop runs; fd -1: none */
    bool looked;
    int flawed_looks; /* one after the other, at the same files */
    gale__restart restart;
} gale__autoreload;

/* Adds a file, unless it is there already. `first` is its stamp, or another one for a file that
 * has been changed already. Returns 0 or -ENOMEM. */
int gale__autoreload_add(gale__autoreload *self, const char *path, gale__file_kind kind,
                         uint64_t first);
/* Adds the program's own file. */
int gale__autoreload_add_program(gale__autoreload *self);
/* Adds the shared objects that were loaded since the last call. */
int gale__autoreload_add_objects(gale__autoreload *self);
/* Asks the kernel to tell of the directories of files that were added; `soon` is called then. */
void gale__autoreload_notice(gale__autoreload *self);
/* A look comes soon. */
void gale__autoreload_look_soon(gale__autoreload *self);
/* The loop ends. NULL is allowed. */
void gale__autoreload_free(gale__autoreload *self);

#endif
