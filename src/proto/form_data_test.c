/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/form_data.h"

#include <errno.h>
#include <stdlib.h>

#include "proto/proto_test.h"

#define DISPOSITION "Content-Disposition: form-data; "
#define PART(parameters, content) "--1234\r\n" DISPOSITION parameters "\r\n\r\n" content "\r\n"
#define LAST "--1234--"

typedef struct form {
    gale_http_arguments *arguments;
    gale_http_files *files;
} form;

static form new_form(void)
{
    form made = { gale_http_arguments_new(), gale_http_files_new() };
    assert_non_null(made.arguments);
    assert_non_null(made.files);
    return made;
}

static void free_form(form *self)
{
    gale_http_arguments_free(self->arguments);
    gale_http_files_free(self->files);
}

static int parse(form *self, gale_str text)
{
    return gale_parse_multipart_form_data(GALE_STR("1234"), text, self->arguments, self->files,
                                          NULL);
}

TEST(a_file)
{
    form made = new_form();
    gale_str text = GALE_STR(PART("name=\"files\"; filename=\"ab.txt\"", "Foo") LAST);
    assert_ok(parse(&made, text));
    const gale_http_file *file = gale_http_files_get(made.files, "files", 0);
    assert_string_equal(file->name, "files");
    assert_string_equal(file->filename, "ab.txt");
    assert_string_equal(file->content_type, "application/unknown");
    assert_str(file->body, "Foo");
    assert_true(file->body.data > text.data && file->body.data < text.data + text.len);
    assert_int_equal(file->size, 3);
    assert_int_equal(file->fd, -1);
    assert_null(file->sha256);
    assert_int_equal(gale_http_arguments_count(made.arguments), 0);
    free_form(&made);
}

/* What the file in the form is called; "error" when it is refused. */
static void assert_filename(const char *disposition, const char *expected)
{
    char text[512];
    form made = new_form();
    snprintf(text, sizeof text,
             "--1234\r\n" DISPOSITION "name=\"files\"; %s\r\n\r\nFoo\r\n--1234--", disposition);
    int result = parse(&made, str(text));
    const gale_http_file *file = gale_http_files_at(made.files, 0);
    assert_string_equal(result < 0 ? "error" : file ? file->filename : "none", expected);
    if (result >= 0)
        assert_str(file->body, "Foo");
    free_form(&made);
}

/* As browsers do: quotes and backslashes are escaped with a backslash. */
static void assert_quoted(const char *filename)
{
    char text[100] = "filename=\"", *at = text + strlen(text);
    for (const char *from = filename; *from; from++) {
        if (*from == '"' || *from == '\\')
            *at++ = '\\';
        *at++ = *from;
    }
    strcpy(at, "\"");
    assert_filename(text, filename);
}

TEST(special_filenames)
{
    static const char *const filenames[] = { "a;b.txt",   "a\"b.txt",    "a\";b.txt",
                                             "a;\"b.txt", "a\";\";.txt", "a\\\"b.txt",
                                             "a\\b.txt",  "a b.txt",     "a\tb.txt",
                                             "\\",        "a.txt\\",     "C:\\dir\\b.txt" };
    for (size_t i = 0; i < sizeof filenames / sizeof filenames[0]; i++)
        assert_quoted(filenames[i]);
    assert_filename("filename=ab.txt", "ab.txt");
    assert_filename("filename=\"a\rb.txt\"", "error");
    assert_filename("filename=\"a\bb.txt\"", "error");
}

TEST(filenames_that_are_not_ascii)
{
    assert_filename("filename=\"ab.txt\"; filename*=UTF-8''%C3%A1b.txt", "\xc3\xa1"
                                                                         "b.txt");
    assert_filename("filename=\"\xe6\xb5\x8b\xe8\xaf\x95.txt\"", "\xe6\xb5\x8b\xe8\xaf\x95.txt");
    assert_filename("filename*0=\"a\"; filename*1=\"b.txt\"", "ab.txt");
}

TEST(files_and_arguments_in_order)
{
    form made = new_form();
    assert_ok(parse(&made, GALE_STR(PART("name=a", "1") PART("name=f; filename=x", "X")
                                        PART("name=a", "2\0") PART("name=g; filename=y", "")
                                            PART("name=f; filename=z", "Z") LAST "rest")));
    assert_int_equal(gale_http_arguments_count(made.arguments), 2);
    assert_str(*gale_http_arguments_get_list(made.arguments, "a", 0), "1");
    assert_bytes(*gale_http_arguments_get_list(made.arguments, "a", 1), GALE_STR("2\0"));
    assert_int_equal(gale_http_files_count(made.files), 3);
    assert_string_equal(gale_http_files_get(made.files, "f", 1)->filename, "z");
    assert_null(gale_http_files_get(made.files, "f", 2));
    assert_null(gale_http_files_get(made.files, "a", 0));
    assert_str(gale_http_files_at(made.files, 1)->body, "");
    assert_non_null(gale_http_files_at(made.files, 1)->body.data);
    assert_null(gale_http_files_at(made.files, 3));
    free_form(&made);
}

/* ---- By the type of the body ----------------------------------------------------------- */

static void parses_as(const char *type, const char *body, size_t arguments, const char *detail)
{
    form made = new_form();
    int result = gale_parse_body_arguments(type, str(body), made.arguments, made.files, NULL, NULL);
    if (detail)
        assert_string_equal(result < 0 ? gale_error_detail() : "accepted", detail);
    else
        assert_int_equal(result, 0);
    assert_int_equal(gale_http_arguments_count(made.arguments), arguments);
    free_form(&made);
}

TEST(types_of_bodies)
{
    static const char multipart[] = PART("name=a", "b") LAST;
    static const char wrong_type[] = "Invalid multipart/form-data: Invalid content type";
    static const char none[] = "Invalid multipart/form-data: multipart boundary not found";
    parses_as("application/x-www-form-urlencoded", "a=b&c", 2, NULL);
    parses_as("application/x-www-form-urlencoded; charset=x", "a=b", 1, NULL);
    parses_as("application/x-www-form-urlencodedx", "a=b", 1, NULL);
    parses_as("text/plain", "a=b", 0, NULL);
    parses_as("Application/X-WWW-Form-URLencoded", "a=b", 1, NULL);
    parses_as("Multipart/form-data; boundary=1234", multipart, 1, NULL);
    parses_as("multipart/mixed; boundary=1234", multipart, 0, NULL);
    parses_as("multipart/form-data; boundary=1234", multipart, 1, NULL);
    parses_as("multipart/form-data;boundary=\"1234\"", multipart, 1, NULL);
    parses_as("multipart/form-data ;\tx=y; boundary=1234 ; boundary=5", multipart, 1, NULL);
    parses_as("multipart/form-data; boundary=; boundary=1234", multipart, 1, NULL);
    parses_as("multipart/form-dataxyz; boundary=1234", multipart, 0, wrong_type);
    parses_as("multipart/form-data; Boundary=1234", multipart, 1, NULL);
    parses_as("multipart/form-data; boundary =1234", multipart, 0, none);
    parses_as("multipart/form-data; boundary=", multipart, 0, none);
    parses_as("multipart/form-data", multipart, 0, none);
    parses_as("multipart/form-data; boundary=12345", multipart, 0,
              "Invalid multipart/form-data: multipart/form-data missing headers");
    parses_as("multipart/form-data; boundary=1234", "", 0,
              "Invalid multipart/form-data: Invalid multipart/form-data: no final boundary found");
}

TEST(a_body_with_a_coding)
{
    form made = new_form();
    gale_http_headers *headers = gale_http_headers_new();
    assert_ok(gale_http_headers_set(headers, "Content-Encoding", "gzip"));
    static const char *const types[] = { "application/x-www-form-urlencoded",
                                         "multipart/form-data; boundary=1234" };
    for (size_t i = 0; i < 2; i++) {
        assert_error(gale_parse_body_arguments(types[i], GALE_STR("a=b"), made.arguments,
                                               made.files, headers, NULL),
                     GALE_EINPUT);
        assert_string_equal(gale_error_detail(), "Unsupported Content-Encoding: gzip");
    }
    assert_ok(gale_parse_body_arguments("text/plain", GALE_STR("a=b"), made.arguments, made.files,
                                        headers, NULL));
    gale_http_headers_free(headers);
    free_form(&made);
}

TEST(configuration)
{
    form made = new_form();
    gale_str text = GALE_STR(PART("name=\"files\"; filename=\"ab.txt\"", "") LAST);
    gale_parse_body_config config = { .multipart.max_parts = 1 };
    assert_ok(parse(&made, text));
    gale_set_parse_body_config(&config);
    config = (gale_parse_body_config){ .multipart.max_part_header_size = 10 };
    assert_error(parse(&made, text), GALE_EINPUT);
    assert_string_equal(gale_error_detail(), "multipart/form-data has too many parts");
    assert_error(gale_parse_multipart_form_data(GALE_STR("1234"), text, made.arguments, made.files,
                                                &config.multipart),
                 GALE_EINPUT);
    assert_string_equal(gale_error_detail(), "multipart/form-data part header too large");
    config = (gale_parse_body_config){ .multipart.disabled = true };
    assert_error(gale_parse_body_arguments("multipart/form-data; boundary=1234", text,
                                           made.arguments, made.files, NULL, &config),
                 GALE_EINPUT);
    assert_string_equal(gale_error_detail(),
                        "Invalid multipart/form-data: multipart/form-data parsing is disabled");
    gale_set_parse_body_config(NULL);
    assert_ok(parse(&made, text));
    free_form(&made);
}

TEST(each_allocation_may_fail)
{
    gale_str text =
        GALE_STR(PART("name=a", "1") PART("name=f; filename=x", "X") PART("name=g; filename=y", "")
                     PART("name=h; filename=z", "Z") PART("name=i; filename=z", "Z")
                         PART("name=j; filename=z", "") LAST);
    size_t n = 0;
    do {
        test_fail_allocation(++n);
        form made = { gale_http_arguments_new(), gale_http_files_new() };
        int result = made.arguments && made.files ? parse(&made, text) : -ENOMEM;
        assert_int_equal(result, test_allocation_failed() ? -ENOMEM : 0);
        free_form(&made);
    } while (test_allocation_failed());
    assert_true(n > 8);
    gale_http_files_free(NULL);
}

GALE_TEST_MAIN
