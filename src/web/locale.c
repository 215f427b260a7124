/* SPDX-License-Identifier: Apache-2.0 */
/* Loading translations, choosing a locale, translating. */
#include "web/locale.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gale/log.h>

#include "core/error.h"
#include "proto/own_arena.h"

/* All locales that have translations, by code. */
typedef struct locale_set {
    gale__own_arena own;
    gale_locale **locales;
    size_t count;
} locale_set;

static locale_set *loaded; /* NULL: none */
static gale_locale default_locale = { .code = "en_US" };

/* ---- Sets ------------------------------------------------------------------------------ */

static void locale_free(gale_locale *locale)
{
    gale__catalogue_clear(&locale->catalogue);
    gale__plural_clear(&locale->plural);
    gale__free(locale);
}

static void set_free(locale_set *set)
{
    if (!set)
        return;
    for (size_t i = 0; i < set->count; i++)
        locale_free(set->locales[i]);
    gale__free(set->locales);
    gale__own_arena_close(&set->own);
    gale__free(set);
}

static locale_set *set_new(void)
{
    locale_set *set = GALE__NEW(locale_set);
    if (set)
        gale__own_arena_init(&set->own);
    return set;
}

static int set_add(locale_set *set, gale_locale *locale)
{
    gale_locale **locales = gale__realloc(set->locales, (set->count + 1) * sizeof *locales);
    if (!locales)
        return -ENOMEM;
    set->locales = locales;
    set->locales[set->count++] = locale;
    return 0;
}

static int compare_codes(const void *left, const void *right)
{
    return strcmp((*(gale_locale *const *)left)->code, (*(gale_locale *const *)right)->code);
}

static gale_locale *set_find(const locale_set *set, const char *code)
{
    size_t low = 0, high = set ? set->count : 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(code, set->locales[middle]->code);
        if (order == 0)
            return set->locales[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* The set is complete: it takes the place of the one before. */
static int install(locale_set *set)
{
    if (set->count)
        qsort(set->locales, set->count, sizeof(gale_locale *), compare_codes);
    for (size_t i = 0; i < set->count; i++) {
        gale_locale *locale = set->locales[i];
        char language[GALE__LOCALE_CODE_SIZE];
        size_t size = strcspn(locale->code, "_");
        gale__catalogue_sort(&locale->catalogue);
        memcpy(language, locale->code, size);
        language[size] = '\0';
        if (locale->gettext && locale->code[size])
            locale->language = set_find(set, language);
    }
    gale_unload_translations();
    loaded = set;
    return (int)set->count;
}

void gale_unload_translations(void)
{
    set_free(loaded);
    loaded = NULL;
}

/* ---- Files ----------------------------------------------------------------------------- */

static int read_open_file(FILE *file, gale__buffer *out)
{
    enum { PIECE = 64 * 1024 };
    size_t size;
    do {
        GALE_TRY(gale__buffer_reserve(out, PIECE));
        size = fread(gale__buffer_end(out), 1, PIECE, file);
        gale__buffer_commit(out, size);
        if (out->size > GALE__LOCALE_FILE_MAX)
            return gale__fail(GALE_ETOOBIG, "the file is over 64 MiB");
    } while (size > 0);
    return ferror(file) ? -errno : 0;
}

static int read_file(const char *path, gale__buffer *out)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return -errno;
    int result = read_open_file(file, out);
    fclose(file);
    return result;
}

static void log_failure(const char *code, int error)
{
    const char *detail = error <= GALE_ECANCELED ? gale_error_detail() : "";
    gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "Cannot load translation for '%s': %s", code,
             *detail ? detail : gale_strerror(error));
}

/* Reads one file into a new locale of the set. What is wrong with the file is logged; only -ENOMEM
 * is returned. */
static int load_file(locale_set *set, const char *code, const char *path, const char *name)
{
    gale_locale *locale = GALE__NEW(gale_locale);
    if (!locale)
        return -ENOMEM;
    memcpy(locale->code, code, strlen(code) + 1);
    locale->gettext = !name;
    gale__catalogue_init(&locale->catalogue, &set->own.arena);
    gale__buffer content;
    gale__buffer_init(&content, SIZE_MAX);
    int result = read_file(path, &content);
    bool absent = result == -ENOENT || result == -ENOTDIR;
    if (result >= 0)
        result = name ? gale__locale_read_csv(locale, gale__buffer_str(&content), name)
                      : gale__locale_read_mo(locale, gale__buffer_str(&content));
    gale__buffer_clear(&content);
    if (result >= 0)
        result = set_add(set, locale);
    if (result >= 0)
        return 0;
    locale_free(locale);
    if (result != -ENOMEM && !(absent && !name))
        log_failure(code, result);
    return result == -ENOMEM ? result : 0;
}

/* Loads what an entry of the directory stands for, if anything. */
typedef int (*entry_loader)(locale_set *set, const char *directory, const char *entry,
                            const char *domain);

static int load_entries(locale_set *set, DIR *directory, const char *path, entry_loader load,
                        const char *domain)
{
    const struct dirent *entry;
    while ((entry = readdir(directory)) != NULL) /* NOLINT: one thread, one stream */
        if (entry->d_name[0] != '.')
            GALE_TRY(load(set, path, entry->d_name, domain));
    return 0;
}

static int load_directory(const char *path, entry_loader load, const char *domain)
{
    DIR *directory = opendir(path);
    if (!directory)
        return gale__fail(-errno, "cannot read translations in %s: %s", path, strerror(errno));
    locale_set *set = set_new();
    int result = set ? load_entries(set, directory, path, load, domain) : -ENOMEM;
    closedir(directory);
    if (result >= 0)
        return install(set);
    set_free(set);
    return result;
}

/* ---- CSV ------------------------------------------------------------------------------- */

/* [a-z]+(_[A-Z]+)? */
static bool is_code(const char *code)
{
    size_t language = strspn(code, "abcdefghijklmnopqrstuvwxyz");
    if (language == 0 || strlen(code) >= GALE__LOCALE_CODE_SIZE)
        return false;
    if (code[language] == '\0')
        return true;
    size_t country = strspn(code + language + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    return code[language] == '_' && country > 0 && code[language + 1 + country] == '\0';
}

static int load_csv(locale_set *set, const char *directory, const char *entry, const char *domain)
{
    size_t size = strlen(entry);
    (void)domain;
    if (size < 4 || strcmp(entry + size - 4, ".csv") != 0)
        return 0;
    gale__buffer path, code;
    gale__buffer_init(&path, SIZE_MAX);
    gale__buffer_init(&code, SIZE_MAX);
    gale__buffer_printf(&path, "%s/%s", directory, entry);
    gale__buffer_append(&code, entry, size - 4);
    int result = path.error ? path.error : code.error;
    if (result >= 0 && is_code(code.data))
        result = load_file(set, code.data, path.data, entry);
    else if (result >= 0)
        gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "Unrecognized locale '%s' (path: %s)", code.data,
                 path.data);
    gale__buffer_clear(&path);
    gale__buffer_clear(&code);
    return result;
}

int gale_load_translations(const char *directory)
{
    return load_directory(directory, load_csv, NULL);
}

/* ---- gettext --------------------------------------------------------------------------- */

static int load_mo(locale_set *set, const char *directory, const char *entry, const char *domain)
{
    if (strlen(entry) >= GALE__LOCALE_CODE_SIZE)
        return 0;
    gale__buffer path;
    gale__buffer_init(&path, SIZE_MAX);
    int result = gale__buffer_printf(&path, "%s/%s/LC_MESSAGES/%s.mo", directory, entry, domain);
    if (result >= 0)
        result = load_file(set, entry, path.data, NULL);
    gale__buffer_clear(&path);
    return result;
}

int gale_load_gettext_translations(const char *directory, const char *domain)
{
    return load_directory(directory, load_mo, domain);
}

/* ---- Choosing -------------------------------------------------------------------------- */

int gale_set_default_locale(const char *code)
{
    size_t size = strlen(code);
    if (size >= GALE__LOCALE_CODE_SIZE)
        return gale__fail(GALE_EINVALID, "the code of a locale is over 31 bytes");
    memcpy(default_locale.code, code, size + 1);
    return 0;
}

const char *gale_supported_locale(size_t index)
{
    size_t count = loaded ? loaded->count : 0;
    if (index < count)
        return loaded->locales[index]->code;
    bool more = index == count && !set_find(loaded, default_locale.code);
    return more ? default_locale.code : NULL;
}

const gale_locale *gale_locale_get(const char *code)
{
    const gale_locale *found = set_find(loaded, code);
    if (!found && strcmp(code, default_locale.code) == 0)
        found = &default_locale;
    return found;
}

static char change_case(char letter, bool upper)
{
    char first = upper ? 'a' : 'A';
    bool change = letter >= first && letter <= first + 25;
    return change ? (char)(letter ^ 0x20) : letter;
}

/* "pt-br" as "pt_BR": returns the size of the language, or 0 for a code of more than two parts. */
static size_t normalize(const char *code, char out[GALE__LOCALE_CODE_SIZE])
{
    size_t language = strcspn(code, "-_"), size = strlen(code);
    if (size == 0 || size >= GALE__LOCALE_CODE_SIZE || language == 0)
        return 0;
    if (code[language] && strpbrk(code + language + 1, "-_"))
        return 0;
    for (size_t i = 0; i <= size; i++)
        out[i] = code[language] ? change_case(code[i], i > language) : code[i];
    if (code[language])
        out[language] = '_';
    return language;
}

const gale_locale *gale__locale_closest_to(const char *code)
{
    char normal[GALE__LOCALE_CODE_SIZE];
    size_t language = normalize(code, normal);
    if (!language)
        return NULL;
    const gale_locale *found = gale_locale_get(normal);
    if (found)
        return found;
    for (size_t i = 0; i < language; i++)
        normal[i] = change_case(normal[i], false);
    normal[language] = '\0';
    return gale_locale_get(normal);
}

const gale_locale *gale_locale_get_closest_of(const char *const *codes)
{
    for (; *codes; codes++) {
        const gale_locale *found = gale__locale_closest_to(*codes);
        if (found)
            return found;
    }
    return gale_locale_get(default_locale.code);
}

const char *gale_locale_code(const gale_locale *locale)
{
    return locale->code;
}

bool gale_locale_rtl(const gale_locale *locale)
{
    static const char *const languages[] = { "fa", "ar", "he" };
    for (size_t i = 0; i < sizeof languages / sizeof languages[0]; i++)
        if (strncmp(locale->code, languages[i], 2) == 0)
            return true;
    return false;
}

/* ---- Translating ----------------------------------------------------------------------- */

static const char *find(const gale_locale *locale, const char *context, const char *message)
{
    const char *found = NULL;
    for (; locale && !found; locale = locale->language)
        found = gale__catalogue_find(&locale->catalogue, GALE__MESSAGE_UNKNOWN, context, message);
    return found;
}

static const char *find_form(const gale_locale *locale, const char *context, const char *message,
                             int64_t count)
{
    const char *found = NULL;
    for (; locale && !found; locale = locale->language) {
        int64_t form = gale__plural_form(&locale->plural, count);
        if (form >= 0 && form < 1000)
            found = gale__catalogue_find(&locale->catalogue, GALE__MESSAGE_FORM + (unsigned)form,
                                         context, message);
    }
    return found;
}

const char *gale_locale_translate(const gale_locale *locale, const char *message)
{
    const char *found = find(locale, NULL, message);
    return found ? found : message;
}

const char *gale_locale_translate_plural(const gale_locale *locale, const char *message,
                                         const char *plural_message, int64_t count)
{
    const char *usual = count == 1 ? message : plural_message, *found;
    if (locale->gettext)
        found = find_form(locale, NULL, message, count);
    else
        found = gale__catalogue_find(&locale->catalogue,
                                     count == 1 ? GALE__MESSAGE_SINGULAR : GALE__MESSAGE_PLURAL,
                                     NULL, usual);
    return found ? found : usual;
}

static bool has_contexts(const gale_locale *locale)
{
    if (!locale->gettext && locale->catalogue.count)
        gale_log(GALE_LOG_GENERAL, GALE_LOG_WARNING, "CSV translations have no contexts");
    return locale->gettext;
}

const char *gale_locale_pgettext(const gale_locale *locale, const char *context,
                                 const char *message)
{
    if (!has_contexts(locale))
        return gale_locale_translate(locale, message);
    const char *found = find(locale, context, message);
    return found ? found : message;
}

const char *gale_locale_pgettext_plural(const gale_locale *locale, const char *context,
                                        const char *message, const char *plural_message,
                                        int64_t count)
{
    const char *found = has_contexts(locale) ? find_form(locale, context, message, count) : NULL;
    return found ? found : gale_locale_translate_plural(locale, message, plural_message, count);
}
