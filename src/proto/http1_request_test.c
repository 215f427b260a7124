/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/http1_head.h"

#include <errno.h>

#include "proto/characters.h"
#include "proto/proto_test.h"

static const char rest[] = "Host: a\r\n\r\n";

/* Parses "<line>" CRLF "Host: a" CRLF CRLF. */
static int parse_line(test_head *head, const char *line)
{
    char text[512];
    test_head_open(head);
    snprintf(text, sizeof text, "%s\r\n%s", line, rest);
    return test_head_request(head, str(text));
}

TEST(request_line)
{
    test_head head;
    assert_ok(parse_line(&head, "GET /path?query HTTP/1.1"));
    assert_str(head.request.method, "GET");
    assert_string_equal(head.request.method.data, "GET");
    assert_string_equal(head.request.target.data, "/path?query");
    assert_string_equal(head.request.path.data, "/path");
    assert_string_equal(head.request.query.data, "query");
    assert_str(head.request.path, "/path");
    assert_str(head.request.query, "query");
    assert_null(head.request.authority.data);
    assert_int_equal(head.request.minor, 1);
    assert_int_equal(head.request.status, 0);
    test_head_close(&head);
}

TEST(targets)
{
    static const struct {
        const char *target, *path, *query, *authority;
    } cases[] = {
        { "/", "/", "", NULL },
        { "/?", "/", "", NULL },
        { "/a?b?c#d", "/a", "b?c#d", NULL },
        { "?", "", "", NULL },
        { "?a", "", "a", NULL },
        { "*", "*", "", NULL },
        { "//a", "//a", "", NULL },
        { "host:80", "host:80", "", NULL },
        { "/<\"|>\\^`{}", "/<\"|>\\^`{}", "", NULL },
        { "/\xc3\xa9", "/\xc3\xa9", "", NULL },
        { "/a/long/path/of/more/than/sixteen/bytes?and=a&long=query&of=more&than=sixteen",
          "/a/long/path/of/more/than/sixteen/bytes", "and=a&long=query&of=more&than=sixteen",
          NULL },
        { "http://b/c?d", "/c", "d", "b" },
        { "http://b", "/", "", "b" },
        { "HTTPS://b:1?d", "/", "d", "b:1" },
        { "http://b/?", "/", "", "b" },
        { "http://b/c", "/c", "", "b" },
        { "http:/b/c", "http:/b/c", "", NULL },
        { "ftp://b/c", "ftp://b/c", "", NULL },
        { "http:", "http:", "", NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        test_head head;
        char line[256];
        snprintf(line, sizeof line, "GET %s HTTP/1.1", cases[i].target);
        assert_ok(parse_line(&head, line));
        assert_str(head.request.target, cases[i].target);
        assert_string_equal(head.request.target.data, cases[i].target);
        assert_str(head.request.path, cases[i].path);
        assert_string_equal(head.request.path.data, cases[i].path);
        assert_str(head.request.query, cases[i].query);
        assert_string_equal(head.request.query.data, cases[i].query);
        assert_int_equal(head.request.authority.data != NULL, cases[i].authority != NULL);
        if (cases[i].authority) {
            assert_string_equal(head.request.authority.data, cases[i].authority);
            assert_str(head.body.host, cases[i].authority);
        }
        test_head_close(&head);
    }
}

TEST(methods)
{
    static const struct {
        const char *name;
        gale__http_method id;
    } cases[] = {
        { "GET", GALE__HTTP_METHOD_GET },         { "HEAD", GALE__HTTP_METHOD_HEAD },
        { "POST", GALE__HTTP_METHOD_POST },       { "PUT", GALE__HTTP_METHOD_PUT },
        { "DELETE", GALE__HTTP_METHOD_DELETE },   { "PATCH", GALE__HTTP_METHOD_PATCH },
        { "OPTIONS", GALE__HTTP_METHOD_OPTIONS }, { "CONNECT", GALE__HTTP_METHOD_CONNECT },
        { "TRACE", GALE__HTTP_METHOD_TRACE },     { "get", GALE__HTTP_METHOD_OTHER },
        { "G", GALE__HTTP_METHOD_OTHER },         { "GEt", GALE__HTTP_METHOD_OTHER },
        { "PROPFIND", GALE__HTTP_METHOD_OTHER },  { "M-SEARCH", GALE__HTTP_METHOD_OTHER },
        { "HEAR", GALE__HTTP_METHOD_OTHER },      { "PATCHES", GALE__HTTP_METHOD_OTHER },
        { "DELET3", GALE__HTTP_METHOD_OTHER },    { "!#$%&'*+-.^_`|~", GALE__HTTP_METHOD_OTHER },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        test_head head;
        char line[64];
        snprintf(line, sizeof line, "%s / HTTP/1.1", cases[i].name);
        assert_ok(parse_line(&head, line));
        assert_string_equal(head.request.method.data, cases[i].name);
        assert_str(head.request.method, cases[i].name);
        assert_int_equal(head.request.method_id, cases[i].id);
        test_head_close(&head);
    }
}

TEST(versions)
{
    for (int minor = 0; minor <= 9; minor++) {
        test_head head;
        char line[64];
        snprintf(line, sizeof line, "GET / HTTP/1.%d", minor);
        assert_ok(parse_line(&head, line));
        assert_int_equal(head.request.minor, minor);
        test_head_close(&head);
    }
}

TEST(malformed_request_lines)
{
    static const struct {
        const char *line;
        int status;
    } cases[] = {
        { "GET", 400 },
        { "GET ", 400 },
        { "GET /", 400 },
        { "GET / ", 400 },
        { " GET / HTTP/1.1", 400 },
        { "GET  / HTTP/1.1", 400 },
        { "GET /  HTTP/1.1", 400 },
        { "GET\t/ HTTP/1.1", 400 },
        { "GET /\tHTTP/1.1", 400 },
        { "GET / HTTP/1.1 ", 400 },
        { "GET / HTTP/1.1\t", 400 },
        { "GET / a HTTP/1.1", 400 },
        { "GET HTTP/1.1", 400 },
        { "/ HTTP/1.1", 400 },
        { "FOO,BAR / HTTP/1.1", 400 },
        { "GET: / HTTP/1.1", 400 },
        { "G\xc3\x89T / HTTP/1.1", 400 },
        { "GET / http/1.1", 400 },
        { "GET / HTTP/1.10", 400 },
        { "GET / HTTP/11", 400 },
        { "GET / HTTP/1", 400 },
        { "GET / HTTP/1.", 400 },
        { "GET / HTTP/.1", 400 },
        { "GET / HTTP/1,1", 400 },
        { "GET / HTTP/a.1", 400 },
        { "GET / HTTP/1.a", 400 },
        { "GET / HTTPS/1.1", 400 },
        { "GET / HTTP 1.1", 400 },
        { "GET / HTTP/2.0x", 400 },
        { "GET /a b?c HTTP/1.1", 400 },
        { "GET /a?b c HTTP/1.1", 400 },
        { "GET /a?b\tc HTTP/1.1", 400 },
        { "GET http:// HTTP/1.1", 400 },
        { "GET http:///a HTTP/1.1", 400 },
        { "GET http://u@h/ HTTP/1.1", 400 },
        { "GET http://a,b/ HTTP/1.1", 400 },
        { "GET http://a#b HTTP/1.1", 400 },
        { "GET / HTTP/2.0", 505 },
        { "PRI * HTTP/2.0", 505 },
        { "GET / HTTP/0.9", 505 },
        { "GET / HTTP/3.1", 505 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        test_head head;
        int result = parse_line(&head, cases[i].line);
        if (result != GALE_EINPUT || head.request.status != cases[i].status || !head.request.reason)
            fail_msg("%s: %d, status %d", cases[i].line, result, head.request.status);
        test_head_close(&head);
    }
}

/* The head as a whole is there, so it is parsing that has to refuse. */
static int parse_bytes(test_head *head, const char *format, int byte)
{
    char text[256];
    test_head_open(head);
    int size = snprintf(text, sizeof text, format, 1, "Host: a\r\n\r\n");
    char *place = strchr(text, 1);
    assert_non_null(place);
    *place = (char)byte;
    return test_head_request(head, (gale_str){ text, (size_t)size });
}

/* Each byte at the place of %c is taken when it is of that class, and only then. */
static void try_every_byte(const char *format, int class, char also)
{
    for (int byte = 0; byte < 256; byte++) {
        test_head head;
        int result = parse_bytes(&head, format, byte);
        bool good = gale__http_is((char)byte, class) || (also && byte == also);
        if ((result == 0) != good)
            fail_msg("%s with %d: %d", format, byte, result);
        test_head_close(&head);
    }
}

TEST(every_byte_in_a_method)
{
    try_every_byte("GE%cT / HTTP/1.1\r\n%s", GALE__CHARACTER_TOKEN, 0);
}

TEST(every_byte_in_a_path_and_a_query)
{
    try_every_byte("GET /a%cb HTTP/1.1\r\n%s", GALE__CHARACTER_VISIBLE, 0);
    try_every_byte("GET /?a%cb HTTP/1.1\r\n%s", GALE__CHARACTER_VISIBLE, 0);
    try_every_byte("GET /a/path/that/spans/blocks/a%cb HTTP/1.1\r\n%s", GALE__CHARACTER_VISIBLE, 0);
    try_every_byte("GET /?a=query&that=spans&more=blocks%cb HTTP/1.1\r\n%s",
                   GALE__CHARACTER_VISIBLE, 0);
}

/* With a colon another name ends there, and ": e" is its value. */
TEST(every_byte_in_a_header_name)
{
    try_every_byte("GET / HTTP/1.1\r\nAb%ccd: e\r\n%s", GALE__CHARACTER_TOKEN, ':');
    try_every_byte("GET / HTTP/1.1\r\n%c: e\r\n%s", GALE__CHARACTER_TOKEN, 0);
    try_every_byte("GET / HTTP/1.1\r\nA-name-longer-than-a-block%c: e\r\n%s", GALE__CHARACTER_TOKEN,
                   ':');
    try_every_byte("GET / HTTP/1.1\r\nConten%c-Length: 1\r\n%s", GALE__CHARACTER_TOKEN, ':');
}

TEST(every_byte_in_a_header_value)
{
    try_every_byte("GET / HTTP/1.1\r\nA: b%cc\r\n%s", GALE__CHARACTER_FIELD, 0);
    try_every_byte("GET / HTTP/1.1\r\nA:%c\r\n%s", GALE__CHARACTER_FIELD, 0);
    try_every_byte("GET / HTTP/1.1\r\nA: a value that spans several blocks of sixteen%cc\r\n%s",
                   GALE__CHARACTER_FIELD, 0);
}

TEST(fields_keep_order_spelling_and_values)
{
    test_head head;
    test_head_open(&head);
    gale_http_field field;
    size_t position = 0;
    static const char *const expected[][2] = {
        { "hOsT", "a" },
        { "Set-Cookie", "1" },
        { "X_odd.name!", "b \t c" },
        { "Set-Cookie", "2" },
        { "Empty", "" },
        { "Spaces", "" },
        { "A-name-longer-than-sixteen-bytes", "\xe4:\xff" },
        { "set-cookie", "" },
        { "Ninth", "9" },
    };
    assert_ok(test_head_request(
        &head, GALE_STR("GET / HTTP/1.1\r\nhOsT:a\r\nSet-Cookie:  1\t \r\nX_odd.name!: b \t c\r\n"
                        "Set-Cookie: 2\r\nEmpty:\r\nSpaces: \t \r\n"
                        "A-name-longer-than-sixteen-bytes:\t\xe4:\xff \r\nset-cookie:\r\n"
                        "Ninth: 9\r\n\r\n")));
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        assert_true(gale_http_headers_next(&head.headers, &position, &field));
        assert_str(field.name, expected[i][0]);
        assert_string_equal(field.name.data, expected[i][0]);
        assert_str(field.value, expected[i][1]);
        assert_string_equal(field.value.data, expected[i][1]);
    }
    assert_false(gale_http_headers_next(&head.headers, &position, &field));
    assert_string_equal(gale_http_headers_get(&head.headers, "SET-cookie"), "1,2,");
    test_head_close(&head);
}

TEST(malformed_field_lines)
{
    static const char *const lines[] = {
        "NoColon",
        "Space : a",
        "Tab\t: a",
        ": no name",
        ":",
        " folded",
        "\tfolded",
        "A: b\r\n folded",
        "A: b\r\n\tfolded",
        "A: b\r\n ",
        "Na me: a",
        "N\xc3\xa4me: a",
        "(comment): a",
        "\"quoted\": a",
        "A: b\nC: d",
        "A: b\rC: d",
        "A: b\r\r",
        "A\r: b",
        "A: \v",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        test_head head;
        char text[256];
        test_head_open(&head);
        snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: a\r\n%s\r\nX: y\r\n\r\n", lines[i]);
        int result = test_head_request(&head, str(text));
        if (result != GALE_EINPUT || head.request.status != 400 || !head.request.reason)
            fail_msg("%s: %d", lines[i], result);
        test_head_close(&head);
    }
}

TEST(a_folded_first_line_and_no_fields)
{
    test_head head;
    test_head_open(&head);
    assert_error(test_head_request(&head, GALE_STR("GET / HTTP/1.1\r\n X: y\r\n\r\n")),
                 GALE_EINPUT);
    test_head_close(&head);
    test_head_open(&head);
    assert_ok(test_head_request(&head, GALE_STR("GET / HTTP/1.0\r\n\r\n")));
    assert_int_equal(gale_http_headers_count(&head.headers), 0);
    test_head_close(&head);
}

/* Cut short anywhere a head is incomplete, never another request. */
TEST(every_prefix_needs_more)
{
    gale_str text = GALE_STR("\r\nPOST /a?b HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n");
    for (size_t size = 0; size < text.len; size++) {
        test_head head;
        test_head_open(&head);
        assert_int_equal(test_head_request(&head, (gale_str){ text.data, size }), 1);
        test_head_close(&head);
    }
}

TEST(each_allocation_may_fail)
{
    enum { FIELDS = 100 };
    char text[64 + FIELDS * 8] = "GET http://h/a?b HTTP/1.1\r\nHost: a\r\n";
    for (int i = 0; i < FIELDS; i++)
        strcat(text, "Aaa: b\r\n");
    strcat(text, "\r\n");
    size_t n = 0;
    int result;
    do {
        test_head head;
        test_head_open(&head);
        test_fail_allocation(++n);
        result = test_head_request(&head, str(text));
        assert_int_equal(result, test_allocation_failed() ? -ENOMEM : 0);
        test_head_close(&head);
    } while (test_allocation_failed());
    assert_true(n > 3);
}

GALE_TEST_MAIN
