/* SPDX-License-Identifier: Apache-2.0 */
/* The same tests with the scanners that need no vector instructions. */
#define GALE__SCAN_PORTABLE
#include "proto/scan_test.c"
