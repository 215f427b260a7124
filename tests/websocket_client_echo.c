/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A WebSocket client that sends back what it gets, text as text and binary as binary, until it is
 * closed: for suites whose server does the testing.
 *
 *     websocket_client_echo 'ws://127.0.0.1:9001/runCase?case=1&agent=gale'
 *     websocket_client_echo --cases=301 'ws://127.0.0.1:9001/runCase?case={}&agent=gale'
 *                                                   one after the other, 1 to 301
 *     --plain                                       offers no permessage-deflate
 *     --anew                                        offers it without context takeover
 *     --ca=FILE                                     trusts that certificate
 *
 * It prints a line for each, and nothing else to its standard output:
 *
 *     {"messages":3,"compressed":false,"code":1000,"reason":""}    both sides have closed
 *     {"messages":3,"error":"…"}                                   the connection has failed
 *     {"error":"…"}                                                there was none
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gale/gale.h>

static const double timeout = 20;

typedef struct echo {
    const char *ca;
    bool plain, anew;
    char url[2000];
    int messages;
    gale_websocket *socket;
    gale_http_response *response;
} echo;

static int echo_messages(echo *self)
{
    gale_websocket_message message;
    int result;
    while ((result = gale_read_message(self->socket, &message)) > 0) {
        gale_str data = { message.data, message.size };
        self->messages++;
        result = message.binary ? gale_write_message_binary(self->socket, data.data, data.len)
                                : gale_write_message_str(self->socket, data);
        if (result < 0 && result != GALE_ECLOSED)
            return result;
    }
    return result;
}

static int run(void *arg)
{
    echo *self = arg;
    const gale_fetch_options request = { .ca_certs = self->ca, .no_environment_proxy = true };
    const gale_websocket_compression compression = { .context_takeover = !self->anew };
    const gale_websocket_connect_options options = { .request = &request,
                                                     .connect_timeout = timeout,
                                                     .max_message_size = 64 << 20,
                                                     .compression =
                                                         self->plain ? NULL : &compression,
                                                     .ret_response = &self->response };
    GALE_TRY(gale_websocket_connect(self->url, &options, &self->socket));
    return echo_messages(self);
}

/* Servers may have said anything: only printable ASCII gets through. */
static void print_text(const char *name, const char *text)
{
    printf("\"%s\":\"", name);
    for (; *text; text++)
        putchar(*text < ' ' || *text > '~' || strchr("\"\\", *text) ? '?' : *text);
    putchar('"');
}

static void print_error(int code)
{
    char text[600];
    const char *detail = gale_error_detail();
    snprintf(text, sizeof text, "%s%s%s", gale_strerror(code), *detail ? ": " : "", detail);
    print_text("error", text);
}

static bool is_compressed(const echo *self)
{
    return gale_http_headers_has(gale_http_response_headers(self->response),
                                 "Sec-WebSocket-Extensions");
}

/* Within the task, since what is told belongs to its scope. */
static int run_and_tell(void *arg)
{
    echo *self = arg;
    int result = run(self);
    putchar('{');
    if (self->socket)
        printf("\"messages\":%d,", self->messages);
    if (result < 0) {
        print_error(result);
    } else {
        printf("\"compressed\":%s,\"code\":%d,", is_compressed(self) ? "true" : "false",
               gale_websocket_close_code(self->socket));
        print_text("reason", gale_websocket_close_reason(self->socket));
    }
    puts("}");
    fflush(stdout);
    return 0;
}

/* The URL of a case: its number instead of "{}". */
static void set_url(echo *self, const char *pattern, int number)
{
    const char *place = strstr(pattern, "{}");
    if (place)
        snprintf(self->url, sizeof self->url, "%.*s%d%s", (int)(place - pattern), pattern, number,
                 place + 2);
    else
        snprintf(self->url, sizeof self->url, "%s", pattern);
}

int main(int argc, char **argv)
{
    const char *pattern = NULL, *ca = NULL;
    bool plain = false, anew = false;
    int cases = 1, result = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--plain") == 0)
            plain = true;
        else if (strcmp(argv[i], "--anew") == 0)
            anew = true;
        else if (strncmp(argv[i], "--ca=", 5) == 0)
            ca = argv[i] + 5;
        else if (strncmp(argv[i], "--cases=", 8) == 0)
            cases = atoi(argv[i] + 8);
        else
            pattern = argv[i];
    }
    if (!pattern) {
        fprintf(stderr,
                "usage: websocket_client_echo [--plain] [--anew] [--ca=FILE] [--cases=N] URL\n");
        return 2;
    }
    for (int i = 1; i <= cases && result >= 0; i++) {
        echo self = { .ca = ca, .plain = plain, .anew = anew };
        set_url(&self, pattern, i);
        result = gale_ioloop_run_sync(gale_ioloop_current(), run_and_tell, &self, 0);
    }
    gale_ioloop_free(gale_ioloop_current());
    return result < 0;
}
