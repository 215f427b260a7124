/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client's reader of responses: whole, and in pieces with pauses, must come to the same. The
 * first byte chooses the options.
 */
#include "fuzz.h"
#include "http/client_exchange.h"

enum { MAX_BODY = 100000, MAX_HEAD = 4096 };

typedef struct outcome {
    int failure;
    bool complete;
    int code;
    size_t size;
    uint64_t sum;
} outcome;

static int ignore(const char *data, size_t size, void *arg)
{
    (void)data, (void)size, (void)arg;
    return 0;
}

static void add(outcome *out, const char *data, size_t size)
{
    out->size += size;
    for (size_t i = 0; i < size; i++)
        out->sum = out->sum * 31 + (uint8_t)data[i];
}

/* What the fetch's task does when reading pauses. */
static void pause_reading(gale__reading *reading, outcome *out)
{
    gale_str piece = gale__buffer_str(&reading->piece);
    CHECK(piece.len <= 2 * 65536);
    add(out, piece.data, piece.len);
    gale__buffer_consume(&reading->piece, piece.len);
    reading->turn = 0;
    if (!reading->failure && reading->stage == GALE__READING_HEAD &&
        reading->fetch->response->code >= 200)
        gale__reading_body_begin(reading);
}

/* Gives bytes up to `size` of them, or until it is over. Returns how many are used. */
static size_t give(gale__reading *reading, const char *data, size_t size, outcome *out)
{
    size_t at = 0;
    for (;;) {
        bool done;
        size_t used = gale__reading_consume(reading, data + at, size - at, &done);
        CHECK(used <= size - at);
        at += used;
        if (!done)
            return at;
        pause_reading(reading, out);
        if (reading->failure || reading->stage == GALE__READING_END)
            return at;
    }
}

static bool is_over(const gale__reading *reading)
{
    return reading->failure || reading->stage == GALE__READING_END;
}

static outcome read_all(gale_http_client *client, const gale_fetch_options *options, int bits,
                        const char *data, size_t size, fuzz_random *random)
{
    outcome out = { 0 };
    gale__reading reading;
    gale__upgrade upgrade = { 0 };
    gale__fetch fetch = { .client = client, .options = options, .head = (bits & 8) != 0 };
    if (bits & 32)
        fetch.upgrade = &upgrade;
    fetch.response = gale__http_response_new(client->loop);
    CHECK(fetch.response);
    fetch.arena = &fetch.response->arena;
    gale__reading_begin(&reading, &fetch);
    size_t at = 0, end = random ? 0 : size;
    for (;;) {
        char *copy = fuzz_copy(data + at, end - at); /* each call has bytes of its own */
        at += give(&reading, copy, end - at, &out);
        free(copy);
        if (is_over(&reading) || end == size)
            break;
        end += 1 + fuzz_below(random, size - end);
    }
    if (!is_over(&reading) && gale__reading_closed(&reading, 0) == 0)
        give(&reading, "", 0, &out);
    gale_str body = gale_http_response_body_str(fetch.response);
    add(&out, body.data, body.len);
    out.failure = reading.failure;
    out.complete = reading.stage == GALE__READING_END;
    out.code = out.complete ? fetch.response->code : 0;
    CHECK(out.size <= MAX_BODY + 16384);
    CHECK(out.failure == 0 || out.failure == GALE_EINPUT || out.failure == GALE_ETOOBIG);
    CHECK(!out.complete || out.failure || out.code >= 200 || (out.code == 101 && fetch.upgrade));
    gale__reading_end(&reading);
    gale_http_response_free(fetch.response);
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static gale_http_client *client;
    if (!client)
        client = gale_http_client_current();
    if (!size)
        return 0;
    fuzz_random random = fuzz_seed(data, size);
    int bits = data[0];
    gale_fetch_options options = { .max_body_size = MAX_BODY,
                                   .max_header_size = MAX_HEAD,
                                   .no_follow_redirects = (bits & 4) != 0,
                                   .no_decompress = (bits & 16) != 0,
                                   .streaming_callback = bits & 1 ? ignore : NULL };
    const char *input = (const char *)data + 1;
    outcome whole = read_all(client, &options, bits, input, size - 1, NULL);
    outcome pieces = read_all(client, &options, bits, input, size - 1, &random);
    CHECK(whole.failure == pieces.failure && whole.complete == pieces.complete);
    if (whole.complete && !whole.failure)
        CHECK(whole.code == pieces.code && whole.size == pieces.size && whole.sum == pieces.sum);
    return 0;
}
