/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ticker with server-sent events: open http://localhost:8888/ and watch prices go up and down.
 * Run it where examples/ is.
 *
 *     curl -N http://localhost:8888/ticks
 *
 * Each tick has a number, which is its event's id. Who connects again tells the last one that it
 * has, and gets what it has missed.
 */
#include <gale/gale.h>

enum { HISTORY = 60, SYMBOLS = 4 };

static int port = 8888;
static double interval = 1;

static const char *const names[SYMBOLS] = { "GALE", "BRZE", "GUST", "CALM" };
static double prices[SYMBOLS] = { 120, 64, 31, 250 };
static const double restlessness[SYMBOLS] = { 1.5, 0.8, 1.2, 0.1 };

static json_t *ticks[HISTORY]; /* tick n at n % HISTORY */
static long newest;
static gale_condition *ticked;

static int tick(void *arg)
{
    (void)arg;
    json_t *values = json_object();
    for (int i = 0; i < SYMBOLS; i++) {
        double step = (double)rand() / RAND_MAX - 0.5 + (100 - prices[i]) / 5000;
        prices[i] += restlessness[i] * step;
        json_object_set_new(values, names[i], json_real(prices[i]));
    }
    newest++;
    json_decref(ticks[newest % HISTORY]);
    ticks[newest % HISTORY] = values;
    gale_condition_notify_all(ticked);
    return 0;
}

static int main_get(gale_handler *self)
{
    json_t *symbols = json_array();
    for (int i = 0; i < SYMBOLS; i++)
        json_array_append_new(symbols, json_string(names[i]));
    return gale_render(self, "index.html", json_pack("{s:o}", "symbols", symbols));
}

static int ticks_get(gale_handler *self)
{
    gale_event_stream *stream;
    gale_event_stream_options options = { .retry = 1, .when_full = GALE_EVENT_STREAM_CLOSE };
    GALE_TRY(gale_event_stream_open(self, &options, &stream));
    long oldest = newest > HISTORY ? newest - HISTORY : 0, seen = atol(gale_last_event_id(self));
    for (seen = seen < oldest || seen > newest ? oldest : seen;;) {
        while (seen < newest) {
            char id[24];
            snprintf(id, sizeof id, "%ld", ++seen);
            GALE_TRY(gale_event_stream_send_json(
                stream, &(gale_server_sent_event){ .event = "tick", .id = id },
                json_incref(ticks[seen % HISTORY])));
        }
        GALE_TRY(gale_condition_wait(ticked));
    }
}

static const gale_handler_class main_handler = { .get = main_get };
static const gale_handler_class ticks_handler = { .name = "ticks", .get = ticks_get };

int main(int argc, char **argv)
{
    gale_define_int("port", &port, "run on the given port");
    gale_define_float("interval", &interval, "seconds between two ticks");
    gale_parse_command_line(argc, argv);
    gale_route routes[] = { { .pattern = "/", .handler = &main_handler },
                            { .pattern = "/ticks", .handler = &ticks_handler },
                            { 0 } };
    gale_application_settings settings = { .template_path = "examples/ticker/templates",
                                           .static_path = "examples/ticker/static" };
    ticked = gale_condition_new();
    gale_periodic_callback_start(gale_periodic_callback_new(tick, NULL, interval * 1000, 0));
    gale_application_listen(gale_application_new(routes, &settings), port);
    return gale_ioloop_start(gale_ioloop_current());
}
