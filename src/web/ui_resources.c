/* SPDX-License-Identifier: Apache-2.0 */
/* What UI modules put into the page around them: in Tornado's order and words. */
#include <errno.h>
#include <string.h>

#include "core/error.h"
#include "core/escape.h"
#include "web/render.h"

/* ---- Elements -------------------------------------------------------------------------- */

static const char *take(gale_handler *self, gale__buffer *text)
{
    gale_str made = gale__buffer_str(text);
    const char *copy =
        text->error ? NULL : gale__arena_strdup(gale__handler_arena(self), made.data, made.len);
    gale__buffer_clear(text);
    if (!copy)
        gale__handler_remember_failure(self, 500, "out of memory");
    return copy;
}

static const char *link_files(gale_handler *self, const char *const *files, const char *before,
                              const char *after)
{
    gale__buffer out;
    gale__buffer_init(&out, SIZE_MAX);
    for (; *files; files++) {
        gale__buffer_append(&out, before, strlen(before));
        gale__xhtml_escape(&out, (gale_str){ *files, strlen(*files) });
        gale__buffer_append(&out, after, strlen(after));
    }
    return take(self, &out);
}

static const char *embed(gale_handler *self, const char *const *pieces, const char *before,
                         const char *after)
{
    gale__buffer out;
    gale__buffer_init(&out, SIZE_MAX);
    gale__buffer_append(&out, before, strlen(before));
    for (const char *const *piece = pieces; *piece; piece++) {
        if (piece > pieces)
            gale__buffer_append_char(&out, '\n');
        gale__buffer_append(&out, *piece, strlen(*piece));
    }
    gale__buffer_append(&out, after, strlen(after));
    return take(self, &out);
}

const char *gale_render_linked_js(gale_handler *self, const char *const *files)
{
    return link_files(self, files, "<script src=\"", "\" type=\"text/javascript\"></script>");
}

const char *gale_render_embed_js(gale_handler *self, const char *const *pieces)
{
    return embed(self, pieces, "<script type=\"text/javascript\">\n//<![CDATA[\n",
                 "\n//]]>\n</script>");
}

const char *gale_render_linked_css(gale_handler *self, const char *const *files)
{
    return link_files(self, files, "<link href=\"", "\" type=\"text/css\" rel=\"stylesheet\"/>");
}

const char *gale_render_embed_css(gale_handler *self, const char *const *pieces)
{
    return embed(self, pieces, "<style type=\"text/css\">\n", "\n</style>");
}

/* ---- What the modules ask for ---------------------------------------------------------- */

/* Texts, and a NULL at the end. */
typedef struct texts {
    const char **items;
    size_t size, capacity;
} texts;

typedef struct resources {
    texts scripts, styles, script_files, style_files, head, body;
} resources;

static int add(gale_handler *self, texts *to, const char *text)
{
    if (!text || !*text)
        return 0;
    if (to->size + 1 >= to->capacity) {
        size_t capacity = to->capacity ? 2 * to->capacity : 8;
        const char **items = gale__arena_alloc(gale__handler_arena(self), capacity * sizeof *items);
        if (!items)
            return -ENOMEM;
        if (to->size)
            memcpy(items, to->items, to->size * sizeof *items);
        to->items = items;
        to->capacity = capacity;
    }
    to->items[to->size++] = text;
    to->items[to->size] = NULL;
    return 0;
}

/* web.is_absolute */
static bool is_absolute(const char *path)
{
    return *path == '/' || !strncmp(path, "http:", 5) || !strncmp(path, "https:", 6);
}

/* Each file is linked once. */
static int add_file(gale_handler *self, texts *to, const char *path)
{
    const char *url = is_absolute(path) ? path : gale_static_url(self, path, NULL);
    if (!url)
        return gale__handler_no_text(self, "static_url");
    for (size_t i = 0; i < to->size; i++)
        if (!strcmp(to->items[i], url))
            return 0;
    return add(self, to, url);
}

static int add_files(gale_handler *self, texts *to, const char *const *paths)
{
    for (; paths && *paths; paths++)
        GALE_TRY(add_file(self, to, *paths));
    return 0;
}

static const char *ask(gale_handler *self, const char *(*slot)(gale_handler *self))
{
    return slot ? slot(self) : NULL;
}

static int add_module(gale_handler *self, resources *to, const gale_ui_module *module)
{
    GALE_TRY(add(self, &to->scripts, ask(self, module->embedded_javascript)));
    if (module->javascript_files)
        GALE_TRY(add_files(self, &to->script_files, module->javascript_files(self)));
    GALE_TRY(add(self, &to->styles, ask(self, module->embedded_css)));
    if (module->css_files)
        GALE_TRY(add_files(self, &to->style_files, module->css_files(self)));
    GALE_TRY(add(self, &to->head, ask(self, module->html_head)));
    return add(self, &to->body, ask(self, module->html_body));
}

/* One path, or a list of them. */
static int add_given_files(gale_handler *self, texts *to, const json_t *paths)
{
    if (json_is_string(paths))
        return add_file(self, to, json_string_value(paths));
    for (size_t i = 0; i < json_array_size(paths); i++) {
        const char *path = json_string_value(json_array_get(paths, i));
        if (path)
            GALE_TRY(add_file(self, to, path));
    }
    return 0;
}

static const char *given_text(const json_t *given, const char *name)
{
    return json_string_value(json_object_get(given, name));
}

/* What the templates of Template modules have given to set_resources. */
static int add_templates(gale_handler *self, resources *to)
{
    const char *path;
    json_t *given;
    json_object_foreach(self->ui->resources, path, given)
    {
        GALE_TRY(add(self, &to->scripts, given_text(given, "embedded_javascript")));
        GALE_TRY(
            add_given_files(self, &to->script_files, json_object_get(given, "javascript_files")));
        GALE_TRY(add(self, &to->styles, given_text(given, "embedded_css")));
        GALE_TRY(add_given_files(self, &to->style_files, json_object_get(given, "css_files")));
        GALE_TRY(add(self, &to->head, given_text(given, "html_head")));
        GALE_TRY(add(self, &to->body, given_text(given, "html_body")));
    }
    return 0;
}

static int collect(gale_handler *self, resources *to)
{
    for (size_t i = 0; i < self->ui->active_count; i++) {
        const gale_ui_module *module = self->ui->active[i];
        GALE_TRY(module ? add_module(self, to, module) : add_templates(self, to));
    }
    return 0;
}

/* ---- Into the page --------------------------------------------------------------------- */

static const char *find(const gale__buffer *page, const char *tag, bool last)
{
    gale_str text = gale__buffer_str(page);
    const char *found = memmem(text.data, text.len, tag, strlen(tag));
    for (const char *next = found; last && next;) {
        found = next;
        next = memmem(next + 1, (size_t)(text.data + text.len - next - 1), tag, strlen(tag));
    }
    return found;
}

/* Puts a text, and a newline, in front of a tag. */
static int insert(gale_handler *self, gale__buffer *page, const char *tag, bool last,
                  const char *text)
{
    if (!text)
        return gale__handler_no_text(self, "what UI modules need");
    const char *found = find(page, tag, last);
    if (!found)
        return gale__fail(GALE_EINVALID, "the page has no %s for what its UI modules need", tag);
    size_t at = (size_t)(found - gale__buffer_begin(page)), size = strlen(text);
    GALE_TRY(gale__buffer_reserve(page, size + 1));
    char *place = gale__buffer_begin(page) + at;
    memmove(place + size + 1, place, page->size - at);
    memcpy(place, text, size);
    place[size] = '\n';
    gale__buffer_commit(page, size + 1);
    return 0;
}

static const char *join(gale_handler *self, const texts *pieces)
{
    gale__buffer out;
    gale__buffer_init(&out, SIZE_MAX);
    for (size_t i = 0; i < pieces->size; i++)
        gale__buffer_append(&out, pieces->items[i], strlen(pieces->items[i]));
    return take(self, &out);
}

static int insert_all(gale_handler *self, gale__buffer *page, const resources *from)
{
    const gale_handler_class *slots = &self->type->slots;
    if (from->script_files.size)
        GALE_TRY(insert(self, page, "</body>", true,
                        slots->render_linked_js(self, from->script_files.items)));
    if (from->scripts.size)
        GALE_TRY(
            insert(self, page, "</body>", true, slots->render_embed_js(self, from->scripts.items)));
    if (from->style_files.size)
        GALE_TRY(insert(self, page, "</head>", false,
                        slots->render_linked_css(self, from->style_files.items)));
    if (from->styles.size)
        GALE_TRY(insert(self, page, "</head>", false,
                        slots->render_embed_css(self, from->styles.items)));
    if (from->head.size)
        GALE_TRY(insert(self, page, "</head>", false, join(self, &from->head)));
    return from->body.size ? insert(self, page, "</body>", false, join(self, &from->body)) : 0;
}

int gale__ui_inject(gale_handler *self, gale__buffer *page)
{
    resources all = { 0 };
    GALE_TRY(collect(self, &all));
    return insert_all(self, page, &all);
}
