/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A chat over WebSockets: open http://localhost:8888/ in two windows. Run it where examples/ is.
 *
 * The page comes with the last messages, and opens a socket for those to come. What it sends,
 * {"name": ..., "body": ...}, is published to all who have subscribed, with an id and as HTML from
 * the same template. With --workers=4 it runs in four processes: a topic reaches all of them.
 */
#include <gale/gale.h>

enum { CACHE_SIZE = 200 };

static int port = 8888, workers = 1;
static gale_template_loader *templates;
static json_t *cache;      /* the last messages, the oldest first */
static json_int_t last_id; /* microseconds since 1970: the workers' order, too */

static int remember(void *arg)
{
    gale_subscription *all;
    gale_topic_message message;
    (void)arg;
    GALE_TRY(gale_subscribe("chat", NULL, &all));
    for (;;) {
        GALE_TRY(gale_subscription_next(all, &message));
        json_array_append_new(cache, gale_json_decode(message.payload));
        if (json_array_size(cache) > CACHE_SIZE)
            json_array_remove(cache, 0);
    }
}

static int main_get(gale_handler *self)
{
    return gale_render(self, "index.html", json_pack("{s:O}", "messages", cache));
}

/* A page that has lost its connection tells what it has. */
static int chat_open(gale_websocket *self, gale_handler *handler)
{
    const char *since = gale_get_argument(handler, "since", "0");
    GALE_TRY(gale_subscribe_websocket(self, "chat"));
    GALE_TRY(gale_moment()); /* what was published before is in the cache now */
    for (size_t i = 0; since && i < json_array_size(cache); i++) {
        json_t *message = json_array_get(cache, i);
        if (json_integer_value(json_object_get(message, "id")) > atoll(since))
            GALE_TRY(gale_write_message_json(self, json_incref(message)));
    }
    return 0;
}

static json_t *make_message(const char *name, const char *body)
{
    json_int_t now = (json_int_t)(gale_ioloop_time(gale_ioloop_current()) * 1e6);
    last_id = now > last_id ? now : last_id + 1;
    json_t *message = json_pack("{s:I, s:s, s:s}", "id", last_id, "name", name, "body", body);
    gale_template *page = gale_template_loader_load(templates, "message.html", NULL);
    json_t *values = json_pack("{s:O}", "message", message);
    gale_bytes *html = page ? gale_template_generate(page, values, NULL) : NULL;
    json_object_set_new(message, "html", json_string(html ? gale_bytes_str(html).data : ""));
    gale_bytes_unref(html);
    return message;
}

static int chat_on_message(gale_websocket *self, gale_str text, bool binary)
{
    const char *name, *body;
    json_t *parsed = binary ? NULL : gale_json_decode(text);
    if (json_unpack(parsed, "{s:s, s:s}", "name", &name, "body", &body) != 0) {
        json_decref(parsed);
        return gale_websocket_close(self, 1008, "not a message of this chat");
    }
    json_t *message = make_message(name, body);
    json_decref(parsed);
    return gale_publish_json("chat", message);
}

static const gale_websocket_class chat = { .open = chat_open,
                                           .on_message = chat_on_message,
                                           .compression = &(gale_websocket_compression){ 0 },
                                           .max_message_size = 10000 };
static const gale_handler_class main_handler = { .get = main_get };
static const gale_handler_class chat_handler = { .websocket = &chat };

int main(int argc, char **argv)
{
    gale_define_int("port", &port, "run on the given port");
    gale_define_int("workers", &workers, "processes");
    gale_parse_command_line(argc, argv);
    int sockets[GALE_BIND_SOCKETS_MAX], count = gale_bind_sockets(port, NULL, sockets);
    if (count < 0 || (workers > 1 && gale_fork_processes(workers, -1) < 0)) {
        fprintf(stderr, "%s\n", gale_error_detail());
        return 1;
    }
    gale_route routes[] = { { .pattern = "/", .handler = &main_handler },
                            { .pattern = "/chatsocket", .handler = &chat_handler },
                            { 0 } };
    templates = gale_template_loader_new("examples/websocket_chat/templates", NULL);
    gale_application_settings settings = { .template_loader = templates,
                                           .static_path = "examples/websocket_chat/static" };
    cache = json_array();
    gale_ioloop_spawn_callback(gale_ioloop_current(), "remember", remember, NULL);
    gale_application_listen_sockets(gale_application_new(routes, &settings), sockets, count);
    return gale_ioloop_start(gale_ioloop_current());
}
