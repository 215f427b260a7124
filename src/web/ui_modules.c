/* SPDX-License-Identifier: Apache-2.0 */
/* UI modules, and what their templates ask for. */
#include <errno.h>
#include <string.h>

#include "core/error.h"
#include "web/render.h"

enum { ACTIVE_FIRST = 8 };

/* ---- Calls ----------------------------------------------------------------------------- */

static void end(void *arg)
{
    gale__ui *ui = arg;
    json_decref(ui->resources);
    ui->resources = NULL;
}

static gale__ui *ui_of(gale_handler *self)
{
    if (self->ui)
        return self->ui;
    gale__ui *ui = gale__arena_calloc(gale__handler_arena(self), sizeof *ui);
    if (!ui)
        return NULL;
    ui->end = (gale__defer){ .function = end, .arg = ui };
    gale__scope_defer_last(self->scope, &ui->end);
    return self->ui = ui;
}

static int grow(gale_handler *self, gale__ui *ui)
{
    size_t capacity = ui->active_capacity ? 2 * ui->active_capacity : ACTIVE_FIRST;
    const gale_ui_module **active =
        gale__arena_alloc(gale__handler_arena(self), capacity * sizeof *active);
    if (!active)
        return -ENOMEM;
    if (ui->active_count)
        memcpy(active, ui->active, ui->active_count * sizeof *active);
    ui->active = active;
    ui->active_capacity = capacity;
    return 0;
}

/* Notes that the page has this module; NULL: Template. */
static int activate(gale_handler *self, const gale_ui_module *module)
{
    gale__ui *ui = ui_of(self);
    if (!ui)
        return -ENOMEM;
    for (size_t i = 0; i < ui->active_count; i++)
        if (ui->active[i] == module)
            return 0;
    if (ui->active_count == ui->active_capacity)
        GALE_TRY(grow(self, ui));
    ui->active[ui->active_count++] = module;
    return 0;
}

int gale__ui_call(gale_template_call *call)
{
    const gale_ui_module *module = call->arg;
    GALE_TRY(activate(call->context, module));
    return module->render(call->context, call);
}

int gale__ui_template(gale_template_call *call)
{
    gale_handler *self = call->context;
    const char *path;
    if (json_unpack(call->arguments, "[s]", &path) < 0)
        return gale_template_fail(call, "Template() takes the path of a template");
    GALE_TRY(activate(self, NULL));
    const char *outer = self->ui->template_path;
    self->ui->template_path = path;
    int error = gale_ui_module_render(self, call, path, json_incref(call->keywords));
    self->ui->template_path = outer;
    return error;
}

int gale__ui_set_resources(gale_template_call *call)
{
    gale_handler *self = call->context;
    if (!self->ui || !self->ui->template_path)
        return gale_template_fail(call, "set_resources() outside of a Template module");
    if (!self->ui->resources)
        self->ui->resources = json_object();
    const char *path = self->ui->template_path;
    const json_t *known = json_object_get(self->ui->resources, path);
    if (known)
        return json_equal(known, call->keywords)
                   ? 0
                   : gale_template_fail(call, "set_resources called with different resources for "
                                              "the same template");
    return json_object_set(self->ui->resources, path, call->keywords) < 0 ? -ENOMEM : 0;
}
