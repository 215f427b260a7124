/* SPDX-License-Identifier: Apache-2.0 */
/* gale_render, and the loader of an application. */
#include "web/render.h"

#include <errno.h>
#include <string.h>

#include "core/error.h"
#include "template/page.h"
#include "web/visitor.h"

/* ---- The loader ------------------------------------------------------------------------ */

void gale__renderer_free(gale__renderer *renderer)
{
    if (!renderer)
        return;
    for (gale_template_function *at = renderer->functions; at && at->name; at++)
        gale__free((char *)at->name);
    gale__free(renderer->functions);
    for (gale__template_folder *at = renderer->folders, *next; at; at = next) {
        next = at->next;
        gale_template_loader_free(at->loader);
        gale__free(at);
    }
    gale__free(renderer);
}

static size_t count_functions(const gale_application_settings *settings)
{
    size_t count = 0;
    for (const gale_template_function *at = gale__template_names; at->name; at++)
        count++;
    for (const gale_template_function *at = settings->ui_methods; at && at->name; at++)
        count++;
    for (const gale_ui_module *at = settings->ui_modules; at && at->name; at++)
        count++;
    return count;
}

static int add_function(gale_template_function **at, const char *prefix, const char *name,
                        gale_template_callback function, const void *arg)
{
    size_t size = strlen(prefix) + strlen(name) + 1;
    char *whole = gale__malloc(size);
    if (!whole)
        return -ENOMEM;
    strcpy(whole, prefix);
    strcat(whole, name);
    *(*at)++ = (gale_template_function){ whole, function, (void *)(uintptr_t)arg };
    return 0;
}

/* The application's own come first, so that they can replace ours. */
static int list_functions(gale__renderer *renderer, const gale_application_settings *settings)
{
    renderer->functions = gale__calloc(count_functions(settings) + 1, sizeof *renderer->functions);
    gale_template_function *next = renderer->functions;
    if (!next)
        return -ENOMEM;
    for (const gale_ui_module *at = settings->ui_modules; at && at->name; at++)
        GALE_TRY(add_function(&next, "modules.", at->name, gale__ui_call, at));
    for (const gale_template_function *at = settings->ui_methods; at && at->name; at++)
        GALE_TRY(add_function(&next, "", at->name, at->function, at->arg));
    for (const gale_template_function *at = gale__template_names; at->name; at++)
        GALE_TRY(add_function(&next, "", at->name, at->function, at->arg));
    return 0;
}

static int make_renderer(gale_application *application)
{
    if (application->renderer)
        return 0;
    gale__renderer *renderer = GALE__NEW(gale__renderer);
    int error = renderer ? list_functions(renderer, &application->settings) : -ENOMEM;
    if (error < 0)
        gale__renderer_free(renderer);
    else
        application->renderer = renderer;
    return error;
}

static int make_folder(gale_application *application, const char *path, gale_template_loader **out)
{
    const gale_application_settings *settings = &application->settings;
    gale__template_folder *folder = gale__malloc(sizeof *folder + strlen(path) + 1);
    if (!folder)
        return -ENOMEM;
    gale_template_options options = { .autoescape = settings->autoescape,
                                      .whitespace = settings->template_whitespace,
                                      .reload_on_change = settings->no_compiled_template_cache ||
                                                          settings->autoreload };
    *out = folder->loader = gale_template_loader_new(path, &options);
    if (!*out) {
        gale__free(folder);
        return GALE_EINVALID;
    }
    strcpy(folder->path, path);
    folder->next = application->renderer->folders;
    application->renderer->folders = folder;
    return 0;
}

static int find_loader(gale_handler *self, gale_template_loader **out)
{
    gale_application *application = self->application;
    *out = application->settings.template_loader;
    GALE_TRY(make_renderer(application));
    if (*out)
        return 0;
    const char *path = self->type->slots.get_template_path
                           ? self->type->slots.get_template_path(self)
                           : application->settings.template_path;
    GALE_TRY(gale__require_setting(path, "template_path", "templates"));
    for (gale__template_folder *at = application->renderer->folders; at; at = at->next)
        if (!strcmp(at->path, path)) {
            *out = at->loader;
            return 0;
        }
    return make_folder(application, path, out);
}

/* ---- Rendering ------------------------------------------------------------------------- */

static size_t output_limit(const gale_handler *self)
{
    int64_t limit = self->application->settings.max_response_buffer;
    return limit < 0 ? SIZE_MAX : (size_t)limit;
}

/* The values of a rendering above those that the class gives to all. */
static int add_namespace(gale_handler *self, json_t **values)
{
    if (!self->type->slots.get_template_namespace)
        return 0;
    json_t *namespace = self->type->slots.get_template_namespace(self);
    int error = namespace ? 0 : gale__handler_no_text(self, "get_template_namespace");
    if (namespace && *values && json_object_update(namespace, *values) < 0)
        error = GALE_EINVALID;
    json_decref(*values);
    *values = namespace;
    return error;
}

int gale__render(gale_handler *self, const char *name, json_t *values, gale__buffer *out)
{
    gale_template_loader *loader;
    int error = add_namespace(self, &values);
    if (error >= 0)
        error = find_loader(self, &loader);
    gale_template *page = error < 0 ? NULL : gale__loader_load(loader, name, NULL, &error);
    if (!page) {
        json_decref(values);
        return error;
    }
    gale__template_surroundings around = { self->application->renderer->functions,
                                           gale__template_lookup };
    return gale__template_run(page, values, self, &around, out);
}

int gale_render(gale_handler *self, const char *name, json_t *values)
{
    gale__buffer page;
    gale__buffer_init(&page, output_limit(self));
    int error = gale__render(self, name, values, &page);
    if (error >= 0 && self->ui)
        error = gale__ui_inject(self, &page);
    if (error >= 0)
        error = gale_write_bytes(self, gale__buffer_str(&page).data, page.size);
    gale__buffer_clear(&page);
    return error < 0 ? error : gale_finish(self);
}

static void remember(gale_handler *self, const char *name, int error)
{
    if (error == GALE_EHTTP)
        self->failed = true;
    else if (error != GALE_ECANCELED && error != GALE_EFINISH)
        gale__handler_remember_failure(self, 500, "%s: %s%s%s", name, gale_strerror(error),
                                       *gale_error_detail() ? ": " : "", gale_error_detail());
}

const char *gale_render_string(gale_handler *self, const char *name, json_t *values)
{
    gale__buffer text;
    gale__buffer_init(&text, output_limit(self));
    int error = gale__render(self, name, values, &text);
    gale_str made = gale__buffer_str(&text);
    const char *copy =
        error < 0 ? NULL : gale__arena_strdup(gale__handler_arena(self), made.data, made.len);
    gale__buffer_clear(&text);
    if (!copy)
        remember(self, name, error < 0 ? error : -ENOMEM);
    return copy;
}

int gale_ui_module_render(gale_handler *self, gale_template_call *call, const char *name,
                          json_t *values)
{
    gale__buffer text;
    gale__buffer_init(&text, output_limit(self));
    int error = gale__render(self, name, values, &text);
    if (error >= 0)
        error = gale_template_write(call, gale__buffer_str(&text).data, text.size);
    gale__buffer_clear(&text);
    return error;
}
