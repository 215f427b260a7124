/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The values that expressions make. A value is 16 bytes and copied freely; what it points to
 * belongs to the run's arena, to the template, or to the JSON that the template was given, and
 * lives as long as the run. Text is UTF-8 and not NUL-terminated; its length is in bytes, but
 * whatever a template sees counts code points, as in Python.
 */
#ifndef GALE_TEMPLATE_VALUE_H
#define GALE_TEMPLATE_VALUE_H

#include <gale/template.h>

#include "core/buffer.h"

typedef struct gale__run gale__run;

typedef enum gale__value_kind {
    VALUE_UNSET, /* a variable without a value */
    VALUE_NONE,
    VALUE_BOOL,
    VALUE_INT,
    VALUE_FLOAT,
    VALUE_STR,
    VALUE_LIST,
    VALUE_TUPLE,
    VALUE_DICT,
    VALUE_JSON_LIST, /* given to the template, never changed */
    VALUE_JSON_DICT,
    VALUE_RANGE,
    VALUE_FUNCTION, /* registered */
    VALUE_BUILTIN,
    VALUE_ERROR, /* what `except ... as` binds */
    VALUE_ABSENT /* a name of which is known that it means nothing */
} gale__value_kind;

typedef struct gale__value {
    uint8_t kind;
    bool local;      /* in a variable: set by the template itself */
    uint32_t length; /* of a text */
    union {
        bool boolean;
        int64_t integer;
        double real;
        const char *text;
        struct gale__list *list; /* of a tuple, too */
        struct gale__dict *dict;
        const json_t *json;
        const struct gale__range *range;
        const gale_template_function *function;
        const struct gale__builtin *builtin;
        const struct gale__error *error;
    };
} gale__value;

typedef struct gale__list {
    gale__value *items;
    size_t size, capacity;
} gale__list_value;

/* A map in the order of insertion: entries, and a hash table of their numbers. */
typedef struct gale__dict {
    struct gale__dict_entry {
        gale__value key, value; /* the key is unset once it was removed */
        uint64_t hash;
    } * entries;
    size_t used, capacity; /* of `entries` */
    size_t size;           /* without removed ones */
    uint32_t *index;       /* number + 1 of an entry; 0: free */
    size_t mask;
} gale__dict;

typedef struct gale__range {
    int64_t start, step;
    uint64_t size;
} gale__range;

typedef enum gale__error_kind {
    ERROR_EXCEPTION, /* what every other is, too */
    ERROR_ARITHMETIC,
    ERROR_ATTRIBUTE,
    ERROR_INDEX,
    ERROR_KEY,
    ERROR_LOOKUP,
    ERROR_NAME,
    ERROR_OVERFLOW,
    ERROR_RUNTIME,
    ERROR_TYPE,
    ERROR_VALUE,
    ERROR_ZERO_DIVISION,
    ERROR_KINDS
} gale__error_kind;

extern const char *const gale__error_names[ERROR_KINDS];

typedef struct gale__error {
    gale__error_kind kind;
    gale_str message;
} gale__error;

/* ---- Making values ---- */

static inline gale__value gale__none(void)
{
    return (gale__value){ .kind = VALUE_NONE };
}

static inline gale__value gale__bool(bool boolean)
{
    return (gale__value){ .kind = VALUE_BOOL, .boolean = boolean };
}

static inline gale__value gale__int(int64_t integer)
{
    return (gale__value){ .kind = VALUE_INT, .integer = integer };
}

static inline gale__value gale__float(double real)
{
    return (gale__value){ .kind = VALUE_FLOAT, .real = real };
}

/* `size` is below 4 GiB: the limit of a run's memory sees to that. */
static inline gale__value gale__text(const char *text, size_t size)
{
    return (gale__value){ .kind = VALUE_STR, .length = (uint32_t)size, .text = text };
}

static inline gale_str gale__text_str(gale__value value)
{
    return (gale_str){ value.text, value.length };
}

/* The value of JSON that outlives the run. */
gale__value gale__from_json(const json_t *json);
/* A copy as JSON, with one reference. */
int gale__to_json(gale__run *run, gale__value value, json_t **out);

/* An empty list (or tuple) with room for `capacity` items. */
int gale__list_new(gale__run *run, gale__value_kind kind, size_t capacity, gale__value *out);
int gale__list_append(gale__run *run, gale__list_value *list, gale__value item);
int gale__tuple_pair(gale__run *run, gale__value first, gale__value second, gale__value *out);

int gale__dict_new(gale__run *run, gale__value *out);
int gale__dict_set(gale__run *run, gale__dict *dict, gale__value key, gale__value value);
/* The entry of a key; NULL in *ret_entry when there is none. */
int gale__dict_find(gale__run *run, const gale__dict *dict, gale__value key,
                    struct gale__dict_entry **ret_entry);
void gale__dict_remove(gale__dict *dict, struct gale__dict_entry *entry);

/* ---- Asking values ---- */

/* Python's name of its type. */
const char *gale__type_name(gale__value value);
bool gale__truth(gale__value value);
/* Both kinds of list, tuples, both kinds of dict: how many items; of a text how many code points.
 */
size_t gale__size(gale__value value);
static inline bool gale__is_sequence(gale__value value)
{
    return value.kind == VALUE_LIST || value.kind == VALUE_TUPLE || value.kind == VALUE_JSON_LIST;
}
static inline bool gale__is_dict(gale__value value)
{
    return value.kind == VALUE_DICT || value.kind == VALUE_JSON_DICT;
}
static inline bool gale__is_integer(gale__value value)
{
    return value.kind == VALUE_INT || value.kind == VALUE_BOOL;
}
static inline bool gale__is_number(gale__value value)
{
    return gale__is_integer(value) || value.kind == VALUE_FLOAT;
}
static inline int64_t gale__integer(gale__value value)
{
    return value.kind == VALUE_BOOL ? value.boolean : value.integer;
}
static inline double gale__real(gale__value value)
{
    return value.kind == VALUE_FLOAT ? value.real : (double)gale__integer(value);
}

/* Item `index` of a sequence, which has it. */
gale__value gale__sequence_item(gale__value sequence, size_t index);
/* The value of a key in either kind of dict; unset when there is none. */
int gale__dict_value(gale__run *run, gale__value dict, gale__value key, gale__value *out);

/* Goes through what can be iterated: zero it, but for `over`. Returns 1 with an item, 0 at the
 * end, or a negative error. */
typedef struct gale__iterator {
    gale__value over;
    size_t at;
    void *json; /* jansson's place in an object */
} gale__iterator;
int gale__iterator_next(gale__run *run, gale__iterator *iterator, gale__value *item);
/* The same for key and value of a dict. */
int gale__iterator_pair(gale__iterator *iterator, gale__value *key, gale__value *value);
/* The items of what can be iterated in a new list. */
int gale__to_list(gale__run *run, gale__value value, gale__value_kind kind, gale__value *out);

/* 1 when equal, 0 when not, or a negative error (nested too deeply). */
int gale__equal(gale__run *run, gale__value left, gale__value right);
/* *ret_order is negative, 0 or positive; 2 when they have no order (NaN). TypeError when they
 * cannot be compared; `sign` is for its message. */
int gale__compare(gale__run *run, gale__value left, gale__value right, const char *sign,
                  int *ret_order);
/* `item in container`: 1, 0, or a negative error. */
int gale__contains(gale__run *run, gale__value container, gale__value item);
/* Sorts a list in place, stable; `keys` (or NULL) are what to compare instead. */
int gale__sort(gale__run *run, gale__value *items, gale__value *keys, size_t size, bool reverse);

/* ---- Text of values ---- */

/* Python's str(), repr() and json.dumps() (with Tornado's "<\/"), appended. */
typedef int gale__append(gale__run *run, gale__buffer *out, gale__value value);
gale__append gale__append_str, gale__append_repr, gale__append_json;
/* A dict in braces, its keys and items written as told. */
int gale__append_members(gale__run *run, gale__buffer *out, gale__value value,
                         gale__append *append_key, gale__append *append_item);
/* Python's repr of a float: the shortest digits that give the same number. */
void gale__append_float(gale__buffer *out, double real);
/* Python's repr of a text. */
void gale__append_quoted(gale__buffer *out, gale_str text);

/* ---- Arithmetic ---- */

typedef enum gale__operator {
    OPERATOR_NOTHING,
    OPERATOR_ADD,
    OPERATOR_SUBTRACT,
    OPERATOR_MULTIPLY,
    OPERATOR_DIVIDE,
    OPERATOR_FLOOR_DIVIDE,
    OPERATOR_MODULO,
    OPERATOR_POWER,
    OPERATOR_AND,
    OPERATOR_OR,
    OPERATOR_XOR,
    OPERATOR_LEFT,
    OPERATOR_RIGHT
} gale__operator;

extern const char *const gale__operator_signs[];

int gale__arithmetic(gale__run *run, gale__operator operator_, gale__value left, gale__value right,
                     gale__value *out);
int gale__negate(gale__run *run, gale__value value, gale__value *out);
int gale__round(gale__run *run, gale__value number, bool to_integer, int64_t digits,
                gale__value *out);
/* The text as a number, white space around it allowed; false when it is none. */
bool gale__parse_float(gale_str text, double *out);
/* `base` 0: as in a program. Underscores may stand between digits. Returns 1, 0 when it is no
 * number, or GALE_ETOOBIG. */
int gale__parse_int(gale_str text, int base, int64_t *out);

#endif
