/* SPDX-License-Identifier: Apache-2.0 */
/* Translations in CSV files. */
#include <errno.h>
#include <string.h>

#include <gale/log.h>

#include "core/error.h"
#include "core/letters.h"
#include "core/utf8.h"
#include "web/locale.h"

/* ---- Encodings ------------------------------------------------------------------------- */

static unsigned unit_at(const unsigned char *at, bool big_endian)
{
    return big_endian ? (unsigned)at[0] << 8 | at[1] : (unsigned)at[1] << 8 | at[0];
}

static int decode_utf16(const unsigned char *at, size_t size, bool big_endian, gale__buffer *out)
{
    if (size % 2)
        return gale__fail(GALE_EENCODING, "malformed UTF-16");
    for (size_t i = 0; i < size; i += 2) {
        uint32_t code_point = unit_at(at + i, big_endian);
        if (code_point >= 0xd800 && code_point <= 0xdbff && size - i >= 4) {
            unsigned low = unit_at(at + i + 2, big_endian);
            if (low >= 0xdc00 && low <= 0xdfff) {
                code_point = 0x10000 + ((code_point & 0x3ff) << 10 | (low & 0x3ff));
                i += 2;
            }
        }
        if (code_point >= 0xd800 && code_point <= 0xdfff)
            return gale__fail(GALE_EENCODING, "malformed UTF-16");
        char encoded[4];
        gale__buffer_append(out, encoded, gale__utf8_encode(code_point, encoded));
    }
    return out->error;
}

int gale__csv_decode(gale_str file, gale__buffer *ret_text)
{
    const unsigned char *bytes = (const unsigned char *)file.data;
    if (file.len >= 2 && (bytes[0] ^ bytes[1]) == 1 && bytes[0] >= 0xfe) /* FE FF, FF FE */
        return decode_utf16(bytes + 2, file.len - 2, bytes[0] == 0xfe, ret_text);
    size_t mark = file.len >= 3 && memcmp(file.data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    if (!gale__utf8_valid(file.data + mark, file.len - mark))
        return gale__fail(GALE_EENCODING, "neither UTF-8 nor, by its byte order mark, UTF-16");
    return gale__buffer_append(ret_text, file.data + mark, file.len - mark);
}

/* ---- Records --------------------------------------------------------------------------- */

void gale__csv_record_init(gale__csv_record *record)
{
    for (size_t i = 0; i < GALE__CSV_CELLS; i++)
        gale__buffer_init(&record->cells[i], GALE__CSV_CELL_MAX);
    record->count = 0;
}

void gale__csv_record_clear(gale__csv_record *record)
{
    for (size_t i = 0; i < GALE__CSV_CELLS; i++)
        gale__buffer_clear(&record->cells[i]);
    record->count = 0;
}

/* The next character, a line end of any kind as LF; -1 at the end. */
static int next_character(gale_str *text)
{
    if (!text->len)
        return -1;
    unsigned char byte = (unsigned char)*text->data;
    size_t size = byte == '\r' && text->len > 1 && text->data[1] == '\n' ? 2 : 1;
    text->data += size;
    text->len -= size;
    return byte == '\r' ? '\n' : byte;
}

/* Reads a cell to its end, which is returned: ",", LF, or -1. `cell` NULL: it is not kept. */
static int read_cell(gale_str *text, gale__buffer *cell)
{
    bool quoted = text->len && *text->data == '"';
    if (quoted)
        next_character(text);
    for (int at; (at = next_character(text)) != -1;) {
        if (quoted && at == '"') {
            bool doubled = text->len && *text->data == '"';
            if (doubled)
                next_character(text);
            quoted = doubled; /* what follows a closing quote is taken as it is */
            if (!doubled)
                continue;
        } else if (!quoted && (at == ',' || at == '\n')) {
            return at;
        }
        if (cell)
            gale__buffer_append_char(cell, (char)at);
    }
    return -1;
}

int gale__csv_next(gale_str *text, gale__csv_record *record)
{
    gale__csv_record_clear(record);
    if (!text->len)
        return 0;
    if (*text->data == '\n' || *text->data == '\r') { /* an empty line has no cell */
        next_character(text);
        return 1;
    }
    int end;
    do {
        gale__buffer *cell = record->count < GALE__CSV_CELLS ? &record->cells[record->count] : NULL;
        end = read_cell(text, cell);
        if (cell && cell->error)
            return cell->error;
        record->count++;
    } while (end == ',');
    return 1;
}

/* ---- Translations ---------------------------------------------------------------------- */

static gale_str cell_text(const gale__csv_record *record, size_t index)
{
    return gale__strip(gale__buffer_str(&record->cells[index]));
}

static bool is(gale_str text, const char *word)
{
    return strlen(word) == text.len && memcmp(text.data, word, text.len) == 0;
}

/* The kind that the third cell names, or -1. */
static int kind_of(gale_str indicator)
{
    if (indicator.len == 0 || is(indicator, "unknown"))
        return GALE__MESSAGE_UNKNOWN;
    if (is(indicator, "singular"))
        return GALE__MESSAGE_SINGULAR;
    return is(indicator, "plural") ? GALE__MESSAGE_PLURAL : -1;
}

static int add_record(gale_locale *locale, const gale__csv_record *record, const char *name,
                      size_t number)
{
    if (record->count < 2)
        return 0;
    gale_str indicator = cell_text(record, 2);
    int kind = kind_of(indicator);
    if (kind < 0) {
        int shown = indicator.len < 40 ? (int)indicator.len : 40;
        gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR,
                 "Unrecognized plural indicator '%.*s' in %s line %zu", shown, indicator.data, name,
                 number);
        return 0;
    }
    return gale__catalogue_add(&locale->catalogue, (unsigned)kind, cell_text(record, 0),
                               cell_text(record, 1));
}

static int read_records(gale_locale *locale, gale_str text, const char *name)
{
    gale__csv_record record;
    gale__csv_record_init(&record);
    int result;
    for (size_t number = 1; (result = gale__csv_next(&text, &record)) > 0; number++) {
        result = add_record(locale, &record, name, number);
        if (result < 0)
            break;
    }
    gale__csv_record_clear(&record);
    return result;
}

int gale__locale_read_csv(gale_locale *locale, gale_str file, const char *name)
{
    gale__buffer text;
    gale__buffer_init(&text, SIZE_MAX);
    int result = gale__csv_decode(file, &text);
    if (result >= 0)
        result = read_records(locale, gale__buffer_str(&text), name);
    gale__buffer_clear(&text);
    return result;
}
