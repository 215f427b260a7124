/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "web/web_test.h"

static char folder[] = "/tmp/gale-handler-locale-XXXXXX";

static void write_file(const char *name, const char *text)
{
    char path[100];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int get(gale_handler *self)
{
    gale_handler_locale(self);
    return gale_writef(self, "%s: %s, %s", gale_locale_code(gale_handler_locale(self)),
                       gale_translate(self, "hello"),
                       gale_translate_plural(self, "one", "many", 2));
}

static const gale_locale *user_locale(gale_handler *self)
{
    const char *code = gale_get_query_argument(self, "user", "");
    return *code ? gale_locale_get(code) : NULL;
}

static int get_set(gale_handler *self)
{
    gale_set_locale(self, gale_locale_get("fr"));
    return get(self);
}

static const gale_handler_class base = { .get = get, .get_user_locale = user_locale };
static const gale_handler_class main_handler = { .base = &base };
static const gale_handler_class set_handler = { .base = &base, .get = get_set };

static void assert_language(int port, const char *accept, const char *body)
{
    char request[300], end[200];
    snprintf(request, sizeof request, "GET / HTTP/1.1\r\nAccept-Language: %s\r\n" CLOSE "\r\n",
             accept);
    snprintf(end, sizeof end, "\r\n\r\n%s", body);
    assert_answer(port, request, "HTTP/1.1 200 OK\r\n", end);
}

TEST(the_locale_of_a_request)
{
    assert_non_null(mkdtemp(folder));
    write_file("de.csv", "hello,hallo\nmany,viele,plural\n");
    write_file("fr.csv", "hello,bonjour\n");
    assert_int_equal(gale_load_translations(folder), 2);
    int port =
        serve_routes((gale_route[]){ ROUTE("/", main_handler), ROUTE("/set", set_handler), { 0 } });
    assert_body(port, "/", "en_US: hello, many");
    assert_language(port, "de;q=0.9, *;q=0.1", "de: hallo, viele");
    assert_language(port, "de;q=-1, fr;q=0.1", "fr: bonjour, many");
    assert_language(port, "de,;q=0.8", "de: hallo, viele");
    assert_language(port, ";q=0.8, de;q=1;extra, ,", "de: hallo, viele");
    assert_language(port, "de", "de: hallo, viele");
    assert_language(port, "de-AT,fr;q=0.5", "de: hallo, viele");
    assert_language(port, "fr;q=0.4, de;q=0.8", "de: hallo, viele");
    assert_language(port, "fr, de", "fr: bonjour, many");
    assert_language(port, "xx, yy-ZZ;q=0.9, fr;q=0.1", "fr: bonjour, many");
    assert_language(port, "de;q=0, fr;q=x, *", "en_US: hello, many");
    assert_language(port, "an-identifier-that-is-too-long-for-a-locale, de;q=0.3",
                    "de: hallo, viele");
    assert_body(port, "/?user=de", "de: hallo, viele");
    assert_body(port, "/?user=xx", "en_US: hello, many");
    assert_body(port, "/set?user=de", "fr: bonjour, many");
    stop();
    gale_unload_translations();
    char command[100];
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

static const gale_locale *no_locale(gale_handler *self)
{
    gale_set_status(self, 500, NULL);
    return NULL;
}

static int no_user(gale_handler *self, json_t **ret_user)
{
    (void)ret_user;
    return gale_http_error(self, 500, NULL);
}

static int choose(gale_handler *self)
{
    gale_set_locale(self, gale_locale_get("en_US"));
    return gale_set_current_user(self, json_string("Ben"));
}

static int greet(gale_handler *self)
{
    return gale_writef(self, "Hello %s (%s)", json_string_value(gale_current_user(self)),
                       gale_locale_code(gale_handler_locale(self)));
}

TEST(what_was_set_is_not_looked_for)
{
    static const gale_handler_class chosen_handler = {
        .prepare = choose, .get = greet, .get_user_locale = no_locale, .get_current_user = no_user
    };
    assert_body(serve_routes((gale_route[]){ ROUTE("/", chosen_handler), { 0 } }), "/",
                "Hello Ben (en_US)");
    stop();
}

GALE_TEST_MAIN
