/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/digest_auth.h"

#include <errno.h>
#include <string.h>

#include "core/error.h"
#include "proto/characters.h"
#include "proto/header_names.h"

/* ---- Challenges ------------------------------------------------------------------------ */

static const struct {
    const char *name;
    gale__digest digest;
    bool session;
    int rank;
} algorithms[] = {
    { "MD5", GALE__MD5, false, 1 },
    { "MD5-sess", GALE__MD5, true, 1 },
    { "SHA-256", GALE__SHA256, false, 2 },
    { "SHA-256-sess", GALE__SHA256, true, 2 },
    { "SHA-512-256", GALE__SHA512_256, false, 3 },
    { "SHA-512-256-sess", GALE__SHA512_256, true, 3 },
};

static bool is(gale_str text, const char *name)
{
    return gale__http_equal(text.data, text.len, name, strlen(name));
}

/* The rank, or 0. */
static int choose_algorithm(gale__digest_auth *self, gale_str name)
{
    size_t count = sizeof algorithms / sizeof *algorithms;
    for (size_t i = 0; i < count; i++) {
        if (name.data ? !is(name, algorithms[i].name) : i > 0)
            continue;
        self->algorithm = algorithms[i].digest;
        self->session = algorithms[i].session;
        self->algorithm_name = name.data ? algorithms[i].name : NULL;
        return algorithms[i].rank;
    }
    return 0;
}

/* True when the list, as in "auth, auth-int", has auth. */
static bool offers_auth(gale_str list)
{
    while (list.len) {
        const char *comma = memchr(list.data, ',', list.len);
        size_t size = comma ? (size_t)(comma - list.data) : list.len;
        if (is(gale__http_trim((gale_str){ list.data, size }), "auth"))
            return true;
        size += comma != NULL;
        list = (gale_str){ list.data + size, list.len - size };
    }
    return false;
}

int gale__digest_auth_read(gale__digest_auth *self, gale__arena *arena, gale_str parameters)
{
    *self = (gale__digest_auth){ 0 };
    self->realm = gale__challenge_parameter(arena, parameters, "realm");
    self->nonce = gale__challenge_parameter(arena, parameters, "nonce");
    self->opaque = gale__challenge_parameter(arena, parameters, "opaque");
    gale_str qop = gale__challenge_parameter(arena, parameters, "qop");
    gale_str algorithm = gale__challenge_parameter(arena, parameters, "algorithm");
    self->stale = is(gale__challenge_parameter(arena, parameters, "stale"), "true");
    self->userhash = is(gale__challenge_parameter(arena, parameters, "userhash"), "true");
    self->qop = qop.data != NULL;
    if (arena->failed)
        return -ENOMEM;
    if (!self->realm.data || !self->nonce.data || self->nonce.len > GALE__DIGEST_NONCE_MAX)
        return gale__fail(GALE_EINPUT, "malformed Digest challenge");
    return self->qop && !offers_auth(qop) ? 0 : choose_algorithm(self, algorithm);
}

int gale__digest_auth_choose(gale__digest_auth *self, gale__arena *arena, gale_str header)
{
    gale__challenge challenge;
    int best = 0;
    while (gale__challenge_next(&header, &challenge) > 0) {
        gale__digest_auth candidate;
        if (!is(challenge.scheme, "Digest"))
            continue;
        int rank = gale__digest_auth_read(&candidate, arena, challenge.parameters);
        if (rank == -ENOMEM)
            return rank;
        if (rank > best) {
            best = rank;
            *self = candidate;
        }
    }
    return best > 0;
}

/* ---- Digests --------------------------------------------------------------------------- */

typedef struct hex {
    char text[2 * GALE__DIGEST_MAX + 1];
} hex;

static gale_str hex_str(const hex *digits)
{
    return (gale_str){ digits->text, strlen(digits->text) };
}

/* The digest of texts with colons between them, as digits. */
static int hash(const gale__digest_auth *self, const gale_str *texts, size_t count, hex *ret)
{
    gale__hash state;
    unsigned char bytes[GALE__DIGEST_MAX];
    int result = gale__hash_begin(&state, self->algorithm);
    for (size_t i = 0; result == 0 && i < count; i++) {
        if (i > 0)
            result = gale__hash_update(&state, ":", 1);
        if (result == 0)
            result = gale__hash_update(&state, texts[i].data, texts[i].len);
    }
    if (result == 0)
        result = gale__hash_end(&state, bytes);
    gale__hash_clear(&state);
    if (result < 0)
        return result;
    size_t size = gale__digest_size(self->algorithm);
    gale__hex_encode(ret->text, bytes, size);
    ret->text[2 * size] = '\0';
    return 0;
}

#define HASH(self, ret, ...)                                                                       \
    hash(self, (gale_str[]){ __VA_ARGS__ }, sizeof(gale_str[]){ __VA_ARGS__ } / sizeof(gale_str),  \
         ret)

static int respond(const gale__digest_auth *self, const gale__digest_request *request,
                   const char *count, hex *ret)
{
    hex a1, a2;
    gale_str cnonce = { self->cnonce, strlen(self->cnonce) };
    GALE_TRY(HASH(self, &a1, request->username, self->realm, request->password));
    if (self->session)
        GALE_TRY(HASH(self, &a1, hex_str(&a1), self->nonce, cnonce));
    GALE_TRY(HASH(self, &a2, request->method, request->target));
    if (!self->qop)
        return HASH(self, ret, hex_str(&a1), self->nonce, hex_str(&a2));
    return HASH(self, ret, hex_str(&a1), self->nonce, ((gale_str){ count, strlen(count) }), cnonce,
                GALE_STR("auth"), hex_str(&a2));
}

/* ---- Credentials ----------------------------------------------------------------------- */

static void write_quoted(gale__buffer *out, const char *name, gale_str text)
{
    gale__buffer_printf(out, "%s=\"", name);
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '"' || text.data[i] == '\\')
            gale__buffer_append_char(out, '\\');
        gale__buffer_append_char(out, text.data[i]);
    }
    gale__buffer_append_char(out, '"');
}

static bool is_ascii(gale_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.data[i] > 0x7F)
            return false;
    return true;
}

/* RFC 5987: attr-char as it is, all else as %XX. */
static void write_extended(gale__buffer *out, gale_str text)
{
    gale__buffer_append(out, "username*=UTF-8''", strlen("username*=UTF-8''"));
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.data[i];
        if (gale__http_is(byte, GALE__CHARACTER_TOKEN) && !strchr("*'%", byte))
            gale__buffer_append_char(out, byte);
        else
            gale__buffer_printf(out, "%%%02X", (unsigned char)byte);
    }
}

static int write_username(const gale__digest_auth *self, gale_str username, gale__buffer *out)
{
    hex digits;
    if (self->userhash) {
        GALE_TRY(HASH(self, &digits, username, self->realm));
        write_quoted(out, "username", hex_str(&digits));
    } else if (is_ascii(username)) {
        write_quoted(out, "username", username);
    } else {
        write_extended(out, username);
    }
    return 0;
}

static int check(const gale__digest_auth *self, const gale__digest_request *request)
{
    const gale_str texts[] = { request->username, self->realm, self->nonce,
                               self->opaque.data ? self->opaque : GALE_STR("") };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!gale__http_all(texts[i].data, texts[i].len, GALE__CHARACTER_FIELD))
            return gale__fail(GALE_EINVALID, "control character in Digest credentials");
    return 0;
}

/* -sess digests the first cnonce with the nonce: it stays for as long as that. */
static int make_cnonce(gale__digest_auth *self)
{
    unsigned char bytes[16];
    if (self->cnonce[0])
        return 0;
    GALE_TRY(gale__random(bytes, sizeof bytes));
    gale__hex_encode(self->cnonce, bytes, sizeof bytes);
    return 0;
}

static void write_rest(const gale__digest_auth *self, const gale__digest_request *request,
                       const char *count, const hex *response, gale__buffer *out)
{
    write_quoted(out, ", realm", self->realm);
    write_quoted(out, ", nonce", self->nonce);
    write_quoted(out, ", uri", request->target);
    write_quoted(out, ", response", hex_str(response));
    if (self->algorithm_name)
        gale__buffer_printf(out, ", algorithm=%s", self->algorithm_name);
    if (self->opaque.data)
        write_quoted(out, ", opaque", self->opaque);
    if (self->qop)
        gale__buffer_printf(out, ", qop=auth, nc=%s", count);
    if (self->qop || self->session)
        write_quoted(out, ", cnonce", (gale_str){ self->cnonce, strlen(self->cnonce) });
    if (self->userhash)
        gale__buffer_append(out, ", userhash=true", strlen(", userhash=true"));
}

int gale__digest_auth_write(gale__digest_auth *self, const gale__digest_request *request,
                            gale__buffer *out)
{
    char count[9];
    hex response;
    GALE_TRY(check(self, request));
    GALE_TRY(make_cnonce(self));
    uint32_t number = ++self->count;
    for (int i = 7; i >= 0; i--, number >>= 4)
        count[i] = "0123456789abcdef"[number & 15];
    count[8] = '\0';
    GALE_TRY(respond(self, request, count, &response));
    GALE_TRY(gale__buffer_append(out, "Digest ", strlen("Digest ")));
    GALE_TRY(write_username(self, request->username, out));
    GALE_TRY(out->error);
    write_rest(self, request, count, &response, out);
    return out->error;
}
