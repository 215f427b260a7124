/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions, and the limits of a rendering. */
#include <string.h>

#include "template/template_test.h"

/* ---- Expressions ----------------------------------------------------------------------- */

TEST(arithmetic_is_pythons)
{
    renders("{{ 7 // -2 }} {{ 7 % -2 }} {{ -7 // 2 }} {{ -7 % 2 }} {{ 7 / 2 }} {{ 2 ** 10 }} "
            "{{ 2 ** -1 }} {{ -2 ** 2 }} {{ 7.5 // 2 }} {{ -7.5 % 2 }}",
            NULL, "-4 -1 -4 1 3.5 1024 0.5 -4 3.0 0.5");
    renders(
        "{{ 1 << 4 }} {{ -5 >> 1 }} {{ 6 & 3 }} {{ 6 | 1 }} {{ 6 ^ 3 }} {{ ~6 }} {{ True + 1 }}",
        NULL, "16 -3 2 7 5 -7 2");
    renders("{{ 'a' + 'b' }} {{ 'ab' * 2 }} {{ [1] + [2] }} {{ 2 * (1,) }}", NULL,
            "ab abab [1, 2] (1, 1)");
    renders("{% raw {'a': 1} | {'b': 2} %} {{ 1 if [] else 2 }} {{ 0 or 3 }} {{ 0 and 3 }}", NULL,
            "{'a': 1, 'b': 2} 2 3 0");
}

TEST(integers_have_64_bits)
{
    fails("{{ 9223372036854775807 + 1 }}", NULL,
          "OverflowError: integer over 64 bits at <string>:1: {{ 9223372036854775807 + 1 }}");
    renders("{% try %}{{ 2 ** 63 }}{% except OverflowError %}over{% end %} {{ -2 ** 62 * 2 }}"
            "{% try %}{{ -(-2 ** 62 * 2) }}{% except ArithmeticError %} over{% end %}",
            NULL, "over -9223372036854775808 over");
    renders(
        "{% try %}{{ (-2 ** 62 * 2) // -1 }}{% except OverflowError %}over{% end %}"
        "{{ (-2 ** 62 * 2) % -1 }}{% try %}{{ 1 << 63 }}{% except OverflowError %}over{% end %}",
        NULL, "over0over");
}

TEST(comparisons_are_chained)
{
    renders("{{ 0 < n < 10 }} {{ 0 < n < 5 }} {{ 1 == 1.0 }} {{ [1] < [1, 2] }} {{ 'a' in 'cab' }} "
            "{{ 1 not in (2,) }} {{ None is None }} {{ n is not None }} {{ 'a' in {'a': 1} }}",
            json_pack("{s:i}", "n", 7), "True False True True True True True True True");
    renders(
        "{{ 9007199254740993 == 9007199254740992.0 }} {{ 9007199254740993 > 9007199254740992.0 }}",
        NULL, "False True");
}

TEST(parts_of_values)
{
    json_t *values = json_pack("{s:[i,i,i],s:{s:s}}", "l", 1, 2, 3, "d", "k", "v");
    renders("{{ l[0] }}{{ l[-1] }} {{ l[1:] }} {{ l[::-1] }} {{ d.k }}{{ d['k'] }} "
            "{{ 'h\xC3\xA9llo'[1] }}{{ 'h\xC3\xA9llo'[1:3] }}{{ 'h\xC3\xA9llo'[::-2] }} "
            "{{ range(9)[2:8:3] }}",
            values,
            "13 [2, 3] [3, 2, 1] vv \xC3\xA9\xC3\xA9"
            "lolh range(2, 8, 3)");
    fails("{{ [1][1] }}", NULL, "IndexError: list index out of range at <string>:1: {{ [1][1] }}");
}

TEST(assignments)
{
    renders("{% set a, (b, c) = 1, [2, 3] %}{{ a }}{{ b }}{{ c }}{% set x = y = 4 %}{{ x }}{{ y }}"
            "{% set l = [0, 0] %}{% set l[1] = 5 %}{{ l }}{% set l[0] += 2 %}{{ l }}"
            "{% set l += (9,) %}{{ l }}",
            NULL, "12344[0, 5][2, 5][2, 5, 9]");
    renders("{% set n = n + 1 %}{{ n }}", json_pack("{s:i}", "n", 1), "2");
    fails("{% set a, b = [1] %}", NULL,
          "ValueError: not enough values to unpack (expected 2, got 1) at <string>:1: "
          "{% set a, b = [1] %}");
    fails("{% set l[0] = 1 %}", json_pack("{s:[i]}", "l", 1),
          "TypeError: a list that was given to the template cannot be changed at <string>:1: "
          "{% set l[0] = 1 %}");
}

TEST(comprehensions_keep_their_names_to_themselves)
{
    renders("{% set x = 'x' %}{{ [x * y for x in range(3) for y in (1, 2) if x] }} {{ x }} "
            "{{ {k: v for k, v in [(1, 2)]} }} {{ sum(x for x in [1, 2]) }}",
            NULL, "[1, 2, 2, 4] x {1: 2} 3");
}

/* ---- Limits, failures ------------------------------------------------------------------ */

TEST(a_rendering_is_limited)
{
    gale_template_options small = { .max_output = 1000, .max_memory = 100000, .max_steps = 10000 };
    fails_with("{% while True %}{% end %}", &small, NULL,
               "the template takes too many steps at <string>:1: {% while True %}");
    fails_with("{% for i in range(200) %}text{{ i }}{% end %}", &small, NULL,
               "the template's output is over the limit at <string>:1: {{ i }}");
    fails_with("{{ 'a' * 200000 }}", &small, NULL,
               "the template's values take too much memory at <string>:1: {{ 'a' * 200000 }}");
    fails_with("{% try %}{{ 'a' * 200000 }}{% except %}{% finally %}{% end %}", &small, NULL,
               "the template's values take too much memory at <string>:1: {{ 'a' * 200000 }}");
    renders_with("{{ 'a' * 999 == 'b' }}", &small, NULL, "False");
}

TEST(long_sums_are_no_deep_ones)
{
    char source[4200] = "{{ 0";
    size_t size = 4;
    for (int i = 0; i < 1000; i++, size += 4)
        memcpy(source + size, " + 1", 4);
    memcpy(source + size, " }}", 4);
    renders(source, NULL, "1000");
}

TEST(endless_lists_in_lists_end)
{
    fails(
        "{% set l = [] %}{% for i in range(200) %}{% set l = [l] %}{% end %}{{ l == [l] }}{{ l }}",
        NULL, "the template nests too deeply at <string>:1: {{ l == [l] }}");
}

TEST(values_must_be_an_object)
{
    gale_template *page = compiled("x", NULL);
    assert_null(gale_template_generate(page, json_array(), NULL));
    assert_string_equal(gale_error_detail(), "the values of a template are no object");
    gale_template_free(page);
    assert_null(gale_template_dict_loader_new(json_array(), NULL));
    assert_null(gale_template_dict_loader_new(NULL, NULL));
}

GALE_TEST_MAIN
