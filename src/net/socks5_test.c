/* SPDX-License-Identifier: Apache-2.0 */
/* SOCKS 5 with a proxy whose answers are there before it is asked. */
#include "net/socks5.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gen/gen_test.h"

static gale_str sent;
static char sent_bytes[1024];

/* What came of it; `sent` is what the proxy got. */
static int ask(const gale__socks5 *target, gale_str answers)
{
    int ends[2];
    assert_ok(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends));
    assert_int_equal(write(ends[1], answers.data, answers.len), answers.len);
    shutdown(ends[1], SHUT_WR);
    gale_iostream *stream = gale_iostream_new(ends[0], NULL);
    int result = gale__socks5_connect(stream, target);
    ssize_t size = read(ends[1], sent_bytes, sizeof sent_bytes);
    sent = (gale_str){ sent_bytes, size > 0 ? (size_t)size : 0 };
    gale_iostream_free(stream);
    close(ends[1]);
    return result;
}

#define ANSWERS(text) GALE_STR(text "\5\0\0\1\0\0\0\0\0\0")

TASK_TEST(names_and_addresses)
{
    gale__socks5 target = { .host = "example.org", .port = 443 };
    assert_ok(ask(&target, ANSWERS("\5\0")));
    assert_bytes(sent, GALE_STR("\5\1\0\5\1\0\3\13example.org\1\273"));
    target.host = "127.0.0.1";
    assert_ok(ask(&target, GALE_STR("\5\0\5\0\0\3\3abc\0\0")));
    assert_bytes(sent, GALE_STR("\5\1\0\5\1\0\1\177\0\0\1\1\273"));
    target.host = "::1";
    assert_ok(ask(&target, GALE_STR("\5\0\5\0\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")));
    assert_bytes(sent, GALE_STR("\5\1\0\5\1\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\1\273"));
    gale_address address;
    assert_ok(gale_address_from_ip("10.0.0.1", 443, &address));
    target.address = &address;
    target.host = "example.org";
    assert_ok(ask(&target, ANSWERS("\5\0")));
    assert_bytes(sent, GALE_STR("\5\1\0\5\1\0\1\12\0\0\1\1\273"));
}

TASK_TEST(name_and_password)
{
    gale__socks5 target = {
        .host = "a", .port = 80, .username = GALE_STR("user"), .password = GALE_STR("secret")
    };
    assert_ok(ask(&target, ANSWERS("\5\2\1\0")));
    assert_bytes(sent, GALE_STR("\5\2\0\2\1\4user\6secret\5\1\0\3\1a\0\120"));
    assert_ok(ask(&target, ANSWERS("\5\0")));
    assert_error(ask(&target, GALE_STR("\5\2\1\1")), -EACCES);
    assert_error(ask(&target, GALE_STR("\5\377")), -EACCES);
    target.username.data = NULL;
    assert_error(ask(&target, GALE_STR("\5\2")), GALE_EINPUT);
}

TASK_TEST(refusals)
{
    static const int codes[] = { -ECONNABORTED, -EACCES,       -ENETUNREACH,
                                 -EHOSTUNREACH, -ECONNREFUSED, -ETIMEDOUT,
                                 GALE_ENOTSUP,  GALE_ENOTSUP,  GALE_EINPUT };
    gale__socks5 target = { .host = "a", .port = 80 };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        char answers[] = "\5\0\5x\0\1\0\0\0\0\0\0";
        answers[3] = (char)(i + 1);
        assert_error(ask(&target, (gale_str){ answers, sizeof answers - 1 }), codes[i]);
    }
}

TASK_TEST(what_is_no_socks)
{
    gale__socks5 target = { .host = "a", .port = 80 };
    assert_error(ask(&target, GALE_STR("HTTP/1.1 400 Bad Request\r\n\r\n")), GALE_EINPUT);
    assert_error(ask(&target, GALE_STR("\5\1")), GALE_EINPUT);
    assert_error(ask(&target, GALE_STR("\5\0\4\0\0\1\0\0\0\0\0\0")), GALE_EINPUT);
    assert_error(ask(&target, GALE_STR("\5\0\5\0\0\2\0\0\0\0\0\0")), GALE_EINPUT);
    assert_error(ask(&target, GALE_STR("\5\0\5\0\0\1\0\0\0")), GALE_ECLOSED);
    assert_error(ask(&target, GALE_STR("\5")), GALE_ECLOSED);
    assert_error(ask(&target, GALE_STR("")), GALE_ECLOSED);
}

TASK_TEST(what_is_too_long)
{
    char text[257];
    gale__socks5 target = { .host = text, .port = 80 };
    memset(text, 'x', 256);
    text[256] = '\0';
    assert_error(ask(&target, GALE_STR("")), GALE_EINVALID);
    text[255] = '\0';
    assert_ok(ask(&target, ANSWERS("\5\0")));
    target.username = (gale_str){ text, 256 };
    assert_error(ask(&target, GALE_STR("")), GALE_EINVALID);
    target.host = "";
    target.username.data = NULL;
    assert_error(ask(&target, GALE_STR("")), GALE_EINVALID);
}

GALE_TEST_MAIN
