/* SPDX-License-Identifier: Apache-2.0 */
/* A keyed hash whose collisions nobody can make who does not know the key. */
#ifndef GALE_CORE_SIPHASH_H
#define GALE_CORE_SIPHASH_H

#include <gale/core.h>

/* SipHash-2-4 (Aumasson and Bernstein). */
uint64_t gale__siphash(const uint64_t key[2], gale_str text);

#endif
