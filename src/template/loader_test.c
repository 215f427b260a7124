/* SPDX-License-Identifier: Apache-2.0 */
/* Where templates come from. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "template/template_test.h"

/* ---- Loaders --------------------------------------------------------------------------- */

TEST(files_of_a_directory)
{
    char directory[] = "/tmp/gale-template-XXXXXX", path[64];
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/utf8.html", directory);
    FILE *file = fopen(path, "w");
    fputs("H\xC3\xA9llo", file);
    fclose(file);
    gale_template_loader *loader =
        gale_template_loader_new(directory, &(gale_template_options){ .reload_on_change = true });
    loads(loader, "utf8.html", NULL, "H\xC3\xA9llo");
    load_fails(loader, "none.html", "template none.html: not found");
    load_fails(loader, "../utf8.html", "template ../utf8.html: leads out of the directory");
    file = fopen(path, "w");
    fputs("changed", file);
    fclose(file);
    loads(loader, "utf8.html", NULL, "changed");
    gale_template_loader_free(loader);
    remove(path);
    remove(directory);
}

TEST(files_that_hold_themselves)
{
    gale_template_loader *loader =
        sources(json_pack("{s:s,s:s}", "a", "{% include a %}", "b", "{% extends b %}"), NULL);
    load_fails(loader, "a",
               "extends and includes are nested too deeply (a file that holds "
               "itself?) at a:1");
    load_fails(loader, "b",
               "extends and includes are nested too deeply (a file that holds "
               "itself?) at b:1");
    gale_template_loader_free(loader);
}

static json_t *look_up(const char *name, void *context, void *arg)
{
    (void)context;
    ++*(int *)arg;
    return strcmp(name, "known") == 0 ? json_string("found") : NULL;
}

TEST(a_name_is_looked_up_once)
{
    int asked = 0;
    const gale_template_options options = { .lookup = look_up, .lookup_arg = &asked };
    renders_with("{{ known }}{{ known }}{% try %}{{ x }}{% except NameError %}.{% end %}"
                 "{% try %}{{ x }}{% except NameError %}.{% end %}",
                 &options, NULL, "foundfound..");
    assert_int_equal(asked, 2);
}

TEST(a_reset_compiles_anew)
{
    json_t *files = text("a", "old");
    gale_template_loader *loader = sources(json_incref(files), NULL);
    loads(loader, "a", NULL, "old");
    json_object_set_new(files, "a", json_string("new"));
    loads(loader, "a", NULL, "old");
    gale_template_loader_reset(loader);
    loads(loader, "a", NULL, "new");
    gale_template_loader_free(loader);
    json_decref(files);
}

static int reset(gale_template_call *call)
{
    gale_template_loader_reset(call->context);
    return gale_template_write(call, "reset", 5);
}

TEST(a_reset_during_a_rendering_harms_nothing)
{
    const gale_template_function own[] = { { "reset", reset, NULL }, { 0 } };
    gale_template_loader *loader = sources(text("a", "{{ n }}{{ reset() }}{{ n }}"),
                                           &(gale_template_options){ .functions = own });
    gale_template *page = gale_template_loader_load(loader, "a", NULL);
    gale_bytes *result = gale_template_generate(page, text("n", "1"), loader);
    assert_non_null(result);
    assert_str(gale_bytes_str(result), "1reset1");
    gale_bytes_unref(result);
    gale_template_loader_free(loader);
}

TEST(paths_are_resolved)
{
    gale_template_loader *loader = sources(json_object(), NULL);
    static const char *const cases[][3] = { { "b.html", "a/c.html", "a/b.html" },
                                            { "../b", "a/c", "b" },
                                            { "b", NULL, "b" },
                                            { "/b", "a/c", "/b" },
                                            { "b", "<string>", "b" } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        gale_bytes *path = gale_template_loader_resolve_path(loader, cases[i][0], cases[i][1]);
        assert_non_null(path);
        assert_str(gale_bytes_str(path), cases[i][2]);
        gale_bytes_unref(path);
    }
    gale_template_loader_free(loader);
}

TEST(white_space_is_filtered)
{
    gale_bytes *result = gale_template_filter_whitespace("single", GALE_STR("a  b \n c"));
    assert_str(gale_bytes_str(result), "a b\nc");
    gale_bytes_unref(result);
    /* bytes of letters that alone would be white space */
    result =
        gale_template_filter_whitespace("oneline", GALE_STR("\xC3\xA0 \n\xE2\xA9\x80\xE2\x80\xA9"));
    assert_str(gale_bytes_str(result), "\xC3\xA0 \xE2\xA9\x80 ");
    gale_bytes_unref(result);
    assert_null(gale_template_filter_whitespace("x", GALE_STR("a")));
}

GALE_TEST_MAIN
