/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text that is signed and dated, byte for byte as Tornado has it:
 *
 *   format 1: base64(value) "|" seconds "|" HMAC-SHA1(name base64(value) seconds)
 *   format 2: "2|" F(key version) "|" F(seconds) "|" F(name) "|" F(base64(value)) "|"
 *             HMAC-SHA256(all that stands before it)          F(x) = length ":" x
 */
#ifndef GALE_PROTO_SIGNED_VALUE_H
#define GALE_PROTO_SIGNED_VALUE_H

#include "core/buffer.h"

/* A signed text, taken apart; views of it. */
typedef struct gale__signed_value {
    gale_str text; /* all of it */
    int version;   /* 1 or 2 */
    int key_version;
    gale_str time, name, value; /* `name` not in format 1; `value` in base64 */
    gale_str to_sign;           /* format 2 only */
    gale_str signature;         /* in hexadecimal digits */
} gale__signed_value;

/* The number that stands before the first "|", which is then cut off; numbers beyond 999 are all
 * 1000. 0, and nothing is cut off, when there is none. */
int gale__signed_value_version(gale_str *text);

/* 1, 2, or GALE_EINPUT when it is neither. What does not begin with a version is of format 1. */
int gale__signed_value_format(gale_str text);
/* GALE_EINPUT when malformed. Nothing is verified. */
int gale__signed_value_parse(gale__signed_value *value, gale_str text);
/* Writes the value that was signed with `secret` for `name`; the buffer is empty before.
 * GALE_EINPUT when it was not, or was signed more than `max_age` seconds before `now`; -ENOMEM. */
int gale__signed_value_verify(const gale__signed_value *value, gale_str secret, gale_str name,
                              double now, double max_age, gale__buffer *out);

/* Writes a signed text of format 1 or 2 to a buffer that is empty. -ENOMEM. */
int gale__signed_value_write(gale__buffer *out, int version, gale_str secret, int key_version,
                             gale_str name, gale_str value, int64_t now);

#endif
