/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Moving a site handler by handler: the pages that have been moved are answered here, all others by
 * the program that has had them so far. docs/from-tornado.md explains it.
 *
 *   python3 site.py --port=8000 &
 *   gateway --port=8888 --backend=http://127.0.0.1:8000
 */
#include <strings.h>

#include <gale/gale.h>

enum { HEADERS_MAX = 100 };

static int port = 8888;
static const char *backend = "http://127.0.0.1:8000";

/* ---- The pages that have been moved ---------------------------------------------------- */

static int moved(gale_handler *self)
{
    return gale_write(self, "Hello from gale");
}

static const gale_handler_class moved_handler = { .get = moved };

/* ---- All others ------------------------------------------------------------------------ */

/* What belongs to a connection, and not to the message: RFC 9110 §7.6.1. */
static bool is_handed_on(const char *name)
{
    static const char *const own[] = { "Connection", "Keep-Alive",        "Proxy-Connection",
                                       "TE",         "Transfer-Encoding", "Content-Length",
                                       "Trailer",    "Upgrade",           "Expect" };
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (strcasecmp(name, own[i]) == 0)
            return false;
    return true;
}

static int collect(gale_http_server_request *request, gale_fetch_header headers[HEADERS_MAX + 3])
{
    size_t count = 0, position = 0;
    gale_http_field field;
    while (gale_http_headers_next(gale_http_server_request_headers(request), &position, &field)) {
        if (count == HEADERS_MAX)
            return GALE_ETOOBIG;
        if (is_handed_on(field.name.data) && strcasecmp(field.name.data, "X-Real-Ip") != 0)
            headers[count++] = (gale_fetch_header){ field.name.data, field.value.data };
    }
    headers[count++] =
        (gale_fetch_header){ "X-Real-Ip", gale_http_server_request_remote_ip(request) };
    headers[count] = (gale_fetch_header){ 0 };
    return 0;
}

static int answer(gale_handler *self, gale_http_response *response)
{
    static const char *const ours[] = { "Server", "Content-Type", "Date" };
    gale_str body = gale_http_response_body_str(response);
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        GALE_TRY(gale_clear_header(self, ours[i]));
    GALE_TRY(gale_set_status(self, gale_http_response_code(response),
                             gale_http_response_reason(response)));
    size_t position = 0;
    gale_http_field field;
    while (gale_http_headers_next(gale_http_response_headers(response), &position, &field))
        if (is_handed_on(field.name.data))
            GALE_TRY(gale_add_header(self, field.name.data, field.value.data));
    return gale_write_bytes(self, body.data, body.len);
}

static int forward(gale_handler *self)
{
    gale_http_server_request *request = gale_handler_request(self);
    gale_str body = gale_http_server_request_body(request);
    gale_fetch_header headers[HEADERS_MAX + 3];
    gale_http_response *response;
    const char *url = gale_sprintf("%s%s", backend, gale_http_server_request_uri(request));
    GALE_TRY(collect(request, headers));
    if (gale_fetch(url,
                   &(gale_fetch_options){ .method = gale_http_server_request_method(request),
                                          .headers = headers,
                                          .body = body.len ? body.data : NULL,
                                          .body_size = body.len,
                                          .request_timeout = 60,
                                          .allow_nonstandard_methods = true,
                                          .no_follow_redirects = true,
                                          .no_raise_error = true,
                                          .no_decompress = true },
                   &response) < 0)
        return gale_http_error(self, 502, "%s", gale_error_detail());
    return answer(self, response);
}

static const gale_handler_class forward_handler = { .get = forward,
                                                    .head = forward,
                                                    .post = forward,
                                                    .delete_ = forward,
                                                    .patch = forward,
                                                    .put = forward,
                                                    .options = forward };

int main(int argc, char **argv)
{
    gale_define_int("port", &port, "run on the given port");
    gale_define_str("backend", &backend, "where the other pages are");
    gale_parse_command_line(argc, argv);
    gale_route routes[] = { { .pattern = "/moved", .handler = &moved_handler },
                            { .pattern = ".*", .handler = &forward_handler },
                            { 0 } };
    gale_application *app = gale_application_new(routes, NULL);
    gale_application_listen(app, port);
    int status = gale_ioloop_start(gale_ioloop_current());
    gale_ioloop_free(gale_ioloop_current());
    return status;
}
