/* SPDX-License-Identifier: Apache-2.0 */
/* The beginning of a connection to Redis: the stream, TLS, the password, the database. */
#include "data/redis_connection.h"

#if GALE_REDIS

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gale/gen.h>
#include <gale/tcpclient.h>

#include "core/error.h"

static int connect_unix(gale__redis *self)
{
    gale_address address;
    GALE_TRY(gale_address_from_path(self->url.path, &address));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    self->stream = gale_iostream_new(fd, NULL);
    if (!self->stream) {
        close(fd);
        return -ENOMEM;
    }
    int result = gale_iostream_connect(self->stream, &address);
    return result < 0 ? gale__fail(result, "%s", gale_strerror(result)) : 0;
}

static int connect_network(gale__redis *self)
{
    gale_tcp_client_options options = { 0 };
    if (self->url.tls) {
        options.ssl_context =
            self->settings.ssl_context ? self->settings.ssl_context : gale_ssl_context_default();
        if (!options.ssl_context)
            return gale__fail(GALE_ESSL, "the system's certificate authorities cannot be read");
    }
    GALE_TRY(gale_tcp_client_connect(self->url.host, self->url.port, &options, &self->stream));
    return gale_iostream_set_nodelay(self->stream, true);
}

/* ---- Greeting -------------------------------------------------------------------------- */

static int receive(gale__redis *self, gale__redis_reply **ret_reply)
{
    int result;
    while ((result = gale__redis_reader_next(&self->reader, ret_reply)) == 0)
        GALE_TRY(gale__redis_read(self));
    return result < 0 ? result : 0;
}

/* What a server says of a password may be the password. */
static int refused(const gale__redis *self, const char *command, gale_str text)
{
    const char *password = self->url.password;
    bool shows = password && *password && strstr(text.data, password);
    return gale__fail(GALE_EINPUT, "%s: %.*s", command, shows ? 7 : (int)text.len,
                      shows ? "refused" : text.data);
}

static int expect_status(gale__redis *self, const char *command)
{
    gale__redis_reply *reply;
    int result = receive(self, &reply);
    if (result < 0)
        return result;
    if (reply->type == GALE__REDIS_ERROR)
        result = refused(self, command, reply->text);
    else if (reply->type != GALE__REDIS_STATUS)
        result = gale__fail(GALE_EINPUT, "this is no Redis: no status after %s", command);
    gale__redis_reply_free(reply);
    return result;
}

static gale_str str(const char *text)
{
    return (gale_str){ text, strlen(text) };
}

static void encode_greeting(const gale__redis *self, gale__buffer *buffer)
{
    const gale__redis_url *url = &self->url;
    char number[16];
    if (url->username)
        gale__redis_encode(
            buffer, (gale_str[]){ GALE_STR("AUTH"), str(url->username), str(url->password) }, 3);
    else if (url->password)
        gale__redis_encode(buffer, (gale_str[]){ GALE_STR("AUTH"), str(url->password) }, 2);
    snprintf(number, sizeof number, "%d", url->database);
    if (url->database)
        gale__redis_encode(buffer, (gale_str[]){ GALE_STR("SELECT"), str(number) }, 2);
    gale__redis_encode(buffer, (gale_str[]){ GALE_STR("PING") }, 1);
}

/* The PING shows that commands are taken: without a password where one is needed, or while the
 * server reads its data, they are not. */
static int greet(gale__redis *self)
{
    gale__buffer greeting;
    gale__buffer_init(&greeting, SIZE_MAX);
    encode_greeting(self, &greeting);
    int result = greeting.error;
    if (result == 0)
        result = gale_iostream_write(self->stream, gale__buffer_begin(&greeting), greeting.size);
    gale__buffer_clear(&greeting);
    GALE_TRY(result);
    if (self->url.password)
        GALE_TRY(expect_status(self, "AUTH"));
    if (self->url.database)
        GALE_TRY(expect_status(self, "SELECT"));
    return expect_status(self, "PING");
}

static int connect_and_greet(void *arg)
{
    gale__redis *self = arg;
    GALE_TRY(self->url.path ? connect_unix(self) : connect_network(self));
    GALE_TRY(gale__redis_reader_open(&self->reader, self->settings.max_reply));
    return greet(self);
}

int gale__redis_connect(gale__redis *self)
{
    int result = gale_with_timeout(self->settings.connect_timeout, connect_and_greet, self);
    if (result == GALE_ETIMEDOUT)
        return gale__redis_broken(self, result, "no answer within %g s",
                                  self->settings.connect_timeout);
    if (result == -ENOMEM || result == GALE_ECANCELED || result == 0)
        return result;
    return gale__redis_broken(self, result, "%s",
                              *gale_error_detail() ? gale_error_detail() : gale_strerror(result));
}

#endif
