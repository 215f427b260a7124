/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Uploads of any size: a form, and what came with it. The files go to temporary files as they
 * arrive; the body is only read once `prepare` has allowed it.
 *
 *   curl -F note=hello -F file=@video.mp4 http://localhost:8888/
 */
#include <gale/gale.h>

static int port = 8888;

static int get(gale_handler *self)
{
    return gale_write(self, "<form method=\"post\" enctype=\"multipart/form-data\">"
                            "<p><input name=\"note\" placeholder=\"a note\">"
                            "<p><input type=\"file\" name=\"file\" multiple>"
                            "<p><button>Send</button></form>");
}

static int post(gale_handler *self)
{
    const gale_http_files *files = gale_http_server_request_files(gale_handler_request(self));
    const gale_http_file *file;
    GALE_TRY(gale_set_header(self, "Content-Type", "text/plain; charset=UTF-8"));
    GALE_TRY(gale_writef(self, "note: %s\n", gale_get_body_argument(self, "note", "")));
    for (size_t i = 0; (file = gale_http_files_at(files, i)); i++)
        GALE_TRY(gale_writef(self, "%s  %lld bytes  %s\n", file->sha256, (long long)file->size,
                             file->filename));
    return 0; /* gale_save_file(file, path) would keep one */
}

static const gale_upload_options uploads = { .max_body_size = 10000000000, .sha256 = true };
static const gale_handler_class upload_handler = {
    .name = "upload", .uploads = &uploads, .get = get, .post = post
};

int main(int argc, char **argv)
{
    gale_define_int("port", &port, "run on the given port");
    gale_parse_command_line(argc, argv);
    gale_route routes[] = { { .pattern = "/", .handler = &upload_handler }, { 0 } };
    gale_application_listen(gale_application_new(routes, NULL), port);
    return gale_ioloop_start(gale_ioloop_current());
}
