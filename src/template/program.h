/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a template is compiled to: a tree of chunks (directives, text) and one of nodes
 * (expressions), in the arena of a program. A program holds everything that one loader has compiled
 * since it was last reset; its files share one table of names, so that a variable is one number in
 * all of them. Runs hold a reference to the program: a reset while one waits harms nothing.
 */
#ifndef GALE_TEMPLATE_PROGRAM_H
#define GALE_TEMPLATE_PROGRAM_H

#include "core/arena.h"
#include "template/page.h"
#include "template/unicode.h"
#include "template/value.h"

enum {
    GALE__NEST_MAX = 40,         /* directives in directives, and brackets in brackets */
    GALE__LINK_DEPTH_MAX = 120,  /* the same over all files of a page */
    GALE__LINKS_MAX = 20000,     /* blocks and includes of a page, each time counted */
    GALE__SOURCE_MAX = 16 << 20, /* bytes of a file */
    GALE__NO_SYMBOL = UINT32_MAX
};

/* ---- Expressions ---- */

typedef struct gale__node gale__node;

typedef enum gale__node_kind {
    NODE_CONSTANT,  /* constant */
    NODE_NAME,      /* symbol */
    NODE_ATTRIBUTE, /* left.symbol; `dotted` is the symbol of the whole a.b.c, or none */
    NODE_ITEM,      /* left[right] */
    NODE_SLICE,     /* left[items[0]:items[1]:items[2]]; any may be NULL */
    NODE_CALL,      /* left(items), those after `positional` by their `names` */
    NODE_NEGATE,    /* -left, and so on */
    NODE_PLUS,
    NODE_INVERT,
    NODE_NOT,
    NODE_ARITHMETIC, /* left operator_ right */
    NODE_COMPARISON, /* left comparisons[0] items[0] comparisons[1] items[1] ... */
    NODE_AND,        /* left and right */
    NODE_OR,
    NODE_CONDITIONAL, /* items[0] if left else right */
    NODE_LIST,        /* items */
    NODE_TUPLE,
    NODE_DICT,          /* items: key, value, key, value ... */
    NODE_COMPREHENSION, /* left (a dict's: left and right) for each of `clauses` */
    NODE_DICT_COMPREHENSION
} gale__node_kind;

typedef enum gale__comparison {
    COMPARE_LESS,
    COMPARE_LESS_EQUAL,
    COMPARE_EQUAL,
    COMPARE_NOT_EQUAL,
    COMPARE_GREATER_EQUAL,
    COMPARE_GREATER,
    COMPARE_IN,
    COMPARE_NOT_IN,
    COMPARE_IS,
    COMPARE_IS_NOT
} gale__comparison;

typedef struct gale__clause {
    struct gale__clause *next;
    gale__node *target, *iterable;
    gale__node **conditions;
    size_t condition_count;
} gale__clause;

struct gale__node {
    uint8_t kind;
    uint8_t operator_; /* gale__operator */
    uint32_t symbol, dotted;
    uint32_t count, positional; /* of items */
    gale__node *left, *right;
    gale__node **items;
    union {
        gale__value constant;
        const uint8_t *comparisons;
        const uint32_t *names;
        gale__clause *clauses;
        const struct gale__methods *methods; /* of an attribute: what it may be for each type */
    };
};

/* ---- Chunks ---- */

typedef struct gale__chunk gale__chunk;
typedef struct gale__file gale__file;

typedef enum gale__chunk_kind {
    CHUNK_TEXT,
    CHUNK_EXPRESSION,
    CHUNK_RAW,
    CHUNK_SET,
    CHUNK_IF,
    CHUNK_FOR,
    CHUNK_WHILE,
    CHUNK_TRY,
    CHUNK_APPLY,
    CHUNK_BLOCK,
    CHUNK_EXTENDS,
    CHUNK_INCLUDE,
    CHUNK_BREAK,
    CHUNK_CONTINUE
} gale__chunk_kind;

/* A part of a directive with its own body: `elif`, `else`, `except`, `finally`. */
typedef struct gale__branch {
    struct gale__branch *next;
    gale__node *condition; /* of elif and of except: the kind(s) of error; NULL: any */
    uint32_t symbol;       /* of `except ... as name` */
    uint32_t line;
    gale_str source;
    gale__chunk *body;
} gale__branch;

struct gale__chunk {
    gale__chunk *next;
    uint8_t kind;
    uint8_t operator_; /* of an augmented assignment */
    uint32_t line;
    uint32_t symbol;        /* the number of a block */
    uint32_t target_count;  /* of a set */
    gale_str source;        /* the text, or the inside of the mark */
    gale__node *expression; /* what is printed, tested, gone through, applied, assigned */
    union {
        gale__node *target;   /* of a for */
        gale__node **targets; /* of a set */
        gale__file *file;     /* of an include or extends */
    };
    gale__chunk *body;
    gale__branch *branches; /* elif, except */
    gale__branch *otherwise, *finally;
};

typedef enum gale__escape { ESCAPE_NOTHING, ESCAPE_XHTML, ESCAPE_FUNCTION } gale__escape;

struct gale__file {
    gale__file *next;
    char *name;
    gale_str source;
    gale__chunk *body;
    gale__escape escape;
    gale__node *escape_function; /* a name */
    gale_template *page;         /* this file linked as what is rendered, once it was asked for */
    bool linking;
    /* Of a file on disk, for reload_on_change. */
    char *path;
    int64_t seconds, nanoseconds, size;
    uint64_t inode;
};

/* ---- Programs ---- */

typedef struct gale__program gale__program;

/* Names and their numbers. */
typedef struct gale__symbols {
    gale_str *names;
    size_t size, capacity;
    uint32_t *index; /* number + 1; 0: free */
    size_t mask;
} gale__symbols;

/* The options of a loader or of a single template, counted: by it and by its programs. */
typedef struct gale__settings {
    size_t references;
    gale_template_options options; /* its texts and its list are our copies */
} gale__settings;

struct gale__program {
    size_t references;
    gale__pool pool;
    gale__arena arena;
    gale__symbols symbols, blocks;
    gale__settings *settings;
    gale__file *files;
    gale_template_loader *loader; /* NULL for a single template, or once that is gone */
};

gale__settings *gale__settings_new(const gale_template_options *options);
void gale__settings_unref(gale__settings *settings);

gale__program *gale__program_new(gale__settings *settings, gale_template_loader *loader);
void gale__program_unref(gale__program *program);

/* The number of a name, which is copied when it is new; GALE__NO_SYMBOL when out of memory. */
uint32_t gale__symbol(gale__program *program, gale__symbols *symbols, gale_str name);
void *gale__program_alloc(gale__program *program, size_t size);

/* A file linked with what it extends and includes. */
struct gale_template {
    gale__program *program; /* borrowed, but by a template that stands alone */
    gale__file *file;       /* whose name it has */
    gale__file *root;       /* whose body is rendered: the last ancestor */
    struct gale__block {
        gale__chunk *chunk; /* NULL: no such block here */
        gale__file *file;
    } * blocks;
    size_t block_count;
    size_t last_size; /* of what it rendered to: what the next will most likely need */
    bool alone;
};

/* ---- Compiling ---- */

/* Compiles the text of a file; it must be in the program's arena. NULL: gale__fail has told. */
gale__file *gale__parse(gale__program *program, const char *name, gale_str source, int *ret_error);
/* The file as a page; NULL: *ret_error and gale__fail have told. */
gale_template *gale__link(gale__file *file, gale__program *program, int *ret_error);
/* The file of that name for `parent`, compiled; from loader.c. */
gale__file *gale__loader_file(gale__program *program, const char *name, const char *parent,
                              int *ret_error);

/* What expressions are read from: the inside of a mark. Each of the functions below takes all of
 * it, or returns a negative code with the reason in `message`. */
typedef struct gale__source {
    gale__program *program;
    gale_str text;
    char message[160];
} gale__source;

int gale__parse_expression(gale__source *source, gale__node **out);
/* `a = b = expression`, `a += expression`, or an expression. */
int gale__parse_assignment(gale__source *source, gale__chunk *chunk);
/* `target in expression`. */
int gale__parse_for(gale__source *source, gale__node **target, gale__node **iterable);
/* `kinds as name`. */
int gale__parse_except(gale__source *source, gale__branch *branch);

#endif
