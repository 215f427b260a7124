/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which sanitizer the build has, as 0 or 1, and how to tell it what memory is free. The
 * macros do nothing in other builds. Poisoned ranges begin at multiples of 8.
 */
#ifndef GALE_CORE_SANITIZE_H
#define GALE_CORE_SANITIZE_H

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GALE__ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define GALE__TSAN 1
#endif
#endif

#if defined(__SANITIZE_ADDRESS__) && !defined(GALE__ASAN)
#define GALE__ASAN 1
#endif
#if defined(__SANITIZE_THREAD__) && !defined(GALE__TSAN)
#define GALE__TSAN 1
#endif

#ifndef GALE__ASAN
#define GALE__ASAN 0
#endif
#ifndef GALE__TSAN
#define GALE__TSAN 0
#endif

#if GALE__ASAN
#include <sanitizer/asan_interface.h>
#define GALE__POISON(memory, size) __asan_poison_memory_region((memory), (size))
#define GALE__UNPOISON(memory, size) __asan_unpoison_memory_region((memory), (size))
#else
#define GALE__POISON(memory, size) ((void)(memory), (void)(size))
#define GALE__UNPOISON(memory, size) ((void)(memory), (void)(size))
#endif

#endif
