/* SPDX-License-Identifier: Apache-2.0 */
/* Templates as a program uses them. Many cases are Tornado's template_test. */
#include <string.h>

#include "template/template_test.h"

/* ---- Functions that the templates call ------------------------------------------------ */

static int inc(gale_template_call *call)
{
    json_int_t number;
    if (json_unpack(call->arguments, "[I!]", &number) < 0)
        return gale_template_fail(call, "inc() takes a number, not %zu things",
                                  json_array_size(call->arguments));
    call->result = json_integer(number + 1);
    return 0;
}

static int stars(gale_template_call *call)
{
    int count;
    if (json_unpack(call->arguments, "[i!]", &count) < 0)
        return GALE_EINVALID;
    while (count-- > 0)
        GALE_TRY(gale_template_write(call, "<*>", 3));
    return 0;
}

static int shout(gale_template_call *call)
{
    const char *message = json_string_value(json_array_get(call->arguments, 0));
    const char *mark = json_string_value(json_object_get(call->keywords, "mark"));
    for (; message && *message; message++) {
        char letter = (char)(*message >= 'a' && *message <= 'z' ? *message - 32 : *message);
        GALE_TRY(gale_template_write(call, &letter, 1));
    }
    mark = mark ? mark : (const char *)call->arg;
    return gale_template_write(call, mark, strlen(mark));
}

static int write_latin1(gale_template_call *call)
{
    return gale_template_write(call, "\xE9", 1);
}

static int quote(gale_template_call *call)
{
    const char *message = json_string_value(json_array_get(call->arguments, 0));
    GALE_TRY(gale_template_write(call, "'", 1));
    GALE_TRY(gale_template_write(call, message, strlen(message)));
    return gale_template_write(call, "'", 1);
}

static int count_context(gale_template_call *call)
{
    call->result = json_integer(++*(int *)call->context);
    return 0;
}

static const gale_template_function functions[] = { { "inc", inc, NULL },
                                                    { "stars", stars, NULL },
                                                    { "shout", shout, "!" },
                                                    { "py_escape", quote, NULL },
                                                    { "latin1", write_latin1, NULL },
                                                    { "count", count_context, NULL },
                                                    { "locale.shout", shout, "?" },
                                                    { "modules.Stars", stars, NULL },
                                                    { 0 } };
static const gale_template_options with_functions = { .functions = functions };

/* ---- Tornado: TemplateTest ------------------------------------------------------------- */

TEST(a_value_is_printed)
{
    renders("Hello {{ name }}!", text("name", "Ben"), "Hello Ben!");
    renders("{{ a }} {{ b }} {{ c }} {{ d }}",
            json_pack("{s:b,s:n,s:i,s:f}", "a", 1, "b", "c", -7, "d", 0.5), "True None -7 0.5");
}

/* Tornado: TemplateTest.test_bytes */
TEST(a_value_is_printed_byte_for_byte)
{
    static const char bytes[] = "B\0\xc3\xa9\r\n\t\x01n";
    gale_template *page = compiled("Hello {{ name }}!", NULL);
    json_t *name = json_stringn(bytes, sizeof bytes - 1);
    gale_bytes *result = gale_template_generate(page, json_pack("{s:o}", "name", name), NULL);
    assert_non_null(result);
    assert_bytes(gale_bytes_str(result), GALE_STR("Hello B\0\xc3\xa9\r\n\t\x01n!"));
    gale_bytes_unref(result);
    gale_template_free(page);
}

TEST(an_expression_is_printed)
{
    renders("2 + 2 = {{ 2 + 2 }}", NULL, "2 + 2 = 4");
}

TEST(a_comment_prints_nothing)
{
    renders("Hello{# TODO i18n #} {{ name }}!", text("name", "Ben"), "Hello Ben!");
    renders("{% comment blah blah %}foo", NULL, "foo");
}

TEST(a_file_is_included)
{
    gale_template_loader *loader =
        sources(json_pack("{s:s,s:s}", "index.html", "{% include \"header.html\" %}\nbody text",
                          "header.html", "header text"),
                NULL);
    loads(loader, "index.html", NULL, "header text\nbody text");
    gale_template_loader_free(loader);
}

TEST(an_included_file_shares_the_variables)
{
    gale_template_loader *loader =
        sources(json_pack("{s:s,s:s}", "a", "{% set x = 1 %}{% include b %}{{ x }}", "b",
                          "{{ x }}{% set x = 2 %}"),
                NULL);
    loads(loader, "a", NULL, "12");
    gale_template_loader_free(loader);
}

TEST(blocks_replace_those_of_the_extended_file)
{
    gale_template_loader *loader =
        sources(json_pack("{s:s,s:s,s:s}", "base.html",
                          "<title>{% block title %}default title{% end %}</title>\n"
                          "<body>{% block body %}default body{% end %}</body>\n",
                          "page.html",
                          "{% extends \"base.html\" %}\n{% block title %}page title{% end %}\n"
                          "{% block body %}page body{% end %}\n",
                          "sub.html", "{% extends page.html %}{% block body %}sub{% end %}"),
                NULL);
    loads(loader, "page.html", NULL, "<title>page title</title>\n<body>page body</body>\n");
    loads(loader, "sub.html", NULL, "<title>page title</title>\n<body>sub</body>\n");
    loads(loader, "base.html", NULL, "<title>default title</title>\n<body>default body</body>\n");
    gale_template_loader_free(loader);
}

TEST(names_are_relative_to_their_file)
{
    gale_template_loader *loader =
        sources(json_pack("{s:s,s:s,s:s}", "a/1.html", "{% include '2.html' %}", "a/2.html",
                          "{% include '../b/3.html' %}", "b/3.html", "ok"),
                NULL);
    loads(loader, "a/1.html", NULL, "ok");
    gale_template_loader_free(loader);
}

TEST(an_exclamation_mark_escapes_a_mark)
{
    is_refused("{{", "Missing end expression }} at <string>:1");
    is_refused("{%", "Missing end block %} at <string>:1");
    renders("{{!", NULL, "{{");
    renders("{%!", NULL, "{%");
    renders("{#!", NULL, "{#");
    renders("{{ 'expr' }} {{!jquery expr}}", NULL, "expr {{jquery expr}}");
}

TEST(text_beyond_ascii)
{
    renders("\xC3\xA9", NULL, "\xC3\xA9");
    renders("{{ \"\xC3\xA9\" }}", NULL, "\xC3\xA9");
    renders("{{ '\\u00e9\\x41' }}", NULL,
            "\xC3\xA9"
            "A");
    assert_null(gale_template_new(GALE_STR("\xE9"), "x", NULL));
    assert_string_equal(gale_error_detail(), "x is not UTF-8");
}

TEST(registered_functions_are_called)
{
    renders_with("{{ inc(5) }} {{ stars(2) }} {% raw stars(1) %}{{ stars(0) }}.", &with_functions,
                 NULL, "6 &lt;*&gt;&lt;*&gt; <*>.");
    renders_with("{{ shout('a') }} {{ shout('a', mark='.') }} {{ locale.shout('b') }}",
                 &with_functions, NULL, "A! A. B?");
}

TEST(a_value_hides_a_function_and_a_variable_both)
{
    renders_with("{{ inc }}{% set inc = 2 %}{{ inc }}", &with_functions,
                 json_pack("{s:i}", "inc", 1), "12");
    renders_with("{{ locale.shout }}", &with_functions,
                 json_pack("{s:{s:i}}", "locale", "shout", 3), "3");
    renders_with("{% set locale = {'shout': 4} %}{{ locale.shout }}", &with_functions, NULL, "4");
}

TEST(modules_print_unescaped)
{
    renders_with("{% module Stars(1) %}", &with_functions, NULL, "<*>");
    fails_with("\n{% module None_such(1) %}", &with_functions, NULL,
               "NameError: name 'modules' is not defined at <string>:2: "
               "{% module None_such(1) %}");
}

TEST(functions_get_the_context)
{
    int counter = 0;
    gale_template *page = compiled("{{ count() }}{{ count() }}", &with_functions);
    gale_bytes *result = gale_template_generate(page, NULL, &counter);
    assert_non_null(result);
    assert_str(gale_bytes_str(result), "12");
    assert_int_equal(counter, 2);
    gale_bytes_unref(result);
    gale_template_free(page);
}

TEST(functions_fail)
{
    fails_with("{{ inc('a', 2) }}", &with_functions, NULL,
               "RuntimeError: inc() takes a number, not 2 things at <string>:1: "
               "{{ inc('a', 2) }}");
    fails_with("{{ stars('a') }}", &with_functions, NULL,
               "RuntimeError: stars(): invalid argument at <string>:1: {{ stars('a') }}");
    fails_with("{{ latin1() }}", &with_functions, NULL,
               "ValueError: a function has written what is not UTF-8 at <string>:1: "
               "{{ latin1() }}");
    renders_with("{% try %}{{ inc() }}{% except RuntimeError as e %}{{ e }}{% end %}",
                 &with_functions, NULL, "inc() takes a number, not 0 things");
}

TEST(apply_puts_its_body_through_a_function)
{
    renders_with("{% apply shout %}foo{% end %}", &with_functions, NULL, "FOO!");
    renders("{% apply squeeze %}foo   \xC3\xA9{% end %}", NULL, "foo \xC3\xA9");
    renders("{% set x = 1 %}{% apply squeeze %}{% set x = 2 %}{{ x }}{% end %}{{ x }}", NULL, "21");
}

TEST(if_chooses)
{
    const char *source = "{% if x > 4 %}yes{% else %}no{% end %}";
    renders(source, json_pack("{s:i}", "x", 5), "yes");
    renders(source, json_pack("{s:i}", "x", 3), "no");
    renders("{% if True %}{% else %}{% end %}", NULL, "");
    renders("{% if 0 %}a{% elif '' %}b{% elif [0] %}c{% else %}d{% end %}", NULL, "c");
}

TEST(try_catches)
{
    const char *source = "{% try %}\ntry{% set y = 1/x %}\n{% except %}-except\n"
                         "{% else %}-else\n{% finally %}-finally\n{% end %}";
    renders(source, json_pack("{s:i}", "x", 1), "\ntry\n-else\n-finally\n");
    renders(source, json_pack("{s:i}", "x", 0), "\ntry-except\n-finally\n");
}

TEST(except_chooses_by_kind)
{
    const char *source = "{% try %}{{ x['a'] }}{% except (IndexError, TypeError) as e %}1{{ e }}"
                         "{% except LookupError as e %}2{{ e }}{% end %}";
    renders(source, json_pack("{s:i}", "x", 1), "1&#x27;int&#x27; object is not subscriptable");
    renders(source, json_pack("{s:{}}", "x"), "2&#x27;a&#x27;");
    fails("{% try %}{{ x }}{% except KeyError %}{% end %}", NULL,
          "NameError: name 'x' is not defined at <string>:1: {{ x }}");
    fails("{% try %}{{ x }}{% except Nonsense %}{% end %}", NULL,
          "NameError: name 'Nonsense' is not defined at <string>:1: {% except Nonsense %}");
    renders("{% for i in [1, 2] %}{% try %}{% continue %}{% finally %}{{ i }}{% end %}{% end %}",
            NULL, "12");
}

TEST(break_and_continue)
{
    renders("{% for i in range(10) %}{% if i == 2 %}{% continue %}{% end %}{{ i }}"
            "{% if i == 6 %}{% break %}{% end %}{% end %}",
            NULL, "013456");
    renders("{% for i in [] %}{% else %}else{% end %}{% for i in [1] %}{% break %}{% else %}no{% "
            "end %}",
            NULL, "else");
    renders("{% set n = 3 %}{% while n %}{{ n }}{% set n -= 1 %}{% else %}.{% end %}", NULL,
            "321.");
}

TEST(break_belongs_into_a_loop)
{
    is_refused("{% break %}", "break outside {'for', 'while'} block at <string>:1");
    is_refused("{% for i in [] %}{% apply foo %}{% break %}{% end %}{% end %}",
               "break outside {'for', 'while'} block at <string>:1");
}

TEST(names_beyond_ascii)
{
    gale_template_loader *loader = sources(text("t\xC3\xA9st.html", "hello"), NULL);
    loads(loader, "t\xC3\xA9st.html", NULL, "hello");
    gale_template_loader_free(loader);
}

TEST(memory_may_run_out_anywhere)
{
    static const char source[] =
        "{% set l = [i * 2 for i in range(9)] %}{% apply shout %}{{ l }}{% set m = {'a': l} %}"
        "{% end %}{{ shout(m.b if 0 else 'b', mark='c') }}{% try %}{{ l['x'] }}{% except %}{% end "
        "%}"
        "{{ '%s-%d' % ('a', 3) }}{{ sorted(l) }}{{ inc(1) }}";
    size_t n = 0;
    do {
        test_fail_allocation(++n);
        gale_template *page =
            gale_template_new((gale_str){ source, sizeof source - 1 }, "n", &with_functions);
        gale_bytes *result = page ? gale_template_generate(page, NULL, NULL) : NULL;
        assert_true(result || test_allocation_failed());
        gale_bytes_unref(result);
        gale_template_free(page);
    } while (test_allocation_failed());
}

/* ---- Tornado: StackTraceTest ----------------------------------------------------------- */

TEST(errors_tell_the_line)
{
    fails("one\ntwo{{1/0}}\nthree\n", NULL,
          "ZeroDivisionError: division by zero at <string>:2: {{ 1/0 }}");
    fails("one\ntwo{%if 1/0%}\nthree{%end%}\n", NULL,
          "ZeroDivisionError: division by zero at <string>:2: {% if 1/0 %}");
    fails("{% if 0 %}\n{% elif 1/0 %}{% end %}", NULL,
          "ZeroDivisionError: division by zero at <string>:2: {% elif 1/0 %}");
    fails("{% for i in [1] %}\n{{ i }}{% end %}\n{{ story[\"titel\"] }}",
          json_pack("{s:{}}", "story"), "KeyError: 'titel' at <string>:3: {{ story[\"titel\"] }}");
}

/* Tornado's Template module: renders another file. */
static gale_template_loader *nested;

static int render_nested(gale_template_call *call)
{
    const char *name = json_string_value(json_array_get(call->arguments, 0));
    gale_template *page = gale_template_loader_load(nested, name, NULL);
    gale_bytes *result = page ? gale_template_generate(page, NULL, NULL) : NULL;
    if (!result)
        return GALE_EINVALID;
    gale_str written = gale_bytes_str(result);
    int error = gale_template_write(call, written.data, written.len);
    gale_bytes_unref(result);
    return error;
}

TEST(errors_in_modules_tell_both_lines)
{
    const gale_template_function module[] = { { "modules.Template", render_nested, NULL }, { 0 } };
    nested = sources(json_pack("{s:s,s:s,s:s}", "base.html", "{% module Template('sub.html') %}",
                               "sub.html", "{{1/0}}", "good", "{% module Template('x') %}"),
                     &(gale_template_options){ .functions = module });
    load_fails(nested, "base.html",
               "RuntimeError: modules.Template(): ZeroDivisionError: division by zero at "
               "sub.html:1: {{ 1/0 }} at base.html:1: {% module Template('sub.html') %}");
    load_fails(nested, "good",
               "RuntimeError: modules.Template(): template x: not found at good:1: "
               "{% module Template('x') %}");
    gale_template_loader_free(nested);
}

TEST(errors_tell_the_way_there)
{
    gale_template_loader *loader =
        sources(json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "a.html", "{% include 'b.html' %}", "b.html",
                          "{% include 'c.html' %}", "c.html", "{{1/0}}", "base.html",
                          "{% block 'block' %}{% end %}", "sub.html",
                          "\n{% extends 'base.html' %}\n{% block 'block' %}\n{{1/0}}\n{% end %}\n",
                          "child.html", "{% extends 'c.html' %}"),
                NULL);
    load_fails(loader, "b.html",
               "ZeroDivisionError: division by zero at c.html:1 (via b.html:1): {{ 1/0 }}");
    load_fails(loader, "a.html",
               "ZeroDivisionError: division by zero at c.html:1 (via b.html:1, "
               "a.html:1): {{ 1/0 }}");
    load_fails(loader, "child.html", "ZeroDivisionError: division by zero at c.html:1: {{ 1/0 }}");
    load_fails(loader, "sub.html",
               "ZeroDivisionError: division by zero at sub.html:4 (via base.html:1): {{ 1/0 }}");
    gale_template_loader_free(loader);
}

/* ---- Tornado: ParseErrorDetailTest ----------------------------------------------------- */

TEST(malformed_templates_are_refused_with_name_and_line)
{
    gale_template_loader *loader = sources(text("foo.html", "\n\n{{"), NULL);
    load_fails(loader, "foo.html", "Missing end expression }} at foo.html:3");
    gale_template_loader_free(loader);
    is_refused("{% if x %}", "Missing {% end %} block for if at <string>:1");
    is_refused("{% end %}", "Extra {% end %} block at <string>:1");
    is_refused("{% foo %}", "unknown operator: 'foo' at <string>:1");
    is_refused("{{ }}", "Empty expression at <string>:1");
    is_refused("{% %}", "Empty block tag ({% %}) at <string>:1");
    is_refused("{# ", "Missing end comment #} at <string>:1");
    is_refused("{% else %}", "else outside {'if', 'for', 'while', 'try'} block at <string>:1");
    is_refused("{% if x %}{% except %}{% end %}",
               "except block cannot be attached to if block at <string>:1");
    is_refused("{% include x %}",
               "{% include %} block found, but no template loader at <string>:1");
    is_refused("{{ a b }}", "invalid syntax near 'b' at <string>:1: a b");
    is_refused("{{ lambda: 1 }}", "lambda is not supported at <string>:1: lambda: 1");
    is_refused("{{ x() = 1 }}", "invalid syntax near '=' at <string>:1: x() = 1");
    is_refused("{% import os %}",
               "import is not supported (register a function instead) at <string>:1");
}

/* ---- Tornado: AutoEscapeTest ----------------------------------------------------------- */

static json_t *escape_sources(void)
{
    return json_pack(
        "{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "escaped.html",
        "{% autoescape xhtml_escape %}{{ name }}", "unescaped.html",
        "{% autoescape None %}{{ name }}", "default.html", "{{ name }}", "include.html",
        "escaped: {% include 'escaped.html' %}\nunescaped: {% include 'unescaped.html' %}\n"
        "default: {% include 'default.html' %}\n",
        "escaped_block.html",
        "{% autoescape xhtml_escape %}{% block name %}base: {{ name }}{% end %}",
        "unescaped_block.html", "{% autoescape None %}{% block name %}base: {{ name }}{% end %}",
        "escaped_extends_unescaped.html",
        "{% autoescape xhtml_escape %}{% extends \"unescaped_block.html\" %}",
        "escaped_overrides_unescaped.html",
        "{% autoescape xhtml_escape %}{% extends \"unescaped_block.html\" %}"
        "{% block name %}extended: {{ name }}{% end %}",
        "unescaped_extends_escaped.html",
        "{% autoescape None %}{% extends \"escaped_block.html\" %}",
        "unescaped_overrides_escaped.html",
        "{% autoescape None %}{% extends \"escaped_block.html\" %}"
        "{% block name %}extended: {{ name }}{% end %}",
        "raw_expression.html",
        "{% autoescape xhtml_escape %}expr: {{ name }}\nraw: {% raw name %}");
}

TEST(escaping_is_off_by_default_of_the_loader)
{
    gale_template_loader *loader =
        sources(escape_sources(), &(gale_template_options){ .autoescape = "None" });
    const char *name = "Bobby <table>s";
    loads(loader, "escaped.html", text("name", name), "Bobby &lt;table&gt;s");
    loads(loader, "unescaped.html", text("name", name), name);
    loads(loader, "default.html", text("name", name), name);
    loads(loader, "include.html", text("name", name),
          "escaped: Bobby &lt;table&gt;s\nunescaped: Bobby <table>s\ndefault: Bobby <table>s\n");
    gale_template_loader_free(loader);
}

TEST(escaping_is_on_by_default)
{
    gale_template_loader *loader = sources(escape_sources(), NULL);
    const char *name = "Bobby <table>s";
    loads(loader, "escaped.html", text("name", name), "Bobby &lt;table&gt;s");
    loads(loader, "unescaped.html", text("name", name), name);
    loads(loader, "default.html", text("name", name), "Bobby &lt;table&gt;s");
    loads(loader, "include.html", text("name", name),
          "escaped: Bobby &lt;table&gt;s\nunescaped: Bobby <table>s\n"
          "default: Bobby &lt;table&gt;s\n");
    gale_template_loader_free(loader);
}

TEST(each_block_is_escaped_as_its_file_says)
{
    gale_template_loader *loader = sources(escape_sources(), NULL);
    static const char *const expected[][2] = {
        { "escaped_block.html", "base: &lt;script&gt;" },
        { "unescaped_block.html", "base: <script>" },
        { "escaped_extends_unescaped.html", "base: <script>" },
        { "escaped_overrides_unescaped.html", "extended: &lt;script&gt;" },
        { "unescaped_extends_escaped.html", "base: &lt;script&gt;" },
        { "unescaped_overrides_escaped.html", "extended: <script>" },
    };
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        loads(loader, expected[i][0], text("name", "<script>"), expected[i][1]);
    gale_template_loader_free(loader);
}

TEST(raw_is_not_escaped)
{
    gale_template_loader *loader = sources(escape_sources(), NULL);
    loads(loader, "raw_expression.html", text("name", "<>&\""),
          "expr: &lt;&gt;&amp;&quot;\nraw: <>&\"");
    gale_template_loader_free(loader);
}

TEST(a_function_of_ones_own_escapes)
{
    gale_template_loader *loader =
        sources(text("foo.py", "{% autoescape py_escape %}s = {{ name }}\n"), &with_functions);
    loads(loader, "foo.py", text("name", "<html>"), "s = '<html>'\n");
    loads(loader, "foo.py", text("name", "';sys.exit()"), "s = '';sys.exit()'\n");
    loads(loader, "foo.py", json_pack("{s:[s]}", "name", "not a string"),
          "s = '['not a string']'\n");
    gale_template_loader_free(loader);
}

TEST(white_space_in_marks_is_free)
{
    renders("{% for i in items\n  %}{% if i > 0 %}, {% end %}{#\n  #}{{i\n  }}{% end\n%}",
            json_pack("{s:[i,i,i,i,i]}", "items", 0, 1, 2, 3, 4), "0, 1, 2, 3, 4");
}

TEST(white_space_by_name)
{
    gale_template_loader *loader = sources(
        json_pack("{s:s,s:s,s:s,s:s,s:s}", "foo.html", "   \n\t\n asdf\t   ", "bar.js",
                  " \n\n\n\t qwer     ", "baz.txt", "\t    zxcv\n\n", "include.html",
                  "  {% include baz.txt %} \n ", "include.txt", "\t\t{% include foo.html %}    "),
        NULL);
    loads(loader, "foo.html", NULL, "\nasdf ");
    loads(loader, "bar.js", NULL, "\nqwer ");
    loads(loader, "baz.txt", NULL, "\t    zxcv\n\n");
    loads(loader, "include.html", NULL, " \t    zxcv\n\n\n");
    loads(loader, "include.txt", NULL, "\t\t\nasdf     ");
    gale_template_loader_free(loader);
}

TEST(white_space_by_loader)
{
    static const char *const expected[][3] = { { "all", "\t\tfoo\n\n", "\t\tbar\n\n" },
                                               { "single", " foo\n", " bar\n" },
                                               { "oneline", " foo ", " bar " } };
    for (size_t i = 0; i < 3; i++) {
        gale_template_loader *loader =
            sources(json_pack("{s:s,s:s}", "foo.html", "\t\tfoo\n\n", "bar.txt", "\t\tbar\n\n"),
                    &(gale_template_options){ .whitespace = expected[i][0] });
        loads(loader, "foo.html", NULL, expected[i][1]);
        loads(loader, "bar.txt", NULL, expected[i][2]);
        gale_template_loader_free(loader);
    }
    assert_null(gale_template_dict_loader_new(json_object(),
                                              &(gale_template_options){ .whitespace = "none" }));
    assert_string_equal(gale_error_detail(), "invalid whitespace mode none");
}

TEST(white_space_by_directive)
{
    gale_template_loader *loader =
        sources(text("foo.html", "{% whitespace oneline %}\n    {% for i in range(3) %}\n"
                                 "        {{ i }}\n    {% end %}\n{% whitespace all %}\n"
                                 "    pre\tformatted\n"),
                NULL);
    loads(loader, "foo.html", NULL, "  0  1  2  \n    pre\tformatted\n");
    gale_template_loader_free(loader);
}

GALE_TEST_MAIN
