/* SPDX-License-Identifier: Apache-2.0 */
#include "core/letters.h"

bool gale__is_letter_or_digit(uint32_t code_point)
{
    if (code_point < 0x80)
        return (code_point >= '0' && code_point <= '9') ||
               ((code_point | 0x20) >= 'a' && (code_point | 0x20) <= 'z');
    size_t low = 0, high = gale__letter_range_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (code_point > gale__letter_ranges[middle].last)
            low = middle + 1;
        else
            high = middle;
    }
    return low < gale__letter_range_count && code_point >= gale__letter_ranges[low].first;
}

size_t gale__space_size(const char *text, size_t size)
{
    const unsigned char *at = (const unsigned char *)text;
    if (*at == ' ' || (*at >= 0x09 && *at <= 0x0D) || (*at >= 0x1C && *at <= 0x1F))
        return 1;
    if (size >= 2 && at[0] == 0xC2 && (at[1] == 0x85 || at[1] == 0xA0))
        return 2;
    if (size < 3)
        return 0;
    unsigned three = (unsigned)at[0] << 16 | (unsigned)at[1] << 8 | at[2];
    bool space = three == 0xE19A80 || (three >= 0xE28080 && three <= 0xE2808A) ||
                 three == 0xE280A8 || three == 0xE280A9 || three == 0xE280AF || three == 0xE2819F ||
                 three == 0xE38080;
    return space ? 3 : 0;
}

gale_str gale__strip(gale_str text)
{
    size_t size;
    while (text.len && (size = gale__space_size(text.data, text.len))) {
        text.data += size;
        text.len -= size;
    }
    while (text.len) {
        size_t start = text.len - 1;
        while (start > 0 && ((unsigned char)text.data[start] & 0xC0) == 0x80)
            start--;
        size = gale__space_size(text.data + start, text.len - start);
        if (!size || start + size != text.len)
            break;
        text.len = start;
    }
    return text;
}
