/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server that outside test suites are run against.
 *
 *   GET, HEAD /        Hello, world
 *   POST, PUT /echo    the request's body, byte for byte, as application/octet-stream
 *   POST /upload       of any size, never in memory: {"parts": [{"name": ..., "filename": ...,
 *                      "size": ..., "sha256": ...}, ...]}, for each part of a multipart/form-data
 *                      body, in order; filename is null for an argument. Any other body is one
 *                      part whose name and filename are null
 *
 *   GET, HEAD /static/NAME   with --static: the files of that directory; text is compressed when
 *                      asked for
 *
 *   WebSocket /ws            sends back what it gets, text as text and binary as binary
 *   WebSocket /ws-deflate    the same; permessage-deflate when it is offered
 *
 *   GET /events        an event stream with something of each kind, and its end; 204 to those who
 *                      have received all of it (Last-Event-ID: last)
 *
 * usage: conformance --port=N [--header-timeout=SECONDS] [--body-limit=BYTES] [--static=DIR]
 *                    [--tls-port=N [--cert=FILE --key=FILE]]
 *
 * The same is served with TLS on --tls-port; without --cert with a certificate made at the start.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gale/gale.h>

static int hello(gale_handler *self)
{
    return gale_write(self, "Hello, world");
}

static int echo(gale_handler *self)
{
    gale_str body = gale_http_server_request_body(gale_handler_request(self));
    GALE_TRY(gale_set_header(self, "Content-Type", "application/octet-stream"));
    return gale_write_bytes(self, body.data, body.len);
}

static int echo_message(gale_websocket *self, gale_str message, bool binary)
{
    return binary ? gale_write_message_binary(self, message.data, message.len)
                  : gale_write_message_str(self, message);
}

static const gale_websocket_class ws = { .on_message = echo_message, .max_message_size = 64 << 20 };
static const gale_websocket_class ws_deflate = { .on_message = echo_message,
                                                 .max_message_size = 64 << 20,
                                                 .compression = &(gale_websocket_compression){
                                                     .context_takeover = true } };
static const gale_handler_class ws_handler = { .websocket = &ws };
static const gale_handler_class ws_deflate_handler = { .websocket = &ws_deflate };
static const gale_handler_class hello_handler = { .name = "hello", .get = hello, .head = hello };
static const gale_handler_class echo_handler = { .name = "echo", .post = echo, .put = echo };

static int drop(gale_handler *self, const gale_http_file *file, const char *data, size_t size)
{
    (void)self;
    (void)file;
    (void)data;
    (void)size;
    return 0;
}

static int tell_parts(gale_handler *self)
{
    const gale_http_files *files = gale_http_server_request_files(gale_handler_request(self));
    const gale_http_file *file;
    json_t *parts = json_array();
    for (size_t i = 0; (file = gale_http_files_at(files, i)); i++)
        json_array_append_new(parts, json_pack("{s:s?, s:s?, s:I, s:s}", "name", file->name,
                                               "filename", file->filename, "size",
                                               (json_int_t)file->size, "sha256", file->sha256));
    return gale_write_json(self, json_pack("{s:o}", "parts", parts));
}

static const gale_upload_options any_upload = { .max_body_size = GALE_NONE,
                                                .sha256 = true,
                                                .any_body = true,
                                                .arguments_as_files = true,
                                                .file_data = drop };
static const gale_handler_class upload_handler = { .name = "upload",
                                                   .uploads = &any_upload,
                                                   .post = tell_parts };

static int events(gale_handler *self)
{
    static const gale_server_sent_event all[] = { { .data = "plain" },
                                                  { .data = "" },
                                                  { .data = "a\nb\r\nc\rd\n" },
                                                  { .event = "named",
                                                    .data = " gr\xc3\xbc\xc3\x9f: " },
                                                  { .comment = "not an\nevent" },
                                                  { .id = "1" },
                                                  { .id = "\xc3\xa9", .data = "with an id" },
                                                  { .data = "a\0b", .size = 3 },
                                                  { .id = "", .data = "without" },
                                                  { .id = "last", .data = "the last" } };
    gale_event_stream *stream;
    if (strcmp(gale_last_event_id(self), "last") == 0)
        return gale_set_status(self, 204, NULL);
    GALE_TRY(gale_event_stream_open(self, &(gale_event_stream_options){ .retry = 0.05 }, &stream));
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        GALE_TRY(gale_event_stream_send(stream, &all[i]));
    return 0;
}

static const gale_handler_class events_handler = { .name = "events", .get = events };

static void usage(const char *program)
{
    fprintf(stderr,
            "usage: %s --port=N [--header-timeout=SECONDS] [--body-limit=BYTES] [--static=DIR] "
            "[--tls-port=N [--cert=FILE --key=FILE]]\n",
            program);
    exit(2);
}

/* The number in "--name=NUMBER", when `argument` is that option. */
static bool number_option(const char *argument, const char *name, double *ret_number)
{
    size_t size = strlen(name);
    char *end;
    if (strncmp(argument, name, size) != 0)
        return false;
    double number = strtod(argument + size, &end);
    if (end == argument + size || *end || !(number >= 0 && number <= 1e15))
        return false;
    *ret_number = number;
    return true;
}

/* The text in "--name=TEXT", when `argument` is that option. */
static bool text_option(const char *argument, const char *name, const char **ret_text)
{
    size_t size = strlen(name);
    if (strncmp(argument, name, size) != 0 || !argument[size])
        return false;
    *ret_text = argument + size;
    return true;
}

static int listen_ssl(gale_application *application, int port, const char *cert, const char *key)
{
    gale_ssl_options options = { .certfile = cert, .keyfile = key };
    gale_bytes *own = NULL;
    if (!cert && gale_ssl_self_signed(NULL, &own) == 0)
        options.certificate = gale_bytes_str(own).data;
    int result = gale_application_listen_ssl(application, port, &options);
    gale_bytes_unref(own);
    return result;
}

int main(int argc, char **argv)
{
    double port = -1, tls_port = -1, header_timeout = 0, body_limit = 0;
    const char *static_path = NULL, *cert = NULL, *key = NULL;
    for (int i = 1; i < argc; i++)
        if (!number_option(argv[i], "--port=", &port) &&
            !number_option(argv[i], "--header-timeout=", &header_timeout) &&
            !number_option(argv[i], "--body-limit=", &body_limit) &&
            !number_option(argv[i], "--tls-port=", &tls_port) &&
            !text_option(argv[i], "--cert=", &cert) && !text_option(argv[i], "--key=", &key) &&
            !text_option(argv[i], "--static=", &static_path))
            usage(argv[0]);
    if (port < 0 || port > 65535 || tls_port > 65535)
        usage(argv[0]);
    gale_application_settings settings = { .static_path = static_path,
                                           .compress_response = static_path != NULL,
                                           .server = { .header_timeout = header_timeout,
                                                       .max_body_size = (int64_t)body_limit } };
    gale_route routes[] = { { .pattern = "/", .handler = &hello_handler },
                            { .pattern = "/echo", .handler = &echo_handler },
                            { .pattern = "/upload", .handler = &upload_handler },
                            { .pattern = "/events", .handler = &events_handler },
                            { .pattern = "/ws", .handler = &ws_handler },
                            { .pattern = "/ws-deflate", .handler = &ws_deflate_handler },
                            { 0 } };
    const gale_filter filters[] = { { .filter = &gale_security_headers_filter }, { 0 } };
    if (tls_port >= 0)
        settings.filters = filters;
    gale_application *application = gale_application_new(routes, &settings);
    gale_application_listen(application, (int)port);
    if (tls_port >= 0)
        listen_ssl(application, (int)tls_port, cert, key);
    return gale_ioloop_start(gale_ioloop_current());
}
