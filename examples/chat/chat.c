/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A chat by long polling: open http://localhost:8888/ in two windows. Run it where examples/ is.
 *
 * The page comes with the last messages, and asks for those behind them; the answer comes when
 * there are any. Without JavaScript the form works, too.
 */
#include <time.h>

#include <gale/gale.h>

enum { CACHE_SIZE = 200 };

static int port = 8888;
static bool debug = true;
static gale_condition *changed; /* notified of every message */
static json_t *cache;           /* the last messages, the oldest first */
static int64_t last_id;

static json_t *messages_since(int64_t cursor)
{
    json_t *found = json_array();
    for (size_t i = 0; i < json_array_size(cache); i++) {
        json_t *message = json_array_get(cache, i);
        if (json_integer_value(json_object_get(message, "id")) > cursor)
            json_array_append(found, message);
    }
    return found;
}

static void add_message(json_t *message)
{
    json_array_append(cache, message);
    if (json_array_size(cache) > CACHE_SIZE)
        json_array_remove(cache, 0);
    gale_condition_notify_all(changed);
}

static int main_get(gale_handler *self)
{
    return gale_render(self, "index.html", json_pack("{s:O}", "messages", cache));
}

static int new_post(gale_handler *self)
{
    const char *name = gale_get_argument(self, "name", "somebody");
    const char *body = gale_get_argument(self, "body", NULL);
    const char *form = gale_get_argument(self, "form", ""); /* sent without JavaScript */
    if (!name || !body || !form)
        return 0; /* 400 */
    json_t *message = json_pack("{s:I, s:s, s:s}", "id", ++last_id, "name", name, "body", body);
    const char *html =
        gale_render_string(self, "message.html", json_pack("{s:O}", "message", message));
    json_object_set_new(message, "html", json_string(html));
    add_message(message);
    if (!*form)
        return gale_write_json(self, message);
    json_decref(message);
    return gale_redirect_status(self, "/", 303);
}

/* Waits until there is something to tell; a client that leaves ends that. */
static int updates_post(gale_handler *self)
{
    const char *cursor = gale_get_argument(self, "cursor", "0");
    if (!cursor)
        return 0; /* 400 */
    while (json_array_size(cache) == 0 || last_id <= atoll(cursor))
        GALE_TRY(gale_condition_wait(changed));
    return gale_write_json(self, json_pack("{s:o}", "messages", messages_since(atoll(cursor))));
}

static const gale_handler_class main_handler = { .get = main_get };
static const gale_handler_class new_handler = { .post = new_post };
static const gale_handler_class updates_handler = { .post = updates_post };

int main(int argc, char **argv)
{
    gale_define_int("port", &port, "run on the given port");
    gale_define_bool("debug", &debug, "run in debug mode");
    gale_parse_command_line(argc, argv);
    gale_route routes[] = { { .pattern = "/", .handler = &main_handler },
                            { .pattern = "/a/message/new", .handler = &new_handler },
                            { .pattern = "/a/message/updates", .handler = &updates_handler },
                            { 0 } };
    gale_application_settings settings = { .template_path = "examples/chat/templates",
                                           .static_path = "examples/chat/static",
                                           .server.max_body_size = 10000,
                                           .debug = debug };
    changed = gale_condition_new();
    cache = json_array();
    last_id = (int64_t)time(NULL) * 1000; /* beyond those of the run before */
    gale_application_listen(gale_application_new(routes, &settings), port);
    return gale_ioloop_start(gale_ioloop_current());
}
