/* SPDX-License-Identifier: Apache-2.0 */
/* Sends files to examples/file_receiver.c: in a form, or with --put each as a body of its own.
 * Neither reads a whole file into memory. Tornado's demo: file_upload/file_uploader.py. */
#include <errno.h>

#include <gale/gale.h>

static int port = 8888;
static bool put;
static const char boundary[] = "gale-file-uploader-3dab8b9a5d1e4e7f";

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static int write_text(gale_body_writer *writer, const char *text)
{
    return text ? gale_body_write(writer, text, strlen(text)) : -ENOMEM;
}

static int write_content(gale_body_writer *writer, const char *path)
{
    char chunk[16384];
    int result = 0;
    FILE *file = fopen(path, "rb");
    if (!file)
        return -errno;
    for (size_t size; result == 0 && (size = fread(chunk, 1, sizeof chunk, file)) > 0;)
        result = gale_body_write(writer, chunk, size);
    fclose(file);
    return result;
}

/* The parts of a form, one for each file. */
static int multipart_producer(gale_body_writer *writer, void *arg)
{
    for (char **path = arg; *path; path++) {
        GALE_TRY(write_text(writer, gale_sprintf("--%s\r\nContent-Disposition: form-data; "
                                                 "name=\"%s\"; filename=\"%s\"\r\n"
                                                 "Content-Type: application/octet-stream\r\n\r\n",
                                                 boundary, name_of(*path), name_of(*path))));
        GALE_TRY(write_content(writer, *path));
        GALE_TRY(write_text(writer, "\r\n"));
    }
    return write_text(writer, gale_sprintf("--%s--\r\n", boundary));
}

static int post_files(char **paths)
{
    gale_http_response *response;
    gale_fetch_options options = {
        .method = "POST",
        .headers =
            (gale_fetch_header[]){
                { "Content-Type", gale_sprintf("multipart/form-data; boundary=%s", boundary) },
                { 0 } },
        .body_producer = multipart_producer,
        .arg = paths,
        .request_timeout = GALE_NONE,
    };
    GALE_TRY(gale_fetch(gale_sprintf("http://localhost:%d/post", port), &options, &response));
    return printf("%s\n", gale_http_response_body(response));
}

static int put_file(const char *path)
{
    gale_http_response *response;
    gale_fetch_options options = { .method = "PUT",
                                   .body_file = path,
                                   .request_timeout = GALE_NONE };
    gale_bytes *name = gale_url_escape(name_of(path), false);
    char *url =
        name ? gale_sprintf("http://localhost:%d/%s", port, gale_bytes_str(name).data) : NULL;
    gale_bytes_unref(name);
    GALE_TRY(url ? gale_fetch(url, &options, &response) : -ENOMEM);
    return printf("%s\n", gale_http_response_body(response));
}

static int upload(void *arg)
{
    char **paths = arg;
    int result = put ? 0 : post_files(paths);
    for (; put && *paths && result >= 0; paths++)
        result = put_file(*paths);
    if (result < 0)
        fprintf(stderr, "%s: %s\n", gale_strerror(result), gale_error_detail());
    return result;
}

int main(int argc, char **argv)
{
    gale_define_int("port", &port, "send to the given port");
    gale_define_bool("put", &put, "one PUT for each file, instead of a form");
    int rest = gale_parse_command_line(argc, argv);
    return gale_ioloop_run_sync(gale_ioloop_current(), upload, argv + rest, 0) < 0;
}
