/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Translations in .mo files (GNU gettext, "The Format of GNU MO Files"): two tables of lengths and
 * offsets, of the texts and of their translations. No offset is believed; and since texts that
 * do not overlap cannot be longer together than the file, neither may these be.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "core/error.h"
#include "core/letters.h"
#include "core/utf8.h"
#include "web/locale.h"

enum { HEADER_SIZE = 28, ENTRY_SIZE = 8, FORMS_MAX = 32 };
enum { ASCII, UTF8, LATIN1 };

typedef struct mo_file {
    const unsigned char *data;
    size_t size;
    bool big_endian;
    uint32_t count, keys, translations; /* the tables' offsets */
    int charset;
    size_t budget; /* bytes of text that may still come */
} mo_file;

static int corrupt(const char *what)
{
    return gale__fail(GALE_EINPUT, "%s", what);
}

static uint32_t number_at(const mo_file *file, size_t offset)
{
    const unsigned char *at = file->data + offset;
    uint32_t little = at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
    return file->big_endian ? __builtin_bswap32(little) : little;
}

/* ---- Texts ----------------------------------------------------------------------------- */

static int text_at(const mo_file *file, uint32_t table, uint32_t index, gale_str *ret_text)
{
    size_t entry = table + (size_t)index * ENTRY_SIZE;
    uint32_t length = number_at(file, entry), offset = number_at(file, entry + 4);
    if (offset > file->size || length > file->size - offset)
        return corrupt("a text is outside of the file");
    *ret_text = (gale_str){ (const char *)file->data + offset, length };
    return 0;
}

static int check_tables(const mo_file *file)
{
    uint64_t size = (uint64_t)file->count * ENTRY_SIZE;
    if (file->keys + size > file->size || file->translations + size > file->size)
        return corrupt("a table is outside of the file");
    return 0;
}

static int read_header(mo_file *file)
{
    if (file->size < HEADER_SIZE)
        return corrupt("not a .mo file: too short");
    uint32_t magic = number_at(file, 0);
    file->big_endian = magic == 0xde120495;
    if (!file->big_endian && magic != 0x950412de)
        return corrupt("not a .mo file: bad magic number");
    if (number_at(file, 4) >> 16 > 1)
        return corrupt("a .mo file of an unknown version");
    file->count = number_at(file, 8);
    file->keys = number_at(file, 12);
    file->translations = number_at(file, 16);
    return check_tables(file);
}

/* Latin-1 as UTF-8; others as they are, once they are what they claim to be. */
static int decode(const mo_file *file, gale_str text, gale__buffer *out)
{
    gale__buffer_clear(out);
    if (file->charset == LATIN1) {
        for (size_t i = 0; i < text.len; i++) {
            char encoded[4];
            size_t size = gale__utf8_encode((unsigned char)text.data[i], encoded);
            gale__buffer_append(out, encoded, size);
        }
        return out->error;
    }
    if (file->charset == ASCII)
        for (size_t i = 0; i < text.len; i++)
            if ((unsigned char)text.data[i] >= 0x80)
                return corrupt("text outside ASCII, but the file names no charset");
    if (!gale__utf8_valid(text.data, text.len))
        return corrupt("malformed UTF-8");
    return gale__buffer_append(out, text.data, text.len);
}

/* ---- The header entry ------------------------------------------------------------------ */

/* The part of `text` before the first `end`, which is cut off with it. */
static gale_str cut(gale_str *text, char end)
{
    const char *found = text->len ? memchr(text->data, end, text->len) : NULL;
    gale_str part = { text->data, found ? (size_t)(found - text->data) : text->len };
    size_t size = part.len + (found != NULL);
    text->data += size;
    text->len -= size;
    return part;
}

static bool is_named(gale_str text, const char *name)
{
    return text.len == strlen(name) && strncasecmp(text.data, name, text.len) == 0;
}

/* What follows `name` and "=" in "a; name=value"; `data` NULL when it is not there. */
static gale_str parameter(gale_str value, const char *name)
{
    while (value.len) {
        gale_str part = cut(&value, ';'), key = cut(&part, '=');
        if (is_named(gale__strip(key), name))
            return gale__strip(part);
    }
    return (gale_str){ NULL, 0 };
}

static int read_charset(mo_file *file, gale_str value)
{
    gale_str charset = parameter(value, "charset");
    if (!charset.data)
        return 0;
    if (is_named(charset, "UTF-8") || is_named(charset, "UTF8"))
        file->charset = UTF8;
    else if (is_named(charset, "ISO-8859-1") || is_named(charset, "LATIN1"))
        file->charset = LATIN1;
    else if (!is_named(charset, "ASCII") && !is_named(charset, "US-ASCII"))
        return corrupt("a charset other than UTF-8, ISO-8859-1 and ASCII");
    return 0;
}

/* "plural=n == 1 ? 0 : 1;": cut by hand, as the expression has "=" in it. */
static int read_plural(gale_locale *locale, gale_str value)
{
    cut(&value, ';');
    gale_str part = cut(&value, ';'), key = cut(&part, '=');
    if (!is_named(gale__strip(key), "plural"))
        return corrupt("malformed Plural-Forms");
    gale__plural_clear(&locale->plural);
    return gale__plural_parse(&locale->plural, gale__strip(part));
}

/* The translation of "" has fields as a mail has. */
static int read_fields(gale_locale *locale, mo_file *file, gale_str text)
{
    while (text.len) {
        gale_str line = cut(&text, '\n'), name = gale__strip(cut(&line, ':'));
        if (is_named(name, "Content-Type"))
            GALE_TRY(read_charset(file, line));
        else if (is_named(name, "Plural-Forms"))
            GALE_TRY(read_plural(locale, line));
    }
    return 0;
}

static int find_fields(gale_locale *locale, mo_file *file)
{
    for (uint32_t i = 0; i < file->count; i++) {
        gale_str key, translation;
        GALE_TRY(text_at(file, file->keys, i, &key));
        GALE_TRY(text_at(file, file->translations, i, &translation));
        if (key.len == 0)
            return read_fields(locale, file, translation);
    }
    return 0;
}

/* ---- Messages -------------------------------------------------------------------------- */

static int add_forms(gale_locale *locale, gale_str key, gale_str forms)
{
    key = cut(&key, '\0'); /* behind it stands the plural, which nobody asks for */
    for (unsigned form = 0;; form++) {
        if (form == FORMS_MAX)
            return corrupt("a message has too many plural forms");
        gale_str translation = cut(&forms, '\0');
        GALE_TRY(
            gale__catalogue_add(&locale->catalogue, GALE__MESSAGE_FORM + form, key, translation));
        if (!forms.len)
            return 0;
    }
}

static int add_message(gale_locale *locale, gale_str key, gale_str translation)
{
    if (memchr(key.data, '\0', key.len))
        return add_forms(locale, key, translation);
    return gale__catalogue_add(&locale->catalogue, GALE__MESSAGE_UNKNOWN, key, translation);
}

static int read_message(gale_locale *locale, mo_file *file, uint32_t index, gale__buffer buffers[2])
{
    gale_str key, translation;
    GALE_TRY(text_at(file, file->keys, index, &key));
    GALE_TRY(text_at(file, file->translations, index, &translation));
    if (key.len + translation.len > file->budget)
        return corrupt("texts overlap");
    file->budget -= key.len + translation.len;
    if (key.len == 0)
        return 0;
    GALE_TRY(decode(file, key, &buffers[0]));
    GALE_TRY(decode(file, translation, &buffers[1]));
    return add_message(locale, gale__buffer_str(&buffers[0]), gale__buffer_str(&buffers[1]));
}

int gale__locale_read_mo(gale_locale *locale, gale_str content)
{
    mo_file file = { .data = (const unsigned char *)content.data, .size = content.len };
    file.budget = content.len;
    GALE_TRY(read_header(&file));
    GALE_TRY(find_fields(locale, &file));
    gale__buffer buffers[2];
    gale__buffer_init(&buffers[0], SIZE_MAX);
    gale__buffer_init(&buffers[1], SIZE_MAX);
    int result = 0;
    for (uint32_t i = 0; i < file.count && result >= 0; i++)
        result = read_message(locale, &file, i, buffers);
    gale__buffer_clear(&buffers[0]);
    gale__buffer_clear(&buffers[1]);
    return result;
}
