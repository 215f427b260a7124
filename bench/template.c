/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A page with 100 rows of escaped text: how long it takes to render. With an argument, the folder
 * of the template, another than bench/pages. bench/peers/templates.py renders the same in Python.
 */
#include <gale/gale.h>

#include <stdio.h>
#include <time.h>

enum { ROWS = 100, TURNS = 7 };

static double cpu_time(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static json_t *values(void)
{
    json_t *rows = json_array();
    for (int i = 0; i < ROWS; i++)
        json_array_append_new(rows, json_pack("{s:i, s:o, s:s}", "number", i, "name",
                                              json_sprintf("Item <%d> & Co.", i), "comment",
                                              "Said \"yes\" to what isn't <b>bold</b>, and more."));
    return json_pack("{s:s, s:o}", "title", "Rows & more", "rows", rows);
}

/* Seconds of CPU for each rendering; *ret_size is the page's. Negative on failure. */
static double render(gale_template *page, json_t *given, int times, size_t *ret_size)
{
    double start = cpu_time();
    for (int i = 0; i < times; i++) {
        gale_bytes *text = gale_template_generate(page, json_incref(given), NULL);
        if (!text)
            return -1;
        *ret_size = gale_bytes_str(text).len;
        gale_bytes_unref(text);
    }
    return (cpu_time() - start) / times;
}

int main(int argc, char **argv)
{
    gale_template_loader *loader =
        gale_template_loader_new(argc > 1 ? argv[1] : "bench/pages", NULL);
    gale_template *page = gale_template_loader_load(loader, "tornado.html", NULL);
    json_t *given = values();
    double least = 1e9;
    size_t size = 0;
    for (int turn = 0; page && turn < TURNS; turn++) {
        double took = render(page, given, 3000, &size);
        least = took < least ? took : least;
    }
    if (!page || least < 0)
        fprintf(stderr, "%s\n", gale_error_detail());
    else
        printf("{\"name\": \"gale\", \"us\": %.2f, \"bytes\": %zu}\n", 1e6 * least, size);
    json_decref(given);
    gale_template_loader_free(loader);
    return !page || least < 0;
}
