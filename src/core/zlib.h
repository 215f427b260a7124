/* SPDX-License-Identifier: Apache-2.0 */
/* zlib on gale's allocator. */
#ifndef GALE_CORE_ZLIB_H
#define GALE_CORE_ZLIB_H

#include <zlib.h>

/* A stream to be initialized. */
z_stream gale__zlib_stream(void);

#endif
