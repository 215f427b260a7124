/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/http1_head.h"

#include "proto/characters.h"
#include "proto/proto_test.h"

TEST(status_line_and_fields)
{
    test_head head;
    test_head_open(&head);
    assert_ok(test_head_response(&head, GALE_STR("HTTP/1.1 404 Not Found\r\nDate: x\r\n\r\nbody")));
    assert_int_equal(head.response.minor, 1);
    assert_int_equal(head.response.code, 404);
    assert_str(head.response.phrase, "Not Found");
    assert_string_equal(head.response.phrase.data, "Not Found");
    assert_string_equal(gale_http_headers_get(&head.headers, "date"), "x");
    assert_int_equal(head.used, 35);
    test_head_close(&head);
}

TEST(unusual_status_lines)
{
    static const struct {
        const char *line;
        int minor, code;
        const char *phrase;
    } cases[] = {
        { "HTTP/1.0 200 ", 0, 200, "" },
        { "HTTP/1.9 999  a\tb ", 9, 999, " a\tb " },
        { "HTTP/1.1 000 \xff", 1, 0, "\xff" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        test_head head;
        char text[64];
        test_head_open(&head);
        snprintf(text, sizeof text, "%s\r\n\r\n", cases[i].line);
        assert_ok(test_head_response(&head, str(text)));
        assert_int_equal(head.response.minor, cases[i].minor);
        assert_int_equal(head.response.code, cases[i].code);
        assert_str(head.response.phrase, cases[i].phrase);
        test_head_close(&head);
    }
}

TEST(malformed_heads)
{
    static const char *const heads[] = {
        "H\r\n\r\n",
        "HTTP/1.1\r\n\r\n",
        "HTTP/1.1 200\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 2x0 OK\r\n\r\n",
        "HTTP/1.1  200 OK\r\n\r\n",
        "HTTP/1.1\t200 OK\r\n\r\n",
        "HTTP/1.1 200\tOK\r\n\r\n",
        "HTTP/1.10 200 OK\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.x 200 OK\r\n\r\n",
        "http/1.1 200 OK\r\n\r\n",
        "ICY 200 OK\r\n\r\n",
        " HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 O\x01K\r\n\r\n",
        "HTTP/1.1 200 OK\n\r\n\r\n",
        "HTTP/1.1 200 OK\r\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
        "HTTP/1.1 200 OK\r\n folded\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        test_head head;
        test_head_open(&head);
        int result = test_head_response(&head, str(heads[i]));
        if (result != GALE_EINPUT || !head.response.reason)
            fail_msg("%s: %d", heads[i], result);
        test_head_close(&head);
    }
}

TEST(every_byte_in_the_phrase)
{
    for (int byte = 0; byte < 256; byte++) {
        test_head head;
        char text[] = "HTTP/1.1 200 a_b\r\n\r\n";
        text[14] = (char)byte;
        test_head_open(&head);
        int result = test_head_response(&head, (gale_str){ text, sizeof text - 1 });
        assert_int_equal(result == 0, gale__http_is((char)byte, GALE__CHARACTER_FIELD));
        test_head_close(&head);
    }
}

GALE_TEST_MAIN
