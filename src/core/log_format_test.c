/* SPDX-License-Identifier: Apache-2.0 */
#include <gale/log.h>

#include <stdlib.h>
#include <time.h>

#include "test.h"

static char line[512];

static const char *format(const gale_log_formatter *formatter, gale_log_level level,
                          const char *message, size_t size)
{
    const gale_log_record record = { .logger = GALE_LOG_ACCESS,
                                     .level = level,
                                     .message = message,
                                     .size = size,
                                     .file = "/src/web/blog.c",
                                     .line = 24,
                                     .time = 1783514096.7891 };
    size_t length = gale_log_format(formatter, &record, line, sizeof line);
    assert_int_equal(length, strlen(line));
    return line;
}

#define TEXT(formatter, literal) format((formatter), GALE_LOG_WARNING, literal, sizeof literal - 1)

static void use_utc(void)
{
    setenv("TZ", "UTC", 1);
    tzset();
}

TEST(a_line_is_as_tornados)
{
    use_utc();
    assert_string_equal(TEXT(NULL, "foo"), "[W 260708 12:34:56 blog:24] foo");
    assert_string_equal(TEXT(NULL, ""), "[W 260708 12:34:56 blog:24] ");
    assert_string_equal(format(NULL, GALE_LOG_DEBUG, "x", 1), "[D 260708 12:34:56 blog:24] x");
    assert_string_equal(format(NULL, GALE_LOG_INFO, "x", 1), "[I 260708 12:34:56 blog:24] x");
    assert_string_equal(format(NULL, GALE_LOG_ERROR, "x", 1), "[E 260708 12:34:56 blog:24] x");
    assert_string_equal(TEXT(&(gale_log_formatter){ .date_format = "%H.%M" }, "foo"),
                        "[W 12.34 blog:24] foo");
    assert_string_equal(TEXT(NULL, "foo"), "[W 260708 12:34:56 blog:24] foo");
}

TEST(text_stays_text_and_nothing_else_reaches_a_terminal)
{
    use_utc();
    static const struct {
        const char *message, *shown;
    } cases[] = { { "\xc3\xa9 \xe6\x9d\x8e", "\xc3\xa9 \xe6\x9d\x8e" },
                  { "\xe9", "\\xe9" },
                  { "a\xe6\x9d z", "a\\xe6\\x9d z" },
                  { "\x1b[31m\x7f\t.", "\\x1b[31m\\x7f\t." },
                  { "\xc2\x9b"
                    "31m",
                    "\\xc2\\x9b31m" }, /* the CSI of ISO 6429 */
                  { "\xef\xbf\xbd", "\xef\xbf\xbd" },
                  { "a\nb", "a\n    b" } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(
            format(NULL, GALE_LOG_ERROR, cases[i].message, strlen(cases[i].message)) +
                sizeof "[E 260708 12:34:56 blog:24]",
            cases[i].shown);
    assert_string_equal(TEXT(NULL, "a\0b"), "[W 260708 12:34:56 blog:24] a\\x00b");
}

TEST(only_the_brackets_are_coloured)
{
    use_utc();
    gale_log_formatter formatter = { .color = true };
    assert_string_equal(TEXT(&formatter, "foo"), "\x1b[33m[W 260708 12:34:56 blog:24]\x1b[0m foo");
    assert_string_equal(format(&formatter, GALE_LOG_DEBUG, "", 0),
                        "\x1b[34m[D 260708 12:34:56 blog:24]\x1b[0m ");
    assert_string_equal(format(&formatter, GALE_LOG_INFO, "", 0),
                        "\x1b[32m[I 260708 12:34:56 blog:24]\x1b[0m ");
    assert_string_equal(format(&formatter, GALE_LOG_ERROR, "", 0),
                        "\x1b[31m[E 260708 12:34:56 blog:24]\x1b[0m ");
    formatter.colors[2] = "\x1b[35m";
    assert_string_equal(TEXT(&formatter, "foo"), "\x1b[35m[W 260708 12:34:56 blog:24]\x1b[0m foo");
}

TEST(json_lines)
{
    const gale_log_formatter formatter = { .json = true };
    assert_string_equal(TEXT(&formatter, "a \"b\"\\\n\x1b\xff\xc3\xa9\0"),
                        "{\"time\": \"2026-07-08T12:34:56.789Z\", \"level\": \"warning\", "
                        "\"logger\": \"access\", \"source\": \"blog:24\", \"message\": \"a "
                        "\\\"b\\\"\\\\\\n\\u001b\\ufffd\xc3\xa9\\u0000\"}");
}

TEST(a_context_stands_before_the_message)
{
    use_utc();
    gale_log_formatter formatter = { 0 };
    char context[200];
    gale_log_record record = { .level = GALE_LOG_ERROR,
                               .message = "x",
                               .size = 1,
                               .context = "id\x1b",
                               .task = "story",
                               .file = "blog",
                               .line = 1,
                               .time = 1783514096 };
    gale_log_format(&formatter, &record, line, sizeof line);
    assert_string_equal(line, "[E 260708 12:34:56 blog:1] [id\\x1b] x");
    formatter.json = true;
    gale_log_format(&formatter, &record, line, sizeof line);
    assert_string_equal(
        line, "{\"time\": \"2026-07-08T12:34:56.000Z\", \"level\": \"error\", "
              "\"logger\": \"general\", \"source\": \"blog:1\", \"task\": \"story\", \"context\": "
              "\"id\\u001b\", \"message\": \"x\"}");
    memset(context, 'c', sizeof context);
    record.context = context; /* cut at 128 bytes */
    formatter.json = false;
    assert_int_equal(gale_log_format(&formatter, &record, line, sizeof line),
                     strlen("[E 260708 12:34:56 blog:1] [] x") + 128);
}

TEST(a_line_is_cut_to_the_room_there_is)
{
    use_utc();
    const gale_log_record record = {
        .level = GALE_LOG_ERROR, .message = "abc", .size = 3, .file = ".c", .time = 1783514096
    };
    size_t whole = strlen("[E 260708 12:34:56 .c:0] abc");
    for (size_t size = 0; size <= whole + 1; size++) {
        memset(line, 'x', sizeof line);
        assert_int_equal(gale_log_format(NULL, &record, line, size), whole);
        assert_int_equal(line[size], 'x');
        if (size > 0)
            assert_int_equal(line[size - 1], '\0');
    }
}

GALE_TEST_MAIN
