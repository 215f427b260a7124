/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a file that was changed can be used yet. */
#ifndef GALE_NET_PROGRAM_FILE_H
#define GALE_NET_PROGRAM_FILE_H

typedef enum gale__file_kind {
    GALE__FILE_PLAIN,  /* only read */
    GALE__FILE_OBJECT, /* a shared object */
    GALE__FILE_PROGRAM /* to be executed */
} gale__file_kind;

/* What is the matter with it, as "is missing"; NULL: nothing. */
const char *gale__file_flaw(const char *path, gale__file_kind kind);

#endif
