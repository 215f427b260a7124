/* SPDX-License-Identifier: Apache-2.0 */
/* A file of CSV translations in any encoding. */
#include <gale/log.h>

#include "fuzz.h"
#include "web/locale.h"

static void records(gale_str text)
{
    gale__csv_record record;
    gale__csv_record_init(&record);
    for (size_t before = text.len; gale__csv_next(&text, &record) > 0; before = text.len) {
        CHECK(text.len < before);
        for (size_t i = 0; i < GALE__CSV_CELLS; i++)
            CHECK(i < record.count || record.cells[i].size == 0);
    }
    gale__csv_record_clear(&record);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gale_log_set_level(GALE_LOG_OFF);
    char *input = fuzz_copy(data, size);
    records((gale_str){ input, size });
    fuzz_arena memory;
    fuzz_arena_open(&memory);
    gale_locale locale = { 0 };
    gale__catalogue_init(&locale.catalogue, &memory.arena);
    int result = gale__locale_read_csv(&locale, (gale_str){ input, size }, "input");
    CHECK(result == 0 || result == GALE_EENCODING || result == GALE_ETOOBIG);
    gale__catalogue_sort(&locale.catalogue);
    CHECK(locale.catalogue.count <= size);
    gale__catalogue_clear(&locale.catalogue);
    fuzz_arena_close(&memory);
    free(input);
    return 0;
}
