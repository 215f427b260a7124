/* SPDX-License-Identifier: Apache-2.0 */
/* What tells whether a file was changed or replaced: its device, inode, size and time. */
#ifndef GALE_NET_FILE_STAMP_H
#define GALE_NET_FILE_STAMP_H

#include <stdint.h>

/* Of one file; 0: it is missing. */
uint64_t gale__file_stamp(const char *path);
/* Of several: *stamp is 1 at first. NULL counts as a missing file. */
void gale__file_stamp_mix(uint64_t *stamp, const char *path);

#endif
