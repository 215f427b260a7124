/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers of the tests of logging in: a browser, and pieces of a provider. */
#ifndef GALE_WEB_AUTH_TEST_H
#define GALE_WEB_AUTH_TEST_H

#include <gale/auth.h>

#include "web/web_test.h"

static int port; /* of site and provider */

static const char *site(const char *path)
{
    static char urls[16][100];
    static size_t next;
    char *url = urls[next++ % 16];
    snprintf(url, sizeof urls[0], "http://127.0.0.1:%d%s", port, path);
    return url;
}

/* ---- The browser ----------------------------------------------------------------------- */

static char cookie[4000];   /* name=value, as it sends it */
static char location[4000]; /* where the last answer leads to */

/* What follows `start` in the head of an answer, up to one of `ends`. */
static void cut_out(const char *answer, const char *start, const char *ends, char *out, size_t room)
{
    const char *at = strstr(answer, start);
    *out = '\0';
    if (at)
        snprintf(out, room, "%.*s", (int)strcspn(at + strlen(start), ends), at + strlen(start));
}

/* A GET with the cookie; the answer, to be freed. */
static char *visit(const char *target)
{
    char request[9000];
    snprintf(request, sizeof request,
             "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n%s%s%s\r\n", target,
             port, *cookie ? "Cookie: " : "", cookie, *cookie ? "\r\n" : "");
    char *answer = ask(port, request);
    cut_out(answer, "\r\nLocation: ", "\r", location, sizeof location);
    return answer;
}

static void visit_for(const char *target, const char *start, const char *end)
{
    char *answer = visit(target);
    size_t size = strlen(answer);
    if (strncmp(answer, start, strlen(start)) != 0 || size < strlen(end) ||
        strcmp(answer + size - strlen(end), end) != 0)
        fail_msg("%s\nwanted: %s ... %s\ngot: %s", target, start, end, answer);
    free(answer);
}

/* A page that leads to the provider, whose cookie is kept. */
static void begin_login(const char *target)
{
    char *answer = visit(target);
    assert_non_null(strstr(answer, "HTTP/1.1 302 Found\r\n"));
    cut_out(answer, "\r\nSet-Cookie: ", ";", cookie, sizeof cookie);
    free(answer);
}

/* A parameter of the URL that the last answer leads to, as it is there. */
static const char *parameter(const char *name)
{
    static char values[8][2000];
    static size_t next;
    char start[100], *value = values[next++ % 8];
    snprintf(start, sizeof start, "?%s=", name);
    cut_out(location, start, "&", value, sizeof values[0]);
    start[0] = '&';
    if (!*value)
        cut_out(location, start, "&", value, sizeof values[0]);
    return value;
}

/* Refused with 403, for a reason that is logged. */
static void assert_refused(const char *target, const char *reason)
{
    test_expect_log(GALE_LOG_WARNING, reason);
    test_expect_log(GALE_LOG_WARNING, "403 GET ");
    visit_for(target, "HTTP/1.1 403 Forbidden\r\n", "");
}

/* ---- The provider ---------------------------------------------------------------------- */

static const char *asked(gale_handler *self, const char *name)
{
    return gale_get_argument(self, name, "");
}

static const char *asked_header(gale_handler *self, const char *name)
{
    const char *value =
        gale_http_headers_get(gale_http_server_request_headers(gale_handler_request(self)), name);
    return value ? value : "";
}

#endif
