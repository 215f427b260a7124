/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages from templates: a base page, a page that extends it, and a UI module with its own style.
 * Run it where examples/ is; a template that is edited is seen at once:
 *
 *     curl http://localhost:8888/
 */
#include <gale/gale.h>

static int port = 8888;

/* {% module Story(story) %} */
static int story_render(gale_handler *self, gale_template_call *call)
{
    json_t *story = json_array_get(call->arguments, 0);
    return gale_ui_module_render(self, call, "story.html", json_pack("{s:O}", "story", story));
}

static const char *story_css(gale_handler *self)
{
    (void)self;
    return ".story { border-left: 2px solid teal; padding-left: 1em }";
}

static const gale_ui_module modules[] = {
    { .name = "Story", .render = story_render, .embedded_css = story_css }, { .name = NULL }
};

static int get(gale_handler *self)
{
    json_t *stories = json_pack("[{s:s, s:i}, {s:s, s:i}]", "title", "C & templates", "points", 12,
                                "title", "<script> is escaped", "points", 1);
    return gale_render(self, "home.html", json_pack("{s:o}", "stories", stories));
}

static const gale_handler_class main_handler = { .get = get };

int main(int argc, char **argv)
{
    gale_define_int("port", &port, "run on the given port");
    gale_parse_command_line(argc, argv);
    gale_route routes[] = { { .pattern = "/", .handler = &main_handler }, { 0 } };
    gale_application_settings settings = { .template_path = "examples/templates",
                                           .ui_modules = modules,
                                           .no_compiled_template_cache = true };
    gale_application *app = gale_application_new(routes, &settings);
    gale_application_listen(app, port);
    return gale_ioloop_start(gale_ioloop_current());
}
