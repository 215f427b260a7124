/* SPDX-License-Identifier: Apache-2.0 */
/* A loop and an application for a test. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gale/gen.h>
#include <gale/httpserver.h>
#include <gale/netutil.h>

#include "app/fixture.h"
#include "app/option_value.h"
#include "core/error.h"
#include "gen/task.h"
#include "loop/virtual_clock.h"

enum { USUAL_TIMEOUT = 5, VIRTUAL_TIMEOUT = 86400 };

/* ---- Beginning and end ---- */

double gale_get_async_test_timeout(void)
{
    const char *text = getenv("ASYNC_TEST_TIMEOUT");
    double seconds;
    bool given = text && gale__parse_timedelta((gale_str){ text, strlen(text) }, &seconds);
    return given && seconds > 0 ? seconds : USUAL_TIMEOUT;
}

gale_test *gale_test_new(const gale_test_options *options)
{
    gale_test *test = GALE__NEW(gale_test);
    if (!test) {
        gale__fail(-ENOMEM, "out of memory");
        return NULL;
    }
    if (options)
        test->options = *options;
    gale__pool_init(&test->blocks, GALE__ARENA_BLOCK, 0);
    gale__arena_init(&test->arena, &test->blocks);
    test->loop = gale_ioloop_new(&test->options.loop);
    if (!test->loop) {
        gale_test_free(test);
        return NULL;
    }
    if (test->options.virtual_clock)
        gale__loop_use_backend(test->loop, &gale__virtual_backend);
    return test;
}

void gale_test_free(gale_test *test)
{
    if (!test)
        return;
    gale__test_free_responses(test);
    gale_ioloop_free(test->loop);
    gale__arena_clear(&test->arena);
    gale__pool_close(&test->blocks);
    gale__free(test);
}

/* ---- Running ---- */

typedef struct run {
    gale_task_function function;
    void *arg;
    char detail[GALE__ERROR_DETAIL_MAX + 1]; /* the task's goes with it */
} run;

static int run_function(void *arg)
{
    run *self = arg;
    int result = self->function(self->arg);
    if (result < 0)
        snprintf(self->detail, sizeof self->detail, "%s", gale_error_detail());
    return result;
}

static double timeout_of(const gale_test *test, double timeout)
{
    if (timeout == 0) // NOLINT: zero is the default
        timeout = test->options.timeout;
    if (timeout == 0) // NOLINT
        timeout = test->options.virtual_clock ? VIRTUAL_TIMEOUT : gale_get_async_test_timeout();
    return timeout;
}

int gale_test_run(gale_test *test, gale_task_function function, void *arg, double timeout)
{
    if (gale__task_current)
        return function(arg);
    run self = { .function = function, .arg = arg };
    double seconds = timeout_of(test, timeout);
    int result = gale_ioloop_run_sync(test->loop, run_function, &self, seconds > 0 ? seconds : 0);
    if (result == GALE_ETIMEDOUT && seconds > 0 && !*self.detail)
        return gale__fail(result, "Operation timed out after %g seconds", seconds);
    return result < 0 ? gale__fail(result, "%s", self.detail) : result;
}

static int sleep_for(void *arg)
{
    return gale_sleep(*(const double *)arg);
}

int gale_test_advance(gale_test *test, double seconds)
{
    return gale_test_run(test, sleep_for, &seconds, GALE_NONE);
}

/* ---- The application ---- */

int gale_bind_unused_port(const char *address, bool reuse_port, int *ret_port)
{
    int sockets[GALE_BIND_SOCKETS_MAX];
    const gale_bind_options options = { .address = address ? address : "127.0.0.1",
                                        .reuse_port = reuse_port };
    int count = gale_bind_sockets(0, &options, sockets);
    GALE_TRY(count);
    gale_close_sockets(sockets + 1, count - 1);
    *ret_port = gale_socket_port(sockets[0]);
    return sockets[0];
}

/* A context of the options' certificate, or of one that is made. */
static int make_context(const gale_ssl_options *given, gale_ssl_context **ret_context)
{
    gale_ssl_options options = given ? *given : (gale_ssl_options){ 0 };
    gale_bytes *certificate = NULL;
    options.server_side = true;
    if (!given)
        GALE_TRY(gale_ssl_self_signed(NULL, &certificate));
    if (certificate)
        options.certificate = gale_bytes_str(certificate).data;
    int result = gale_ssl_context_new(&options, ret_context);
    gale_bytes_unref(certificate);
    return result;
}

/* A server beside the application's own; the loop owns it. The socket is closed on failure. */
static int serve_with_tls(gale_test *test, gale_application *application, int socket)
{
    gale_http_server_options options = gale_application_get_settings(application)->server;
    gale_http_server *server = NULL;
    int result = make_context(test->options.ssl_options, &options.ssl_context);
    if (result >= 0) {
        server = gale_http_server_new(gale_application_delegate(application), &options);
        gale_ssl_context_unref(options.ssl_context);
    }
    if (server)
        return gale_http_server_add_socket(server, socket);
    gale_close_sockets(&socket, 1);
    return result < 0 ? result : gale__fail(-ENOMEM, "out of memory");
}

int gale_test_serve(gale_test *test, gale_application *application)
{
    if (!application || test->application)
        return gale__fail(GALE_EINVALID, "%s",
                          application ? "the test serves an application already"
                                      : "there is no application");
    int port, socket = gale_bind_unused_port(NULL, false, &port);
    GALE_TRY(socket);
    GALE_TRY(test->options.https ? serve_with_tls(test, application, socket)
                                 : gale_application_listen_sockets(application, &socket, 1));
    test->application = application;
    return test->port = port;
}

const char *gale_test_protocol(const gale_test *test)
{
    return test->options.https ? "https" : "http";
}

int gale_test_port(const gale_test *test)
{
    return test->port;
}

const char *gale_test_url(gale_test *test, const char *path)
{
    return gale__arena_printf(&test->arena, NULL, "%s://127.0.0.1:%d%s", gale_test_protocol(test),
                              test->port, path);
}
