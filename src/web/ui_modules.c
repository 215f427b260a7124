/* SPDX-License-Identifier: Apache-2.0 */
/* UI modules, and what they put into the page around them: in Tornado's order and words. */
#include <errno.h>
#include <string.h>

#include "core/error.h"
#include "core/escape.h"
#include "web/render.h"

enum { ACTIVE_MAX = 64 };

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
    const gale_ui_module **active =
        ui ? gale__arena_calloc(gale__handler_arena(self), ACTIVE_MAX * sizeof *active) : NULL;
    if (!active)
        return NULL;
    ui->active = active;
    ui->end = (gale__defer){ .function = end, .arg = ui };
    gale__scope_defer_last(self->scope, &ui->end);
    return self->ui = ui;
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
    if (ui->active_count == ACTIVE_MAX)
        return gale__fail(GALE_ETOOBIG, "over %d UI modules in a page", ACTIVE_MAX);
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

/* ---- Resources ------------------------------------------------------------------------- */

/* What was asked for: each of these as it stands in the page. */
typedef struct resources {
    gale__buffer javascript, css, head, body; /* embedded */
    gale__buffer javascript_links, css_links; /* with elements around them */
    json_t *seen;                             /* links that are there already */
} resources;

static int add_text(gale__buffer *out, const char *text, bool lines)
{
    if (!text || !*text)
        return 0;
    if (lines && out->size)
        gale__buffer_append_char(out, '\n');
    return gale__buffer_append(out, text, strlen(text));
}

static bool is_absolute(const char *path)
{
    return *path == '/' || !strncmp(path, "http:", 5) || !strncmp(path, "https:", 6);
}

/* An element that links a file, once for each file. */
static int add_link(gale_handler *self, resources *to, const char *path, bool script)
{
    gale__buffer *out = script ? &to->javascript_links : &to->css_links;
    char key[8] = { script ? 'j' : 'c', '\0' };
    json_t *seen = json_object_get(to->seen, key);
    const char *url = is_absolute(path) ? path : gale_static_url(self, path, NULL);
    if (!url)
        return gale__handler_no_text(self, "static_url");
    if (!seen && json_object_set_new(to->seen, key, seen = json_object()) < 0)
        return -ENOMEM;
    if (json_object_get(seen, url))
        return 0;
    json_object_set_new(seen, url, json_true());
    gale__buffer_printf(out, script ? "<script src=\"" : "<link href=\"");
    gale__xhtml_escape(out, (gale_str){ url, strlen(url) });
    return gale__buffer_printf(out, script ? "\" type=\"text/javascript\"></script>"
                                           : "\" type=\"text/css\" rel=\"stylesheet\"/>");
}

static int add_module(gale_handler *self, resources *to, const gale_ui_module *module)
{
    if (module->embedded_javascript)
        GALE_TRY(add_text(&to->javascript, module->embedded_javascript(self), true));
    const char *const *files = module->javascript_files ? module->javascript_files(self) : NULL;
    for (; files && *files; files++)
        GALE_TRY(add_link(self, to, *files, true));
    if (module->embedded_css)
        GALE_TRY(add_text(&to->css, module->embedded_css(self), true));
    files = module->css_files ? module->css_files(self) : NULL;
    for (; files && *files; files++)
        GALE_TRY(add_link(self, to, *files, false));
    if (module->html_head)
        GALE_TRY(add_text(&to->head, module->html_head(self), false));
    return module->html_body ? add_text(&to->body, module->html_body(self), false) : 0;
}

/* One path, or a list of them. */
static int add_paths(gale_handler *self, resources *to, const json_t *paths, bool script)
{
    if (json_is_string(paths))
        return add_link(self, to, json_string_value(paths), script);
    for (size_t i = 0; i < json_array_size(paths); i++) {
        const char *path = json_string_value(json_array_get(paths, i));
        if (path)
            GALE_TRY(add_link(self, to, path, script));
    }
    return 0;
}

static int add_templates(gale_handler *self, resources *to)
{
    const char *path;
    json_t *given;
    json_object_foreach(self->ui->resources, path, given)
    {
        GALE_TRY(add_text(&to->javascript,
                          json_string_value(json_object_get(given, "embedded_javascript")), true));
        GALE_TRY(add_paths(self, to, json_object_get(given, "javascript_files"), true));
        GALE_TRY(
            add_text(&to->css, json_string_value(json_object_get(given, "embedded_css")), true));
        GALE_TRY(add_paths(self, to, json_object_get(given, "css_files"), false));
        GALE_TRY(
            add_text(&to->head, json_string_value(json_object_get(given, "html_head")), false));
        GALE_TRY(
            add_text(&to->body, json_string_value(json_object_get(given, "html_body")), false));
    }
    return 0;
}

/* ---- Into the page --------------------------------------------------------------------- */

static const char *find(const gale__buffer *page, const char *tag, bool last)
{
    gale_str text = gale__buffer_str(page);
    size_t size = strlen(tag);
    const char *found = memmem(text.data, text.len, tag, size);
    for (const char *next = found; last && next;) {
        found = next;
        next = memmem(next + 1, (size_t)(text.data + text.len - next - 1), tag, size);
    }
    return found;
}

/* Puts before + text + after, and a newline, in front of a tag. */
static int insert(gale__buffer *page, const char *tag, bool last, const char *before,
                  const gale__buffer *text, const char *after)
{
    if (!text->size)
        return text->error;
    const char *found = find(page, tag, last);
    if (!found)
        return gale__fail(GALE_EINVALID, "the page has no %s for what its UI modules need", tag);
    size_t at = (size_t)(found - gale__buffer_begin(page)), rest = page->size - at;
    size_t before_size = strlen(before), after_size = strlen(after);
    size_t size = before_size + text->size + after_size + 1;
    GALE_TRY(gale__buffer_reserve(page, size));
    char *place = gale__buffer_begin(page) + at;
    memmove(place + size, place, rest);
    memcpy(place, before, before_size);
    memcpy(place + before_size, gale__buffer_begin(text), text->size);
    memcpy(place + before_size + text->size, after, after_size);
    place[size - 1] = '\n';
    gale__buffer_commit(page, size);
    return text->error;
}

static int insert_all(gale__buffer *page, const resources *from)
{
    GALE_TRY(insert(page, "</body>", true, "", &from->javascript_links, ""));
    GALE_TRY(insert(page, "</body>", true, "<script type=\"text/javascript\">\n//<![CDATA[\n",
                    &from->javascript, "\n//]]>\n</script>"));
    GALE_TRY(insert(page, "</head>", false, "", &from->css_links, ""));
    GALE_TRY(
        insert(page, "</head>", false, "<style type=\"text/css\">\n", &from->css, "\n</style>"));
    GALE_TRY(insert(page, "</head>", false, "", &from->head, ""));
    return insert(page, "</body>", false, "", &from->body, "");
}

static int collect(gale_handler *self, resources *to)
{
    if (!to->seen)
        return -ENOMEM;
    for (size_t i = 0; i < self->ui->active_count; i++) {
        const gale_ui_module *module = self->ui->active[i];
        GALE_TRY(module ? add_module(self, to, module) : add_templates(self, to));
    }
    return 0;
}

int gale__ui_inject(gale_handler *self, gale__buffer *page)
{
    resources all = { .seen = json_object() };
    gale__buffer *const buffers[] = { &all.javascript,       &all.css,      &all.head, &all.body,
                                      &all.javascript_links, &all.css_links };
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++)
        gale__buffer_init(buffers[i], SIZE_MAX);
    int error = collect(self, &all);
    if (error >= 0)
        error = insert_all(page, &all);
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++)
        gale__buffer_clear(buffers[i]);
    json_decref(all.seen);
    return error;
}
