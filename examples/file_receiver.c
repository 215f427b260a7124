/* SPDX-License-Identifier: Apache-2.0 */
/* Receives files: in a form, or streamed. examples/file_uploader.c sends them. Tornado's demo:
 * file_upload/file_receiver.py. */
#include <gale/gale.h>

static int port = 8888;

/* A form with files, which are there when `post` runs. */
static int form_post(gale_handler *self)
{
    const gale_http_files *files = gale_http_server_request_files(gale_handler_request(self));
    const gale_http_file *file;
    for (size_t i = 0; (file = gale_http_files_at(files, i)); i++)
        gale_log(GALE_LOG_APPLICATION, GALE_LOG_INFO, "POST \"%s\" \"%s\" %lld bytes",
                 file->filename, file->content_type, (long long)file->size);
    return gale_write(self, "OK");
}

static const gale_upload_options uploads = { .max_body_size = 1 << 30 };
static const gale_handler_class form_handler = { .name = "form",
                                                 .uploads = &uploads,
                                                 .post = form_post };

/* A file that is the whole body, and comes piece by piece. */
struct streamed {
    long long bytes_read;
};

static const gale_handler_class put_handler;

static int put_data_received(gale_handler *self, const char *data, size_t size)
{
    struct streamed *state = gale_handler_state(self, &put_handler);
    (void)data;
    state->bytes_read += (long long)size;
    return 0;
}

static int put_put(gale_handler *self)
{
    struct streamed *state = gale_handler_state(self, &put_handler);
    gale_bytes *name = gale_url_unescape(gale_path_arg(self, "filename"), false);
    gale_log(GALE_LOG_APPLICATION, GALE_LOG_INFO, "PUT \"%s\" %lld bytes",
             name ? gale_bytes_str(name).data : "?", state->bytes_read);
    gale_bytes_unref(name);
    return gale_writef(self, "OK %lld", state->bytes_read);
}

static const gale_handler_class put_handler = {
    .name = "put",
    .state_size = sizeof(struct streamed),
    .stream_request_body = true,
    .data_received = put_data_received,
    .put = put_put,
};

int main(int argc, char **argv)
{
    gale_define_int("port", &port, "run on the given port");
    gale_parse_command_line(argc, argv);
    gale_route routes[] = { { .pattern = "/post", .handler = &form_handler },
                            { .pattern = "/(?P<filename>.*)", .handler = &put_handler },
                            { 0 } };
    gale_application_listen(gale_application_new(routes, NULL), port);
    return gale_ioloop_start(gale_ioloop_current());
}
