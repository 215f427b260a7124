/* SPDX-License-Identifier: Apache-2.0 */
/* Templates in handlers: the loader of an application, what its templates know, UI modules. */
#ifndef GALE_WEB_RENDER_H
#define GALE_WEB_RENDER_H

#include "core/buffer.h"
#include "web/application.h"

/* A loader for each directory of templates. */
typedef struct gale__template_folder {
    struct gale__template_folder *next;
    gale_template_loader *loader;
    char path[];
} gale__template_folder;

/* Of an application. */
typedef struct gale__renderer {
    gale__template_folder *folders;
    gale_template_function *functions; /* of its templates */
} gale__renderer;

/* What the UI modules of a page have asked for so far. */
typedef struct gale__ui {
    const gale_ui_module **active; /* in the order of their first use; NULL: Template */
    size_t active_count, active_capacity;
    const char *template_path; /* of the innermost Template module at work, or NULL */
    json_t *resources;         /* of Template modules: path -> what set_resources was given */
    gale__defer end;
} gale__ui;

void gale__renderer_free(gale__renderer *renderer);

/* Renders into `out`. Takes the reference to `values`. */
int gale__render(gale_handler *self, const char *name, json_t *values, gale__buffer *out);

/* Functions that every handler's templates have; the list ends with a zeroed one. */
extern const gale_template_function gale__template_names[];
/* Values of names, when they are asked for. */
json_t *gale__template_lookup(const char *name, void *handler);
json_t *gale__template_request(gale_http_server_request *request);
/* request.headers.get(name, default), whatever the case of the name. */
int gale__template_get_header(gale_template_call *call);

/* {% module %} of a gale_ui_module, which is the call's `arg`. */
int gale__ui_call(gale_template_call *call);
/* {% module Template(path, ...) %}, and what it gives its template. */
int gale__ui_template(gale_template_call *call);
int gale__ui_set_resources(gale_template_call *call);
/* Puts into the page what its modules have asked for. */
int gale__ui_inject(gale_handler *self, gale__buffer *page);

#endif
