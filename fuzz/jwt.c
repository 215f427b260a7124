/* SPDX-License-Identifier: Apache-2.0 */
/* ID tokens: none verifies but the seeds of RFC 7515; what is parsed can be written again. */
#include "proto/jwt.h"
#include "core/base64.h"
#include "fuzz.h"

/* RFC 7515 appendix A.2 and A.3 */
static const char key_set[] =
    "{\"keys\": [{\"kty\": \"RSA\", \"e\": \"AQAB\", \"n\": "
    "\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQ"
    "oTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b"
    "32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg6"
    "65xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91"
    "kzk2PAcDTW9gb54h4FRWyuXpoQ\"}, {\"kty\": \"EC\", \"crv\": \"P-256\", \"x\": "
    "\"f83OJ3D2xF1Bg8vub9tL"
    "e1gHMzV76e8Tus9uPHvRVEU\", \"y\": \"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}";

/* The claims of both appendices. */
static const char signed_claims[] =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
    "fQ";

static void check_signature(const gale__jwt *jwt)
{
    static json_t *keys;
    if (!keys)
        keys = json_loads(key_set, 0, NULL);
    int result = gale__jwt_verify(jwt, keys);
    CHECK(result == 0 || result == GALE_EINPUT || result == GALE_ENOTFOUND);
    if (result == 0) {
        size_t size = sizeof signed_claims - 1;
        CHECK(jwt->to_sign.len > size &&
              !memcmp(jwt->to_sign.data + jwt->to_sign.len - size, signed_claims, size));
    }
}

static void check_claims(const gale__jwt *jwt)
{
    static const gale__id_token_wanted wanted = {
        .issuer = "https://i", .client_id = "me", .nonce = "n", .now = 1000, .leeway = 60
    };
    int result = gale__id_token_check(jwt->claims, &wanted);
    CHECK(result == 0 || result == GALE_EINPUT);
    if (result == 0) {
        CHECK(!strcmp(json_string_value(json_object_get(jwt->claims, "nonce")), "n"));
        CHECK(json_number_value(json_object_get(jwt->claims, "exp")) > 940);
    }
}

/* The signature has one spelling. */
static void check_spelling(const gale__jwt *jwt, gale_str text)
{
    char *again = malloc(gale__base64_size(jwt->signature.len) + 1);
    size_t size = gale__base64url_encode(again, jwt->signature.data, jwt->signature.len);
    CHECK(jwt->to_sign.len + 1 + size == text.len);
    CHECK(!memcmp(again, text.data + jwt->to_sign.len + 1, size));
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *input = fuzz_copy(data, size);
    gale__jwt jwt;
    gale_str text = { input, size };
    int result = gale__jwt_parse(&jwt, text);
    CHECK(result == 0 || result == GALE_EINPUT);
    if (result == 0) {
        CHECK(json_is_object(jwt.header) && json_is_object(jwt.claims));
        check_spelling(&jwt, text);
        check_signature(&jwt);
        check_claims(&jwt);
    }
    gale__jwt_clear(&jwt);
    free(input);
    return 0;
}
