/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gale/locale.h: translations, and dates, lists and numbers as a language writes them. Tornado's
 * counterpart: tornado.locale. What a handler uses of it is in <gale/web.h>.
 *
 * The translations belong to the process. Load them in main, before the first request and before
 * another thread is there; after that they do not change, and every thread may use them. Text
 * that a locale hands out lives until they are loaded anew or unloaded; UTF-8.
 *
 *     gale_load_translations("locale");
 *     const gale_locale *locale = gale_locale_get_closest("es-GT", "es");
 *     puts(gale_locale_translate(locale, "I love you"));
 */
#ifndef GALE_LOCALE_H
#define GALE_LOCALE_H

#include <gale/core.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A language, perhaps of one country, with its translations. Tornado: locale.Locale. */
typedef struct gale_locale gale_locale;

/* ---- Loading --------------------------------------------------------------------------- */

/**
 * Loads every `LOCALE.csv` of the directory (`es.csv`, `es_GT.csv`), instead of what was loaded
 * before. A line has a text of the program, its translation, and perhaps "plural" or "singular":
 *
 *     "I love you","Te amo"
 *     "%(name)s liked this","A %(name)s les gustó esto","plural"
 *     "%(name)s liked this","A %(name)s le gustó esto","singular"
 *
 * UTF-8, or UTF-16 with its byte order mark; RFC 4180. What is malformed is logged and left out.
 * Returns the number of locales; -errno when the directory cannot be read; -ENOMEM: then nothing
 * has changed. Tornado: locale.load_translations.
 */
GALE_API int gale_load_translations(const char *directory);
/**
 * Loads every `DIRECTORY/LOCALE/LC_MESSAGES/DOMAIN.mo`, as GNU gettext's msgfmt makes them, with
 * their plural forms and contexts. What `es_GT` does not have is looked for in `es`. Returns as
 * above. Tornado: locale.load_gettext_translations.
 */
GALE_API int gale_load_gettext_translations(const char *directory, const char *domain);
/** Forgets all translations. Locales and texts from before are no longer valid. */
GALE_API void gale_unload_translations(void);
/** The language that the program itself is written in: "en_US" unless it is set. It needs no
 * translations. Returns 0, or GALE_EINVALID when the code is longer than 31 bytes.
 * Tornado: locale.set_default_locale. */
GALE_API int gale_set_default_locale(const char *code);
/** The number `index` of the codes of all locales, the default's included; NULL after the last.
 * Tornado: locale.get_supported_locales. */
GALE_API GALE_ANY_THREAD const char *gale_supported_locale(size_t index);

/* ---- Locales --------------------------------------------------------------------------- */

/** The locale with exactly that code, or NULL. Tornado: Locale.get. */
GALE_API GALE_ANY_THREAD const gale_locale *gale_locale_get(const char *code);
/**
 * The locale for the first of the codes that has one: its own, or that of its language; the
 * default's when none has. "es-gt" and "es_GT" are the same. The codes are `const char *`.
 * Tornado: locale.get, Locale.get_closest.
 */
#define gale_locale_get_closest(...)                                                               \
    gale_locale_get_closest_of((const char *const[]){ __VA_ARGS__, NULL })
/** The same for a list that NULL ends. */
GALE_API GALE_ANY_THREAD const gale_locale *gale_locale_get_closest_of(const char *const *codes);
/** Its code, such as "pt_BR". Tornado: Locale.code. */
GALE_API GALE_ANY_THREAD const char *gale_locale_code(const gale_locale *locale);
/** What the language calls itself, "Português (Brasil)", or "Unknown". Tornado: Locale.name. */
GALE_API GALE_ANY_THREAD const char *gale_locale_name(const gale_locale *locale);
/** True for languages that are written from right to left. Tornado: Locale.rtl. */
GALE_API GALE_ANY_THREAD bool gale_locale_rtl(const gale_locale *locale);

/* ---- Texts ----------------------------------------------------------------------------- */

/* Each returns the text that was given when there is no translation. */

/** Tornado: Locale.translate. */
GALE_API GALE_ANY_THREAD const char *gale_locale_translate(const gale_locale *locale,
                                                           const char *message);
/** The form for `count`: of the translation's forms, or `message` for 1 and `plural_message` for
 * others. Tornado: Locale.translate(message, plural_message, count). */
GALE_API GALE_ANY_THREAD const char *gale_locale_translate_plural(const gale_locale *locale,
                                                                  const char *message,
                                                                  const char *plural_message,
                                                                  int64_t count);
/** A text that means different things in different contexts: "right" in "law" and in "good". CSV
 * translations have no contexts: a warning is logged. Tornado: Locale.pgettext. */
GALE_API GALE_ANY_THREAD const char *gale_locale_pgettext(const gale_locale *locale,
                                                          const char *context, const char *message);
/** Tornado: Locale.pgettext(context, message, plural_message, count). */
GALE_API GALE_ANY_THREAD const char *
gale_locale_pgettext_plural(const gale_locale *locale, const char *context, const char *message,
                            const char *plural_message, int64_t count);

#if defined(__GNUC__)
#define GALE_NULL_ENDS __attribute__((sentinel))
#else
#define GALE_NULL_ENDS
#endif

/**
 * Fills the named places of a text, which a translator may have put in another order:
 *
 *     gale_format_named("%(name)s lives in %(place)s", "name", name, "place", place, NULL)
 *
 * Names and values are `const char *`. `%%` is a percent sign; a place without a value stays. The
 * result has one reference; NULL when out of memory. Python: the operator % with a dict.
 */
GALE_API GALE_ANY_THREAD gale_bytes *gale_format_named(const char *text, ...) GALE_NULL_ENDS;

/* ---- Dates, lists, numbers ------------------------------------------------------------- */

/* The results have one reference, and are NULL when out of memory. */

/** Options of gale_locale_format_date. Zero is the default of each. */
typedef struct gale_format_date_options {
    /** Minutes that the reader's clock is behind UTC: 300 in New York in winter. */
    int gmt_offset;
    /** Not "2 minutes ago" or "yesterday". Tornado: relative=False. */
    bool absolute;
    /** Without the time of day, but for today. */
    bool shorter;
    /** Always with the year: "July 10, 1980 at 5:37 pm". */
    bool full_format;
    /** The time that is now, in seconds since 1970; 0: the clock's. */
    double now;
    void *reserved_[4];
} gale_format_date_options;

/**
 * A moment, in seconds since 1970, seen from now: "2 minutes ago", "yesterday at 5:37 pm",
 * "Friday at 5:37 pm", "July 10 at 5:37 pm", "July 10, 1980 at 5:37 pm". The future, but for the
 * next minute, is written in full. Tornado: Locale.format_date.
 */
GALE_API GALE_ANY_THREAD gale_bytes *
gale_locale_format_date(const gale_locale *locale, double date,
                        const gale_format_date_options *options);
/** The day of a moment, "Monday, January 22", or "January 22" when not `day_of_week`; gmt_offset as
 * above. Tornado: Locale.format_day. */
GALE_API GALE_ANY_THREAD gale_bytes *gale_locale_format_day(const gale_locale *locale, double date,
                                                            int gmt_offset, bool day_of_week);
/** "A, B and C" of `count` parts. Tornado: Locale.list. */
GALE_API GALE_ANY_THREAD gale_bytes *gale_locale_list(const gale_locale *locale,
                                                      const char *const *parts, size_t count);
/** In English "1,000,000"; else as it is. Tornado: Locale.friendly_number. */
GALE_API GALE_ANY_THREAD gale_bytes *gale_locale_friendly_number(const gale_locale *locale,
                                                                 int64_t number);

#ifdef __cplusplus
}
#endif

#endif
