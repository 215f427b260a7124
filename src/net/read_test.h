/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of reads share: writers beside them, and cases that run over every kind of stream.
 */
#ifndef GALE_NET_READ_TEST_H
#define GALE_NET_READ_TEST_H

#include "net/tls_test.h"

static gale_str data;

/* What a task beside the test writes, and then closes if asked to. */
typedef struct script {
    gale_iostream *stream;
    const char *text;
    double pause; /* seconds before each byte; 0: all at once */
    bool then_close;
} script;

static inline int write_script(void *arg)
{
    const script *self = arg;
    size_t size = strlen(self->text);
    if (self->pause == 0)
        GALE_TRY(gale_iostream_write(self->stream, self->text, size));
    for (size_t i = 0; self->pause > 0 && i < size; i++) {
        GALE_TRY(gale_sleep(self->pause));
        GALE_TRY(gale_iostream_write(self->stream, self->text + i, 1));
    }
    if (self->then_close)
        gale_iostream_close(self->stream);
    return 0;
}

static inline void write_all(gale_iostream *stream, const char *text)
{
    assert_ok(gale_iostream_write(stream, text, strlen(text)));
}

/* Each body runs over TCP, Unix sockets, pipes, and TLS. */
#define PAIR_TEST(test_name)                                                                       \
    static void test_name##_pair(stream_pair *pair);                                               \
    TASK_TEST(test_name)                                                                           \
    {                                                                                              \
        for (pair_kind kind = 0; kind < PAIR_KINDS; kind++) {                                      \
            stream_pair pair = open_pair(kind, NULL);                                              \
            test_name##_pair(&pair);                                                               \
            free_pair(&pair);                                                                      \
        }                                                                                          \
        stream_pair pair = open_tls_pair(PAIR_TCP, NULL);                                          \
        test_name##_pair(&pair);                                                                   \
        free_pair(&pair);                                                                          \
    }                                                                                              \
    static void test_name##_pair(stream_pair *pair)

typedef struct reading {
    gale_iostream *stream;
    int result;
    size_t size;
    char memory[16];
    const char *regex; /* instead of a line end */
} reading;

static inline int read_line(void *arg)
{
    reading *self = arg;
    gale_str line;
    self->result = self->regex ? gale_iostream_read_until_regex(self->stream, self->regex, 0, &line)
                               : gale_iostream_read_until(self->stream, "\n", 0, &line);
    self->size = self->result == 0 ? line.len : 0;
    return 0;
}

#endif
