/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers of this floor's tests and of the one above: raw requests to a port of 127.0.0.1. */
#ifndef GALE_HTTP_HTTP_TEST_H
#define GALE_HTTP_HTTP_TEST_H

#include <gale/gen.h>
#include <gale/httpserver.h>
#include <gale/iostream.h>
#include <gale/tcpclient.h>

#include <stdio.h>
#include <stdlib.h>

#include "test.h"

/* ---- What happened, in order ---- */

static char trace[1024];

/* Adds a word to the trace. */
static inline void note(const char *word)
{
    size_t size = strlen(trace);
    snprintf(trace + size, sizeof trace - size, "%s%s", size ? " " : "", word);
}

/* Compares the trace, and empties it. */
#define assert_trace(expected)                                                                     \
    do {                                                                                           \
        assert_string_equal(trace, expected);                                                      \
        trace[0] = '\0';                                                                           \
    } while (0)

/* ---- Asking ---- */

/* What ask() does in a task. */
typedef struct asking {
    int port;
    const gale_str *parts; /* sent one after the other, each in a turn of its own */
    size_t part_count;
    char *answer; /* all until the server closes; from malloc */
    size_t size;
    int result;
} asking;

static inline int ask_task(void *arg)
{
    asking *self = arg;
    gale_iostream *stream;
    gale_str data = { "", 0 };
    GALE_TRY(gale_tcp_client_connect("127.0.0.1", self->port, NULL, &stream));
    for (size_t i = 0; i < self->part_count; i++) {
        if (gale_iostream_write(stream, self->parts[i].data, self->parts[i].len) < 0)
            break; /* refused early: the answer is there all the same */
        if (self->part_count > 1)
            gale_sleep(0.001);
    }
    self->result = gale_iostream_read_until_close(stream, &data);
    self->size = data.len;
    self->answer = malloc(data.len + 1);
    memcpy(self->answer, data.data, data.len);
    self->answer[data.len] = '\0';
    gale_iostream_free(stream);
    return 0;
}

/* Sends the parts and returns all that comes until the server closes; free() it. */
static inline char *ask_parts(int port, const gale_str *parts, size_t count)
{
    asking self = { .port = port, .parts = parts, .part_count = count };
    assert_ok(gale_ioloop_run_sync(gale_ioloop_current(), ask_task, &self, 10));
    if (self.result < 0)
        print_error("no answer to: %s\n", parts[0].data);
    assert_ok(self.result);
    return self.answer;
}

static inline char *ask(int port, const char *request)
{
    gale_str part = { request, strlen(request) };
    return ask_parts(port, &part, 1);
}

/* The answer begins with `start` and ends with `end`. */
static inline void assert_answer(int port, const char *request, const char *start, const char *end)
{
    char *answer = ask(port, request);
    size_t size = strlen(answer), end_size = strlen(end);
    if (strncmp(answer, start, strlen(start)) != 0 || size < end_size ||
        strcmp(answer + size - end_size, end) != 0)
        fail_msg("to %s\nwanted: %s ... %s\ngot: %s", request, start, end, answer);
    free(answer);
}

#endif
