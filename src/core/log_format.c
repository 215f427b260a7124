/* SPDX-License-Identifier: Apache-2.0 */
/* How a line looks: text as Tornado formats it, or a JSON object. */
#include <gale/log.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/log_sink.h"
#include "core/utf8.h"

/* Writes what fits, and counts everything. */
typedef struct pen {
    char *out;
    size_t room; /* without the NUL */
    size_t size;
} pen;

static void put(pen *p, const char *data, size_t size)
{
    if (p->size < p->room) {
        size_t left = p->room - p->size;
        memcpy(p->out + p->size, data, size < left ? size : left);
    }
    p->size += size;
}

static void put_text(pen *p, const char *text)
{
    put(p, text, strlen(text));
}

static void put_hex(pen *p, const char *lead, unsigned char byte)
{
    static const char digits[] = "0123456789abcdef";
    put_text(p, lead);
    put(p, (const char[]){ digits[byte >> 4], digits[byte & 15] }, 2);
}

/* The bytes at its front that need no escaping in any form. */
static size_t plain_run(const char *text, size_t size)
{
    size_t run = 0;
    while (run < size && text[run] >= ' ' && text[run] < 0x7f && text[run] != '"' &&
           text[run] != '\\')
        run++;
    return run;
}

/* Hands what else the text consists of to `put_one`: whole characters, and what is none, byte by
 * byte with `character` UINT32_MAX. */
static void put_characters(pen *p, const char *text, size_t size,
                           void (*put_one)(pen *p, const char *data, size_t size,
                                           uint32_t character))
{
    for (size_t at = 0, step; at < size; at += step) {
        uint32_t character = (unsigned char)text[at];
        step = plain_run(text + at, size - at);
        put(p, text + at, step);
        if (step > 0)
            continue;
        step = 1;
        if (character >= 0x80) {
            step = gale__utf8_decode(text + at, size - at, &character);
            if (!gale__utf8_valid(text + at, step)) {
                step = 1;
                character = UINT32_MAX;
            }
        }
        put_one(p, text + at, step, character);
    }
}

/* ---- What both forms consist of ---- */

/* The name of the source without its folder, and its length without ".c". */
static const char *module_of(const char *file, size_t *ret_size)
{
    const char *slash = strrchr(file, '/');
    const char *name = slash ? slash + 1 : file;
    const char *dot = strrchr(name, '.');
    *ret_size = dot && dot != name ? (size_t)(dot - name) : strlen(name);
    return name;
}

static void put_number(pen *p, unsigned number)
{
    char digits[10];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    put(p, digits + at, sizeof digits - at);
}

static void put_source(pen *p, const gale_log_record *record)
{
    size_t size;
    const char *module = module_of(record->file, &size);
    put(p, module, size);
    put(p, ":", 1);
    put_number(p, (unsigned)record->line);
}

/* 0 to 3. */
static size_t level_index(gale_log_level level)
{
    return level >= GALE_LOG_ERROR     ? 3
           : level >= GALE_LOG_WARNING ? 2
           : level >= GALE_LOG_INFO    ? 1
                                       : 0;
}

static size_t context_size(const char *context)
{
    return strnlen(context, GALE__LOG_CONTEXT_MAX);
}

/* ---- Text ---- */

static const char default_date_format[] = "%y%m%d %H:%M:%S";

/* The text of a second is made once. */
static const char *date_of(const char *format, time_t second)
{
    static _Thread_local struct {
        time_t second;
        const char *format;
        char text[64];
    } last;
    struct tm local;
    if (last.second != second || last.format != format) {
        last.second = second;
        last.format = format;
        if (!localtime_r(&second, &local) ||
            strftime(last.text, sizeof last.text, format, &local) == 0)
            last.text[0] = '\0';
    }
    return last.text;
}

/* A client's bytes must not reach a terminal as commands, not even those of ISO 6429 above ASCII.
 */
static void put_message_character(pen *p, const char *data, size_t size, uint32_t character)
{
    if (character == '\n')
        put_text(p, "\n    ");
    else if ((character < 0x20 && character != '\t') || (character >= 0x7f && character < 0xa0) ||
             character == UINT32_MAX)
        for (size_t i = 0; i < size; i++)
            put_hex(p, "\\x", (unsigned char)data[i]);
    else
        put(p, data, size);
}

static void put_head(pen *p, const gale_log_formatter *formatter, const gale_log_record *record)
{
    const char *date_format = formatter->date_format ? formatter->date_format : default_date_format;
    put_text(p, "[");
    put(p, &"DIWE"[level_index(record->level)], 1);
    put_text(p, " ");
    put_text(p, date_of(date_format, (time_t)record->time));
    put_text(p, " ");
    put_source(p, record);
    put_text(p, "]");
}

static const char *color_of(const gale_log_formatter *formatter, gale_log_level level)
{
    static const char *const colors[] = { "\x1b[34m", "\x1b[32m", "\x1b[33m", "\x1b[31m" };
    size_t index = level_index(level);
    return formatter->colors[index] ? formatter->colors[index] : colors[index];
}

static void put_as_text(pen *p, const gale_log_formatter *formatter, const gale_log_record *record)
{
    if (formatter->color)
        put_text(p, color_of(formatter, record->level));
    put_head(p, formatter, record);
    if (formatter->color)
        put_text(p, "\x1b[0m");
    put_text(p, " ");
    if (record->context) {
        put_text(p, "[");
        put_characters(p, record->context, context_size(record->context), put_message_character);
        put_text(p, "] ");
    }
    put_characters(p, record->message, record->size, put_message_character);
}

/* ---- JSON ---- */

static void put_json_character(pen *p, const char *data, size_t size, uint32_t character)
{
    if (character == '\n')
        put_text(p, "\\n");
    else if (character == '"' || character == '\\')
        put(p, (const char[]){ '\\', (char)character }, 2);
    else if (character == UINT32_MAX)
        put_text(p, "\\ufffd");
    else if (character < 0x20 || (character >= 0x7f && character < 0xa0))
        put_hex(p, "\\u00", (unsigned char)character);
    else
        put(p, data, size);
}

static void put_member(pen *p, const char *lead, const char *text, size_t size)
{
    put_text(p, lead);
    put_characters(p, text, size, put_json_character);
    put_text(p, "\"");
}

static void put_time(pen *p, double time)
{
    char text[64];
    struct tm utc;
    time_t second = (time_t)time;
    if (!gmtime_r(&second, &utc))
        return;
    size_t size = strftime(text, sizeof text, "{\"time\": \"%Y-%m-%dT%H:%M:%S", &utc);
    int milliseconds = (int)((time - (double)second) * 1000);
    snprintf(text + size, sizeof text - size, ".%03dZ\"", milliseconds);
    put_text(p, text);
}

static void put_as_json(pen *p, const gale_log_record *record)
{
    static const char *const levels[] = { "debug", "info", "warning", "error" };
    static const char *const loggers[] = { "general", "application", "access" };
    put_time(p, record->time);
    put_text(p, ", \"level\": \"");
    put_text(p, levels[level_index(record->level)]);
    put_text(p, "\", \"logger\": \"");
    put_text(p, loggers[record->logger]);
    put_text(p, "\", \"source\": \"");
    put_source(p, record);
    put_text(p, "\"");
    if (record->task)
        put_member(p, ", \"task\": \"", record->task, context_size(record->task));
    if (record->context)
        put_member(p, ", \"context\": \"", record->context, context_size(record->context));
    put_member(p, ", \"message\": \"", record->message, record->size);
    put_text(p, "}");
}

size_t gale_log_format(const gale_log_formatter *formatter, const gale_log_record *record,
                       char *out, size_t size)
{
    static const gale_log_formatter defaults;
    pen p = { out, size ? size - 1 : 0, 0 };
    if (!formatter)
        formatter = &defaults;
    if (formatter->json)
        put_as_json(&p, record);
    else
        put_as_text(&p, formatter, record);
    if (size)
        out[p.size < p.room ? p.size : p.room] = '\0';
    return p.size;
}
