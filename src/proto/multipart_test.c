/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/multipart.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "proto/proto_test.h"

#define DISPOSITION "Content-Disposition: form-data; "
#define PART(parameters, content) "--1234\r\n" DISPOSITION parameters "\r\n\r\n" content "\r\n"
#define LAST "--1234--\r\n"

/* What a reader has said: "[name|filename|type]content." for each part, then "!" at the end. */
typedef struct seen {
    char text[4096];
    size_t size;
    int result;
} seen;

static void add(seen *self, const char *data, size_t size)
{
    assert_true(self->size + size < sizeof self->text);
    memcpy(self->text + self->size, data, size);
    self->text[self->size += size] = '\0';
}

static void add_part(seen *self, const gale_multipart_part *part)
{
    char text[1024];
    add(self, text,
        (size_t)snprintf(text, sizeof text, "[%s|%s|%s]", part->name,
                         part->filename ? part->filename : "-",
                         part->content_type ? part->content_type : "-"));
}

static int read_piece(gale_multipart_reader *reader, seen *self, gale_str input)
{
    gale_str data = { NULL, 0 };
    int event;
    while ((event = gale_multipart_reader_next(reader, &input, &data)) > 0) {
        if (event == GALE_MULTIPART_PART)
            add_part(self, gale_multipart_reader_part(reader));
        if (event == GALE_MULTIPART_DATA)
            add(self, data.data, data.len);
        if (event == GALE_MULTIPART_DATA)
            assert_true(data.len > 0);
        if (event == GALE_MULTIPART_PART_END)
            add(self, ".", 1);
        if (event == GALE_MULTIPART_END)
            add(self, "!", 1);
    }
    if (event == 0)
        assert_int_equal(input.len, 0);
    return event;
}

/* Reads the text in up to three pieces, each of which ends where its memory ends. */
static void read_cut(seen *self, const char *boundary, gale_str text, size_t first, size_t second,
                     const gale_parse_multipart_config *config)
{
    size_t cuts[] = { 0, first, second, text.len };
    gale_multipart_reader *reader = gale_multipart_reader_new(str(boundary), config);
    assert_non_null(reader);
    *self = (seen){ .size = 0 };
    for (size_t i = 0; i < 3 && self->result >= 0; i++) {
        size_t size = cuts[i + 1] - cuts[i];
        char *copy = malloc(size ? size : 1);
        memcpy(copy, text.data + cuts[i], size);
        self->result = read_piece(reader, self, (gale_str){ copy, size });
        free(copy);
    }
    if (self->result >= 0)
        self->result = gale_multipart_reader_end(reader);
    gale_multipart_reader_free(reader);
}

/* In one piece, in every two pieces, and byte by byte. */
static void reads_bytes(gale_str text, const char *expected)
{
    seen got;
    for (size_t i = 0; i <= text.len; i++) {
        read_cut(&got, "1234", text, i, i, NULL);
        assert_int_equal(got.result, 0);
        assert_string_equal(got.text, expected);
        read_cut(&got, "1234", text, i, i < text.len ? i + 1 : i, NULL);
        assert_string_equal(got.text, expected);
    }
}

#define READS(text, expected) reads_bytes(GALE_STR(text), expected)

static void refuses_with(gale_str text, const gale_parse_multipart_config *config,
                         const char *detail)
{
    seen got;
    for (size_t i = 0; i <= text.len; i++) {
        read_cut(&got, "1234", text, i, i, config);
        assert_int_equal(got.result, GALE_EINPUT);
        if (!strstr(gale_error_detail(), detail))
            fail_msg("%s, not %s", gale_error_detail(), detail);
    }
}

#define REFUSES(text, detail) refuses_with(GALE_STR(text), NULL, detail)

TEST(parts)
{
    READS(PART("name=\"a\"", "b") LAST, "[a|-|-]b.!");
    READS(PART("name=\"a\"", "") LAST, "[a|-|-].!");
    READS(PART("name=a", "b") PART("name=c; filename=d", "e\r\nf") LAST,
          "[a|-|-]b.[c|d|-]e\r\nf.!");
    READS(PART("name=a", "\r\n") LAST, "[a|-|-]\r\n.!");
    READS(PART("name=a", "b\r\n\r\n") LAST, "[a|-|-]b\r\n\r\n.!");
    READS(PART("name=a; filename=\"\"", "b") LAST, "[a|-|-]b.!");
    READS("--1234\r\n" DISPOSITION "name=a; filename=b\r\nContent-Type: c/d; e=f\r\n\r\ng\r\n" LAST,
          "[a|b|c/d; e=f]g.!");
    READS(
        "--1234\r\ncontent-TYPE: c\nX: y\r\ncontent-disposition: form-data;name=a\r\n\r\n\r\n" LAST,
        "[a|-|c].!");
    READS("--1234\r\n" DISPOSITION "\r\n name=a\r\n\r\nb\r\n" LAST, "[a|-|-]b.!");
}

TEST(a_form_without_parts)
{
    READS("--1234--", "!");
    READS("--1234--\r\n", "!");
    READS("--1234\r\n--1234--", "!");
    READS("--1234\r\n--1234\r\n" PART("name=a", "b") "--1234\r\n" LAST, "[a|-|-]b.!");
    READS("--1234\r\n--1234: x\r\n" DISPOSITION "name=a\r\n\r\nb\r\n" LAST, "[a|-|-]b.!");
}

/* The empty line of the header is the line end that the boundary wants. */
TEST(a_part_that_ends_with_its_header)
{
    READS("--1234\r\n" DISPOSITION "name=a\r\n\r\n--1234\r\n" DISPOSITION "name=b\r\n\r\n--1234--",
          "[a|-|-].[b|-|-].!");
}

TEST(what_follows_the_form)
{
    READS(PART("name=a", "b") "--1234--", "[a|-|-]b.!");
    READS(PART("name=a", "b") "--1234--epilogue\r\n" PART("name=c", "d"), "[a|-|-]b.!");
}

TEST(what_looks_like_a_boundary)
{
    READS(PART("name=a", "--1234\r") LAST, "[a|-|-]--1234\r.!");
    READS(PART("name=a", "x--1234\r\ny--1234--z") LAST, "[a|-|-]x--1234\r\ny--1234--z.!");
    READS(PART("name=a", "\r\n--123\r\n--12345\r\n--1234-\r\n--1234 \r\n--1234\t") LAST,
          "[a|-|-]\r\n--123\r\n--12345\r\n--1234-\r\n--1234 \r\n--1234\t.!");
    READS(PART("name=a", "\n--1234\r\n--1234\n\r--1234\r\n") LAST,
          "[a|-|-]\n--1234\r\n--1234\n\r--1234\r\n.!");
    READS(PART("name=a", "\r\r\n-\r\n--\r\n\r\n--1234\r\r") LAST,
          "[a|-|-]\r\r\n-\r\n--\r\n\r\n--1234\r\r.!");
    READS(PART("name=a", "b\r\n--1234\r\r\n--1234-x") LAST, "[a|-|-]b\r\n--1234\r\r\n--1234-x.!");
    READS(PART("name=a", "--1234 ") LAST, "[a|-|-]--1234 .!");
    READS(PART("name=a", "--1234-\r\n") LAST, "[a|-|-]--1234-\r\n.!");
}

TEST(boundaries)
{
    seen got;
    gale_str text = GALE_STR("-----\r\n" DISPOSITION "name=a\r\n\r\n----\r\n-----\r\n-\r\n-------");
    for (size_t i = 0; i <= text.len; i++) {
        read_cut(&got, "---", text, i, i, NULL);
        assert_int_equal(got.result, GALE_EINPUT); /* its content begins with the boundary */
    }
    text = GALE_STR("-----\r\n" DISPOSITION "name=a\r\n\r\n----x\r\n----\r\n-------");
    for (size_t i = 0; i <= text.len; i++) {
        read_cut(&got, "---", text, i, i, NULL);
        assert_int_equal(got.result, 0);
        assert_string_equal(got.text, "[a|-|-]----x\r\n----.!");
    }
    text = GALE_STR("--a b\r\n" DISPOSITION "name=a\r\n\r\nc\r\n--a b--");
    read_cut(&got, "\"a b\"", text, 0, 0, NULL);
    assert_int_equal(got.result, 0);
    char longest[GALE_MULTIPART_BOUNDARY_MAX + 2];
    memset(longest, 'x', sizeof longest);
    assert_null(gale_multipart_reader_new((gale_str){ longest, sizeof longest - 1 }, NULL));
    gale_multipart_reader_free(
        gale_multipart_reader_new((gale_str){ longest, sizeof longest - 2 }, NULL));
    assert_null(gale_multipart_reader_new(GALE_STR(""), NULL));
    assert_null(gale_multipart_reader_new(GALE_STR("\"\""), NULL));
    gale_multipart_reader_free(NULL);
}

TEST(malformed_forms)
{
    REFUSES("", "no final boundary found");
    REFUSES("--1234\r\n", "no final boundary found");
    REFUSES(PART("name=a", "b"), "no final boundary found");
    REFUSES(PART("name=a", "b") "--1234", "no final boundary found");
    REFUSES(PART("name=a", "b") "--1234-", "no final boundary found");
    REFUSES("--1234\r\n" DISPOSITION "name=a\r\n\r\nb--1234--\r\n", "no final boundary found");
    REFUSES("\r\n" PART("name=a", "b") LAST, "missing headers");
    REFUSES("preamble\r\n" PART("name=a", "b") LAST, "missing headers");
    REFUSES("--1235--", "missing headers");
    REFUSES("--1234 \r\n", "missing headers");
    REFUSES("--1234\r\n\r\nb\r\n" LAST, "missing headers");
    REFUSES("--1234\r\n" DISPOSITION "name=a\r\n" LAST, "missing headers");
    REFUSES("--1234\r\n" DISPOSITION "name=a\r\n" PART("name=a", "b") LAST, "missing headers");
    REFUSES("--1234\r\nX: y\r\n\r\nb\r\n" LAST, "Invalid multipart/form-data");
    REFUSES("--1234\r\nContent-Disposition: attachment; name=a\r\n\r\nb\r\n" LAST,
            "Invalid multipart/form-data");
    REFUSES("--1234\r\nContent-Disposition: Form-Data; name=a\r\n\r\nb\r\n" LAST,
            "Invalid multipart/form-data");
    REFUSES(PART("filename=a", "b") LAST, "missing name");
    REFUSES(PART("name=\"\"", "b") LAST, "missing name");
    REFUSES("--1234\r\nfoo\r\n\r\nb\r\n" LAST, "no colon in header line");
    REFUSES("--1234\r\n" DISPOSITION "name=\xff\r\n\r\nb\r\n" LAST, "not UTF-8");
}

TEST(control_characters_in_a_header)
{
    REFUSES(PART("name=\"a\rb\"", "c") LAST, "Invalid header value");
    REFUSES(PART("name=\"a\0b\"", "c") LAST, "Invalid header value");
    REFUSES(PART("name=\"a\bb\"", "c") LAST, "Invalid header value");
    REFUSES(PART("name=\"a\x7f\"", "c") LAST, "Invalid header value");
    REFUSES(PART("name=a; filename*=UTF-8''b%00c", "d") LAST, "Invalid header value");
    READS(PART("name=\"a\tb\"", "c") LAST, "[a\tb|-|-]c.!");
}

TEST(content_is_bytes)
{
    static const char body[] = PART("name=a", "\0\xff\x80\n") LAST;
    static char wanted[] = "[a|-|-]\0\xff\x80\n.!";
    seen got;
    for (size_t i = 0; i < sizeof body; i++) {
        read_cut(&got, "1234", (gale_str){ body, sizeof body - 1 }, i, i, NULL);
        assert_int_equal(got.size, sizeof wanted - 1);
        assert_memory_equal(got.text, wanted, got.size);
    }
}

TEST(the_number_of_parts_is_limited)
{
    gale_parse_multipart_config two = { .max_parts = 3 }, none = { .max_parts = 1 };
    seen got;
    gale_str text = GALE_STR(PART("name=a", "b") PART("name=a", "b") LAST);
    read_cut(&got, "1234", text, 0, 0, &two);
    assert_int_equal(got.result, 0);
    two.max_parts = 2;
    refuses_with(text, &two, "multipart/form-data has too many parts");
    refuses_with(text, &none, "multipart/form-data has too many parts");
    read_cut(&got, "1234", GALE_STR(LAST), 0, 0, &none);
    assert_int_equal(got.result, 0);
}

/* `count` small parts and the end. */
static gale_str many_parts(size_t count)
{
    static const char part[] = PART("name=a; filename=b", "");
    size_t size = sizeof part - 1;
    char *text = malloc(count * size + sizeof LAST);
    assert_non_null(text);
    for (size_t i = 0; i < count; i++)
        memcpy(text + i * size, part, size);
    memcpy(text + count * size, LAST, sizeof LAST);
    return (gale_str){ text, count * size + sizeof LAST - 1 };
}

static int drain(const gale_parse_multipart_config *config, gale_str text, size_t step)
{
    gale_multipart_reader *reader = gale_multipart_reader_new(GALE_STR("1234"), config);
    int result = 0;
    for (size_t at = 0; at < text.len && result >= 0; at += step) {
        gale_str input = { text.data + at, text.len - at < step ? text.len - at : step }, data;
        while ((result = gale_multipart_reader_next(reader, &input, &data)) > 0) {
        }
    }
    if (result >= 0)
        result = gale_multipart_reader_end(reader);
    gale_multipart_reader_free(reader);
    return result;
}

TEST(as_many_parts_as_tornado_takes)
{
    gale_str text = many_parts(99);
    assert_ok(drain(NULL, text, text.len));
    free((char *)(uintptr_t)text.data);
    text = many_parts(100);
    assert_error(drain(NULL, text, text.len), GALE_EINPUT);
    free((char *)(uintptr_t)text.data);
    text = many_parts(100000);
    assert_error(drain(NULL, text, text.len), GALE_EINPUT);
    assert_ok(drain(&(gale_parse_multipart_config){ .max_parts = GALE_NONE }, text, 4096));
    free((char *)(uintptr_t)text.data);
}

TEST(the_size_of_a_header_is_limited)
{
    gale_parse_multipart_config ten = { .max_part_header_size = 10 };
    gale_parse_multipart_config exact = { .max_part_header_size =
                                              (int)strlen(DISPOSITION "name=a") };
    gale_str text = GALE_STR(PART("name=a", "b") LAST);
    seen got;
    refuses_with(text, &ten, "multipart/form-data part header too large");
    for (size_t i = 0; i <= text.len; i++) {
        read_cut(&got, "1234", text, i, i, &exact);
        assert_int_equal(got.result, 0);
    }
    exact.max_part_header_size--;
    refuses_with(text, &exact, "multipart/form-data part header too large");
}

TEST(headers_without_an_end)
{
    char *text = malloc(1000000);
    for (size_t i = 0; i < 1000000; i++)
        text[i] = "x: y\r\n"[i % 6];
    memcpy(text, "--1234\r\n", 8);
    assert_error(drain(NULL, (gale_str){ text, 1000000 }, 1000), GALE_EINPUT);
    assert_string_equal(gale_error_detail(), "multipart/form-data part header too large");
    memset(text + 8, 'x', 1000000 - 8);
    assert_error(drain(NULL, (gale_str){ text, 1000000 }, 1000000), GALE_EINPUT);
    free(text);
}

TEST(multipart_is_disabled)
{
    assert_null(gale_multipart_reader_new(GALE_STR("1234"),
                                          &(gale_parse_multipart_config){ .disabled = true }));
    assert_string_equal(gale_error_detail(), "multipart/form-data parsing is disabled");
}

/* Content that does nothing but begin boundaries. */
static double seconds_for(const char *pattern, size_t size, size_t step)
{
    struct timespec start, end;
    size_t length = strlen(pattern), at = sizeof PART("name=a", "") - 3;
    char *text = malloc(size + sizeof LAST);
    assert_non_null(text);
    for (size_t i = 0; i < size; i++)
        text[i] = pattern[i % length];
    memcpy(text, PART("name=a", ""), at);
    text[size - 1] = 'x';
    strcpy(text + size, "\r\n--1234--");
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
    assert_ok(drain(NULL, (gale_str){ text, strlen(text) }, step));
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    free(text);
    return (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec);
}

TEST(every_input_takes_linear_time)
{
    static const char *const patterns[] = {
        "\r",           "\r\n",        "\r\n--",           "\r\n--123", "\r\n--1234x",
        "\r\n--1234\r", "\r\n--1234-", "\r\n--1234\r\r\n", "x"
    };
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        assert_true(seconds_for(patterns[i], 300000, 65536) < 2);
        assert_true(seconds_for(patterns[i], 300000, 1) < 4);
    }
}

TEST(each_allocation_may_fail)
{
    gale_str text = GALE_STR(PART("name=a", "b") PART("name=c; filename=d", "e\r\nf") LAST);
    size_t n = 0;
    do {
        test_fail_allocation(++n);
        gale_multipart_reader *reader = gale_multipart_reader_new(GALE_STR("1234"), NULL);
        gale_str input = text, data;
        int result = reader ? 0 : -ENOMEM;
        while (reader && (result = gale_multipart_reader_next(reader, &input, &data)) > 0) {
        }
        assert_int_equal(result, test_allocation_failed() ? -ENOMEM : 0);
        gale_multipart_reader_free(reader);
    } while (test_allocation_failed());
    assert_true(n > 4);
}

GALE_TEST_MAIN
