/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/accept_language.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *input = fuzz_copy(data, size);
    gale_str value = { input, size };
    gale__language language;
    for (size_t before = size; gale__accept_language_next(&value, &language); before = value.len) {
        CHECK(value.len < before);
        CHECK(language.range.len <= size);
        CHECK(language.weight >= 0 && language.weight <= 1000);
        CHECK(!memchr(language.range.data, ',', language.range.len));
    }
    free(input);
    return 0;
}
