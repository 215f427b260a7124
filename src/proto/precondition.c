/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/precondition.h"

#include <string.h>

#include "core/date.h"
#include "proto/entity_tag.h"

static gale_str text_of(const char *text)
{
    return (gale_str){ text, strlen(text) };
}

static bool is_date(const char *text, int64_t *ret_seconds)
{
    return text && gale__http_date_parse(text_of(text), ret_seconds) >= 0;
}

static bool names(const char *list, const gale__validators *validators,
                  gale__entity_tag_comparison comparison)
{
    gale_str tag = validators->etag ? text_of(validators->etag) : GALE_STR("");
    return gale__entity_tag_in_list(text_of(list), tag, comparison);
}

bool gale__precondition_fails(const char *if_match, const char *if_unmodified_since,
                              const gale__validators *validators)
{
    int64_t date;
    if (if_match)
        return !names(if_match, validators, GALE__ENTITY_TAG_STRONG);
    return validators->has_modified && is_date(if_unmodified_since, &date) &&
           validators->modified > date;
}

bool gale__not_modified(const char *if_none_match, const char *if_modified_since,
                        const gale__validators *validators)
{
    int64_t date;
    if (if_none_match && *if_none_match)
        return validators->etag && names(if_none_match, validators, GALE__ENTITY_TAG_WEAK);
    return validators->has_modified && is_date(if_modified_since, &date) &&
           validators->modified <= date;
}

bool gale__if_range_holds(const char *if_range, const gale__validators *validators, int64_t now)
{
    int64_t date;
    if (!if_range)
        return true;
    if (is_date(if_range, &date))
        return validators->has_modified && validators->modified == date && date < now - 1;
    return validators->etag && gale__entity_tag_equal(text_of(if_range), text_of(validators->etag),
                                                      GALE__ENTITY_TAG_STRONG);
}
