/* SPDX-License-Identifier: Apache-2.0 */
/* A date is a heap of words, of which the first that looks like a time is the time, and so on. */
#include "proto/cookie_date.h"

#include <strings.h>

#include "core/date.h"
#include "proto/characters.h"

typedef struct date {
    int second_of_day, day, month, year; /* -1 until found */
} date;

static bool is_delimiter(char byte)
{
    return byte == '\t' || (byte >= 0x20 && byte <= 0x2F) || (byte >= 0x3B && byte <= 0x40) ||
           (byte >= 0x5B && byte <= 0x60) || (byte >= 0x7B && byte <= 0x7E);
}

/* A number of `least` to `most` digits at the front, and not more of them; -1 when there is none.
 */
static int take_number(gale_str *text, size_t least, size_t most)
{
    size_t size = 0;
    int value = 0;
    while (size < text->len && size <= most && gale__http_is_digit(text->data[size]))
        value = value * 10 + (text->data[size++] - '0');
    if (size < least || size > most)
        return -1;
    *text = (gale_str){ text->data + size, text->len - size };
    return value;
}

static bool take_colon(gale_str *text)
{
    if (!text->len || *text->data != ':')
        return false;
    *text = (gale_str){ text->data + 1, text->len - 1 };
    return true;
}

/* h:m:s, whatever follows. False when it is no time. One that does not exist is -2. */
static bool find_time(date *found, gale_str word)
{
    int hour = take_number(&word, 1, 2);
    int minute = hour >= 0 && take_colon(&word) ? take_number(&word, 1, 2) : -1;
    int second = minute >= 0 && take_colon(&word) ? take_number(&word, 1, 2) : -1;
    if (second < 0)
        return false;
    bool exists = hour <= 23 && minute <= 59 && second <= 59;
    found->second_of_day = exists ? hour * 3600 + minute * 60 + second : -2;
    return true;
}

static bool find_number(int *found, gale_str word, size_t least, size_t most)
{
    int number = take_number(&word, least, most);
    if (number < 0)
        return false;
    *found = number;
    return true;
}

static bool find_month(date *found, gale_str word)
{
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    for (int i = 0; word.len >= 3 && i < 12; i++) {
        if (strncasecmp(word.data, names + 3 * i, 3) == 0) {
            found->month = i + 1;
            return true;
        }
    }
    return false;
}

static void look_at(date *found, gale_str word)
{
    if (found->second_of_day == -1 && find_time(found, word))
        return;
    if (found->day == -1 && find_number(&found->day, word, 1, 2))
        return;
    if (found->month == -1 && find_month(found, word))
        return;
    if (found->year == -1)
        find_number(&found->year, word, 2, 4);
}

int gale__cookie_date_parse(gale_str text, int64_t *ret_unix_seconds)
{
    date found = { -1, -1, -1, -1 };
    for (size_t i = 0; i < text.len;) {
        size_t start = i;
        while (i < text.len && !is_delimiter(text.data[i]))
            i++;
        look_at(&found, (gale_str){ text.data + start, i - start });
        i += i == start;
    }
    if (found.year >= 70 && found.year <= 99)
        found.year += 1900;
    else if (found.year >= 0 && found.year <= 69)
        found.year += 2000;
    if (found.second_of_day < 0 || found.day < 1 || found.month < 0 || found.year < 1601)
        return GALE_EINPUT;
    return gale__date_seconds(found.year, found.month, found.day, found.second_of_day,
                              ret_unix_seconds);
}
