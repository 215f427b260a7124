/* SPDX-License-Identifier: Apache-2.0 */
/* What a handler can ask of its request. What costs something is made when first asked for. */
#include "http/request.h"

#include <errno.h>
#include <string.h>

#include <gale/gen.h>

#include "core/error.h"
#include "http/http1_connection.h"
#include "loop/loop.h"
#include "net/tls.h"
#include "platform/clock.h"

const char *gale_http_server_request_method(const gale_http_server_request *request)
{
    return request->head.method.data;
}

const char *gale_http_server_request_uri(const gale_http_server_request *request)
{
    return request->head.target.data;
}

const char *gale_http_server_request_path(const gale_http_server_request *request)
{
    return request->head.path.data;
}

const char *gale_http_server_request_query(const gale_http_server_request *request)
{
    return request->head.query.len ? request->head.query.data : "";
}

const char *gale_http_server_request_version(const gale_http_server_request *request)
{
    static const char *const versions[] = { "HTTP/1.0", "HTTP/1.1", "HTTP/1.2", "HTTP/1.3",
                                            "HTTP/1.4", "HTTP/1.5", "HTTP/1.6", "HTTP/1.7",
                                            "HTTP/1.8", "HTTP/1.9" };
    return versions[request->head.minor];
}

gale_http_headers *gale_http_server_request_headers(gale_http_server_request *request)
{
    return &request->headers;
}

gale_str gale_http_server_request_body(const gale_http_server_request *request)
{
    return gale__buffer_str(&request->body);
}

const char *gale_http_server_request_remote_ip(gale_http_server_request *request)
{
    if (request->remote_ip)
        return request->remote_ip;
    char text[46];
    size_t size = gale__address_text(&request->peer, text);
    const char *copy = gale__arena_strdup(request->arena, text, size);
    return request->remote_ip = copy ? copy : "0.0.0.0";
}

const char *gale_http_server_request_protocol(const gale_http_server_request *request)
{
    return request->protocol;
}

const char *gale_http_server_request_host(const gale_http_server_request *request)
{
    return request->framing.host.data ? request->framing.host.data : "127.0.0.1";
}

const char *gale_http_server_request_host_name(gale_http_server_request *request)
{
    if (request->host_name)
        return request->host_name;
    const char *host = gale_http_server_request_host(request);
    gale_str name;
    gale_split_host_and_port((gale_str){ host, strlen(host) }, &name);
    char *lower = gale__arena_strdup(request->arena, name.data, name.len);
    for (char *at = lower; at && *at; at++)
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at + ('a' - 'A'));
    return request->host_name = lower;
}

const char *gale_http_server_request_full_url(gale_http_server_request *request)
{
    const gale__http1_request *head = &request->head;
    const char *host = gale_http_server_request_host(request);
    if (head->authority.data) /* the target is a URL already; its scheme is the client's guess */
        return gale__arena_printf(request->arena, NULL, "%s://%s%s%s%s", request->protocol, host,
                                  head->path.data, head->query.len ? "?" : "",
                                  gale_http_server_request_query(request));
    return gale__arena_printf(request->arena, NULL, "%s://%s%s", request->protocol, host,
                              head->target.data);
}

static void free_body(void *request)
{
    gale__buffer_clear(&((gale_http_server_request *)request)->body);
}

int gale__http_request_keep_body(gale_http_server_request *request)
{
    return gale_defer(free_body, request);
}

double gale_http_server_request_time(const gale_http_server_request *request)
{
    /* An end in this very turn is known to the turn only, which has taken its time, too. */
    bool over = request->ended && request->ended != request->loop->now;
    int64_t until = over ? request->ended : gale__clock_monotonic();
    return (double)(until - request->started) / 1e9;
}

/* Makes a list of arguments by `parse`, once. */
static const gale_http_arguments *arguments(gale_http_server_request *request,
                                            gale_http_arguments **list, gale_str text, bool cookies)
{
    if (*list)
        return *list;
    gale_http_arguments *made = gale__arena_alloc(request->arena, sizeof *made);
    if (!made)
        return NULL;
    gale__http_arguments_init(made, request->arena);
    int result =
        cookies ? gale__http_cookies_parse(made, text) : gale__http_arguments_parse(made, text, 0);
    return result < 0 ? NULL : (*list = made);
}

const gale_http_arguments *
gale_http_server_request_query_arguments(gale_http_server_request *request)
{
    return arguments(request, &request->query_arguments, request->head.query, false);
}

/* ---- The form in the body --------------------------------------------------------------- */

typedef struct request_form {
    gale_http_arguments arguments;
    gale_http_files files;
} request_form;

int gale__http_request_make_form(gale_http_server_request *request)
{
    if (request->files)
        return 0;
    request_form *form = gale__arena_alloc(request->arena, sizeof *form);
    if (!form)
        return -ENOMEM;
    gale__http_arguments_init(&form->arguments, request->arena);
    gale__http_files_init(&form->files, request->arena);
    request->body_arguments = &form->arguments;
    request->files = &form->files;
    return 0;
}

static const char *content_type(gale_http_server_request *request)
{
    const char *type = gale__http_headers_get(&request->headers, GALE__HTTP_CONTENT_TYPE);
    return type ? type : "";
}

/* Takes the body apart, once. */
static int parse_form(gale_http_server_request *request)
{
    if (request->files)
        return 0;
    GALE_TRY(gale__http_request_make_form(request));
    if (request->streamed)
        return 0;
    int result =
        gale_parse_body_arguments(content_type(request), gale__buffer_str(&request->body),
                                  request->body_arguments, request->files, &request->headers, NULL);
    if (result < 0) {
        request->body_arguments = NULL;
        request->files = NULL;
    }
    return result;
}

int gale__http_request_check_form(gale_http_server_request *request)
{
    const char *type = content_type(request);
    bool coded = gale__http_headers_present(&request->headers, GALE__HTTP_CONTENT_ENCODING);
    if (gale__is_multipart(type) || (coded && gale__is_urlencoded(type)))
        return parse_form(request);
    return 0;
}

const gale_http_arguments *
gale_http_server_request_body_arguments(gale_http_server_request *request)
{
    return parse_form(request) < 0 ? NULL : request->body_arguments;
}

const gale_http_files *gale_http_server_request_files(gale_http_server_request *request)
{
    return parse_form(request) < 0 ? NULL : request->files;
}

const gale_http_arguments *gale_http_server_request_cookies(gale_http_server_request *request)
{
    const char *header = gale__http_headers_get(&request->headers, GALE__HTTP_COOKIE);
    gale_str text = { header ? header : "", header ? strlen(header) : 0 };
    return arguments(request, &request->cookies, text, true);
}

/* ---- TLS ------------------------------------------------------------------------------- */

static const gale__tls *tls_of(const gale_http_server_request *request)
{
    const gale_http_connection *connection = request->connection;
    return connection && connection->http1 ? connection->http1->stream.tls : NULL;
}

bool gale_http_server_request_ssl_info(const gale_http_server_request *request,
                                       gale_ssl_info *ret_info)
{
    return gale__tls_info(tls_of(request), ret_info);
}

json_t *gale_http_server_request_get_ssl_certificate(const gale_http_server_request *request)
{
    return gale__tls_certificate(tls_of(request));
}

gale_bytes *
gale_http_server_request_get_ssl_certificate_der(const gale_http_server_request *request)
{
    return gale__tls_certificate_der(tls_of(request));
}

gale_http_connection *gale_http_server_request_connection(gale_http_server_request *request)
{
    return request->connection;
}
