/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The objects of a reply are ours, so that their memory is gale's and what they take is counted;
 * hiredis keeps the bytes that are not parsed yet, in memory of malloc. Of those it would keep any
 * number: so after each look at them the length of a string that has begun is looked at, and that
 * of a line without an end.
 */
#include "data/redis_reader.h"

#if GALE_REDIS

#include <errno.h>
#include <hiredis/hiredis.h>
#include <string.h>

#include "core/error.h"
#include "core/memory.h"

enum {
    LINE_MOST = 65536, /* bytes of a line */
    ROOM = 65536       /* for what is not the text of a string, in bytes */
};

/* ---- Objects --------------------------------------------------------------------------- */

void gale__redis_reply_free(gale__redis_reply *reply)
{
    for (size_t i = 0; reply && i < reply->count; i++)
        gale__redis_reply_free(reply->items[i]);
    gale__free(reply);
}

static gale__redis_type type_of(int type)
{
    switch (type) {
    case REDIS_REPLY_STATUS:
        return GALE__REDIS_STATUS;
    case REDIS_REPLY_ERROR:
        return GALE__REDIS_ERROR;
    case REDIS_REPLY_INTEGER:
        return GALE__REDIS_INTEGER;
    case REDIS_REPLY_NIL:
        return GALE__REDIS_NIL;
    case REDIS_REPLY_ARRAY:
        return GALE__REDIS_ARRAY;
    default:
        return GALE__REDIS_STRING;
    }
}

static void *refuse(gale__redis_reader *self, int error)
{
    self->error = error;
    return NULL;
}

/* A reply with room for more behind it, put into its place. */
static gale__redis_reply *make(const redisReadTask *task, size_t count, size_t size)
{
    gale__redis_reader *self = task->privdata;
    size_t most = self->limit + ROOM, total;
    if (__builtin_mul_overflow(count, size, &total) || total > most || self->used + total > most)
        return refuse(self, GALE_ETOOBIG);
    gale__redis_reply *made = gale__calloc(1, sizeof *made + total + 1);
    if (!made)
        return refuse(self, -ENOMEM);
    self->used += total + sizeof *made;
    made->type = type_of(task->type);
    if (task->parent)
        ((gale__redis_reply *)task->parent->obj)->items[task->idx] = made;
    return made;
}

static void *create_string(const redisReadTask *task, char *data, size_t size)
{
    gale__redis_reply *made = make(task, size, 1);
    if (made) {
        char *text = (char *)(made + 1);
        memcpy(text, data, size);
        made->text = (gale_str){ text, size };
    }
    return made;
}

#if HIREDIS_MAJOR >= 1
static void *create_array(const redisReadTask *task, size_t count)
#else
static void *create_array(const redisReadTask *task, int elements)
#endif
{
#if HIREDIS_MAJOR < 1
    size_t count = elements > 0 ? (size_t)elements : 0;
#endif
    gale__redis_reply *made = make(task, count, sizeof(gale__redis_reply *));
    if (made) {
        made->items = (gale__redis_reply **)(void *)(made + 1);
        made->count = count;
    }
    return made;
}

static void *create_integer(const redisReadTask *task, long long value)
{
    gale__redis_reply *made = make(task, 0, 1);
    if (made)
        made->integer = value;
    return made;
}

static void *create_nil(const redisReadTask *task)
{
    gale__redis_reply *made = make(task, 0, 1);
    if (made)
        made->type = GALE__REDIS_NIL; /* the task's is that of a string or an array */
    return made;
}

#if HIREDIS_MAJOR >= 1
/* Of the newer protocol, which was not asked for. */
static void *create_double(const redisReadTask *task, double value, char *text, size_t size)
{
    (void)value, (void)text, (void)size;
    return refuse(task->privdata, GALE_EINPUT);
}

static void *create_bool(const redisReadTask *task, int value)
{
    (void)value;
    return refuse(task->privdata, GALE_EINPUT);
}
#endif

static void free_object(void *object)
{
    gale__redis_reply_free(object);
}

static redisReplyObjectFunctions functions = {
    .createString = create_string,
    .createArray = create_array,
    .createInteger = create_integer,
    .createNil = create_nil,
#if HIREDIS_MAJOR >= 1
    .createDouble = create_double,
    .createBool = create_bool,
#endif
    .freeObject = free_object,
};

/* ---- Reading --------------------------------------------------------------------------- */

int gale__redis_reader_open(gale__redis_reader *self, size_t limit)
{
    *self = (gale__redis_reader){ .limit = limit };
    self->parser = redisReaderCreateWithFunctions(&functions);
    if (!self->parser)
        return -ENOMEM;
    self->parser->privdata = self;
    return 0;
}

void gale__redis_reader_close(gale__redis_reader *self)
{
    if (self->parser)
        redisReaderFree(self->parser);
    self->parser = NULL;
}

static int failure(const gale__redis_reader *self)
{
    if (self->error == GALE_ETOOBIG)
        return gale__fail(GALE_ETOOBIG, "a reply of Redis is over the limit of %zu bytes",
                          self->limit);
    if (self->error == -ENOMEM || self->parser->err == REDIS_ERR_OOM)
        return -ENOMEM;
    return gale__fail(GALE_EINPUT, "this is no Redis: %s", self->parser->errstr);
}

int gale__redis_reader_feed(gale__redis_reader *self, gale_str bytes)
{
    return redisReaderFeed(self->parser, bytes.data, bytes.len) == REDIS_OK ? 0 : failure(self);
}

/* The length of a string that has begun, or 0 for what is none; over the limit, that is enough. */
static size_t string_length(const gale__redis_reader *self, gale_str rest)
{
    size_t length = 0, at = 0;
    for (; at < rest.len && rest.data[at] >= '0' && rest.data[at] <= '9'; at++)
        length = length <= self->limit ? length * 10 + (size_t)(rest.data[at] - '0') : length;
    return at + 1 < rest.len && rest.data[at] == '\r' && rest.data[at + 1] == '\n' ? length : 0;
}

/* The bytes that wait are the rest of a line, or a string's length, line end and beginning. */
static int check_rest(gale__redis_reader *self)
{
    const redisReader *parser = self->parser;
    gale_str rest = { parser->buf + parser->pos, parser->len - parser->pos };
    size_t length = string_length(self, rest);
    if (length <= self->limit && (length > 0 || rest.len < LINE_MOST))
        return 0;
    self->error = GALE_ETOOBIG;
    return failure(self);
}

int gale__redis_reader_next(gale__redis_reader *self, gale__redis_reply **ret_reply)
{
    void *reply = NULL;
    if (self->error || self->parser->err)
        return failure(self);
    if (redisReaderGetReply(self->parser, &reply) != REDIS_OK)
        return failure(self);
    if (!reply)
        return check_rest(self);
    self->used = 0;
    *ret_reply = reply;
    return 1;
}

#endif
