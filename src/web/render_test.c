/* SPDX-License-Identifier: Apache-2.0 */
/* Templates in handlers: gale_render, what templates know, UI methods and modules. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"
#include "web/web_test.h"

static char folder[] = "/tmp/gale-render-XXXXXX";
static const char *wanted;

static void put(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void drop(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    unlink(path);
}

static void begin(void)
{
    strcpy(folder, "/tmp/gale-render-XXXXXX");
    assert_non_null(mkdtemp(folder));
}

static void finish(void)
{
    stop();
    assert_int_equal(rmdir(folder), 0);
}

static int page(gale_handler *self)
{
    return gale_render(self, wanted, json_pack("{s:s, s:[i,i]}", "name", "<Ben>", "list", 1, 2));
}

static int piece(gale_handler *self)
{
    const char *text = gale_render_string(self, wanted, NULL);
    return gale_write(self, text);
}

static int user(gale_handler *self, json_t **ret_user)
{
    (void)self;
    *ret_user = json_pack("{s:s}", "name", "Ann");
    return 0;
}

static const gale_handler_class page_handler = { .get = page, .get_current_user = user };
static const gale_handler_class piece_handler = { .get = piece };

static const gale_route routes[] = { ROUTE("/", page_handler),
                                     ROUTE("/piece", piece_handler),
                                     ROUTE("/story/(.*)", page_handler, .name = "story"),
                                     { 0 } };

static int open_site(gale_application_settings settings)
{
    int port;
    settings.template_path = folder;
    serve(routes, &settings, &port);
    return port;
}

TEST(render_escapes_and_finishes)
{
    begin();
    put("a.html",
        "{% extends 'b.html' %}{% block x %}{{ name }}{% for i in list %}-{{ i }}{% end %}"
        "{% end %}");
    put("b.html", "<p>{% block x %}{% end %}</p>");
    wanted = "a.html";
    assert_body(open_site((gale_application_settings){ 0 }), "/", "<p>&lt;Ben&gt;-1-2</p>");
    drop("a.html");
    drop("b.html");
    finish();
}

static int render_and_go_on(gale_handler *self)
{
    int result = gale_render(self, wanted, NULL);
    assert_true(gale_handler_finished(self));
    return result;
}

static int finish_and_go_on(gale_handler *self)
{
    GALE_TRY(gale_write(self, "hello,"));
    GALE_TRY(gale_flush(self));
    GALE_TRY(gale_write(self, "world"));
    int result = gale_finish(self);
    assert_true(gale_handler_finished(self));
    return result;
}

/* What both return is the end of the response, not a promise of it. Tornado: FinalReturnTest */
TEST(finish_and_render_return_when_the_response_is_complete)
{
    static const gale_handler_class final_handler = { .get = render_and_go_on,
                                                      .post = finish_and_go_on };
    static const gale_route final_routes[] = { ROUTE("/", final_handler), { 0 } };
    begin();
    put("foo.html", "hi");
    wanted = "foo.html";
    gale_application_settings settings = { .template_path = folder };
    int port;
    serve(final_routes, &settings, &port);
    assert_body(port, "/", "hi");
    char *answer = ask_post(port, "/", "", "");
    assert_memory_equal(answer, "HTTP/1.1 200 ", 13);
    assert_non_null(strstr(answer, "hello,"));
    assert_non_null(strstr(answer, "world"));
    free(answer);
    drop("foo.html");
    finish();
}

TEST(templates_know_the_request_the_user_and_the_routes)
{
    begin();
    put("a.html", "{{ request.method }} {{ request.path }} {{ handler.request.host }} "
                  "{{ current_user.name }} {{ locale.code }} {{ _('Hi') }} "
                  "{{ locale.translate('one', 'many', 2) }} {{ pgettext('x', 'Hi') }} "
                  "{{ reverse_url('story', 7) }} {{ handler.get_argument('a', 'b') }} "
                  "{{ locale.friendly_number(1234) }}");
    wanted = "a.html";
    assert_body(open_site((gale_application_settings){ 0 }), "/?a=c",
                "GET / h Ann en_US Hi many Hi /story/7 c 1,234");
    drop("a.html");
    finish();
}

TEST(templates_know_headers_and_arguments)
{
    begin();
    put("a.html", "{{ request.headers['X-Some'] }} {{ request.headers.get('x-SOME') }} "
                  "{{ request.headers.get('Nothing', 'none') }} "
                  "{{ handler.request.headers.get('Nothing') }} "
                  "{% for name in request.arguments %}{{ name }}={{ request.arguments[name] }} "
                  "{% end %}");
    wanted = "a.html";
    int port = open_site((gale_application_settings){ 0 });
    assert_answer(port, "GET /?a=1&b=%FF&a=2 HTTP/1.1\r\nX-Some: 7\r\n" CLOSE "\r\n",
                  "HTTP/1.1 200 OK\r\n",
                  "7 7 none None a=[&#x27;1&#x27;, &#x27;2&#x27;] b=[&#x27;\u00FF&#x27;] ");
    drop("a.html");
    finish();
}

TEST(templates_write_days_and_lists)
{
    begin();
    put("a.html", "{{ locale.format_day(1300000000) }} {{ locale.format_day(0, dow=False) }} "
                  "{{ locale.format_day(0, gmt_offset=60) }} {{ locale.list(['A', 'B', 'C']) }}"
                  "{{ locale.list([]) }}");
    wanted = "a.html";
    assert_body(open_site((gale_application_settings){ 0 }), "/",
                "Sunday, March 13 January 1 Wednesday, December 31 A, B and C");
    drop("a.html");
    finish();
}

TEST(the_form_field_of_the_token)
{
    begin();
    put("a.html", "{% module xsrf_form_html() %}");
    wanted = "a.html";
    int port = open_site((gale_application_settings){ 0 });
    assert_answer(port, GET("/"), "HTTP/1.1 200 OK\r\n", "\"/>");
    drop("a.html");
    finish();
}

TEST(an_error_tells_file_line_and_text)
{
    begin();
    put("a.html", "x\n{{ nothing }}");
    wanted = "a.html";
    int port = open_site((gale_application_settings){ 0 });
    test_expect_log(GALE_LOG_ERROR,
                    "NameError: name 'nothing' is not defined at a.html:2: {{ nothing }}");
    test_expect_log(GALE_LOG_ERROR, "500 GET /");
    assert_status(port, "/", "500 Internal Server Error");
    test_expect_log(GALE_LOG_WARNING, "NameError: name 'nothing' is not defined at a.html:2");
    test_expect_log(GALE_LOG_ERROR, "500 GET /piece");
    assert_status(port, "/piece", "500 Internal Server Error");
    wanted = "missing.html";
    test_expect_log(GALE_LOG_ERROR, "missing.html");
    test_expect_log(GALE_LOG_ERROR, "500 GET /");
    assert_status(port, "/", "500 Internal Server Error");
    drop("a.html");
    finish();
}

TEST(render_needs_a_template_path)
{
    int port = serve_routes(routes);
    wanted = "a.html";
    test_expect_log(GALE_LOG_ERROR, "template_path");
    test_expect_log(GALE_LOG_ERROR, "500 GET /");
    assert_status(port, "/", "500 Internal Server Error");
    stop();
}

TEST(an_argument_that_is_missing_is_a_400)
{
    begin();
    put("a.html", "{{ handler.get_argument('a') }}");
    wanted = "a.html";
    int port = open_site((gale_application_settings){ 0 });
    test_expect_log(GALE_LOG_WARNING, "Missing argument a");
    test_expect_log(GALE_LOG_WARNING, "400 GET /");
    assert_status(port, "/", "400 Bad Request");
    drop("a.html");
    finish();
}

TEST(a_changed_template_is_seen_in_development)
{
    begin();
    put("a.html", "one");
    wanted = "a.html";
    int port = open_site((gale_application_settings){ .no_compiled_template_cache = true });
    assert_body(port, "/", "one");
    put("a.html", "three");
    assert_body(port, "/", "three");
    drop("a.html");
    finish();
}

TEST(a_changed_template_needs_no_restart)
{
    begin();
    put("a.html", "one");
    wanted = "a.html";
    int port = open_site((gale_application_settings){ .autoreload = true });
    assert_body(port, "/", "one");
    put("a.html", "three");
    assert_body(port, "/", "three");
    drop("a.html");
    finish();
}

TEST(settings_of_the_loader)
{
    begin();
    put("a.html", "{{ name }}  \n  x");
    wanted = "a.html";
    assert_body(open_site((gale_application_settings){ .autoescape = "None",
                                                       .template_whitespace = "oneline" }),
                "/", "<Ben> x");
    drop("a.html");
    finish();
}

TEST(a_loader_of_the_application)
{
    gale_template_loader *loader = gale_template_dict_loader_new(
        json_pack("{s:s}", "a.html", "given {{ name }} {{ request.path }}"), NULL);
    int port;
    wanted = "a.html";
    serve(routes, &(gale_application_settings){ .template_loader = loader }, &port);
    assert_body(port, "/", "given &lt;Ben&gt; /");
    stop();
    gale_template_loader_free(loader);
}

/* ---- UI methods and modules ------------------------------------------------------------ */

static int shout(gale_template_call *call)
{
    const char *text;
    gale_handler *self = call->context;
    if (json_unpack(call->arguments, "[s]", &text) < 0)
        return gale_template_fail(call, "shout() takes a text");
    call->result =
        json_sprintf("%s! (%s)", text, gale_http_server_request_path(gale_handler_request(self)));
    return 0;
}

static const gale_template_function methods[] = { { "shout", shout, NULL }, { 0 } };

static int entry(gale_handler *self, gale_template_call *call)
{
    const char *title;
    if (json_unpack(call->arguments, "[s]", &title) < 0)
        return gale_template_fail(call, "Entry() takes a title");
    return gale_ui_module_render(self, call, "entry.html", json_pack("{s:s}", "title", title));
}

static const char *script(gale_handler *self)
{
    (void)self;
    return "js_embed()";
}

static const char *style(gale_handler *self)
{
    (void)self;
    return ".entry { margin: 1em; }";
}

static const char *const *scripts(gale_handler *self)
{
    static const char *const list[] = { "/a.js", "http://b/b.js?x=1&y=2", "/a.js", NULL };
    (void)self;
    return list;
}

static const char *const *styles(gale_handler *self)
{
    static const char *const list[] = { "/a.css", NULL };
    (void)self;
    return list;
}

static const char *head(gale_handler *self)
{
    (void)self;
    return "<meta>";
}

static const char *body(gale_handler *self)
{
    (void)self;
    return "<script>end()</script>";
}

static const gale_ui_module modules[] = { { .name = "Entry",
                                            .render = entry,
                                            .embedded_javascript = script,
                                            .javascript_files = scripts,
                                            .embedded_css = style,
                                            .css_files = styles,
                                            .html_head = head,
                                            .html_body = body },
                                          { 0 } };

TEST(ui_methods_get_the_handler)
{
    begin();
    put("a.html", "{{ shout('<hi>') }}");
    wanted = "a.html";
    assert_body(open_site((gale_application_settings){ .ui_methods = methods }), "/",
                "&lt;hi&gt;! (/)");
    drop("a.html");
    finish();
}

TEST(resources_of_ui_modules_stand_where_tornado_puts_them)
{
    begin();
    put("entry.html", "<div>{{ title }}</div>");
    put("a.html", "<html><head></head><body>{% module Entry('<1>') %}{% module Entry('2') %}"
                  "</body></html>");
    wanted = "a.html";
    assert_body(open_site((gale_application_settings){ .ui_modules = modules }), "/",
                "<html><head><link href=\"/a.css\" type=\"text/css\" rel=\"stylesheet\"/>\n"
                "<style type=\"text/css\">\n.entry { margin: 1em; }\n</style>\n<meta>\n</head>"
                "<body><div>&lt;1&gt;</div><div>2</div>"
                "<script src=\"/a.js\" type=\"text/javascript\"></script>"
                "<script src=\"http://b/b.js?x=1&amp;y=2\" type=\"text/javascript\"></script>\n"
                "<script type=\"text/javascript\">\n//<![CDATA[\njs_embed()\n//]]>\n</script>\n"
                "<script>end()</script>\n</body></html>");
    drop("a.html");
    drop("entry.html");
    finish();
}

TEST(a_template_as_module_sets_resources_once)
{
    begin();
    put("part.html", "{{ set_resources(embedded_css='.p {}', javascript_files='/p.js', "
                     "css_files=['/p.css']) }}[{{ n }}]");
    put("a.html", "<head></head><body>{% module Template('part.html', n=1) %}"
                  "{% module Template('part.html', n=2) %}</body>");
    wanted = "a.html";
    assert_body(open_site((gale_application_settings){ 0 }), "/",
                "<head><link href=\"/p.css\" type=\"text/css\" rel=\"stylesheet\"/>\n"
                "<style type=\"text/css\">\n.p {}\n</style>\n</head><body>[1][2]"
                "<script src=\"/p.js\" type=\"text/javascript\"></script>\n</body>");
    drop("a.html");
    drop("part.html");
    finish();
}

TEST(a_page_without_a_head_is_an_error_when_modules_need_one)
{
    begin();
    put("entry.html", "");
    put("a.html", "{% module Entry('1') %}</body>");
    wanted = "a.html";
    int port = open_site((gale_application_settings){ .ui_modules = modules });
    test_expect_log(GALE_LOG_ERROR, "no </head>");
    test_expect_log(GALE_LOG_ERROR, "500 GET /");
    assert_status(port, "/", "500 Internal Server Error");
    drop("a.html");
    drop("entry.html");
    finish();
}

TEST(linkify_is_a_module)
{
    begin();
    put("a.html", "{% module linkify('www.a.com <', shorten=True) %}");
    wanted = "a.html";
    assert_body(open_site((gale_application_settings){ 0 }), "/",
                "<a href=\"http://www.a.com\">www.a.com</a> &lt;");
    drop("a.html");
    finish();
}

static int asked;

static int lazy_user(gale_handler *self, json_t **ret_user)
{
    asked++;
    return user(self, ret_user);
}

static int greeting(gale_handler *self, gale_template_call *call)
{
    const char *name = json_string_value(json_object_get(gale_current_user(self), "name"));
    return gale_template_write(call, name, strlen(name));
}

static int nothing(gale_handler *self, gale_template_call *call)
{
    (void)self;
    return gale_template_write(call, "-", 1);
}

static const gale_ui_module user_modules[] = { { .name = "Greeting", .render = greeting },
                                               { .name = "Nothing", .render = nothing },
                                               { 0 } };
static const gale_handler_class lazy_handler = { .get = page, .get_current_user = lazy_user };

TEST(a_module_knows_the_user)
{
    int port;
    begin();
    asked = 0;
    put("a.html", "{% module Nothing() %}");
    put("b.html", "{% module Greeting() %}{{ current_user.name }}");
    wanted = "a.html";
    serve((gale_route[]){ ROUTE("/", lazy_handler), { 0 } },
          &(gale_application_settings){ .template_path = folder, .ui_modules = user_modules },
          &port);
    assert_body(port, "/", "-");
    assert_int_equal(asked, 0);
    wanted = "b.html";
    assert_body(port, "/", "AnnAnn");
    assert_int_equal(asked, 1);
    drop("a.html");
    drop("b.html");
    finish();
}

static const char *body_of_many(gale_handler *self)
{
    (void)self;
    return "x";
}

TEST(a_page_may_have_many_modules)
{
    enum { COUNT = 100 };
    static gale_ui_module many[COUNT + 1];
    static char names[COUNT][16], source[COUNT * 40] = "<body>", body[COUNT * 3 + 100];
    char *at = body + sprintf(body, "<body>");
    for (int i = 0; i < COUNT; i++) {
        snprintf(names[i], sizeof names[i], "M%d", i);
        many[i] = (gale_ui_module){ names[i], .render = nothing, .html_body = body_of_many };
        size_t size = strlen(source);
        snprintf(source + size, sizeof source - size, "{%% module M%d() %%}", i);
        *at++ = '-';
    }
    memset(at, 'x', COUNT);
    strcpy(at + COUNT, "\n</body>");
    begin();
    put("a.html", strcat(source, "</body>"));
    wanted = "a.html";
    assert_body(open_site((gale_application_settings){ .ui_modules = many }), "/", body);
    drop("a.html");
    finish();
}

TEST(a_piece_is_rendered_to_text)
{
    begin();
    put("a.html", "{{ 1 + 1 }}");
    wanted = "a.html";
    assert_body(open_site((gale_application_settings){ 0 }), "/piece", "2");
    drop("a.html");
    finish();
}

/* ---- Slots ----------------------------------------------------------------------------- */

static const char *other_path(gale_handler *self)
{
    (void)self;
    return folder;
}

static json_t *site_values(gale_handler *self)
{
    (void)self;
    return json_pack("{s:s, s:s}", "site", "gale", "name", "nobody");
}

static const char *no_scripts(gale_handler *self, const char *const *files)
{
    (void)self;
    return files[0] && !files[1] ? "<!-- one file -->" : "";
}

static const gale_handler_class base_handler = { .get_template_path = other_path,
                                                 .get_template_namespace = site_values,
                                                 .render_linked_js = no_scripts };
static const gale_handler_class derived_handler = { .base = &base_handler, .get = page };

TEST(a_class_says_where_templates_are_and_what_they_know)
{
    begin();
    put("a.html", "{{ site }} {{ name }}");
    wanted = "a.html";
    assert_body(serve_routes((gale_route[]){ ROUTE("/", derived_handler), { 0 } }), "/",
                "gale &lt;Ben&gt;");
    drop("a.html");
    finish();
}

TEST(a_class_writes_the_links_of_modules)
{
    begin();
    put("part.html", "{{ set_resources(javascript_files='/p.js') }}");
    put("a.html", "<body>{% module Template('part.html') %}</body>");
    wanted = "a.html";
    assert_body(serve_routes((gale_route[]){ ROUTE("/", derived_handler), { 0 } }), "/",
                "<body><!-- one file -->\n</body>");
    drop("a.html");
    drop("part.html");
    finish();
}

GALE_TEST_MAIN
