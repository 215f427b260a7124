/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hello with TLS: https [--port=N] [--certfile=FILE --keyfile=FILE]
 *
 *   curl --insecure https://localhost:8443/     without a certificate one is made at the start
 *
 * With files the certificate is read again when they change, and at SIGHUP.
 */
#include <signal.h>

#include <gale/gale.h>

static int port = 8443;
static const char *certfile, *keyfile;

static int get(gale_handler *self)
{
    return gale_write(self, "Hello, world");
}

static const gale_handler_class main_handler = { .get = get };

int main(int argc, char **argv)
{
    gale_bytes *own = NULL;
    gale_define_int("port", &port, "run on the given port");
    gale_define_str("certfile", &certfile, "the certificate, in PEM");
    gale_define_str("keyfile", &keyfile, "its private key, in PEM");
    gale_parse_command_line(argc, argv);
    gale_ssl_options ssl = { .certfile = certfile,
                             .keyfile = keyfile,
                             .check_files_interval = 10,
                             .reload_signal = SIGHUP };
    if (!certfile && gale_ssl_self_signed(NULL, &own) == 0)
        ssl.certificate = gale_bytes_str(own).data;
    gale_route routes[] = { { .pattern = "/", .handler = &main_handler }, { 0 } };
    gale_application *app = gale_application_new(routes, NULL);
    gale_application_listen_ssl(app, port, &ssl);
    gale_bytes_unref(own);
    return gale_ioloop_start(gale_ioloop_current());
}
