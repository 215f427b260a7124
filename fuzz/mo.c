/* SPDX-License-Identifier: Apache-2.0 */
/* A catalogue of gettext, and each input as a plural expression. */
#include "fuzz.h"
#include "web/locale.h"

static void check_messages(const gale_locale *locale, size_t size)
{
    const gale__catalogue *catalogue = &locale->catalogue;
    CHECK(catalogue->count <= size);
    for (size_t i = 0; i < catalogue->count; i++) {
        const gale__message *message = &catalogue->messages[i];
        CHECK_TEXT(message->key);
        if (strlen(message->key.data) == message->key.len)
            CHECK(gale__catalogue_find(catalogue, message->kind, NULL, message->key.data) ==
                  message->translation);
        CHECK(gale_locale_translate(locale, message->key.data));
        CHECK(gale_locale_pgettext_plural(locale, "a", message->key.data, "b", (int64_t)i - 3));
    }
}

static void plural(gale_str text)
{
    gale__plural parsed = { 0 };
    if (gale__plural_parse(&parsed, text) < 0)
        return;
    for (int64_t n = -2; n < 130; n++)
        gale__plural_form(&parsed, n);
    gale__plural_form(&parsed, INT64_MAX);
    gale__plural_form(&parsed, INT64_MIN);
    gale__plural_clear(&parsed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *input = fuzz_copy(data, size);
    fuzz_arena memory;
    fuzz_arena_open(&memory);
    gale_locale locale = { .gettext = true };
    gale__catalogue_init(&locale.catalogue, &memory.arena);
    int result = gale__locale_read_mo(&locale, (gale_str){ input, size });
    CHECK(result == 0 || result == GALE_EINPUT);
    gale__catalogue_sort(&locale.catalogue);
    check_messages(&locale, size);
    gale__catalogue_clear(&locale.catalogue);
    gale__plural_clear(&locale.plural);
    fuzz_arena_close(&memory);
    plural((gale_str){ input, size });
    free(input);
    return 0;
}
