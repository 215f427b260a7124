/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gale/json.h: JSON. Values are jansson's (json_t); this header adds what Tornado's escape
 * module does with them.
 */
#ifndef GALE_JSON_H
#define GALE_JSON_H

#include <jansson.h>

#include <gale/core.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The text of a value, in Tornado's style: ", " and ": " between parts, characters outside ASCII
 * as \uXXXX, and "</" as "<\/" so that it may stand inside a script element. The result has one
 * reference. NULL when `value` is NULL or out of memory. Tornado: escape.json_encode.
 */
GALE_API gale_bytes *gale_json_encode(const json_t *value);
/**
 * Parses a JSON text, which must be one value of any kind in UTF-8. The result has one reference
 * (json_decref). NULL when malformed; gale_error_detail then tells line and column.
 * Tornado: escape.json_decode.
 */
GALE_API json_t *gale_json_decode(gale_str text);

#ifdef __cplusplus
}
#endif

#endif
