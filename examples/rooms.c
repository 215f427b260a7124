/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rooms in which WebSockets talk, also with those that other processes serve:
 * rooms --port=8888 --workers=4, and on other machines: --redis=redis://localhost:6379. A client
 * connects to /room/NAME; what it says, the others in the room hear; what is posted there, everyone
 * in it hears.
 */
#include <gale/gale.h>

static int port = 8888, workers;
static const char *redis;

struct member {
    char room[64];
};

static int enter(gale_websocket *self, gale_handler *handler)
{
    struct member *member = gale_websocket_state(self);
    snprintf(member->room, sizeof member->room, "room/%s", gale_path_arg(handler, "name"));
    return gale_subscribe_websocket(self, member->room);
}

static int say(gale_websocket *self, gale_str message, bool binary)
{
    const struct member *member = gale_websocket_state(self);
    return gale_publish_with(member->room, message,
                             &(gale_publish_options){ .except = self, .binary = binary });
}

static int post(gale_handler *self)
{
    const char *room = gale_sprintf("room/%s", gale_path_arg(self, "name"));
    return gale_publish_str(room, gale_http_server_request_body(gale_handler_request(self)));
}

/* Something was lost on the way from another process. */
static void tell_loss(const char *room, uint64_t count, void *arg)
{
    (void)count;
    (void)arg;
    gale_publish_with(room, GALE_STR("(something was lost)"),
                      &(gale_publish_options){ .local = true });
}

static const gale_websocket_class room = { .open = enter,
                                           .on_message = say,
                                           .state_size = sizeof(struct member) };
static const gale_handler_class room_handler = { .websocket = &room, .post = post };

int main(int argc, char **argv)
{
    int sockets[GALE_BIND_SOCKETS_MAX];
    gale_worker_sockets *all;
    gale_define_int("port", &port, "run on the given port");
    gale_define_int("workers", &workers, "processes; 0: one for each CPU");
    gale_define_str("redis", &redis, "the URL of a Redis, for rooms on several machines");
    gale_parse_command_line(argc, argv);
    if (workers <= 0)
        workers = gale_cpu_count();
    if (gale_worker_sockets_bind(workers, port, NULL, &all) < 0 ||
        gale_fork_processes(workers, -1) < 0) {
        fprintf(stderr, "%s\n", gale_error_detail());
        return 1;
    }
    int count = gale_worker_sockets_take(all, sockets);
    gale_route routes[] = { { .pattern = "/room/(?P<name>[^/]+)", .handler = &room_handler },
                            { 0 } };
    gale_topics_configure(&(gale_topics_options){ .on_loss = tell_loss });
    if (redis && gale_topics_use_redis(redis, NULL) < 0) {
        fprintf(stderr, "%s\n", gale_error_detail());
        return 1;
    }
    gale_application_listen_sockets(gale_application_new(routes, NULL), sockets, count);
    return gale_ioloop_start(gale_ioloop_current());
}
