/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/jwt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "test.h"

/* RFC 7515 appendix A.2 */
#define RSA_N                                                                                      \
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4" \
    "d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5re" \
    "xMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxX" \
    "FvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
#define RSA_KEY "\"kty\": \"RSA\", \"n\": \"" RSA_N "\", \"e\": \"AQAB\""
#define RSA_SIGNATURE                                                                              \
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5" \
    "jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb" \
    "1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QO" \
    "YEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
/* A.3 */
#define EC_X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define EC_Y "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define EC_KEY "\"kty\": \"EC\", \"crv\": \"P-256\", \"x\": \"" EC_X "\", \"y\": \"" EC_Y "\""
#define EC_SIGNATURE                                                                               \
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"

#define RS256 "eyJhbGciOiJSUzI1NiJ9"
#define ES256 "eyJhbGciOiJFUzI1NiJ9"
#define HS256 "eyJhbGciOiJIUzI1NiJ9"
#define NONE "eyJhbGciOiJub25lIn0"
#define CLAIMS                                                                                     \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl" \
    "fQ"
#define RSA_TOKEN RS256 "." CLAIMS "." RSA_SIGNATURE
#define EC_TOKEN ES256 "." CLAIMS "." EC_SIGNATURE

/* ---- Taking apart ---------------------------------------------------------------------- */

static int parse(gale__jwt *jwt, const char *text)
{
    return gale__jwt_parse(jwt, (gale_str){ text, strlen(text) });
}

TEST(a_token_is_taken_apart)
{
    gale__jwt jwt;
    assert_ok(parse(&jwt, RSA_TOKEN));
    assert_string_equal(json_string_value(json_object_get(jwt.header, "alg")), "RS256");
    assert_string_equal(json_string_value(json_object_get(jwt.claims, "iss")), "joe");
    assert_int_equal(json_integer_value(json_object_get(jwt.claims, "exp")), 1300819380);
    assert_str(jwt.to_sign, RS256 "." CLAIMS);
    assert_int_equal(jwt.signature.len, 256);
    gale__jwt_clear(&jwt);
}

TEST(what_is_no_token)
{
    static const char *const bad[] = {
        "",
        ".",
        "..",
        "...",
        "a",
        RS256,
        RS256 "." CLAIMS,
        RS256 "." CLAIMS ".x.y",
        RS256 "." CLAIMS ".=",
        RS256 "." CLAIMS ". AAAA",
        " " RS256 "." CLAIMS ".AAAA",
        "bnVsbA." CLAIMS ".AAAA",                  /* null */
        "W10." CLAIMS ".AAAA",                     /* [] */
        RS256 ".W10.AAAA",                         /* [] */
        RS256 ".eyJhIjoxLCJhIjoyfQ.AAAA",          /* {"a":1,"a":2} */
        "eyJhbGciOiJSUzI1NiIsImNyaXQiOltdfQ.e30.", /* {"alg":"RS256","crit":[]} */
        RS256 ".e30.A",
    };
    gale__jwt jwt;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (parse(&jwt, bad[i]) != GALE_EINPUT || jwt.memory || jwt.header || jwt.claims)
            fail_msg("%s", bad[i]);
}

TEST(a_token_has_a_limit)
{
    gale__jwt jwt;
    char *text = malloc(70000);
    memset(text, 'A', 70000);
    assert_error(gale__jwt_parse(&jwt, (gale_str){ text, 70000 }), GALE_EINPUT);
    free(text);
}

TEST(no_memory_for_a_token)
{
    size_t n = 0;
    int result;
    do {
        gale__jwt jwt;
        test_fail_allocation(++n);
        result = parse(&jwt, RSA_TOKEN);
        assert_true(result == 0 || result == -ENOMEM || result == GALE_EINPUT);
        gale__jwt_clear(&jwt);
    } while (test_allocation_failed());
    assert_int_equal(result, 0);
}

/* ---- Signatures ------------------------------------------------------------------------ */

/* `key` is the inside of a JSON object. */
static int verify(const char *token, const char *key)
{
    char set[2000];
    snprintf(set, sizeof set, "{\"keys\": [{%s}]}", key);
    json_t *keys = json_loads(set, 0, NULL);
    assert_non_null(keys);
    gale__jwt jwt;
    assert_ok(parse(&jwt, token));
    int result = gale__jwt_verify(&jwt, keys);
    gale__jwt_clear(&jwt);
    json_decref(keys);
    return result;
}

TEST(the_signatures_of_rfc_7515)
{
    assert_ok(verify(RSA_TOKEN, RSA_KEY));
    assert_ok(verify(RSA_TOKEN, RSA_KEY ", \"use\": \"sig\", \"alg\": \"RS256\", \"kid\": \"x\""));
    assert_ok(verify(EC_TOKEN, EC_KEY));
}

TEST(signatures_of_something_else)
{
    static const char other[] = RS256 ".e30." RSA_SIGNATURE;
    assert_error(verify(other, RSA_KEY), GALE_EINPUT);
    assert_error(verify(ES256 ".e30." EC_SIGNATURE, EC_KEY), GALE_EINPUT);
    assert_error(verify(RS256 "." CLAIMS ".", RSA_KEY), GALE_EINPUT);
    assert_error(verify(RS256 "." CLAIMS "." EC_SIGNATURE, RSA_KEY), GALE_EINPUT);
    assert_error(verify(ES256 "." CLAIMS "." RSA_SIGNATURE, EC_KEY), GALE_EINPUT);
    assert_error(verify(ES256 "." CLAIMS ".AAAA", EC_KEY), GALE_EINPUT);
}

/* Each bit of the signature counts. */
TEST(a_signature_with_one_bit_changed)
{
    char token[] = EC_TOKEN;
    size_t end = sizeof token - 1;
    for (size_t i = end - strlen(EC_SIGNATURE); i < end - 1; i++) {
        char was = token[i];
        token[i] = was == 'A' ? 'B' : 'A';
        assert_error(verify(token, EC_KEY), GALE_EINPUT);
        token[i] = was;
    }
    assert_ok(verify(token, EC_KEY));
}

/* All numbers zero is the signature that some have accepted. */
TEST(a_signature_of_zeros)
{
    char token[sizeof EC_TOKEN] = ES256 "." CLAIMS ".";
    size_t at = strlen(token);
    memset(token + at, 'A', strlen(EC_SIGNATURE));
    token[at + strlen(EC_SIGNATURE)] = '\0';
    assert_error(verify(token, EC_KEY), GALE_EINPUT);
}

TEST(algorithms_that_are_none)
{
    assert_error(verify(NONE "." CLAIMS ".", RSA_KEY), GALE_EINPUT);
    assert_error(verify(HS256 "." CLAIMS "." RSA_SIGNATURE, RSA_KEY), GALE_EINPUT);
    assert_error(verify("e30." CLAIMS "." RSA_SIGNATURE, RSA_KEY), GALE_EINPUT);
    /* the key's is another */
    assert_error(verify(RS256 "." CLAIMS "." RSA_SIGNATURE, EC_KEY), GALE_ENOTFOUND);
}

TEST(keys_that_are_not_meant)
{
    assert_error(verify(RSA_TOKEN, RSA_KEY ", \"use\": \"enc\""), GALE_ENOTFOUND);
    assert_error(verify(RSA_TOKEN, RSA_KEY ", \"alg\": \"RS512\""), GALE_ENOTFOUND);
    assert_error(verify(RSA_TOKEN, "\"kty\": \"oct\", \"k\": \"AAAA\""), GALE_ENOTFOUND);
    assert_error(verify(RSA_TOKEN, ""), GALE_ENOTFOUND);
    /* {"alg":"RS256","kid":"a"} */
    static const char named[] = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImEifQ." CLAIMS "." RSA_SIGNATURE;
    assert_error(verify(named, RSA_KEY), GALE_ENOTFOUND);
    assert_error(verify(named, RSA_KEY ", \"kid\": \"b\""), GALE_ENOTFOUND);
    assert_error(verify(named, RSA_KEY ", \"kid\": \"a\""), GALE_EINPUT);
}

TEST(keys_that_are_malformed)
{
    static const char *const bad[] = {
        "\"kty\": \"RSA\"",
        "\"kty\": \"RSA\", \"n\": \"AQAB\", \"e\": \"AQAB\"", /* far too short */
        "\"kty\": \"RSA\", \"n\": \"" RSA_N "\", \"e\": \"\"",
        "\"kty\": \"RSA\", \"n\": \"" RSA_N "=\", \"e\": \"AQAB\"",
        "\"kty\": \"RSA\", \"n\": 5, \"e\": 6",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_error(verify(RSA_TOKEN, bad[i]), GALE_EINPUT);
    static const char *const bad_points[] = {
        "\"kty\": \"EC\", \"crv\": \"P-256\"",
        "\"kty\": \"EC\", \"crv\": \"P-384\", \"x\": \"" EC_X "\", \"y\": \"" EC_Y "\"",
        "\"kty\": \"EC\", \"crv\": \"P-256\", \"x\": \"" EC_X "\", \"y\": \"" EC_X "\"",
        "\"kty\": \"EC\", \"crv\": \"P-256\", \"x\": \"AA\", \"y\": \"AA\"",
    };
    for (size_t i = 0; i < sizeof bad_points / sizeof *bad_points; i++)
        assert_error(verify(EC_TOKEN, bad_points[i]), GALE_EINPUT);
}

TEST(a_set_that_is_none)
{
    static const char *const sets[] = { "[]", "{}", "{\"keys\": {}}", "{\"keys\": [1, null]}" };
    gale__jwt jwt;
    assert_ok(parse(&jwt, RSA_TOKEN));
    assert_error(gale__jwt_verify(&jwt, NULL), GALE_ENOTFOUND);
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        json_t *set = json_loads(sets[i], 0, NULL);
        assert_error(gale__jwt_verify(&jwt, set), GALE_ENOTFOUND);
        json_decref(set);
    }
    gale__jwt_clear(&jwt);
}

/* ---- What an ID token says ------------------------------------------------------------- */

static int check(const char *claims)
{
    static const gale__id_token_wanted wanted = {
        .issuer = "https://i", .client_id = "me", .nonce = "n", .now = 1000, .leeway = 60
    };
    json_t *object = json_loads(claims, 0, NULL);
    assert_non_null(object);
    int result = gale__id_token_check(object, &wanted);
    json_decref(object);
    return result;
}

#define ISS "\"iss\": \"https://i\", "
#define AUD "\"aud\": \"me\", "
#define TIMES "\"exp\": 1300, \"iat\": 990, "
#define REST "\"nonce\": \"n\", \"sub\": \"s\""

TEST(an_id_token_that_is_well)
{
    assert_ok(check("{" ISS AUD TIMES REST "}"));
    assert_ok(check("{" ISS "\"aud\": [\"me\"], " TIMES REST "}"));
    assert_ok(check("{" ISS "\"aud\": [\"x\", \"me\"], \"azp\": \"me\", " TIMES REST "}"));
    assert_ok(check("{" ISS AUD "\"exp\": 941, \"iat\": 1060, \"nbf\": 1060, " REST "}"));
    assert_ok(check("{" ISS AUD "\"exp\": 1300.5, \"iat\": 990.5, " REST "}"));
}

TEST(an_id_token_that_is_not)
{
    static const char *const bad[] = {
        "{}",
        "{" AUD TIMES REST "}",
        "{\"iss\": \"https://i/\", " AUD TIMES REST "}",
        "{\"iss\": [\"https://i\"], " AUD TIMES REST "}",
        "{" ISS TIMES REST "}",
        "{" ISS "\"aud\": \"Me\", " TIMES REST "}",
        "{" ISS "\"aud\": [], " TIMES REST "}",
        "{" ISS "\"aud\": [\"x\", \"me\"], " TIMES REST "}",
        "{" ISS "\"aud\": [\"x\", \"me\"], \"azp\": \"x\", " TIMES REST "}",
        "{" ISS AUD "\"azp\": \"x\", " TIMES REST "}",
        "{" ISS AUD "\"iat\": 990, " REST "}",
        "{" ISS AUD "\"exp\": \"1300\", \"iat\": 990, " REST "}",
        "{" ISS AUD "\"exp\": 940, \"iat\": 990, " REST "}",
        "{" ISS AUD "\"exp\": 1300, " REST "}",
        "{" ISS AUD "\"exp\": 1300, \"iat\": 1061, " REST "}",
        "{" ISS AUD "\"exp\": 1300, \"iat\": 990, \"nbf\": 1061, " REST "}",
        "{" ISS AUD "\"exp\": 1300, \"iat\": 990, \"nbf\": null, " REST "}",
        "{" ISS AUD TIMES "\"sub\": \"s\"}",
        "{" ISS AUD TIMES "\"nonce\": \"m\", \"sub\": \"s\"}",
        "{" ISS AUD TIMES "\"nonce\": \"n\"}",
        "{" ISS AUD TIMES "\"nonce\": \"n\", \"sub\": \"\"}",
        "{" ISS AUD TIMES "\"nonce\": \"n\", \"sub\": 5}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (check(bad[i]) != GALE_EINPUT)
            fail_msg("%s", bad[i]);
}

GALE_TEST_MAIN
