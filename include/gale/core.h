/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gale/core.h: what every other header needs: version, text views, error codes,
 * the allocator and shared bytes. It has no counterpart module in Tornado.
 *
 * Conventions of all headers:
 *   - A function that can fail returns int: 0 or a count, or a negative code: -errno or
 *     GALE_E...; gale_strerror() names it, gale_error_detail() says more.
 *   - A NULL options pointer means all defaults, and so does a zeroed struct.
 *   - new/free own an object; a getter's result is borrowed from the object.
 *   - GALE_SUSPENDS marks a function that may suspend the calling task, GALE_ANY_THREAD one
 *     that may be called from any thread. All others belong to the loop's thread.
 */
#ifndef GALE_CORE_H
#define GALE_CORE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define GALE_VERSION_MAJOR 0
#define GALE_VERSION_MINOR 1
#define GALE_VERSION_PATCH 0
#define GALE_VERSION "0.1.0"

#if defined(__GNUC__)
#define GALE_API __attribute__((visibility("default")))
#define GALE_PRINTF(format_index, first_argument)                                                  \
    __attribute__((format(printf, format_index, first_argument)))
#define GALE_MUST_CHECK __attribute__((warn_unused_result))
#else
#define GALE_API
#define GALE_PRINTF(format_index, first_argument)
#define GALE_MUST_CHECK
#endif

/** Marks a function that may suspend the calling task until what it waits for has happened. */
#define GALE_SUSPENDS
/** Marks a function that may be called from any thread. */
#define GALE_ANY_THREAD

/** For options where zero means the default: no limit at all. */
#define GALE_NONE (-1)

/** Returns early from the calling function when `call` returns a negative code. */
#define GALE_TRY(call)                                                                             \
    do {                                                                                           \
        int gale_try_result_ = (call);                                                             \
        if (gale_try_result_ < 0)                                                                  \
            return gale_try_result_;                                                               \
    } while (0)

#ifdef __cplusplus
extern "C" {
#endif

/** The version of the library in use, for example "0.1.0". Tornado: tornado.version. */
GALE_API GALE_ANY_THREAD const char *gale_version(void);

/* ---- Text ------------------------------------------------------------------------------ */

/** A view of bytes that somebody else owns. It is not promised to end with a NUL. */
typedef struct gale_str {
    const char *data; /**< may be NULL only when len is 0 */
    size_t len;       /**< bytes */
} gale_str;

/** The gale_str of a string literal. */
#ifdef __cplusplus
#define GALE_STR(literal) (gale_str{ "" literal, sizeof(literal) - 1 })
#else
#define GALE_STR(literal) ((gale_str){ "" literal, sizeof(literal) - 1 })
#endif

/* ---- Errors ---------------------------------------------------------------------------- */

/** Every code of gale's own: name, value, text. System errors are -errno. */
#define GALE_ERRORS(X)                                                                             \
    X(GALE_ECANCELED, -10000, "canceled")                                                          \
    X(GALE_ETIMEDOUT, -10001, "timed out")                                                         \
    X(GALE_ECLOSED, -10002, "stream is closed")                                                    \
    X(GALE_ETOOBIG, -10003, "over the limit")                                                      \
    X(GALE_EUNSATISFIABLE, -10004, "unsatisfiable read: delimiter not found within max_bytes")     \
    X(GALE_EFULL, -10005, "full")                                                                  \
    X(GALE_EEMPTY, -10006, "empty")                                                                \
    X(GALE_ENOTASK, -10007, "called outside a task")                                               \
    X(GALE_ESTATE, -10008, "not allowed in this state")                                            \
    X(GALE_EINPUT, -10009, "malformed message from the peer")                                      \
    X(GALE_EOUTPUT, -10010, "our own output broke the framing rules")                              \
    X(GALE_ENOTFOUND, -10011, "not found")                                                         \
    X(GALE_ENOTSUP, -10012, "not supported")                                                       \
    X(GALE_EHTTP, -10013, "HTTP error")                                                            \
    X(GALE_EFINISH, -10014, "finish")                                                              \
    X(GALE_EINVALID, -10015, "invalid argument")                                                   \
    X(GALE_ETHREAD, -10016, "called from the wrong thread")                                        \
    X(GALE_EENCODING, -10017, "invalid UTF-8")                                                     \
    X(GALE_ESSL, -10018, "TLS failure")                                                            \
    X(GALE_ECERTIFICATE, -10019, "certificate verify failed")                                      \
    X(GALE_ETRUNCATED, -10020, "the connection ended without a TLS close_notify")                  \
    X(GALE_EPROCESS, -10021, "the process failed")                                                 \
    X(GALE_ECHECK, -10022, "a check of a test failed")                                             \
    X(GALE_ETIMEDOUT_QUEUE, -10023, "timed out in the queue")                                      \
    X(GALE_ETIMEDOUT_RESOLVE, -10024, "timed out looking the name up")                             \
    X(GALE_ETIMEDOUT_CONNECT, -10025, "timed out connecting")                                      \
    X(GALE_ETIMEDOUT_HANDSHAKE, -10026, "timed out in the TLS handshake")                          \
    X(GALE_ETIMEDOUT_FIRST_BYTE, -10027, "timed out waiting for the response")                     \
    X(GALE_ESKIPPED, -10028, "the test was skipped")

enum gale_error {
#define GALE_ERROR_NAME_(name, value, text) name = value,
    GALE_ERRORS(GALE_ERROR_NAME_)
#undef GALE_ERROR_NAME_
};

/**
 * The text of a negative code, both GALE_E... and -errno. Never NULL. The pointer is to static
 * storage, or for an unknown code to storage of the calling thread that the next call changes.
 */
GALE_API GALE_ANY_THREAD const char *gale_strerror(int code);

/**
 * True for a code that says that time ran out: GALE_ETIMEDOUT, which is that of a deadline
 * (gale_with_timeout, request_timeout), the GALE_ETIMEDOUT_... of single steps, each named after
 * the option that limits it (resolve_timeout: GALE_ETIMEDOUT_RESOLVE), and the system's -ETIMEDOUT.
 * Tornado: httpclient.HTTPError with code 599, util.TimeoutError.
 */
GALE_API GALE_ANY_THREAD bool gale_is_timeout(int code);

/**
 * What the last failed call of this task (outside a task: of this thread) said about its
 * failure, or "" when it said nothing. Borrowed until the next failure in the same task.
 */
GALE_API GALE_ANY_THREAD const char *gale_error_detail(void);

/* ---- Memory ---------------------------------------------------------------------------- */

/** The functions that all memory of gale comes from. Each has the contract of its C twin. */
typedef struct gale_allocator {
    void *(*malloc)(size_t size, void *arg);
    void *(*realloc)(void *memory, size_t size, void *arg);
    void (*free)(void *memory, void *arg);
    void *arg; /**< handed to each of the three */
} gale_allocator;

/**
 * Replaces the allocator. Call it before anything else of gale: memory that one allocator gave
 * is not understood by another. The struct is copied; NULL goes back to malloc and free.
 */
GALE_API void gale_set_allocator(const gale_allocator *allocator);

/* ---- Shared bytes ---------------------------------------------------------------------- */

/** Immutable bytes with a reference count: one encoded message for many connections. */
typedef struct gale_bytes gale_bytes;

/** A copy of `size` bytes with one reference. Returns NULL when out of memory. */
GALE_API gale_bytes *gale_bytes_new(const void *data, size_t size);
/** Adds a reference and returns `bytes`. */
GALE_API gale_bytes *gale_bytes_ref(gale_bytes *bytes);
/** Drops a reference; the last one frees. NULL is allowed. */
GALE_API void gale_bytes_unref(gale_bytes *bytes);
/** The bytes, followed by a NUL that is not counted. Borrowed. */
GALE_API gale_str gale_bytes_str(const gale_bytes *bytes);

#ifdef __cplusplus
}
#endif

#endif
