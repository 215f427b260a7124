/* SPDX-License-Identifier: Apache-2.0 */
/* Replies of Redis: read whole and in pieces with the same outcome, in bounded memory. */
#include "data/redis_reader.h"
#include "fuzz.h"

#if GALE_REDIS

enum { LIMIT = 1000 };

typedef struct outcome {
    int result;
    size_t replies;
    uint64_t sum; /* of what they hold */
} outcome;

static void mix(outcome *out, uint64_t value)
{
    out->sum = (out->sum ^ value) * 0x100000001b3;
}

static size_t add(outcome *out, const gale__redis_reply *reply)
{
    size_t size = sizeof *reply + reply->text.len;
    mix(out, (uint64_t)reply->type);
    mix(out, (uint64_t)reply->integer);
    CHECK(reply->text.len <= LIMIT + 65536);
    for (size_t i = 0; i < reply->text.len; i++)
        mix(out, (uint8_t)reply->text.data[i]);
    CHECK(!reply->text.data || reply->text.data[reply->text.len] == '\0');
    mix(out, reply->count);
    for (size_t i = 0; i < reply->count; i++)
        size += sizeof reply + add(out, reply->items[i]);
    return size;
}

static int take_all(gale__redis_reader *reader, outcome *out)
{
    gale__redis_reply *reply;
    int result;
    while ((result = gale__redis_reader_next(reader, &reply)) > 0) {
        CHECK(add(out, reply) <= 2 * (LIMIT + 65536));
        gale__redis_reply_free(reply);
        out->replies++;
    }
    return result;
}

static outcome read_all(const uint8_t *data, size_t size, fuzz_random *random)
{
    outcome out = { 0 };
    gale__redis_reader reader;
    CHECK(gale__redis_reader_open(&reader, LIMIT) == 0);
    for (size_t at = 0, piece; at < size && out.result == 0; at += piece) {
        piece = random ? 1 + fuzz_below(random, fuzz_below(random, 4) ? 4 : 64) : size;
        piece = piece < size - at ? piece : size - at;
        char *copy = fuzz_copy(data + at, piece);
        out.result = gale__redis_reader_feed(&reader, (gale_str){ copy, piece });
        free(copy);
        out.result = out.result ? out.result : take_all(&reader, &out);
    }
    CHECK(out.result == 0 || out.result == GALE_EINPUT || out.result == GALE_ETOOBIG);
    gale__redis_reader_close(&reader);
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_random random = fuzz_seed(data, size);
    outcome whole = read_all(data, size, NULL), pieces = read_all(data, size, &random);
    /* A length over the limit is no matter when all of the string is there at once. */
    if (whole.result == pieces.result)
        CHECK(whole.replies == pieces.replies && whole.sum == pieces.sum);
    else
        CHECK(pieces.result == GALE_ETOOBIG);
    return 0;
}

#else

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    (void)data, (void)size;
    return 0;
}

#endif
