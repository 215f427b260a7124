/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A chat over WebSockets: open http://localhost:8888/ in two windows. Run it where examples/ is.
 *
 * The page comes with the last messages, and opens a socket for those to come. What it sends,
 * {"name": ..., "body": ...}, is told to everybody: with an id and as HTML, from the same template.
 */
#include <time.h>

#include <gale/gale.h>

enum { CACHE_SIZE = 200 };

typedef struct waiter {
    gale_websocket *socket;
    struct waiter *next;
} waiter;

static int port = 8888;
static gale_template_loader *templates;
static json_t *cache; /* the last messages, the oldest first */
static int64_t last_id;
static waiter *waiters;

static int main_get(gale_handler *self)
{
    return gale_render(self, "index.html", json_pack("{s:O}", "messages", cache));
}

/* A page that has lost its connection tells what it has. */
static int chat_open(gale_websocket *socket, gale_handler *handler)
{
    waiter *self = gale_websocket_state(socket);
    *self = (waiter){ socket, waiters };
    waiters = self;
    const char *since = gale_get_argument(handler, "since", "0");
    for (size_t i = 0; since && i < json_array_size(cache); i++) {
        json_t *message = json_array_get(cache, i);
        if (json_integer_value(json_object_get(message, "id")) > atoll(since))
            GALE_TRY(gale_write_message_json(socket, json_incref(message)));
    }
    return 0;
}

static void chat_on_close(gale_websocket *socket)
{
    waiter **place = &waiters;
    while ((*place)->socket != socket)
        place = &(*place)->next;
    *place = (*place)->next;
}

static json_t *make_message(const char *name, const char *body)
{
    json_t *message = json_pack("{s:I, s:s, s:s}", "id", ++last_id, "name", name, "body", body);
    gale_template *page = gale_template_loader_load(templates, "message.html", NULL);
    json_t *values = json_pack("{s:O}", "message", message);
    gale_bytes *html = page ? gale_template_generate(page, values, NULL) : NULL;
    json_object_set_new(message, "html", json_string(html ? gale_bytes_str(html).data : ""));
    gale_bytes_unref(html);
    return message;
}

static int chat_on_message(gale_websocket *socket, gale_str text, bool binary)
{
    const char *name, *body;
    json_t *parsed = binary ? NULL : gale_json_decode(text);
    if (json_unpack(parsed, "{s:s, s:s}", "name", &name, "body", &body) != 0) {
        json_decref(parsed);
        return gale_websocket_close(socket, 1008, "not a message of this chat");
    }
    json_t *message = make_message(name, body);
    json_decref(parsed);
    json_array_append_new(cache, message);
    if (json_array_size(cache) > CACHE_SIZE)
        json_array_remove(cache, 0);
    for (waiter *one = waiters; one; one = one->next)
        gale_write_message_json(one->socket, json_incref(message));
    return 0;
}

static const gale_websocket_class chat = { .state_size = sizeof(waiter),
                                           .open = chat_open,
                                           .on_message = chat_on_message,
                                           .on_close = chat_on_close,
                                           .compression = &(gale_websocket_compression){ 0 },
                                           .max_message_size = 10000,
                                           .when_full = GALE_WEBSOCKET_CLOSE };
static const gale_handler_class main_handler = { .get = main_get };
static const gale_handler_class chat_handler = { .websocket = &chat };

int main(int argc, char **argv)
{
    gale_define_int("port", &port, "run on the given port");
    gale_parse_command_line(argc, argv);
    gale_route routes[] = { { .pattern = "/", .handler = &main_handler },
                            { .pattern = "/chatsocket", .handler = &chat_handler },
                            { 0 } };
    templates = gale_template_loader_new("examples/websocket_chat/templates", NULL);
    gale_application_settings settings = { .template_loader = templates,
                                           .static_path = "examples/websocket_chat/static" };
    cache = json_array();
    last_id = (int64_t)time(NULL) * 1000; /* beyond those of the run before */
    gale_application_listen(gale_application_new(routes, &settings), port);
    return gale_ioloop_start(gale_ioloop_current());
}
