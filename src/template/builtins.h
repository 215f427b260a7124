/* SPDX-License-Identifier: Apache-2.0 */
/* Functions and methods that every template has. */
#ifndef GALE_TEMPLATE_BUILTINS_H
#define GALE_TEMPLATE_BUILTINS_H

#include "template/run.h"

/* A function or method. Its arguments are put into their places: `values` has `most` of them, those
 * not given are unset; then those that "*more" took. A method's `self` is apart. */
typedef struct gale__builtin {
    const char *name;
    /* The names of its parameters, separated by spaces: those before "/" cannot be given by name,
     * those after "*" only so, and "*more" takes any number. "**" is a dict of what else was given
     * by name. NULL: the arguments as they are, see str.format. */
    const char *parameters;
    /* How many are needed, how many there are; with "*more" the former counts what that takes. */
    uint8_t least, most;
    int (*call)(gale__run *run, gale__value self, const gale__value *values, size_t count,
                gale__value *out);
} gale__builtin;

enum { GALE__PARAMETERS_MAX = 5 };

/* What a method's name means for each type. */
typedef struct gale__methods {
    const char *name;
    const gale__builtin *of_str, *of_list, *of_dict;
} gale__methods;

/* NULL when no type has a method of that name. */
const gale__methods *gale__methods_named(gale_str name);
/* The method of that value's type, or NULL. */
const gale__builtin *gale__method_of(const gale__methods *methods, gale__value value);
const gale__builtin *gale__builtin_named(gale_str name);
/* -1: there is none. */
int gale__error_kind_named(gale_str name);
/* True when an error of `kind` is caught by `except caught`. */
bool gale__error_is(gale__error_kind kind, gale__error_kind caught);

int gale__builtin_call(gale__run *run, const gale__builtin *builtin, gale__value self,
                       const gale__arguments *arguments, gale__value *out);

extern const gale__builtin gale__str_methods[], gale__str_tests[], gale__list_methods[],
    gale__dict_methods[], gale__functions[], gale__conversions[];

/* For messages and checks in their implementations. `what` must be a text. */
int gale__want_str(gale__run *run, gale__value value, const char *what);
int gale__want_int(gale__run *run, gale__value value, int64_t *out);
/* The same for an argument that may be missing or None: *out then stays. */
int gale__optional_int(gale__run *run, gale__value value, int64_t *out);
/* The bounds of a part of `size` things, as Python reads them. */
int gale__bounds(gale__run *run, gale__value start, gale__value end, size_t size, size_t *ret_start,
                 size_t *ret_end);
/* Sorts the items as sort(key=, reverse=) does. */
int gale__sort_list(gale__run *run, gale__list_value *list, gale__value key, gale__value reverse);
/* key(value), or the value itself when there is no key. */
int gale__key_of(gale__run *run, gale__value key, gale__value value, gale__value *out);
/* dict.update(other). */
int gale__dict_update(gale__run *run, gale__dict *dict, gale__value other);

#endif
