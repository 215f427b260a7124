/* SPDX-License-Identifier: Apache-2.0 */
/* A server that starts again by itself: autoreload --port=8888 --conf=hello.conf. Build it anew,
 * or change `greeting = "Hello"` in the file of its options: the process executes what is there
 * now, and nobody is turned away meanwhile. */
#include <gale/gale.h>
#include <unistd.h>

static int port = 8888;
static const char *conf = "", *greeting = "Hello";
static double started;

static int get(gale_handler *self)
{
    return gale_writef(self, "%s, process %d, started %.6f\n", greeting, getpid(), started);
}

static const gale_handler_class main_handler = { .get = get };

static void say_goodbye(void *arg)
{
    (void)arg;
    gale_log(GALE_LOG_APPLICATION, GALE_LOG_INFO, "goodbye after %.3f s",
             gale_ioloop_time(gale_ioloop_current()) - started);
}

int main(int argc, char **argv)
{
    gale_define_int("port", &port, "run on the given port");
    gale_define_str("conf", &conf, "a file of options");
    gale_define_str("greeting", &greeting, "what to say");
    gale_parse_command_line(argc, argv);
    if (*conf) {
        gale_autoreload_watch(conf);
        gale_parse_config_file(conf);
    }
    started = gale_ioloop_time(gale_ioloop_current());
    gale_autoreload_add_reload_hook(say_goodbye, NULL);
    gale_route routes[] = { { .pattern = "/", .handler = &main_handler }, { 0 } };
    gale_application_settings settings = { .debug = true };
    gale_application_listen(gale_application_new(routes, &settings), port);
    return gale_ioloop_start(gale_ioloop_current());
}
