/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A page in the reader's language; run it where examples/ is:
 *
 *     curl -H "Accept-Language: es-GT" http://localhost:8888/
 *     curl http://localhost:8888/?user=de
 */
#include <gale/gale.h>

#include <time.h>

static int port = 8888;

static const gale_locale *get_user_locale(gale_handler *self)
{
    return gale_locale_get(gale_get_query_argument(self, "user", ""));
}

static int get(gale_handler *self)
{
    const gale_locale *locale = gale_handler_locale(self);
    gale_bytes *ago = gale_locale_format_date(locale, (double)time(NULL) - 7200, NULL);
    const char *date = gale_keep(self, ago);
    const char *count = gale_keep(self, gale_locale_friendly_number(locale, 8000000000));
    const char *text = gale_translate(self, "Born %(date)s, on a planet of %(count)s people.");
    gale_bytes *line = gale_format_named(text, "date", date, "count", count, NULL);
    return gale_writef(self, "%s\n", gale_keep(self, line));
}

static const gale_handler_class main_handler = { .get = get, .get_user_locale = get_user_locale };

int main(int argc, char **argv)
{
    gale_define_int("port", &port, "run on the given port");
    gale_parse_command_line(argc, argv);
    gale_load_translations("examples/locale");
    gale_route routes[] = { { .pattern = "/", .handler = &main_handler }, { 0 } };
    gale_application *app = gale_application_new(routes, NULL);
    gale_application_listen(app, port);
    return gale_ioloop_start(gale_ioloop_current());
}
