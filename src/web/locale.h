/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a locale, and the readers of its translations. */
#ifndef GALE_WEB_LOCALE_H
#define GALE_WEB_LOCALE_H

#include <gale/locale.h>

#include "core/buffer.h"
#include "web/catalogue.h"
#include "web/locale_plural.h"

enum { GALE__LOCALE_CODE_SIZE = 32, GALE__LOCALE_FILE_MAX = 64 * 1024 * 1024 };

struct gale_locale {
    char code[GALE__LOCALE_CODE_SIZE];
    bool gettext;
    gale__catalogue catalogue;
    gale__plural plural;         /* of gettext */
    const gale_locale *language; /* of a gettext locale with a country: asked next; or NULL */
};

/* The locale for a code: its own, or that of its language; NULL when there is none. */
const gale_locale *gale__locale_closest_to(const char *code);

/* One record of a CSV file: its first cells, as text, and how many there were. RFC 4180, as
 * Python's csv module reads it: quotes inside a cell are quotes, line ends become LF. */
enum { GALE__CSV_CELLS = 3, GALE__CSV_CELL_MAX = 1024 * 1024 };
typedef struct gale__csv_record {
    gale__buffer cells[GALE__CSV_CELLS];
    size_t count;
} gale__csv_record;

void gale__csv_record_init(gale__csv_record *record);
void gale__csv_record_clear(gale__csv_record *record);
/* Reads the record at the front of *text, which becomes what is behind it. Returns 1, 0 at the end,
 * GALE_ETOOBIG for a cell over the limit, -ENOMEM. */
int gale__csv_next(gale_str *text, gale__csv_record *record);
/* The file as UTF-8 without its byte order mark. GALE_EENCODING, -ENOMEM. */
int gale__csv_decode(gale_str file, gale__buffer *ret_text);
/* Adds what a CSV file has; `name` is for the log. GALE_EENCODING, GALE_ETOOBIG, -ENOMEM. */
int gale__locale_read_csv(gale_locale *locale, gale_str file, const char *name);

/* Adds what an .mo file has. GALE_EINPUT with its detail, or -ENOMEM. */
int gale__locale_read_mo(gale_locale *locale, gale_str file);

#endif
