/* SPDX-License-Identifier: Apache-2.0 */
/* From files to their URLs, and the routes of the setting static_path. */
#include <errno.h>
#include <string.h>

#include <gale/log.h>

#include "core/error.h"
#include "web/static.h"

/* ---- The site's class ------------------------------------------------------------------ */

static const gale_handler_class *site_class(const gale_application *application)
{
    const gale_handler_class *of_class = application->settings.static_handler_class;
    return of_class ? of_class : &gale_static_file_handler;
}

static const char *site_prefix(const gale_application *application)
{
    const char *prefix = application->settings.static_url_prefix;
    return prefix ? prefix : "/static/";
}

/* ---- URLs ------------------------------------------------------------------------------ */

const char *gale__static_make_url(gale_handler *self, const char *path, bool include_version)
{
    gale_static_slots slots;
    gale__static_slots_resolve(site_class(self->application), &slots);
    const char *prefix = site_prefix(self->application);
    const char *version = include_version ? slots.get_version(self, path) : NULL;
    return gale__arena_printf(gale__handler_arena(self), NULL, "%s%s%s%s", prefix, path,
                              version ? "?v=" : "", version ? version : "");
}

/* The file is opened to see whether it has changed. What cannot be is left to the slots, which may
 * know of content that is no file. */
static const char *version_of(gale_handler *self, const gale_static_slots *slots,
                              const gale_static_options *options, const char *absolute_path)
{
    gale__static_file file = { 0 };
    bool own = slots->get_content == gale_static_default_slots.get_content &&
               slots->get_content_version == gale_static_default_slots.get_content_version;
    if (!own)
        return gale__static_version(self, slots, NULL, absolute_path);
    int result = gale__static_open_below(self, options, options->path, absolute_path, &file);
    const char *version = NULL;
    if (result >= 0 && S_ISREG(file.status.st_mode))
        version = gale__static_version(self, slots, &file, absolute_path);
    gale__static_file_close(&file);
    return version;
}

const char *gale__static_get_version(gale_handler *self, const char *path)
{
    gale__static_site *site = gale__static_site_of(self->application);
    if (!site || !site->options.path)
        return NULL;
    gale_static_slots slots;
    gale__static_slots_resolve(site_class(self->application), &slots);
    const char *absolute_path = slots.get_absolute_path(self, site->options.path, path);
    const char *version =
        absolute_path ? version_of(self, &slots, &site->options, absolute_path) : NULL;
    if (!version && !gale_task_canceled())
        gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "Could not open static file %s",
                 absolute_path ? absolute_path : path);
    return version;
}

const char *gale_static_url(gale_handler *self, const char *path,
                            const gale_static_url_options *options)
{
    static const gale_static_url_options none = { 0 };
    if (!options)
        options = &none;
    if (!self->application->settings.static_path) {
        gale__handler_remember_failure(self, 500,
                                       "You must define the 'static_path' setting in your "
                                       "application to use static_url");
        return NULL;
    }
    gale_static_slots slots;
    gale__static_slots_resolve(site_class(self->application), &slots);
    const char *url = slots.make_static_url(self, path, !options->no_version);
    if (url && options->include_host)
        url = gale__arena_printf(gale__handler_arena(self), NULL, "%s://%s%s",
                                 gale_http_server_request_protocol(self->request),
                                 gale_http_server_request_host(self->request), url);
    if (!url && !self->failed)
        gale__handler_remember_failure(self, 500, "no URL for static file %s", path);
    return url;
}

/* ---- Routes ---------------------------------------------------------------------------- */

/* "(.*)" behind the prefix, in which nothing has a meaning of its own. */
static char *prefix_pattern(const char *prefix)
{
    static const char group[] = "(.*)";
    char *pattern = gale__malloc(2 * strlen(prefix) + sizeof group), *at = pattern;
    if (!pattern)
        return NULL;
    for (; *prefix; prefix++) {
        if (strchr("\\^$.[|()?*+{}-#&~ ", *prefix))
            *at++ = '\\';
        *at++ = *prefix;
    }
    memcpy(at, group, sizeof group);
    return pattern;
}

int gale__static_add_routes(gale_application *application)
{
    const gale_application_settings *settings = &application->settings;
    if (!settings->static_path)
        return 0;
    gale__static_site *site = gale__static_site_of(application);
    char *pattern = site ? prefix_pattern(site_prefix(application)) : NULL;
    if (!pattern)
        return -ENOMEM;
    if (settings->static_handler_options)
        site->options = *settings->static_handler_options;
    site->options.path = settings->static_path;
    const gale_handler_class *of_class = site_class(application);
    const gale_route routes[] = {
        { .pattern = "/(robots\\.txt)", .handler = of_class, .arg = &site->options },
        { .pattern = "/(favicon\\.ico)", .handler = of_class, .arg = &site->options },
        { .pattern = pattern, .handler = of_class, .arg = &site->options },
        { 0 },
    };
    int result = gale_application_add_handlers(application, NULL, routes);
    gale__free(pattern);
    return result;
}
