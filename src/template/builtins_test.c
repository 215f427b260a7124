/* SPDX-License-Identifier: Apache-2.0 */
/* Built-in functions, methods of lists and maps, the text of values: the expected text is what
 * Python prints. */
#include <stdio.h>

#include "template/template_test.h"

static const char *const cases[][2] = {
    { "abs(-3)", "3" },
    { "abs(-2.5)", "2.5" },
    { "abs(True)", "1" },
    { "len('héé')", "3" },
    { "len([1,2])", "2" },
    { "len({})", "0" },
    { "len(range(7))", "7" },
    { "str(1)", "1" },
    { "str(1.0)", "1.0" },
    { "str(None)", "None" },
    { "str([1,'a'])", "[1, 'a']" },
    { "str()", "" },
    { "repr('a')", "'a'" },
    { "repr(\"it's\")", "\"it's\"" },
    { "repr('a\"\\'b')", "'a\"\\'b'" },
    { "repr('\\n\\t\\\\\\x01é\\u200b\\xa0\\u2028')", "'\\n\\t\\\\\\x01é\\u200b\\xa0\\u2028'" },
    { "repr('😀')", "'😀'" },
    { "int('12')", "12" },
    { "int(' -7 ')", "-7" },
    { "int('ff',16)", "255" },
    { "int('0x1f',0)", "31" },
    { "int(3.9)", "3" },
    { "int(-3.9)", "-3" },
    { "int(True)", "1" },
    { "int('1_000')", "1000" },
    { "int()", "0" },
    { "float('1.5')", "1.5" },
    { "float(3)", "3.0" },
    { "float('inf')", "inf" },
    { "float('-inf')", "-inf" },
    { "float('nan')", "nan" },
    { "float(' 1e3 ')", "1000.0" },
    { "float()", "0.0" },
    { "bool([])", "False" },
    { "bool('a')", "True" },
    { "bool()", "False" },
    { "list('abc')", "['a', 'b', 'c']" },
    { "list((1,2))", "[1, 2]" },
    { "list({'a':1})", "['a']" },
    { "list(range(3))", "[0, 1, 2]" },
    { "tuple([1])", "(1,)" },
    { "tuple()", "()" },
    { "dict(a=1,b=2)", "{'a': 1, 'b': 2}" },
    { "dict([('a',1)],b=2)", "{'a': 1, 'b': 2}" },
    { "dict({'x':1},y=[])", "{'x': 1, 'y': []}" },
    { "dict()", "{}" },
    { "min(3,1,2)", "1" },
    { "max([1,5,2])", "5" },
    { "min('b','a')", "a" },
    { "max(['aa','b'],key=len)", "aa" },
    { "max([],default=7)", "7" },
    { "min([3,1],default=0)", "1" },
    { "sum([1,2,3])", "6" },
    { "sum([1.5,2])", "3.5" },
    { "sum([[1],[2]],[])", "[1, 2]" },
    { "sum(x*x for x in range(4))", "14" },
    { "sorted([3,1,2])", "[1, 2, 3]" },
    { "sorted([3,1,2],reverse=True)", "[3, 2, 1]" },
    { "sorted(['bb','a'],key=len)", "['a', 'bb']" },
    { "sorted({'b':1,'a':2})", "['a', 'b']" },
    { "list(reversed([1,2,3]))", "[3, 2, 1]" },
    { "list(reversed('abc'))", "['c', 'b', 'a']" },
    { "list(reversed(range(4)))", "[3, 2, 1, 0]" },
    { "list(enumerate('ab'))", "[(0, 'a'), (1, 'b')]" },
    { "list(enumerate(['x'],5))", "[(5, 'x')]" },
    { "list(enumerate(['x'],start=2))", "[(2, 'x')]" },
    { "list(zip([1,2],'ab'))", "[(1, 'a'), (2, 'b')]" },
    { "list(zip([1,2,3],(4,5)))", "[(1, 4), (2, 5)]" },
    { "list(zip())", "[]" },
    { "round(2.5)", "2" },
    { "round(3.5)", "4" },
    { "round(2.675,2)", "2.67" },
    { "round(-0.5)", "0" },
    { "round(1234,-2)", "1200" },
    { "round(5)", "5" },
    { "round(1.5,0)", "2.0" },
    { "round(0.1+0.2,3)", "0.3" },
    { "round(1e20,2)", "1e+20" },
    { "any([0,1])", "True" },
    { "all([])", "True" },
    { "all([1,0])", "False" },
    { "any([])", "False" },
    { "isinstance(1,int)", "True" },
    { "isinstance(True,int)", "True" },
    { "isinstance('a',(int,str))", "True" },
    { "isinstance([],dict)", "False" },
    { "isinstance(1.0,int)", "False" },
    { "[1,2,1].count(1)", "2" },
    { "[1,2].index(2)", "1" },
    { "[1,2,1].index(1,1)", "2" },
    { "[1,2].copy()", "[1, 2]" },
    { "(1,2,1).count(1)", "2" },
    { "(1,2).index(2)", "1" },
    { "[3,1].index(1,-1)", "1" },
    { "{'a':1}.get('a')", "1" },
    { "{'a':1}.get('b')", "None" },
    { "{'a':1}.get('b',2)", "2" },
    { "list({'a':1}.items())", "[('a', 1)]" },
    { "list({'a':1}.keys())", "['a']" },
    { "list({'a':1}.values())", "[1]" },
    { "{'a':1}.copy()", "{'a': 1}" },
    { "len({'a':1}.items())", "1" },
    { "1.0", "1.0" },
    { "0.1", "0.1" },
    { "1e16", "1e+16" },
    { "1e15", "1000000000000000.0" },
    { "123456789012345680.0", "1.2345678901234568e+17" },
    { "1e-4", "0.0001" },
    { "1e-5", "1e-05" },
    { "1.5e-7", "1.5e-07" },
    { "5e-324", "5e-324" },
    { "1.7976931348623157e308", "1.7976931348623157e+308" },
    { "2.0**-44", "5.684341886080802e-14" },
    { "0.1+0.2", "0.30000000000000004" },
    { "1/3", "0.3333333333333333" },
    { "100.0", "100.0" },
    { "1e22", "1e+22" },
    { "1e23", "1e+23" },
    { "-0.0", "-0.0" },
    { "2**0.5", "1.4142135623730951" },
    { "9007199254740993.0", "9007199254740992.0" },
    { "4.35", "4.35" },
    { "2.0**-1022", "2.2250738585072014e-308" },
    { "2.0**-1074*3", "1.5e-323" },
    { "123.456e-10", "1.23456e-08" },
    { "2.0**60", "1.152921504606847e+18" },
    { "2.0**100", "1.2676506002282294e+30" },
    { "2.0**-30", "9.313225746154785e-10" },
    { "2.0**-100", "7.888609052210118e-31" },
    { "2.0**500", "3.273390607896142e+150" },
    { "2.0**-500", "3.054936363499605e-151" },
    { "[1.0,None,True,'a',(1,),(),{},{'a':(1,2)}]",
      "[1.0, None, True, 'a', (1,), (), {}, {'a': (1, 2)}]" },
    { "(\"a'b\",)", "(\"a'b\",)" },
    { "{1:2,None:3,1.5:'x'}", "{1: 2, None: 3, 1.5: 'x'}" },
    { "range(3)", "range(0, 3)" },
    { "range(1,3)", "range(1, 3)" },
    { "range(0,10,5)", "range(0, 10, 5)" },
    { "str(range(2))", "range(0, 2)" },
    { "[len, str][1]('x')", "x" },
    { "sorted([(2,'b'),(1,'c'),(1,'a')])", "[(1, 'a'), (1, 'c'), (2, 'b')]" },
    { "sorted([1,True,0.5])", "[0.5, 1, True]" },
    { "max('hello')", "o" },
    { "min({'b':1,'a':2})", "a" },
    { "sum([0.1]*10)", "0.9999999999999999" },
    { "max(1,2.0)", "2.0" },
    { "max(2,2.0)", "2" },
    { "min(2.0,2)", "2.0" },
    { "escape('<a & \"b\\'>')", "&lt;a &amp; &quot;b&#x27;&gt;" },
    { "xhtml_escape('é<')", "é&lt;" },
    { "url_escape('a b/é')", "a+b%2F%C3%A9" },
    { "url_escape('a b/é',plus=False)", "a%20b/%C3%A9" },
    { "json_encode([])", "[]" },
    { "json_encode((1,))", "[1]" },
    { "json_encode({1:2,None:3,True:4,1.5:5})", "{\"1\": 4, \"null\": 3, \"1.5\": 5}" },
    { "json_encode(float('inf'))", "Infinity" },
    { "squeeze('  a \\n\\t b ')", "a b" },
    { "squeeze('\\xa0a')", "a" },
    { "linkify('go to http://a.com/x?y=1 & www.b.org')",
      "go to <a href=\"http://a.com/x?y=1\">http://a.com/x?y=1</a> &amp; <a "
      "href=\"http://www.b.org\">www.b.org</a>" },
    { "linkify('www.b.org',require_protocol=True)", "www.b.org" },
    { "linkify('http://a.com/',extra_params='rel=\"x\"')",
      "<a href=\"http://a.com/\" rel=\"x\">http://a.com/</a>" },
    { "linkify('ftp://a.com',permitted_protocols=['ftp'])",
      "<a href=\"ftp://a.com\">ftp://a.com</a>" },
    { "linkify('http://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.com/bbbbbbbbbbbb/"
      "ccccccc',shorten=True)",
      "<a href=\"http://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.com/bbbbbbbbbbbb/ccccccc\" "
      "title=\"http://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.com/bbbbbbbbbbbb/ccccccc\">http://"
      "aaaaaaaaaaaaaaaaaaaaaaa...</a>" },
    { "json_encode('a/b<//')", "\"a/b<\\//\"" },
};

static const char *const errors[][2] = {
    { "len(1)", "TypeError: object of type 'int' has no len()" },
    { "int('x')", "ValueError: invalid literal for int() with base 10: 'x'" },
    { "float('x')", "ValueError: could not convert string to float: 'x'" },
    { "max([])", "ValueError: max() arg is an empty sequence" },
    { "int('9' * 20)", "OverflowError: integer over 64 bits" },
    { "int(float('nan'))", "ValueError: cannot convert float NaN to integer" },
    { "len()", "TypeError: len() takes exactly one argument (0 given)" },
    { "sorted([1], 2)", "TypeError: sorted() takes at most 3 arguments (2 given)" },
    { "sum(['a'], '')", "TypeError: sum() can't sum strings [use ''.join(seq) instead]" },
    { "abs('a')", "TypeError: bad operand type for abs(): 'str'" },
    { "range(1, 2, 0)", "ValueError: range() arg 3 must not be zero" },
    { "[].pop()", "IndexError: pop from empty list" },
    { "{}.pop('a')", "KeyError: 'a'" },
    { "dict([1])",
      "TypeError: cannot convert dictionary update sequence element #0 to a sequence" },
    { "dict(['abc'])",
      "ValueError: dictionary update sequence element #0 has length 3; 2 is required" },
    { "list(1)", "TypeError: 'int' object is not iterable" },
    { "json_encode({(1,): 2})",
      "TypeError: keys must be str, int, float, bool or None, not tuple" },
    { "json_encode(len)",
      "TypeError: Object of type builtin_function_or_method is not JSON serializable" },
    { "enumerate([], begin=1)",
      "TypeError: enumerate() got an unexpected keyword argument 'begin'" },
    { "round(1, ndigits=1, number=2)",
      "TypeError: round() got multiple values for argument 'number'" },
    { "isinstance(1, 2)", "TypeError: isinstance() arg 2 must be a type or a tuple of types" },
};

TEST(builtins_print_what_python_prints)
{
    char source[256];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(source, sizeof source, "{%% raw %s %%}", cases[i][0]);
        renders(source, NULL, cases[i][1]);
    }
}

TEST(builtins_raise_what_python_raises)
{
    char source[256], detail[512];
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        snprintf(source, sizeof source, "{%% raw %s %%}", errors[i][0]);
        snprintf(detail, sizeof detail, "%s at <string>:1: %s", errors[i][1], source);
        fails(source, NULL, detail);
    }
}

TEST(lists_and_maps_change_in_place)
{
    renders("{% set l = [3, 1] %}{% set _ = l.append(2) %}{{ l }} {% set _ = l.sort() %}{{ l }} "
            "{% set _ = l.insert(1, 9) %}{{ l }} {{ l.pop() }} {{ l.pop(0) }} {{ l }} "
            "{% set _ = l.extend(l) %}{{ l }} {% set _ = l.remove(2) %}{{ l }} "
            "{% set _ = l.reverse() %}{{ l }} {% set _ = l.sort(key=str, reverse=True) %}{{ l }} "
            "{% set _ = l.clear() %}{{ l }}",
            NULL,
            "[3, 1, 2] [1, 2, 3] [1, 9, 2, 3] 3 1 [9, 2] [9, 2, 9, 2] [9, 9, 2] [2, 9, 9] [9, 9, "
            "2] []");
    renders("{% set d = {} %}{% set _ = d.update(b=1) %}{% set _ = d.update([('c', 2)]) %}"
            "{{ d.setdefault('x', 7) }} {{ len(d) }} {{ d.pop('b') }} {{ d.pop('b', 0) }} "
            "{% raw d %} {% raw d.popitem() %} {% set _ = d.clear() %}{{ d }}",
            NULL, "7 3 1 0 {'c': 2, 'x': 7} ('x', 7) {}");
}

TEST(given_values_do_not_change)
{
    json_t *values = json_pack("{s:[i],s:{s:i}}", "l", 1, "d", "a", 1);
    renders("{% try %}{% set _ = l.append(1) %}{% except TypeError %}no{% end %} "
            "{% try %}{% set _ = d.update(a=2) %}{% except TypeError %}no{% end %} "
            "{% set own = list(l) %}{% set _ = own.append(2) %}{{ own }}{{ l }}",
            values, "no no [1, 2][1]");
}

TEST(no_memory_or_time_without_end)
{
    gale_template_options options = { .max_memory = 100000, .max_steps = 100000 };
    static const char *const sources[] = {
        "{{ 'a'.center(1000000000) }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ format(1, '1000000000') }}",
        "{{ list(range(1000000000)) }}",
        "{{ sum(range(1000000000)) }}",
        "{{ ('a' * 9999).replace('', 'b' * 9999) }}",
        "{{ '\t'.expandtabs(1000000000) }}",
        "{{ format(1, '01000000000,') }}",
        "{{ zip(range(1000000000), range(1000000000)) }}",
    };
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        gale_template *page = compiled(sources[i], &options);
        assert_null(gale_template_generate(page, NULL, NULL));
        gale_template_free(page);
    }
}

GALE_TEST_MAIN
