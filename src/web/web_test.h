/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers of this floor's tests: an application on a loop. */
#ifndef GALE_WEB_WEB_TEST_H
#define GALE_WEB_WEB_TEST_H

#include <gale/web.h>

#include "http/http_test.h"

/* Of the last line of a request head: the server closes after it has answered. */
#define CLOSE "Host: h\r\nConnection: close\r\n"
#define GET(target) "GET " target " HTTP/1.1\r\n" CLOSE "\r\n"

/* An element of a list of routes; more of its members may follow. */
#define ROUTE(text, class, ...)                                                                    \
    {                                                                                              \
        .pattern = (text), .handler = &(class), __VA_ARGS__                                        \
    }

/* An application with `routes` on 127.0.0.1; *ret_port is its port. */
static inline gale_application *serve(const gale_route *routes,
                                      const gale_application_settings *settings, int *ret_port)
{
    gale_application *application = gale_application_new(routes, settings);
    assert_non_null(application);
    *ret_port = gale_application_listen_address(application, 0, "127.0.0.1");
    assert_true(*ret_port > 0);
    return application;
}

/* The same with default settings; returns the port. */
static inline int serve_routes(const gale_route *routes)
{
    int port;
    serve(routes, NULL, &port);
    return port;
}

/* Frees the loop, and with it the application. */
static inline void stop(void)
{
    gale_ioloop_free(gale_ioloop_current());
}

/* A GET of `target`, and the body of the answer. */
static inline void assert_body(int port, const char *target, const char *body)
{
    char request[1024], end[1024];
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\n" CLOSE "\r\n", target);
    snprintf(end, sizeof end, "\r\n\r\n%s", body);
    assert_answer(port, request, "HTTP/1.1 200 OK\r\n", end);
}

/* A GET of `target`, and the status of the answer, as "404 Not Found". */
static inline void assert_status(int port, const char *target, const char *status)
{
    char request[1024], start[100];
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\n" CLOSE "\r\n", target);
    snprintf(start, sizeof start, "HTTP/1.1 %s\r\n", status);
    assert_answer(port, request, start, "");
}

/* A request with that body; from malloc. */
static inline char *make_post(const char *target, const char *headers, const char *body,
                              size_t *ret_size)
{
    char *request = malloc(1000 + strlen(body));
    assert_non_null(request);
    *ret_size =
        (size_t)sprintf(request, "POST %s HTTP/1.1\r\n" CLOSE "%sContent-Length: %zu\r\n\r\n%s",
                        target, headers, strlen(body), body);
    return request;
}

/* A POST of `body`, with further header lines; the answer, to be freed. */
static inline char *ask_post(int port, const char *target, const char *headers, const char *body)
{
    size_t size;
    char *request = make_post(target, headers, body, &size), *answer = ask(port, request);
    free(request);
    return answer;
}

/* The same, and the body of the answer. */
static inline void assert_post(int port, const char *target, const char *headers, const char *body,
                               const char *wanted)
{
    char *answer = ask_post(port, target, headers, body);
    const char *got = strstr(answer, "\r\n\r\n");
    if (strncmp(answer, "HTTP/1.1 200 ", 13) != 0 || !got || strcmp(got + 4, wanted) != 0)
        fail_msg("POST %s %s\nwanted: %s\ngot: %s", target, body, wanted, answer);
    free(answer);
}

#endif
