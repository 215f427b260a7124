/* SPDX-License-Identifier: Apache-2.0 */
/* The twin's static files; both serve the folder beside this one. */
#ifndef TWIN_FILES_H
#define TWIN_FILES_H

#include <gale/gale.h>

static char files_path[4096];
static gale_static_options files_options = { .path = files_path, .default_filename = "index.html" };

static int static_url(gale_handler *self)
{
    gale_static_url_options options = {
        .include_host = *gale_get_argument(self, "include_host", ""),
        .no_version = *gale_get_argument(self, "no_version", ""),
    };
    const char *url = gale_static_url(self, gale_path_arg_at(self, 0), &options);
    return url ? gale_write(self, url) : 0;
}

static const gale_handler_class static_url_handler = { .name = "static_url", .get = static_url };

#define FILES_ROUTES                                                                               \
    { .pattern = "/files/(.*)", .handler = &gale_static_file_handler, .arg = &files_options },     \
    {                                                                                              \
        .pattern = "/static_url/(.*)", .handler = &static_url_handler                              \
    }

static void files_settings(gale_application_settings *settings)
{
    const char *source = getenv("GALE_SOURCE");
    snprintf(files_path, sizeof files_path, "%s/tests/interop/twin/files", source ? source : ".");
    settings->static_path = files_path;
}

#endif
