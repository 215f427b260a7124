/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The twin application in gale; twin.py is the same in Tornado, class by class. They show the same
 * and log the same: whatever else differs is a difference between the two libraries.
 *
 * usage: twin [OPTION=VALUE...], with Tornado's names of server options; prints its port, then
 * access lines.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gale/gale.h>

#include "files.h"
#include "pages.h"
#include "safety.h"
#include "words.h"

#define CLASS(class, ...) static const gale_handler_class class = { .name = #class, __VA_ARGS__ }

static int hello(gale_handler *self)
{
    return gale_write(self, "Hello, world");
}

CLASS(hello_handler, .get = hello, .head = hello);

static int echo(gale_handler *self)
{
    gale_str body = gale_http_server_request_body(gale_handler_request(self));
    GALE_TRY(gale_set_header(self, "Content-Type", "application/octet-stream"));
    return gale_write_bytes(self, body.data, body.len);
}

CLASS(echo_handler, .post = echo, .put = echo);

/* What the request says of itself. */
static int show_request(gale_handler *self)
{
    gale_http_server_request *request = gale_handler_request(self);
    return gale_writef(
        self, "%s|%s|%s|%s|%s|%s|%s|%s|%s|%s", gale_http_server_request_method(request),
        gale_http_server_request_uri(request), gale_http_server_request_path(request),
        gale_http_server_request_query(request), gale_http_server_request_version(request),
        gale_http_server_request_host(request), gale_http_server_request_host_name(request),
        gale_http_server_request_protocol(request), gale_http_server_request_remote_ip(request),
        gale_http_server_request_full_url(request));
}

CLASS(request_handler, .get = show_request, .post = show_request);

static int argument(gale_handler *self)
{
    const char *foo = gale_get_argument(self, "foo", NULL);
    return foo ? gale_writef(self, "[%s]", foo) : 0;
}

CLASS(argument_handler, .get = argument, .post = argument);

static int write_values(gale_handler *self, int count, const char *const *values)
{
    GALE_TRY(count);
    GALE_TRY(gale_writef(self, "%d", count));
    for (int i = 0; i < count; i++)
        GALE_TRY(gale_writef(self, "[%s]", values[i]));
    return 0;
}

static int arguments(gale_handler *self)
{
    const char *const *values;
    int count = gale_get_arguments(self, "foo", &values);
    GALE_TRY(write_values(self, count, values));
    count = gale_get_query_arguments(self, "foo", &values);
    GALE_TRY(write_values(self, count, values));
    count = gale_get_body_arguments(self, "foo", &values);
    return write_values(self, count, values);
}

CLASS(arguments_handler, .get = arguments, .post = arguments);

/* What the form in the body holds. */
static int write_arguments(gale_handler *self, const gale_http_arguments *arguments,
                           const char *name)
{
    const gale_str *value;
    for (size_t i = 0; (value = gale_http_arguments_get_list(arguments, name, i)); i++) {
        GALE_TRY(gale_writef(self, "[%s=", name));
        GALE_TRY(gale_write_bytes(self, value->data, value->len));
        GALE_TRY(gale_write(self, "]"));
    }
    return 0;
}

static int write_files(gale_handler *self, const gale_http_files *files, const char *name)
{
    const gale_http_file *file;
    for (size_t i = 0; (file = gale_http_files_get(files, name, i)); i++) {
        GALE_TRY(gale_writef(self, "<%s=%s %s ", name, file->filename, file->content_type));
        GALE_TRY(gale_write_bytes(self, file->body.data, file->body.len));
        GALE_TRY(gale_write(self, ">"));
    }
    return 0;
}

static int form(gale_handler *self)
{
    gale_http_server_request *request = gale_handler_request(self);
    const gale_http_arguments *arguments = gale_http_server_request_body_arguments(request);
    const gale_http_files *files = gale_http_server_request_files(request);
    if (!arguments || !files)
        return gale_http_error(self, 400, "%s", gale_error_detail());
    GALE_TRY(write_arguments(self, arguments, "a"));
    GALE_TRY(write_arguments(self, arguments, "b"));
    GALE_TRY(write_arguments(self, arguments, "foo"));
    GALE_TRY(write_files(self, files, "f"));
    GALE_TRY(write_files(self, files, "g"));
    return gale_writef(self, "%zu %zu", gale_http_arguments_count(arguments),
                       gale_http_files_count(files));
}

CLASS(form_handler, .get = form, .post = form, .put = form);

static int path(gale_handler *self)
{
    for (size_t i = 0; i < gale_path_arg_count(self); i++) {
        const char *text = gale_path_arg_at(self, i);
        GALE_TRY(gale_writef(self, "[%s]", text ? text : "NULL"));
    }
    return 0;
}

CLASS(path_handler, .get = path);

static int named(gale_handler *self)
{
    const char *first = gale_path_arg(self, "first"), *second = gale_path_arg(self, "second");
    return gale_writef(self, "%s then %s", first, second ? second : "NULL");
}

CLASS(named_handler, .get = named);

static const char *or_null(const char *text)
{
    return text && *text ? text : NULL;
}

static int status(gale_handler *self)
{
    GALE_TRY(gale_set_status(self, atoi(gale_get_argument(self, "code", "200")),
                             or_null(gale_get_argument(self, "reason", ""))));
    return gale_write(self, gale_get_argument(self, "body", ""));
}

CLASS(status_handler, .get = status, .head = status, .post = status);

static int error(gale_handler *self)
{
    int code = atoi(gale_get_argument(self, "code", "500"));
    const char *reason = gale_get_argument(self, "reason", "");
    const char *message = gale_get_argument(self, "message", "");
    GALE_TRY(gale_write(self, "thrown away"));
    GALE_TRY(gale_set_header(self, "X-Lost", "yes"));
    if (*reason)
        return gale_http_error_reason(self, code, reason);
    return *message ? gale_http_error(self, code, "%s", message)
                    : gale_http_error(self, code, NULL);
}

CLASS(error_handler, .get = error, .head = error, .post = error);

static int fail(gale_handler *self)
{
    (void)self;
    return -EIO;
}

CLASS(fail_handler, .get = fail);

static int stop(gale_handler *self)
{
    GALE_TRY(gale_set_status(self, 202, NULL));
    GALE_TRY(gale_write(self, "kept"));
    return gale_finish_request(self);
}

CLASS(stop_handler, .get = stop);

static int send_error(gale_handler *self)
{
    GALE_TRY(gale_write(self, "thrown away"));
    return gale_send_error(self, 503);
}

CLASS(send_error_handler, .get = send_error);

static int gone(gale_handler *self)
{
    return gale_http_error(self, 410, NULL);
}

static void own_default_headers(gale_handler *self)
{
    gale_set_header(self, "X-Default", "yes");
}

static int own_page(gale_handler *self, int code, int what)
{
    (void)what;
    return gale_writef(self, "own page %d", code);
}

CLASS(own_error_handler, .get = gone, .set_default_headers = own_default_headers,
      .write_error = own_page);

static int redirect(gale_handler *self)
{
    const char *to = gale_get_argument(self, "to", "/a?b=c d");
    const char *code = gale_get_argument(self, "status", "");
    if (*code)
        return gale_redirect_status(self, to, atoi(code));
    return gale_redirect(self, to, *gale_get_argument(self, "permanent", "") != '\0');
}

CLASS(redirect_handler, .get = redirect, .post = redirect);

static int headers(gale_handler *self)
{
    GALE_TRY(gale_set_header(self, "x-first", "1"));
    GALE_TRY(gale_set_header(self, "X-Second", "2"));
    GALE_TRY(gale_set_header(self, "X-FIRST", "3"));
    GALE_TRY(gale_set_header(self, "X-Gone", "4"));
    GALE_TRY(gale_clear_header(self, "x-gone"));
    GALE_TRY(gale_clear_header(self, "X-Never"));
    GALE_TRY(gale_add_header(self, "X-Many", "a"));
    GALE_TRY(gale_add_header(self, "x-many", "b"));
    GALE_TRY(gale_set_header(self, "Content-Type", "text/plain"));
    return gale_write(self, "ok");
}

CLASS(headers_handler, .get = headers);

static int set_header(gale_handler *self)
{
    const char *value = gale_get_argument(self, "value", NULL);
    if (!value)
        return 0;
    GALE_TRY(gale_set_header(self, "X-Foo", value));
    return gale_write(self, "ok");
}

CLASS(set_header_handler, .get = set_header);

static int json(gale_handler *self)
{
    const char *const *values;
    int count = gale_get_arguments(self, "a", &values);
    GALE_TRY(count);
    json_t *list = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(list, json_string(values[i]));
    return gale_write_json(self,
                           json_pack("{s:o, s:[i,i,b,n], s:{}}", "a", list, "n", 1, -2, 1, "o"));
}

CLASS(json_handler, .get = json, .post = json);

static int chunks(gale_handler *self)
{
    char filling[301];
    memset(filling, 'x', 300);
    filling[300] = '\0';
    GALE_TRY(gale_write(self, "one"));
    GALE_TRY(gale_flush(self));
    GALE_TRY(gale_write(self, "two"));
    GALE_TRY(gale_write(self, "three"));
    GALE_TRY(gale_flush(self));
    GALE_TRY(gale_flush(self));
    return gale_write(self, filling);
}

CLASS(chunks_handler, .get = chunks, .head = chunks);

static int empty_flush(gale_handler *self)
{
    GALE_TRY(gale_flush(self));
    return gale_write(self, "ok");
}

CLASS(empty_flush_handler, .get = empty_flush);

static int length(gale_handler *self)
{
    const char *value = gale_get_argument(self, "length", NULL);
    if (!value)
        return 0;
    GALE_TRY(gale_set_header(self, "Content-Length", value));
    return gale_write(self, "12345");
}

CLASS(length_handler, .get = length, .head = length);

static int flush_then_fail(gale_handler *self)
{
    GALE_TRY(gale_write(self, "begun"));
    GALE_TRY(gale_flush(self));
    return gale_http_error(self, 404, NULL);
}

CLASS(flush_then_fail_handler, .get = flush_then_fail);

static int cookies(gale_handler *self)
{
    return gale_writef(self, "[%s][%s][%s]", gale_get_cookie(self, "a", "none"),
                       gale_get_cookie(self, "b", "none"), gale_get_cookie(self, "c", "none"));
}

CLASS(cookies_handler, .get = cookies);

static int early(gale_handler *self)
{
    GALE_TRY(gale_set_status(self, 401, NULL));
    GALE_TRY(gale_write(self, "early"));
    return gale_finish(self);
}

static int never(gale_handler *self)
{
    return gale_write(self, "never");
}

CLASS(early_handler, .prepare = early, .get = never, .post = never);

static int wait_a_little(gale_handler *self)
{
    GALE_TRY(gale_sleep(0.01));
    return gale_write(self, "slept");
}

CLASS(sleep_handler, .get = wait_a_little);

static int silent(gale_handler *self)
{
    (void)self;
    return 0;
}

CLASS(silent_handler, .get = silent);

static int got(gale_handler *self)
{
    return gale_write(self, "got");
}

CLASS(getter_handler, .get = got);

/* Ends what the log says of one case. */
static int sync_log(gale_handler *self)
{
    return gale_write(self, "sync");
}

CLASS(sync_handler, .get = sync_log);

static const gale_handler_class stream_handler;

static int stream_prepare(gale_handler *self)
{
    const char *refuse = gale_get_query_argument(self, "refuse", "");
    return *refuse ? gale_http_error(self, 401, NULL) : 0;
}

static int stream_data(gale_handler *self, const char *data, size_t size)
{
    (void)data;
    *(size_t *)gale_handler_state(self, &stream_handler) += size;
    return 0;
}

static int stream_method(gale_handler *self)
{
    return gale_writef(self, "%zu bytes", *(size_t *)gale_handler_state(self, &stream_handler));
}

CLASS(stream_handler, .state_size = sizeof(size_t), .stream_request_body = true,
      .prepare = stream_prepare, .data_received = stream_data, .get = stream_method,
      .post = stream_method, .put = stream_method);

static int other(gale_handler *self)
{
    return gale_write(self, "of the other host");
}

CLASS(other_handler, .get = other);

static const int gone_status = 410;
static const gale_redirect_options moved = { .url = "/a?b=c" },
                                   moved_for_now = { .url = "/{{a}}", .temporary = true },
                                   moved_groups = { .url = "/{1}/{0}" },
                                   moved_name = { .url = "http://other.example/{name}#top" };

static const gale_route routes[] = {
    { .pattern = "/", .handler = &hello_handler },
    { .pattern = "/echo", .handler = &echo_handler },
    { .pattern = "/request", .handler = &request_handler },
    { .pattern = "/argument", .handler = &argument_handler },
    { .pattern = "/arguments", .handler = &arguments_handler },
    { .pattern = "/form", .handler = &form_handler },
    { .pattern = "/path/([^/]*)/(.*)", .handler = &path_handler },
    { .pattern = "/optional/(.+)?", .handler = &path_handler },
    { .pattern = "/named/(?P<first>[0-9]+)/(?P<second>x+)?", .handler = &named_handler },
    { .pattern = "/status", .handler = &status_handler },
    { .pattern = "/error", .handler = &error_handler },
    { .pattern = "/fail", .handler = &fail_handler },
    { .pattern = "/stop", .handler = &stop_handler },
    { .pattern = "/send_error", .handler = &send_error_handler },
    { .pattern = "/own_error", .handler = &own_error_handler },
    { .pattern = "/redirect", .handler = &redirect_handler },
    { .pattern = "/headers", .handler = &headers_handler },
    { .pattern = "/set_header", .handler = &set_header_handler },
    { .pattern = "/json", .handler = &json_handler },
    { .pattern = "/chunks", .handler = &chunks_handler },
    { .pattern = "/empty_flush", .handler = &empty_flush_handler },
    { .pattern = "/length", .handler = &length_handler },
    { .pattern = "/flush_then_fail", .handler = &flush_then_fail_handler },
    { .pattern = "/cookies", .handler = &cookies_handler },
    { .pattern = "/early", .handler = &early_handler },
    { .pattern = "/sleep", .handler = &sleep_handler },
    { .pattern = "/silent", .handler = &silent_handler },
    { .pattern = "/getter", .handler = &getter_handler },
    { .pattern = "/stream", .handler = &stream_handler },
    { .pattern = "/sync", .handler = &sync_handler },
    FILES_ROUTES,
    { .pattern = "/gone", .handler = &gale_error_handler, .arg = &gone_status },
    { .pattern = "/moved", .handler = &gale_redirect_handler, .arg = &moved },
    { .pattern = "/moved_for_now", .handler = &gale_redirect_handler, .arg = &moved_for_now },
    { .pattern = "/moved/(.*)/(.*)", .handler = &gale_redirect_handler, .arg = &moved_groups },
    { .pattern = "/moved_name/(?P<name>.*)",
      .handler = &gale_redirect_handler,
      .arg = &moved_name },
    { .pattern = "/a|/b", .handler = &getter_handler },
    { .pattern = "/escaped\\.html", .handler = &getter_handler },
    { .pattern = "/%C3%A9", .handler = &getter_handler },
    SAFETY_ROUTES,
    PAGES_ROUTES,
    WORDS_ROUTES,
    { 0 }
};

static const gale_route other_routes[] = { { .pattern = "/", .handler = &other_handler },
                                           { .pattern = "/other", .handler = &other_handler },
                                           { 0 } };

/* ---- Options, as those of Tornado's HTTPServer ----------------------------------------- */

static bool is_option(const char *argument, const char *name, const char **ret_value)
{
    size_t size = strlen(name);
    if (strncmp(argument, name, size) != 0 || argument[size] != '=')
        return false;
    *ret_value = argument + size + 1;
    return true;
}

static const char *trusted[8];

static void trust(char *list)
{
    size_t count = 0;
    for (char *ip = strtok(list, ","); ip && count < 7; ip = strtok(NULL, ","))
        trusted[count++] = ip;
}

static int set_option(gale_http_server_options *options, char *argument)
{
    const char *value;
    if (is_option(argument, "xheaders", &value))
        options->xheaders = atoi(value) != 0;
    else if (is_option(argument, "decompress_request", &value))
        options->decompress_request = atoi(value) != 0;
    else if (is_option(argument, "no_keep_alive", &value))
        options->no_keep_alive = atoi(value) != 0;
    else if (is_option(argument, "max_header_size", &value))
        options->max_header_size = atoi(value);
    else if (is_option(argument, "max_body_size", &value))
        options->max_body_size = atoi(value);
    else if (is_option(argument, "body_timeout", &value))
        options->body_timeout = atof(value);
    else if (is_option(argument, "idle_connection_timeout", &value))
        options->idle_connection_timeout = options->header_timeout = atof(value);
    else if (is_option(argument, "trusted_downstream", &value))
        trust(argument + (value - argument));
    else
        return -1;
    options->trusted_downstream = trusted;
    return 0;
}

static void print_access(const gale_log_record *record, void *arg)
{
    (void)arg;
    FILE *out = record->logger == GALE_LOG_ACCESS ? stdout : stderr;
    fprintf(out, "%.*s\n", (int)record->size, record->message);
    fflush(out);
}

int main(int argc, char **argv)
{
    gale_application_settings settings = { 0 };
    safety_settings(&settings);
    files_settings(&settings);
    pages_settings(&settings);
    words_load();
    for (int i = 1; i < argc; i++) {
        if (!set_safety_option(&settings, argv[i]) && set_option(&settings.server, argv[i]) < 0) {
            fprintf(stderr, "unknown option %s\n", argv[i]);
            return 2;
        }
    }
    gale_log_set_level(GALE_LOG_INFO);
    gale_log_set_hook(print_access, NULL);
    gale_application *application = gale_application_new(routes, &settings);
    gale_application_add_handlers(application, "other\\.example", other_routes);
    printf("%d\n", gale_application_listen_address(application, 0, "127.0.0.1"));
    fflush(stdout);
    return gale_ioloop_start(gale_ioloop_current());
}
