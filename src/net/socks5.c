/* SPDX-License-Identifier: Apache-2.0 */
#include "net/socks5.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "core/error.h"

enum {
    VERSION = 5,
    WITHOUT = 0, /* methods */
    BY_PASSWORD = 2,
    REFUSED = 0xFF,
    PASSWORD_VERSION = 1,
    CONNECT = 1, /* command */
    IPV4 = 1,    /* kinds of addresses */
    NAME = 3,
    IPV6 = 4,
    TEXT_MAX = 255,
    MESSAGE_MAX = 3 + 2 * TEXT_MAX
};

typedef struct message {
    unsigned char bytes[MESSAGE_MAX];
    size_t size;
} message;

static void put_byte(message *out, int byte)
{
    out->bytes[out->size++] = (unsigned char)byte;
}

static void put_bytes(message *out, const void *data, size_t size)
{
    memcpy(out->bytes + out->size, data, size);
    out->size += size;
}

/* With its length in front. */
static void put_text(message *out, gale_str text)
{
    put_byte(out, (int)text.len);
    put_bytes(out, text.data, text.len);
}

static int no_socks(void)
{
    return gale__fail(GALE_EINPUT, "the proxy does not speak SOCKS 5");
}

static int tell(gale_iostream *stream, const message *out)
{
    return gale_iostream_write(stream, out->bytes, out->size);
}

static int hear(gale_iostream *stream, unsigned char *bytes, size_t size)
{
    size_t filled;
    return gale_iostream_read_into(stream, bytes, size, false, &filled);
}

/* ---- Who asks -------------------------------------------------------------------------- */

static int tell_password(gale_iostream *stream, const gale__socks5 *target)
{
    message out = { .size = 0 };
    unsigned char answer[2];
    put_byte(&out, PASSWORD_VERSION);
    put_text(&out, target->username);
    put_text(&out, target->password);
    GALE_TRY(tell(stream, &out));
    GALE_TRY(hear(stream, answer, sizeof answer));
    if (answer[1] != 0)
        return gale__fail(-EACCES, "the proxy does not accept this name and password");
    return 0;
}

static int agree(gale_iostream *stream, const gale__socks5 *target)
{
    bool named = target->username.data != NULL;
    message out = { .size = 0 };
    unsigned char answer[2];
    put_byte(&out, VERSION);
    put_byte(&out, named ? 2 : 1);
    put_byte(&out, WITHOUT);
    if (named)
        put_byte(&out, BY_PASSWORD);
    GALE_TRY(tell(stream, &out));
    GALE_TRY(hear(stream, answer, sizeof answer));
    if (answer[0] != VERSION)
        return no_socks();
    if (answer[1] == WITHOUT)
        return 0;
    if (answer[1] == BY_PASSWORD && named)
        return tell_password(stream, target);
    return answer[1] == REFUSED ? gale__fail(-EACCES, "the proxy wants other credentials")
                                : no_socks();
}

/* ---- What is asked --------------------------------------------------------------------- */

static void put_target(message *out, const gale__socks5 *target)
{
    gale_address literal;
    const gale_address *address = target->address;
    if (!address && gale_address_from_ip(target->host, 0, &literal) == 0)
        address = &literal;
    bool ipv6 = address && address->family == AF_INET6;
    put_byte(out, !address ? NAME : ipv6 ? IPV6 : IPV4);
    if (address)
        put_bytes(out, address->ip, ipv6 ? 16 : 4);
    else
        put_text(out, (gale_str){ target->host, strlen(target->host) });
    put_byte(out, target->port >> 8);
    put_byte(out, target->port & 0xFF);
}

/* RFC 1928 §6. */
static int fail_reply(int reply)
{
    static const struct {
        int code;
        const char *why;
    } replies[] = { { -ECONNABORTED, "the SOCKS server failed" },
                    { -EACCES, "not allowed by its rules" },
                    { -ENETUNREACH, "network unreachable" },
                    { -EHOSTUNREACH, "host unreachable" },
                    { -ECONNREFUSED, "connection refused" },
                    { -ETIMEDOUT, "time to live exceeded" },
                    { GALE_ENOTSUP, "it does not know how to connect" },
                    { GALE_ENOTSUP, "it does not know such addresses" } };
    if (reply > (int)(sizeof replies / sizeof *replies))
        return no_socks();
    return gale__fail(replies[reply - 1].code, "the proxy could not connect: %s",
                      replies[reply - 1].why);
}

/* Reads the address where the proxy has connected from, which nobody needs. */
static int skip_address(gale_iostream *stream, int kind)
{
    unsigned char bytes[TEXT_MAX + 2], size = 0;
    if (kind == NAME)
        GALE_TRY(hear(stream, &size, 1));
    else if (kind == IPV4 || kind == IPV6)
        size = kind == IPV4 ? 4 : 16;
    else
        return no_socks();
    return hear(stream, bytes, (size_t)size + 2);
}

static int check(const gale__socks5 *target)
{
    size_t host = target->address ? 1 : strlen(target->host);
    bool named = target->username.data != NULL;
    if (host < 1 || host > TEXT_MAX ||
        (named && (target->username.len > TEXT_MAX || target->password.len > TEXT_MAX)))
        return gale__fail(GALE_EINVALID, "too long for SOCKS 5");
    return 0;
}

int gale__socks5_connect(gale_iostream *stream, const gale__socks5 *target)
{
    message out = { .size = 0 };
    unsigned char answer[4];
    GALE_TRY(check(target));
    GALE_TRY(agree(stream, target));
    put_byte(&out, VERSION);
    put_byte(&out, CONNECT);
    put_byte(&out, 0);
    put_target(&out, target);
    GALE_TRY(tell(stream, &out));
    GALE_TRY(hear(stream, answer, sizeof answer));
    if (answer[0] != VERSION)
        return no_socks();
    return answer[1] != 0 ? fail_reply(answer[1]) : skip_address(stream, answer[3]);
}
