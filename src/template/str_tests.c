/* SPDX-License-Identifier: Apache-2.0 */
/* Methods of text that test its characters, or make other text of it. */
#include <string.h>

#include "core/letters.h"
#include "template/builtins.h"

/* ---- Tests ----------------------------------------------------------------------------- */

/* True when each character passes, and there is one. */
static int all_are(gale__value self, bool (*test)(uint32_t), gale__value *out)
{
    bool good = self.length > 0;
    for (size_t i = 0, size; good && i < self.length; i += size)
        good = test(gale__code_point(self.text + i, &size));
    *out = gale__bool(good);
    return 0;
}

/* No numbers of other scripts: digits are ASCII's, superscripts and fractions are as in Python's
 * Latin-1. */
static bool is_digit(uint32_t c)
{
    return gale__is_digit(c) || c == 0xB2 || c == 0xB3 || c == 0xB9;
}

static bool is_numeric(uint32_t c)
{
    return is_digit(c) || (c >= 0xBC && c <= 0xBE) ||
           (!gale__is_alpha(c) && gale__is_letter_or_digit(c));
}

static bool is_ascii(uint32_t c)
{
    return c < 0x80;
}

#define TEST_METHOD(name, test)                                                                    \
    static int name(gale__run *run, gale__value self, const gale__value *values, size_t count,     \
                    gale__value *out)                                                              \
    {                                                                                              \
        (void)run, (void)values, (void)count;                                                      \
        return all_are(self, test, out);                                                           \
    }

TEST_METHOD(str_isalnum, gale__is_letter_or_digit)
TEST_METHOD(str_isalpha, gale__is_alpha)
TEST_METHOD(str_isdecimal, gale__is_digit)
TEST_METHOD(str_isdigit, is_digit)
TEST_METHOD(str_isnumeric, is_numeric)
TEST_METHOD(str_isspace, gale__is_space)

static int str_isascii(gale__run *run, gale__value self, const gale__value *values, size_t count,
                       gale__value *out)
{
    (void)run, (void)values, (void)count;
    all_are(self, is_ascii, out);
    out->boolean |= !self.length;
    return 0;
}

static int is_case(gale__value self, bool (*good)(uint32_t), bool (*bad)(uint32_t),
                   gale__value *out)
{
    bool any = false;
    *out = gale__bool(false);
    for (size_t i = 0, size; i < self.length; i += size) {
        uint32_t c = gale__code_point(self.text + i, &size);
        if (bad(c))
            return 0;
        any = any || good(c);
    }
    *out = gale__bool(any);
    return 0;
}

static int str_isupper(gale__run *run, gale__value self, const gale__value *values, size_t count,
                       gale__value *out)
{
    (void)run, (void)values, (void)count;
    return is_case(self, gale__is_upper, gale__is_lower, out);
}

static int str_islower(gale__run *run, gale__value self, const gale__value *values, size_t count,
                       gale__value *out)
{
    (void)run, (void)values, (void)count;
    return is_case(self, gale__is_lower, gale__is_upper, out);
}

static int str_istitle(gale__run *run, gale__value self, const gale__value *values, size_t count,
                       gale__value *out)
{
    bool any = false, inside = false, good = true;
    (void)run, (void)values, (void)count;
    for (size_t i = 0, size; i < self.length; i += size) {
        uint32_t c = gale__code_point(self.text + i, &size);
        bool upper = gale__is_upper(c), lower = gale__is_lower(c);
        good = good && !(upper && inside) && !(lower && !inside);
        inside = upper || lower;
        any = any || inside;
    }
    *out = gale__bool(any && good);
    return 0;
}

/* ---- Case ------------------------------------------------------------------------------ */

typedef enum text_case { UPPER, LOWER, SWAP, TITLE, CAPITALIZE } text_case;

static void append_cased(gale__buffer *out, uint32_t c, bool upper, bool first)
{
    if (upper && first && c == 0xDF) /* whose title case is not its upper case */
        gale__buffer_append(out, "Ss", 2);
    else
        (upper ? gale__append_upper : gale__append_lower)(out, c);
}

static int change_case(gale__run *run, gale__value self, text_case mode, gale__value *out)
{
    gale__buffer text;
    bool inside = false;
    gale__run_buffer(run, &text);
    gale__buffer_reserve(&text, self.length);
    for (size_t i = 0, size; i < self.length; i += size) {
        uint32_t c = gale__code_point(self.text + i, &size);
        bool upper = mode == UPPER || (mode == SWAP && gale__is_lower(c)) ||
                     (mode == TITLE && !inside) || (mode == CAPITALIZE && i == 0);
        if (mode == SWAP && !upper && !gale__is_upper(c))
            gale__append_code_point(&text, c);
        else
            append_cased(&text, c, upper, mode == TITLE || mode == CAPITALIZE);
        inside = gale__is_upper(c) || gale__is_lower(c);
    }
    return gale__run_take_text(run, &text, out);
}

#define CASE_METHOD(name, mode)                                                                    \
    static int name(gale__run *run, gale__value self, const gale__value *values, size_t count,     \
                    gale__value *out)                                                              \
    {                                                                                              \
        (void)values, (void)count;                                                                 \
        return change_case(run, self, mode, out);                                                  \
    }

CASE_METHOD(str_upper, UPPER)
CASE_METHOD(str_lower, LOWER)
CASE_METHOD(str_swapcase, SWAP)
CASE_METHOD(str_title, TITLE)
CASE_METHOD(str_capitalize, CAPITALIZE)

static int str_casefold(gale__run *run, gale__value self, const gale__value *values, size_t count,
                        gale__value *out)
{
    gale__buffer text;
    (void)values, (void)count;
    gale__run_buffer(run, &text);
    for (size_t i = 0, size; i < self.length; i += size) {
        uint32_t c = gale__code_point(self.text + i, &size);
        if (c == 0xDF || c == 0x1E9E)
            gale__buffer_append(&text, "ss", 2);
        else if (c == 0x3C2 || c == 0xB5)
            gale__append_code_point(&text, c == 0xB5 ? 0x3BC : 0x3C3);
        else
            gale__append_lower(&text, c);
    }
    return gale__run_take_text(run, &text, out);
}

/* ---- Padding --------------------------------------------------------------------------- */

static int append_fill(gale__run *run, gale__buffer *text, const char *fill, size_t size,
                       size_t count)
{
    GALE_TRY(gale__run_steps(run, (int64_t)(count / 8)));
    while (count-- && !text->error)
        gale__buffer_append(text, fill, size);
    return 0;
}

static int pad(gale__run *run, gale__value self, const gale__value *values, int where,
               gale__value *out)
{
    int64_t width;
    gale__value fill = values[1].kind == VALUE_UNSET ? gale__text(" ", 1) : values[1];
    GALE_TRY(gale__want_int(run, values[0], &width));
    if (fill.kind != VALUE_STR || gale__size(fill) != 1)
        return gale__raise(run, ERROR_TYPE,
                           "The fill character must be exactly one character long");
    int64_t need = width - (int64_t)gale__size(self);
    if (width <= 0 || need <= 0) {
        *out = self;
        return 0;
    }
    /* Python's choice of the side that gets the odd one */
    int64_t left = where < 0 ? 0 : where > 0 ? need : need / 2 + (need & width & 1);
    gale__buffer text;
    gale__run_buffer(run, &text);
    int error = append_fill(run, &text, fill.text, fill.length, (size_t)left);
    gale__buffer_append(&text, self.text, self.length);
    if (error >= 0)
        error = append_fill(run, &text, fill.text, fill.length, (size_t)(need - left));
    if (error < 0) {
        gale__buffer_clear(&text);
        return error;
    }
    return gale__run_take_text(run, &text, out);
}

static int str_ljust(gale__run *run, gale__value self, const gale__value *values, size_t count,
                     gale__value *out)
{
    (void)count;
    return pad(run, self, values, -1, out);
}

static int str_rjust(gale__run *run, gale__value self, const gale__value *values, size_t count,
                     gale__value *out)
{
    (void)count;
    return pad(run, self, values, 1, out);
}

static int str_center(gale__run *run, gale__value self, const gale__value *values, size_t count,
                      gale__value *out)
{
    (void)count;
    return pad(run, self, values, 0, out);
}

static int str_zfill(gale__run *run, gale__value self, const gale__value *values, size_t count,
                     gale__value *out)
{
    gale__value with_zero[2] = { values[0], gale__text("0", 1) };
    (void)count;
    bool sign = self.length && (self.text[0] == '-' || self.text[0] == '+');
    if (!sign)
        return pad(run, self, with_zero, 1, out);
    int64_t width;
    GALE_TRY(gale__want_int(run, values[0], &width));
    with_zero[0] = gale__int(width > 0 ? width - 1 : 0);
    gale__value digits;
    GALE_TRY(pad(run, gale__text(self.text + 1, self.length - 1), with_zero, 1, &digits));
    gale__buffer text;
    gale__run_buffer(run, &text);
    gale__buffer_append_char(&text, self.text[0]);
    gale__buffer_append(&text, digits.text, digits.length);
    return gale__run_take_text(run, &text, out);
}

static int append_tabs(gale__run *run, gale__buffer *text, gale__value self, int64_t width)
{
    int64_t column = 0;
    for (size_t i = 0, size; i < self.length; i += size) {
        gale__code_point(self.text + i, &size);
        if (self.text[i] == '\t') {
            int64_t spaces = width > 0 ? width - column % width : 0;
            GALE_TRY(append_fill(run, text, " ", 1, (size_t)spaces));
            column = (column + spaces) % (width > 0 ? width : 1);
            continue;
        }
        gale__buffer_append(text, self.text + i, size);
        column = self.text[i] == '\n' || self.text[i] == '\r' ? 0 : column + 1;
    }
    return 0;
}

static int str_expandtabs(gale__run *run, gale__value self, const gale__value *values, size_t count,
                          gale__value *out)
{
    int64_t width = 8;
    gale__buffer text;
    (void)count;
    GALE_TRY(gale__optional_int(run, values[0], &width));
    gale__run_buffer(run, &text);
    int error = append_tabs(run, &text, self, width);
    if (error < 0) {
        gale__buffer_clear(&text);
        return error;
    }
    return gale__run_take_text(run, &text, out);
}

/* ---- Putting together ------------------------------------------------------------------ */

static int append_joined(gale__run *run, gale__buffer *text, gale__value self, gale__value items)
{
    gale__iterator iterator = { .over = items };
    gale__value item;
    int more;
    for (size_t i = 0; (more = gale__iterator_next(run, &iterator, &item)) > 0; i++) {
        if (item.kind != VALUE_STR)
            return gale__raise(run, ERROR_TYPE,
                               "sequence item %zu: expected str instance, %s found", i,
                               gale__type_name(item));
        if (i)
            gale__buffer_append(text, self.text, self.length);
        gale__buffer_append(text, item.text, item.length);
    }
    return more;
}

static int str_join(gale__run *run, gale__value self, const gale__value *values, size_t count,
                    gale__value *out)
{
    gale__buffer text;
    (void)count;
    gale__run_buffer(run, &text);
    int error = append_joined(run, &text, self, values[0]);
    if (error < 0) {
        gale__buffer_clear(&text);
        return error;
    }
    return gale__run_take_text(run, &text, out);
}

static void append_replaced(gale__buffer *out, gale_str text, gale_str old, gale_str new_,
                            uint64_t most)
{
    size_t at = 0;
    while (most-- && !out->error) {
        const char *found = text.data + at;
        if (old.len)
            found = at < text.len ? memmem(found, text.len - at, old.data, old.len) : NULL;
        if (!found)
            break;
        size_t place = (size_t)(found - text.data), size = old.len;
        gale__buffer_append(out, text.data + at, place - at);
        gale__buffer_append(out, new_.data, new_.len);
        if (!old.len) { /* before each character, and at the end */
            if (place == text.len)
                return;
            gale__code_point(found, &size);
            gale__buffer_append(out, found, size);
        }
        at = place + size;
    }
    gale__buffer_append(out, text.data + at, text.len - at);
}

static int str_replace(gale__run *run, gale__value self, const gale__value *values, size_t count,
                       gale__value *out)
{
    int64_t most = -1;
    gale__buffer text;
    (void)count;
    GALE_TRY(gale__want_str(run, values[0], "replace() argument 1"));
    GALE_TRY(gale__want_str(run, values[1], "replace() argument 2"));
    if (values[2].kind != VALUE_UNSET)
        GALE_TRY(gale__want_int(run, values[2], &most));
    gale__run_buffer(run, &text);
    append_replaced(&text, gale__text_str(self), gale__text_str(values[0]),
                    gale__text_str(values[1]), (uint64_t)most);
    return gale__run_take_text(run, &text, out);
}

const gale__builtin gale__str_tests[] = {
    { "isalnum", "", 0, 0, str_isalnum },
    { "isalpha", "", 0, 0, str_isalpha },
    { "isascii", "", 0, 0, str_isascii },
    { "isdecimal", "", 0, 0, str_isdecimal },
    { "isdigit", "", 0, 0, str_isdigit },
    { "islower", "", 0, 0, str_islower },
    { "isnumeric", "", 0, 0, str_isnumeric },
    { "isspace", "", 0, 0, str_isspace },
    { "istitle", "", 0, 0, str_istitle },
    { "isupper", "", 0, 0, str_isupper },
    { "upper", "", 0, 0, str_upper },
    { "lower", "", 0, 0, str_lower },
    { "casefold", "", 0, 0, str_casefold },
    { "swapcase", "", 0, 0, str_swapcase },
    { "title", "", 0, 0, str_title },
    { "capitalize", "", 0, 0, str_capitalize },
    { "ljust", "width fillchar /", 1, 2, str_ljust },
    { "rjust", "width fillchar /", 1, 2, str_rjust },
    { "center", "width fillchar /", 1, 2, str_center },
    { "zfill", "width /", 1, 1, str_zfill },
    { "expandtabs", "tabsize", 0, 1, str_expandtabs },
    { "join", "iterable /", 1, 1, str_join },
    { "replace", "old new count", 2, 3, str_replace },
    { "format", NULL, 0, 0, NULL },
    { 0 },
};
