/* SPDX-License-Identifier: Apache-2.0 */
/* Locales over files that the tests write. tests/interop/locale_test.py compares with Tornado. */
#include "web/locale.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/own_arena.h"
#include "test.h"

static char folder[64];

static void make_folder(void)
{
    strcpy(folder, "/tmp/gale-locale-XXXXXX");
    assert_non_null(mkdtemp(folder));
}

static void remove_folder(void)
{
    char command[100];
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
    gale_unload_translations();
}

static void write_file(const char *name, const void *data, size_t size)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    fclose(file);
}

/* Takes the reference. */
static void assert_text(gale_bytes *actual, const char *expected)
{
    assert_non_null(actual);
    assert_str(gale_bytes_str(actual), expected);
    gale_bytes_unref(actual);
}

#define SCHOOL                                                                                     \
    "\xc3\xa9"                                                                                     \
    "cole"

/* ---- CSV ------------------------------------------------------------------------------- */

static void assert_school(const void *data, size_t size)
{
    make_folder();
    write_file("fr_FR.csv", data, size);
    assert_int_equal(gale_load_translations(folder), 1);
    const gale_locale *locale = gale_locale_get("fr_FR");
    assert_non_null(locale);
    assert_string_equal(gale_locale_translate(locale, "school"), SCHOOL);
    remove_folder();
}

TEST(csv_in_each_encoding)
{
    static const char utf8[] = "\"school\",\"" SCHOOL "\"\n";
    assert_school(utf8, sizeof utf8 - 1);
    static const char marked[] = "\xef\xbb\xbf\"school\",\"" SCHOOL "\"\n";
    assert_school(marked, sizeof marked - 1);
    static const char text[] = "school,\xe9"
                               "cole\n";
    char utf16[2][64] = { "\xff\xfe", "\xfe\xff" };
    for (size_t i = 0; i < sizeof text - 1; i++) {
        utf16[0][2 + 2 * i] = text[i];
        utf16[1][3 + 2 * i] = text[i];
    }
    assert_school(utf16[0], 2 * sizeof text);
    assert_school(utf16[1], 2 * sizeof text);
}

TEST(what_is_wrong_with_a_file_is_logged)
{
    make_folder();
    write_file("es.csv", "a,b,many\nc,d,plural\n", 20);
    write_file("de.csv", "a,\xe9", 3);
    write_file("Spanish.csv", "a,b", 3);
    write_file("a.b.csv", "a,b", 3);
    write_file("readme.txt", "a,b", 3);
    test_expect_log(GALE_LOG_ERROR, "Unrecognized plural indicator 'many' in es.csv line 1");
    test_expect_log(GALE_LOG_ERROR, "Cannot load translation for 'de': neither UTF-8");
    test_expect_log(GALE_LOG_ERROR, "Unrecognized locale 'Spanish'");
    test_expect_log(GALE_LOG_ERROR, "Unrecognized locale 'a.b'");
    assert_int_equal(gale_load_translations(folder), 1);
    assert_string_equal(gale_supported_locale(0), "es");
    assert_string_equal(gale_supported_locale(1), "en_US");
    assert_null(gale_supported_locale(2));
    assert_error(gale_load_translations("/nowhere"), -ENOENT);
    assert_string_equal(gale_locale_translate_plural(gale_locale_get("es"), "x", "c", 2), "d");
    remove_folder();
}

TEST(csv_has_no_contexts)
{
    make_folder();
    write_file("es.csv", "right,derecho\n", 14);
    assert_int_equal(gale_load_translations(folder), 1);
    test_expect_log(GALE_LOG_WARNING, "no contexts");
    assert_string_equal(gale_locale_pgettext(gale_locale_get("es"), "law", "right"), "derecho");
    remove_folder();
    assert_string_equal(gale_locale_pgettext(gale_locale_get("en_US"), "law", "right"), "right");
}

TEST(the_closest_locale)
{
    make_folder();
    write_file("es.csv", "", 0);
    write_file("pt_BR.csv", "", 0);
    assert_int_equal(gale_load_translations(folder), 2);
    static const char *const codes[][2] = { { "es_GT", "es" },    { "ES-gt", "es" },
                                            { "pt-br", "pt_BR" }, { "pt", "en_US" },
                                            { "", "en_US" },      { "es_ES_x", "en_US" },
                                            { "_", "en_US" },     { "en-us", "en_US" } };
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        assert_string_equal(gale_locale_code(gale_locale_get_closest(codes[i][0])), codes[i][1]);
    assert_string_equal(gale_locale_code(gale_locale_get_closest("xx", "pt_BR", "es")), "pt_BR");
    assert_null(gale_locale_get("es_GT"));
    assert_ok(gale_set_default_locale("es"));
    assert_string_equal(gale_locale_code(gale_locale_get_closest("xx")), "es");
    assert_ok(gale_set_default_locale("en_US"));
    assert_error(gale_set_default_locale("an_identifier_that_is_too_long_for_it"), GALE_EINVALID);
    remove_folder();
}

/* ---- gettext --------------------------------------------------------------------------- */

/* Writes an .mo file: pairs of texts that NULL ends, "|" for the NUL between plural forms. */
static size_t write_mo(unsigned char *out, const char *const *pairs)
{
    uint32_t count = 0;
    while (pairs[2 * count])
        count++;
    uint32_t head[7] = { 0x950412de, 0, count, 28, 28 + 8 * count, 0, 0 };
    uint32_t at = 28 + 16 * count;
    memcpy(out, head, sizeof head);
    for (uint32_t i = 0; i < 2 * count; i++) {
        uint32_t size = (uint32_t)strlen(pairs[i]), entry[2] = { size, at };
        memcpy(out + 28 + (i % 2 ? 8 * count : 0) + 8 * (i / 2), entry, sizeof entry);
        memcpy(out + at, pairs[i], size + 1);
        for (uint32_t j = 0; j < size; j++)
            if (out[at + j] == '|')
                out[at + j] = '\0';
        at += size + 1;
    }
    return at;
}

static void load_mo(const char *const *pairs)
{
    unsigned char file[1024];
    char path[100];
    make_folder();
    snprintf(path, sizeof path, "%s/fr_FR", folder);
    assert_int_equal(mkdir(path, 0777), 0);
    strcat(path, "/LC_MESSAGES");
    assert_int_equal(mkdir(path, 0777), 0);
    write_file("fr_FR/LC_MESSAGES/test.mo", file, write_mo(file, pairs));
}

TEST(gettext_with_contexts_and_plural_forms)
{
    static const char *const pairs[] = {
        "",
        "Content-Type: text/plain; charset=utf-8\nPlural-Forms: nplurals=2; plural=(n > 1);\n",
        "school",
        SCHOOL,
        "law\4right",
        "le droit",
        "good\4right",
        "le bien",
        "organization\4club|organization\4clubs",
        "le club|les clubs",
        "stick\4club|stick\4clubs",
        "le b\xc3\xa2ton|les b\xc3\xa2tons",
        NULL
    };
    load_mo(pairs);
    assert_int_equal(gale_load_gettext_translations(folder, "test"), 1);
    const gale_locale *locale = gale_locale_get("fr_FR");
    assert_string_equal(gale_locale_translate(locale, "school"), SCHOOL);
    assert_string_equal(gale_locale_translate(locale, "unknown"), "unknown");
    assert_string_equal(gale_locale_translate(locale, ""), "");
    assert_string_equal(gale_locale_pgettext(locale, "law", "right"), "le droit");
    assert_string_equal(gale_locale_pgettext(locale, "good", "right"), "le bien");
    assert_string_equal(gale_locale_pgettext(locale, "no", "right"), "right");
    static const char *const expected[][2] = { { "le club", "les clubs" },
                                               { "le b\xc3\xa2ton", "les b\xc3\xa2tons" } };
    for (int i = 0; i < 2; i++) {
        const char *context = i ? "stick" : "organization";
        for (int64_t count = 0; count <= 2; count++)
            assert_string_equal(
                gale_locale_pgettext_plural(locale, context, "club", "clubs", count),
                expected[i][count > 1]);
    }
    assert_string_equal(gale_locale_pgettext_plural(locale, "no", "club", "clubs", 0), "clubs");
    remove_folder();
}

static void assert_refused(const char *const *pairs, const char *why)
{
    load_mo(pairs);
    test_expect_log(GALE_LOG_ERROR, why);
    assert_int_equal(gale_load_gettext_translations(folder, "test"), 0);
    assert_int_equal(gale_load_gettext_translations(folder, "other"), 0);
    remove_folder();
}

TEST(bad_catalogues_are_refused)
{
    assert_refused((const char *const[]){ "a", "\xc3\xa9", NULL }, "names no charset");
    assert_refused((const char *const[]){ "", "Content-Type: text/plain; charset=koi8-r", NULL },
                   "a charset other than");
    assert_refused((const char *const[]){ "", "Plural-Forms: nplurals=2; plural=n+;", NULL },
                   "malformed plural expression");
    assert_refused((const char *const[]){ "", "Content-Type: x; charset=UTF-8", "a", "\xe9", NULL },
                   "malformed UTF-8");
}

/* Reads bytes that end where their memory ends; frees them. */
static void read_exactly(unsigned char *data, size_t size)
{
    gale__own_arena own;
    gale__own_arena_init(&own);
    gale_locale locale = { .gettext = true };
    gale__catalogue_init(&locale.catalogue, &own.arena);
    int result = gale__locale_read_mo(&locale, (gale_str){ (const char *)data, size });
    assert_true(result == 0 || result == GALE_EINPUT);
    gale__catalogue_clear(&locale.catalogue);
    gale__plural_clear(&locale.plural);
    gale__own_arena_close(&own);
    free(data);
}

TEST(no_offset_of_a_catalogue_is_believed)
{
    static const char *const pairs[] = { "a", "b", "c", "d", NULL };
    unsigned char file[256];
    size_t size = write_mo(file, pairs);
    for (size_t i = 0; i < 28 + 32; i++) {
        for (int value = 0; value < 256; value += 51) {
            unsigned char *exact = malloc(size);
            memcpy(exact, file, size);
            exact[i] = (unsigned char)value;
            read_exactly(exact, size);
        }
    }
    for (size_t cut = 0; cut <= size; cut++) {
        unsigned char *exact = malloc(cut ? cut : 1);
        memcpy(exact, file, cut);
        read_exactly(exact, cut);
    }
}

/* ---- Plural expressions ---------------------------------------------------------------- */

static void assert_form(const char *expression, int64_t n, int64_t form)
{
    gale__plural plural = { 0 };
    assert_ok(gale__plural_parse(&plural, (gale_str){ expression, strlen(expression) }));
    assert_int_equal(gale__plural_form(&plural, n), form);
    gale__plural_clear(&plural);
}

TEST(plural_expressions)
{
    assert_form("n != 1", 1, 0);
    assert_form("n>1?2:n", 1, 1);
    assert_form("1+2*3-4/2%3", 0, 5);
    assert_form("(1+2)*3", 0, 9);
    assert_form("!n", 0, 1);
    assert_form("!!n == 1 && 1 || 0", 7, 1);
    assert_form("n ? 1 : 0 ? 2 : 3", 0, 3);
    assert_form("1 < 2 == 1", 0, 1);
    assert_form("n / 0 + n % 0", 5, 0);
    assert_form("n && 10 / n", 0, 0);
    assert_form("n % 10", -1, 9);
    static const int64_t polish[][2] = { { 0, 2 }, { 1, 0 },  { 2, 1 },
                                         { 5, 2 }, { 12, 2 }, { 22, 1 } };
    for (size_t i = 0; i < 6; i++)
        assert_form("n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2",
                    polish[i][0], polish[i][1]);
}

TEST(bad_plural_expressions)
{
    static const char *const bad[] = {
        "",      "n n",     "(n",     "n)",    "-n",
        "1 +",   "n ? 1",   "m",      "n = 1", "99999999999999999999",
        "n & 1", "? 1 : 2", "n ? : 1"
    };
    gale__plural plural = { 0 };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_error(gale__plural_parse(&plural, (gale_str){ bad[i], strlen(bad[i]) }),
                     GALE_EINPUT);
    char deep[1000];
    memset(deep, '(', sizeof deep);
    assert_error(gale__plural_parse(&plural, (gale_str){ deep, sizeof deep }), GALE_EINPUT);
    for (size_t i = 0; i < sizeof deep; i++)
        deep[i] = i % 2 ? '+' : 'n';
    assert_error(gale__plural_parse(&plural, (gale_str){ deep, sizeof deep - 1 }), GALE_EINPUT);
    test_fail_allocation(1);
    assert_error(gale__plural_parse(&plural, GALE_STR("n")), -ENOMEM);
}

/* ---- Dates, lists, numbers ------------------------------------------------------------- */

static const double NOW = 1367174100; /* Sunday, April 28, 2013, 18:35 */

static void assert_date(double age, gale_format_date_options options, const char *expected)
{
    options.now = NOW;
    assert_text(gale_locale_format_date(gale_locale_get("en_US"), NOW - age, &options), expected);
}

TEST(format_date)
{
    const gale_format_date_options plain = { 0 }, shorter = { .shorter = true };
    const gale_format_date_options absolute = { .absolute = true };
    const double day = 86400;
    assert_date(0, (gale_format_date_options){ .full_format = true }, "April 28, 2013 at 6:35 pm");
    assert_date(2, plain, "2 seconds ago");
    assert_date(1, plain, "1 second ago");
    assert_date(-30, plain, "0 seconds ago");
    assert_date(-90, plain, "April 28, 2013 at 6:36 pm");
    assert_date(-day - 30, plain, "April 29, 2013 at 6:35 pm");
    assert_date(90, plain, "2 minutes ago");
    assert_date(150, plain, "2 minutes ago"); /* halves go to the even one */
    assert_date(2 * 3600, plain, "2 hours ago");
    assert_date(day - 1, plain, "24 hours ago");
    assert_date(2 * 3600, absolute, "4:35 pm");
    assert_date(day, plain, "yesterday at 6:35 pm");
    assert_date(day, shorter, "yesterday");
    assert_date(day, absolute, "Saturday at 6:35 pm");
    assert_date(2 * day, shorter, "Friday");
    assert_date(2 * day, plain, "Friday at 6:35 pm");
    assert_date(300 * day, shorter, "July 2");
    assert_date(300 * day, plain, "July 2 at 6:35 pm");
    assert_date(500 * day, shorter, "December 15, 2011");
    assert_date(2 * day, (gale_format_date_options){ .gmt_offset = 420 }, "Friday at 11:35 am");
}

TEST(dates_far_away_are_clamped)
{
    const gale_locale *locale = gale_locale_get("en_US");
    assert_text(gale_locale_format_date(locale, 1e300, NULL), "December 31, 9999 at 11:59 pm");
    assert_text(gale_locale_format_date(locale, 0.0 / 0.0, NULL), "January 1, 1 at 12:00 am");
    gale_bytes_unref(gale_locale_format_date(locale, 0, NULL));
}

TEST(format_day)
{
    const gale_locale *locale = gale_locale_get("en_US");
    assert_text(gale_locale_format_day(locale, NOW, 0, true), "Sunday, April 28");
    assert_text(gale_locale_format_day(locale, NOW, 0, false), "April 28");
    assert_text(gale_locale_format_day(locale, NOW, -600, true), "Monday, April 29");
}

TEST(lists_and_numbers)
{
    const gale_locale *locale = gale_locale_get("en_US");
    static const char *const parts[] = { "A", "B", "C" };
    static const char *const expected[] = { "", "A", "A and B", "A, B and C" };
    for (size_t count = 0; count <= 3; count++)
        assert_text(gale_locale_list(locale, parts, count), expected[count]);
    assert_text(gale_locale_friendly_number(locale, 1000000), "1,000,000");
    assert_text(gale_locale_friendly_number(locale, -123), "-123");
    assert_text(gale_locale_friendly_number(locale, INT64_MIN), "-9,223,372,036,854,775,808");
}

TEST(names_and_directions)
{
    make_folder();
    write_file("es_LA.csv", "", 0);
    write_file("he_IL.csv", "", 0);
    write_file("xx.csv", "", 0);
    assert_int_equal(gale_load_translations(folder), 3);
    assert_string_equal(gale_locale_name(gale_locale_get("es_LA")), "Espa\xc3\xb1ol");
    assert_string_equal(gale_locale_name(gale_locale_get("xx")), "Unknown");
    assert_true(gale_locale_rtl(gale_locale_get("he_IL")));
    assert_false(gale_locale_rtl(gale_locale_get("es_LA")));
    remove_folder();
}

TEST(named_places)
{
    assert_text(gale_format_named("%(b)s %(a)s %(b)d%%", "a", "1", "b", "2", NULL), "2 1 2%");
    assert_text(gale_format_named("%(c)s %(a)x %(a %s %", "a", "1", NULL), "%(c)s %(a)x %(a %s %");
    assert_text(gale_format_named("", NULL), "");
    assert_text(gale_format_named("%(a)s", "a", "%(a)s", NULL), "%(a)s");
}

TEST(loading_without_memory_changes_nothing)
{
    make_folder();
    write_file("es.csv", "a,b\nc,d\n", 8);
    assert_int_equal(gale_load_translations(folder), 1);
    size_t n = 0;
    int result;
    do {
        test_fail_allocation(++n);
        result = gale_load_translations(folder);
        assert_true(result == 1 || result == -ENOMEM);
        assert_string_equal(gale_locale_translate(gale_locale_get("es"), "a"), "b");
    } while (test_allocation_failed());
    assert_true(n > 4);
    remove_folder();
}

GALE_TEST_MAIN
