/* SPDX-License-Identifier: Apache-2.0 */
/* A chunked body: decoded whole and in pieces with the same outcome. */
#include "proto/chunked.h"
#include "fuzz.h"

typedef struct outcome {
    int result;
    size_t used;
    uint64_t left;
    char *data;
    size_t size;
} outcome;

static void add(outcome *out, gale_str data)
{
    CHECK(data.len > 0);
    memcpy(out->data + out->size, data.data, data.len);
    out->size += data.len;
}

/* Decodes; with `random` in pieces. */
static outcome decode(const uint8_t *input, size_t size, fuzz_random *random)
{
    outcome out = { .data = malloc(size + 1) };
    gale__chunked chunked = { 0 };
    size_t available = random ? 0 : size;
    CHECK(out.data);
    for (;;) {
        size_t piece_size = available - out.used, consumed = SIZE_MAX;
        gale_str data = { NULL, 0 };
        char *piece = fuzz_copy(input + out.used, piece_size);
        out.result = gale__chunked_next(&chunked, piece, piece_size, &consumed, &data);
        CHECK(consumed <= piece_size);
        out.used += consumed;
        out.left = chunked.left;
        if (out.result == GALE__CHUNKED_DATA)
            add(&out, data);
        free(piece);
        if (out.result == GALE__CHUNKED_DATA)
            continue;
        if (out.result < 0)
            CHECK((out.result == GALE_EINPUT || out.result == GALE_ETOOBIG) && chunked.reason);
        if (out.result != GALE__CHUNKED_MORE)
            return out;
        CHECK(out.used == available);
        if (available == size)
            return out;
        available += 1 + fuzz_below(random, fuzz_below(random, 4) ? 4 : 64);
        available = available < size ? available : size;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_random random = fuzz_seed(data, size);
    outcome whole = decode(data, size, NULL), pieces = decode(data, size, &random);
    CHECK(whole.result == pieces.result && whole.used == pieces.used);
    CHECK(whole.left == pieces.left && whole.size == pieces.size);
    CHECK(!memcmp(whole.data, pieces.data, whole.size));
    CHECK(whole.size <= whole.used);
    if (whole.result == GALE__CHUNKED_END)
        CHECK(whole.used >= 5 && !memcmp(data + whole.used - 4, "\r\n\r\n", 4));
    free(whole.data);
    free(pieces.data);
    return 0;
}
