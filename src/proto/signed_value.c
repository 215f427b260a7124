/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/signed_value.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <gale/log.h>

#include "core/base64.h"
#include "core/digest.h"
#include "proto/characters.h"
#include "proto/http1_body.h"

enum { LAST_VERSION = 999, SECONDS_OF_31_DAYS = 31 * 86400 };

/* ---- Versions -------------------------------------------------------------------------- */

/* Python's `.*$`: no line end but perhaps one at the end. */
static bool is_one_line(gale_str text)
{
    const char *end = memchr(text.data, '\n', text.len);
    return !end || end == text.data + text.len - 1;
}

int gale__signed_value_version(gale_str *text)
{
    size_t size = 0;
    int version = 0;
    while (size < text->len && gale__http_is_digit(text->data[size])) {
        version = version * 10 + (text->data[size++] - '0');
        if (version > LAST_VERSION)
            version = LAST_VERSION + 1;
    }
    if (size == 0 || size == text->len || text->data[0] == '0' || text->data[size] != '|')
        return 0;
    gale_str rest = { text->data + size + 1, text->len - size - 1 };
    if (!is_one_line(rest))
        return 0;
    *text = rest;
    return version;
}

int gale__signed_value_format(gale_str text)
{
    int version = gale__signed_value_version(&text);
    if (version == 0 || version > LAST_VERSION)
        return 1; /* base64 may look like a large number */
    return version <= 2 ? version : GALE_EINPUT;
}

/* ---- Parsing --------------------------------------------------------------------------- */

/* Cuts off what stands before the next `mark`; false when there is none. */
static bool cut(gale_str *text, char mark, gale_str *ret_part)
{
    const char *end = memchr(text->data, mark, text->len);
    if (!end)
        return false;
    *ret_part = (gale_str){ text->data, (size_t)(end - text->data) };
    *text = (gale_str){ end + 1, text->len - ret_part->len - 1 };
    return true;
}

/* Cuts off a field of format 2 with the bar behind it. */
static bool cut_field(gale_str *text, gale_str *ret_field)
{
    gale_str digits;
    uint64_t size;
    if (!cut(text, ':', &digits) || gale__http_parse_int(digits, &size) < 0 || size >= text->len ||
        text->data[size] != '|')
        return false;
    *ret_field = (gale_str){ text->data, (size_t)size };
    *text = (gale_str){ text->data + size + 1, text->len - (size_t)size - 1 };
    return true;
}

static bool parse_1(gale__signed_value *value, gale_str text)
{
    if (!cut(&text, '|', &value->value) || !cut(&text, '|', &value->time))
        return false;
    value->signature = text;
    return !memchr(text.data, '|', text.len);
}

static bool parse_2(gale__signed_value *value, gale_str text)
{
    enum { VERSION_SIZE = 2 };
    gale_str rest = { text.data + VERSION_SIZE, text.len - VERSION_SIZE }, key_version;
    uint64_t number;
    if (!cut_field(&rest, &key_version) || !cut_field(&rest, &value->time) ||
        !cut_field(&rest, &value->name) || !cut_field(&rest, &value->value) ||
        gale__http_parse_int(key_version, &number) < 0 || number > INT_MAX)
        return false;
    value->key_version = (int)number;
    value->to_sign = (gale_str){ text.data, text.len - rest.len };
    value->signature = rest;
    return true;
}

int gale__signed_value_parse(gale__signed_value *value, gale_str text)
{
    *value = (gale__signed_value){ .version = gale__signed_value_format(text), .text = text };
    GALE_TRY(value->version);
    bool good = value->version == 1 ? parse_1(value, text) : parse_2(value, text);
    return good ? 0 : GALE_EINPUT;
}

/* ---- Signing --------------------------------------------------------------------------- */

typedef struct signature {
    char text[2 * GALE__DIGEST_MAX];
    size_t size;
} signature;

static int sign(gale__digest digest, gale_str secret, gale_str text, signature *ret_signature)
{
    unsigned char bytes[GALE__DIGEST_MAX];
    GALE_TRY(gale__hmac(digest, secret, text, bytes));
    gale__hex_encode(ret_signature->text, bytes, gale__digest_size(digest));
    ret_signature->size = 2 * gale__digest_size(digest);
    return 0;
}

static int sign_1(gale_str secret, gale_str name, gale_str value, gale_str time,
                  signature *ret_signature)
{
    gale__buffer text;
    gale__buffer_init(&text, SIZE_MAX);
    gale__buffer_append(&text, name.data, name.len);
    gale__buffer_append(&text, value.data, value.len);
    int result = gale__buffer_append(&text, time.data, time.len);
    if (result >= 0)
        result = sign(GALE__SHA1, secret, gale__buffer_str(&text), ret_signature);
    gale__buffer_clear(&text);
    return result;
}

static int append_base64(gale__buffer *out, gale_str value)
{
    size_t size = gale__base64_size(value.len);
    GALE_TRY(gale__buffer_reserve(out, size));
    gale__base64_encode(gale__buffer_end(out), value.data, value.len);
    gale__buffer_commit(out, size);
    return 0;
}

static int write_1(gale__buffer *out, gale_str secret, gale_str name, gale_str value, int64_t now)
{
    signature signed_by;
    GALE_TRY(append_base64(out, value));
    size_t value_size = out->size;
    GALE_TRY(gale__buffer_printf(out, "|%lld", (long long)now));
    gale_str text = gale__buffer_str(out);
    GALE_TRY(sign_1(secret, name, (gale_str){ text.data, value_size },
                    (gale_str){ text.data + value_size + 1, text.len - value_size - 1 },
                    &signed_by));
    gale__buffer_append_char(out, '|');
    return gale__buffer_append(out, signed_by.text, signed_by.size);
}

static int write_2(gale__buffer *out, gale_str secret, int key_version, gale_str name,
                   gale_str value, int64_t now)
{
    char key_text[24], time_text[24];
    signature signed_by;
    int key_size = snprintf(key_text, sizeof key_text, "%d", key_version);
    int time_size = snprintf(time_text, sizeof time_text, "%lld", (long long)now);
    gale__buffer_printf(out, "2|%d:%s|%d:%s|%zu:", key_size, key_text, time_size, time_text,
                        name.len);
    gale__buffer_append(out, name.data, name.len);
    gale__buffer_printf(out, "|%zu:", gale__base64_size(value.len));
    GALE_TRY(append_base64(out, value));
    GALE_TRY(gale__buffer_append_char(out, '|'));
    GALE_TRY(sign(GALE__SHA256, secret, gale__buffer_str(out), &signed_by));
    return gale__buffer_append(out, signed_by.text, signed_by.size);
}

int gale__signed_value_write(gale__buffer *out, int version, gale_str secret, int key_version,
                             gale_str name, gale_str value, int64_t now)
{
    return version == 1 ? write_1(out, secret, name, value, now)
                        : write_2(out, secret, key_version, name, value, now);
}

/* ---- Verifying ------------------------------------------------------------------------- */

static int refuse(const gale__signed_value *value, const char *why)
{
    enum { SHOWN = 1000 };
    int shown = value->text.len < SHOWN ? (int)value->text.len : SHOWN;
    if (value->version == 1) /* Tornado says why of this format only */
        gale_log(GALE_LOG_GENERAL, GALE_LOG_WARNING, "%s %.*s", why, shown, value->text.data);
    return GALE_EINPUT;
}

static int verify_signature(const gale__signed_value *value, gale_str secret, gale_str name)
{
    signature expected;
    if (value->version == 1)
        GALE_TRY(sign_1(secret, name, value->value, value->time, &expected));
    else
        GALE_TRY(sign(GALE__SHA256, secret, value->to_sign, &expected));
    gale_str text = { expected.text, expected.size };
    if (!gale__equal_in_constant_time(value->signature, text))
        return refuse(value, "Invalid cookie signature");
    if (value->version == 2 &&
        (value->name.len != name.len || memcmp(value->name.data, name.data, name.len) != 0))
        return GALE_EINPUT;
    return 0;
}

/* In format 1 nothing marks where the value ends and the time begins: digits may have been moved.
 */
static int verify_time(const gale__signed_value *value, double now, double max_age)
{
    uint64_t seconds;
    if (gale__http_parse_int(value->time, &seconds) < 0)
        return refuse(value, "Tampered cookie");
    if ((double)seconds < now - max_age)
        return refuse(value, "Expired cookie");
    if (value->version == 2)
        return 0;
    if ((double)seconds > now + SECONDS_OF_31_DAYS)
        return refuse(value, "Cookie timestamp in future; possible tampering");
    return value->time.data[0] == '0' ? refuse(value, "Tampered cookie") : 0;
}

int gale__signed_value_verify(const gale__signed_value *value, gale_str secret, gale_str name,
                              double now, double max_age, gale__buffer *out)
{
    GALE_TRY(verify_signature(value, secret, name));
    GALE_TRY(verify_time(value, now, max_age));
    GALE_TRY(gale__buffer_reserve(out, value->value.len));
    size_t size = 0;
    GALE_TRY(gale__base64_decode(gale__buffer_end(out), value->value, &size));
    gale__buffer_commit(out, size);
    return 0;
}
