/* SPDX-License-Identifier: Apache-2.0 */
/* A log line: as text nothing in it may command a terminal, as JSON it is JSON. */
#include <gale/json.h>
#include <gale/log.h>

#include "core/utf8.h"
#include "fuzz.h"

enum { ROOM = 64 * 1024 };

static char line[ROOM];

/* Formats, and the same again into less room. */
static size_t format(const gale_log_formatter *formatter, const gale_log_record *record)
{
    static char shorter[ROOM];
    size_t size = gale_log_format(formatter, record, line, sizeof line), room = size / 2 + 1;
    CHECK(size < sizeof line && strlen(line) == size);
    CHECK(gale_log_format(formatter, record, shorter, room) == size);
    CHECK(strlen(shorter) == room - 1 && memcmp(shorter, line, room - 1) == 0);
    return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 4096)
        return 0;
    char *message = fuzz_string(data, size), *context = fuzz_string(data, size / 3);
    const gale_log_record record = { .level = GALE_LOG_ERROR,
                                     .message = message,
                                     .size = size,
                                     .context = size % 2 ? context : NULL,
                                     .file = "a.c",
                                     .line = (int)size,
                                     .time = 1783514096.25 };
    size_t length = format(NULL, &record);
    CHECK(gale__utf8_valid(line, length));
    for (size_t i = 0; i < length; i++)
        CHECK((unsigned char)line[i] >= 0x20 || line[i] == '\n' || line[i] == '\t');
    length = format(&(gale_log_formatter){ .json = true }, &record);
    CHECK(!memchr(line, '\n', length));
    json_t *json = json_loadb(line, length, JSON_ALLOW_NUL, NULL);
    CHECK(json && json_object_get(json, "message"));
    json_decref(json);
    free(context);
    free(message);
    return 0;
}
