/* SPDX-License-Identifier: Apache-2.0 */
/* Finds functions and methods, and puts arguments into their places. */
#include "template/builtins.h"

#include <pthread.h>
#include <string.h>

enum { METHODS_MAX = 96 };

static gale__methods methods[METHODS_MAX];
static size_t method_count;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static bool is_named(const char *name, gale_str text)
{
    return strlen(name) == text.len && memcmp(name, text.data, text.len) == 0;
}

static gale__methods *methods_of(gale_str name)
{
    for (size_t i = 0; i < method_count; i++)
        if (is_named(methods[i].name, name))
            return &methods[i];
    return NULL;
}

static gale__methods *add(const gale__builtin *builtin)
{
    gale__methods *found = methods_of((gale_str){ builtin->name, strlen(builtin->name) });
    if (found)
        return found;
    methods[method_count].name = builtin->name;
    return &methods[method_count++];
}

static void make_methods(void)
{
    for (const gale__builtin *builtin = gale__str_methods; builtin->name; builtin++)
        add(builtin)->of_str = builtin;
    for (const gale__builtin *builtin = gale__str_tests; builtin->name; builtin++)
        add(builtin)->of_str = builtin;
    for (const gale__builtin *builtin = gale__list_methods; builtin->name; builtin++)
        add(builtin)->of_list = builtin;
    for (const gale__builtin *builtin = gale__dict_methods; builtin->name; builtin++)
        add(builtin)->of_dict = builtin;
}

const gale__methods *gale__methods_named(gale_str name)
{
    pthread_once(&once, make_methods);
    return methods_of(name);
}

const gale__builtin *gale__method_of(const gale__methods *found, gale__value value)
{
    if (value.kind == VALUE_STR)
        return found->of_str;
    if (gale__is_dict(value))
        return found->of_dict;
    if (value.kind == VALUE_LIST || value.kind == VALUE_JSON_LIST)
        return found->of_list;
    if (value.kind == VALUE_TUPLE &&
        (!strcmp(found->name, "count") || !strcmp(found->name, "index")))
        return found->of_list;
    return NULL;
}

const gale__builtin *gale__builtin_named(gale_str name)
{
    for (const gale__builtin *builtin = gale__functions; builtin->name; builtin++)
        if (is_named(builtin->name, name))
            return builtin;
    for (const gale__builtin *builtin = gale__conversions; builtin->name; builtin++)
        if (is_named(builtin->name, name))
            return builtin;
    return NULL;
}

/* ---- Kinds of errors ------------------------------------------------------------------- */

int gale__error_kind_named(gale_str name)
{
    for (int kind = 0; kind < ERROR_KINDS; kind++)
        if (is_named(gale__error_names[kind], name))
            return kind;
    return -1;
}

bool gale__error_is(gale__error_kind kind, gale__error_kind caught)
{
    if (kind == caught || caught == ERROR_EXCEPTION)
        return true;
    if (caught == ERROR_ARITHMETIC)
        return kind == ERROR_ZERO_DIVISION || kind == ERROR_OVERFLOW;
    return caught == ERROR_LOOKUP && (kind == ERROR_KEY || kind == ERROR_INDEX);
}

/* ---- Arguments ------------------------------------------------------------------------- */

typedef struct signature {
    gale_str names[GALE__PARAMETERS_MAX];
    size_t nameless;   /* how many have no name to give them by */
    size_t positional; /* how many can be given without a name */
    bool any, any_named;
} signature;

static signature read_signature(const char *parameters)
{
    signature self = { 0 };
    size_t count = 0;
    bool by_name_only = false;
    for (const char *at = parameters; *at;) {
        size_t size = strcspn(at, " ");
        if (*at == '/')
            self.nameless = count;
        else if (*at == '*' && at[1] == '*')
            self.any_named = true;
        else if (*at == '*')
            by_name_only = true, self.any = size > 1;
        else
            self.names[count++] = (gale_str){ at, size };
        if (!by_name_only)
            self.positional = count;
        at += size + (at[size] == ' ');
    }
    return self;
}

static int wrong_count(gale__run *run, const gale__builtin *builtin, size_t given)
{
    bool exact = builtin->least == builtin->most;
    unsigned want = given < builtin->least ? builtin->least : builtin->most;
    const char *how = exact ? "exactly" : given < builtin->least ? "at least" : "at most";
    if (!want)
        return gale__raise(run, ERROR_TYPE, "%s() takes no arguments (%zu given)", builtin->name,
                           given);
    if (want == 1)
        return gale__raise(run, ERROR_TYPE, "%s() takes %s one argument (%zu given)", builtin->name,
                           how, given);
    return gale__raise(run, ERROR_TYPE, "%s() takes %s %u arguments (%zu given)", builtin->name,
                       how, want, given);
}

static int place_named(gale__run *run, const gale__builtin *builtin, const signature *self,
                       gale_str name, gale__value value, gale__value *values)
{
    size_t last = (size_t)builtin->most - self->any_named;
    for (size_t i = self->nameless; i < last; i++) {
        if (self->names[i].len != name.len || memcmp(self->names[i].data, name.data, name.len) != 0)
            continue;
        if (values[i].kind != VALUE_UNSET)
            return gale__raise(run, ERROR_TYPE, "%s() got multiple values for argument '%.*s'",
                               builtin->name, (int)name.len, name.data);
        values[i] = value;
        return 0;
    }
    if (!self->any_named)
        return gale__raise(run, ERROR_TYPE, "%s() got an unexpected keyword argument '%.*s'",
                           builtin->name, (int)name.len, name.data);
    if (values[last].kind == VALUE_UNSET)
        GALE_TRY(gale__dict_new(run, &values[last]));
    return gale__dict_set(run, values[last].dict, gale__text(name.data, name.len), value);
}

static int place(gale__run *run, const gale__builtin *builtin, const signature *self,
                 const gale__arguments *arguments, gale__value *values)
{
    size_t fixed =
        arguments->positional < self->positional ? arguments->positional : self->positional;
    size_t named = arguments->count - arguments->positional;
    for (size_t i = 0; i < builtin->most; i++)
        values[i] = i < fixed ? arguments->values[i] : (gale__value){ 0 };
    for (size_t i = fixed; i < arguments->positional; i++)
        values[builtin->most + i - fixed] = arguments->values[i];
    for (size_t i = 0; i < named; i++)
        GALE_TRY(place_named(run, builtin, self, run->program->symbols.names[arguments->names[i]],
                             arguments->values[arguments->positional + i], values));
    for (size_t i = 0; !self->any && i < builtin->least; i++)
        if (values[i].kind == VALUE_UNSET)
            return wrong_count(run, builtin, arguments->positional);
    return 0;
}

int gale__builtin_call(gale__run *run, const gale__builtin *builtin, gale__value self,
                       const gale__arguments *arguments, gale__value *out)
{
    gale__value room[GALE__PARAMETERS_MAX * 2] = { 0 }, *values = room;
    if (!builtin->parameters)
        return gale__format_braces(run, gale__text_str(self), arguments, out);
    signature found = read_signature(builtin->parameters);
    size_t given = arguments->positional;
    if (found.any ? given < builtin->least : given > found.positional)
        return wrong_count(run, builtin, given);
    size_t more = given > found.positional ? given - found.positional : 0;
    if (builtin->most + more > sizeof room / sizeof room[0]) {
        int error;
        values = gale__run_alloc(run, (builtin->most + more) * sizeof *values, &error);
        if (!values)
            return error;
    }
    GALE_TRY(place(run, builtin, &found, arguments, values));
    if (self.kind == VALUE_STR)
        GALE_TRY(gale__run_steps(run, self.length / 64));
    return builtin->call(run, self, values, builtin->most + more, out);
}

int gale__want_str(gale__run *run, gale__value value, const char *what)
{
    if (value.kind == VALUE_STR)
        return 0;
    return gale__raise(run, ERROR_TYPE, "%s must be str, not %s", what, gale__type_name(value));
}

int gale__want_int(gale__run *run, gale__value value, int64_t *out)
{
    if (!gale__is_integer(value))
        return gale__raise(run, ERROR_TYPE, "'%s' object cannot be interpreted as an integer",
                           gale__type_name(value));
    *out = gale__integer(value);
    return 0;
}

int gale__optional_int(gale__run *run, gale__value value, int64_t *out)
{
    if (value.kind == VALUE_UNSET || value.kind == VALUE_NONE)
        return 0;
    return gale__want_int(run, value, out);
}

static size_t bound(int64_t at, size_t size)
{
    if (at < 0)
        at = at < -(int64_t)size ? 0 : at + (int64_t)size;
    return at > (int64_t)size ? size : (size_t)at;
}

int gale__bounds(gale__run *run, gale__value start, gale__value end, size_t size, size_t *ret_start,
                 size_t *ret_end)
{
    int64_t first = 0, last = (int64_t)size;
    GALE_TRY(gale__optional_int(run, start, &first));
    GALE_TRY(gale__optional_int(run, end, &last));
    /* text.find("", 9) finds nothing in a text that is shorter */
    *ret_start = first > (int64_t)size ? size + 1 : bound(first, size);
    *ret_end = bound(last, size);
    return 0;
}
