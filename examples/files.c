/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Serves a directory: files [--port=N] [DIRECTORY]
 *
 *   curl http://localhost:8888/README.md
 *   curl -r 0-99 http://localhost:8888/README.md     its first 100 bytes
 */
#include <gale/gale.h>

static int port = 8888;

int main(int argc, char **argv)
{
    gale_static_options files = { .path = ".",
                                  .default_filename = "index.html",
                                  .precompressed = true };
    gale_define_int("port", &port, "run on the given port");
    int rest = gale_parse_command_line(argc, argv);
    if (rest < argc)
        files.path = argv[rest];
    gale_route routes[] = {
        { .pattern = "/(.*)", .handler = &gale_static_file_handler, .arg = &files },
        { 0 },
    };
    gale_application_listen(gale_application_new(routes, NULL), port);
    return gale_ioloop_start(gale_ioloop_current());
}
