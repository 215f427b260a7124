/* SPDX-License-Identifier: Apache-2.0 */
/* Entity tags and lists of them (RFC 9110 §8.8.3). A tag is its text, quotes and W/ included. */
#ifndef GALE_PROTO_ENTITY_TAG_H
#define GALE_PROTO_ENTITY_TAG_H

#include <gale/core.h>

/* How two tags are compared (RFC 9110 §8.8.3.2). */
typedef enum gale__entity_tag_comparison {
    GALE__ENTITY_TAG_WEAK,  /* "W/" does not matter */
    GALE__ENTITY_TAG_STRONG /* a weak tag is equal to none */
} gale__entity_tag_comparison;

bool gale__entity_tag_equal(gale_str a, gale_str b, gale__entity_tag_comparison comparison);

/* Whether the value of If-Match or If-None-Match names `tag`: "*" names every one, when it comes
 * first. What stands between the tags is skipped, whatever it is.
 * Tornado: RequestHandler.check_etag_header. */
bool gale__entity_tag_in_list(gale_str list, gale_str tag, gale__entity_tag_comparison comparison);

#endif
