/* SPDX-License-Identifier: Apache-2.0 */
/* Challenges of WWW-Authenticate, and what is answered to Digest. */
#include "fuzz.h"
#include "proto/characters.h"
#include "proto/digest_auth.h"

static void look_at(gale__arena *arena, gale_str header)
{
    gale__challenge challenge;
    size_t before = header.len;
    while (gale__challenge_next(&header, &challenge) > 0) {
        CHECK(header.len < before);
        CHECK(gale__http_is_token(challenge.scheme.data, challenge.scheme.len));
        before = header.len;
        gale_str realm = gale__challenge_parameter(arena, challenge.parameters, "realm");
        if (realm.data)
            CHECK_TEXT(realm);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const gale__digest_request request = { GALE_STR("GET"), GALE_STR("/"), GALE_STR("a\"b"),
                                           GALE_STR("secret") };
    char *input = fuzz_copy(data, size);
    fuzz_arena memory;
    fuzz_arena_open(&memory);
    look_at(&memory.arena, (gale_str){ input, size });
    gale__digest_auth auth;
    if (gale__digest_auth_choose(&auth, &memory.arena, (gale_str){ input, size }) > 0) {
        gale__buffer out;
        gale__buffer_init(&out, SIZE_MAX);
        int result = gale__digest_auth_write(&auth, &request, &out);
        CHECK(result == 0 || result == GALE_EINVALID);
        gale_str written = gale__buffer_str(&out);
        CHECK(gale__http_all(written.data, written.len, GALE__CHARACTER_FIELD));
        gale__challenge again;
        CHECK(result < 0 || gale__challenge_next(&written, &again) == 1);
        gale__buffer_clear(&out);
    }
    fuzz_arena_close(&memory);
    free(input);
    return 0;
}
