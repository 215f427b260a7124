/* SPDX-License-Identifier: Apache-2.0 */
/* What a client says of parts and versions: Range, and lists of entity tags. The first eight bytes
 * are the size of what is there. */
#include "fuzz.h"
#include "proto/content_type.h"
#include "proto/entity_tag.h"
#include "proto/precondition.h"
#include "proto/range.h"

static void ranges(gale_str header, int64_t size)
{
    gale__ranges parts = { 0 };
    if (gale__ranges_parse(header, size, &parts) != GALE__RANGE_PARTS)
        return;
    CHECK(parts.count > 0 && parts.count <= GALE__RANGES_MAX);
    int64_t total = 0;
    for (size_t i = 0; i < parts.count; i++) {
        gale__range part = parts.at[i];
        CHECK(part.start >= 0 && part.start < part.end && part.end <= size);
        total += part.end - part.start;
        for (size_t j = 0; j < i; j++)
            CHECK(part.end <= parts.at[j].start || parts.at[j].end <= part.start);
    }
    CHECK(total < size);
}

/* A tag that is in the list when compared strongly is in it when compared weakly. */
static void tags(gale_str list, const char *text)
{
    gale_str tag = GALE_STR("\"a\"");
    CHECK(!gale__entity_tag_in_list(list, tag, GALE__ENTITY_TAG_STRONG) ||
          gale__entity_tag_in_list(list, tag, GALE__ENTITY_TAG_WEAK));
    gale__validators validators = { "\"a\"", true, 784111777 };
    bool not_modified = gale__not_modified(text, NULL, &validators);
    CHECK(!*text || not_modified == gale__entity_tag_in_list((gale_str){ text, strlen(text) }, tag,
                                                             GALE__ENTITY_TAG_WEAK));
    gale__not_modified(NULL, text, &validators);
    gale__precondition_fails(text, text, &validators);
    gale__precondition_fails(NULL, text, &validators);
    gale__if_range_holds(text, &validators, 784111800);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t there = 0;
    if (size < sizeof there)
        return 0;
    memcpy(&there, data, sizeof there);
    there &= INT64_MAX;
    gale_str text = { (const char *)data + sizeof there, size - sizeof there };
    ranges(text, there);
    ranges(text, there % 5000);
    char *copy = fuzz_string(text.data, text.len);
    tags(text, copy);
    free(copy);
    CHECK(gale__content_type_of(text));
    return 0;
}
