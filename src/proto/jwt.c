/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/jwt.h"

#include <errno.h>
#include <string.h>

#include "core/base64.h"
#include "core/error.h"
#include "core/memory.h"

enum { LARGEST_TOKEN = 65536 };

/* ---- Taking apart ---------------------------------------------------------------------- */

/* What stands before the next dot, which is cut off with it. */
static bool cut(gale_str *rest, gale_str *ret_part)
{
    const char *dot = memchr(rest->data, '.', rest->len);
    if (!dot)
        return false;
    *ret_part = (gale_str){ rest->data, (size_t)(dot - rest->data) };
    rest->len -= ret_part->len + 1;
    rest->data = dot + 1;
    return true;
}

/* Decodes to *at, which is moved on. */
static int decode(gale_str part, char **at, gale_str *ret_bytes)
{
    size_t size;
    if (gale__base64url_decode(*at, part, &size) < 0)
        return gale__fail(GALE_EINPUT, "a part of the token is not base64url");
    *ret_bytes = (gale_str){ *at, size };
    *at += size;
    return 0;
}

static int parse_object(gale_str part, char **at, json_t **ret_object)
{
    gale_str text = { NULL, 0 };
    GALE_TRY(decode(part, at, &text));
    *ret_object = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(*ret_object))
        return gale__fail(GALE_EINPUT, "a part of the token is no JSON object");
    return 0;
}

static int parse(gale__jwt *jwt, gale_str text)
{
    gale_str header, claims, signature = text;
    if (text.len > LARGEST_TOKEN)
        return gale__fail(GALE_EINPUT, "the token is over %d bytes", LARGEST_TOKEN);
    if (!cut(&signature, &header) || !cut(&signature, &claims) ||
        memchr(signature.data, '.', signature.len))
        return gale__fail(GALE_EINPUT, "the token has not three parts");
    char *at = jwt->memory = gale__malloc(text.len + 1);
    if (!at)
        return -ENOMEM;
    jwt->to_sign = (gale_str){ text.data, header.len + 1 + claims.len };
    GALE_TRY(parse_object(header, &at, &jwt->header));
    GALE_TRY(parse_object(claims, &at, &jwt->claims));
    GALE_TRY(decode(signature, &at, &jwt->signature));
    if (json_object_get(jwt->header, "crit")) /* RFC 7515 §4.1.11 */
        return gale__fail(GALE_EINPUT, "the token has extensions that must be understood");
    return 0;
}

int gale__jwt_parse(gale__jwt *jwt, gale_str text)
{
    *jwt = (gale__jwt){ 0 };
    int result = parse(jwt, text);
    if (result < 0)
        gale__jwt_clear(jwt);
    return result;
}

void gale__jwt_clear(gale__jwt *jwt)
{
    json_decref(jwt->header);
    json_decref(jwt->claims);
    gale__free(jwt->memory);
    *jwt = (gale__jwt){ 0 };
}

/* ---- What an ID token says ------------------------------------------------------------- */

static bool is_text(const json_t *value, const char *text)
{
    const char *its = json_string_value(value);
    return its && strcmp(its, text) == 0; /* jansson refuses texts with a NUL */
}

static bool has_text(const json_t *list, const char *text)
{
    size_t size = json_array_size(list);
    for (size_t i = 0; i < size; i++)
        if (is_text(json_array_get(list, i), text))
            return true;
    return false;
}

static int check_audience(const json_t *claims, const char *client_id)
{
    const json_t *audience = json_object_get(claims, "aud"),
                 *party = json_object_get(claims, "azp");
    if (!is_text(audience, client_id) && !has_text(audience, client_id))
        return gale__fail(GALE_EINPUT, "the ID token is for somebody else (aud)");
    bool several = json_array_size(audience) > 1;
    if ((party || several) && !is_text(party, client_id))
        return gale__fail(GALE_EINPUT, "the ID token is for somebody else (azp)");
    return 0;
}

static int check_times(const json_t *claims, double now, double leeway)
{
    const json_t *ends = json_object_get(claims, "exp"), *made = json_object_get(claims, "iat"),
                 *begins = json_object_get(claims, "nbf");
    if (!json_is_number(ends) || !json_is_number(made) || (begins && !json_is_number(begins)))
        return gale__fail(GALE_EINPUT, "the ID token has no times (exp, iat)");
    if (json_number_value(ends) + leeway <= now)
        return gale__fail(GALE_EINPUT, "the ID token has expired");
    if (json_number_value(made) - leeway > now ||
        (begins && json_number_value(begins) - leeway > now))
        return gale__fail(GALE_EINPUT, "the ID token is from the future");
    return 0;
}

int gale__id_token_check(const json_t *claims, const gale__id_token_wanted *wanted)
{
    if (!is_text(json_object_get(claims, "iss"), wanted->issuer))
        return gale__fail(GALE_EINPUT, "the ID token is from somebody else (iss)");
    GALE_TRY(check_audience(claims, wanted->client_id));
    GALE_TRY(check_times(claims, wanted->now, wanted->leeway));
    if (!is_text(json_object_get(claims, "nonce"), wanted->nonce))
        return gale__fail(GALE_EINPUT, "the ID token belongs to another login (nonce)");
    if (!json_string_length(json_object_get(claims, "sub")))
        return gale__fail(GALE_EINPUT, "the ID token names nobody (sub)");
    return 0;
}
