/* SPDX-License-Identifier: Apache-2.0 */
/* A parser is a list of options, each of which knows where its value comes from. */
#ifndef GALE_APP_OPTION_PARSER_H
#define GALE_APP_OPTION_PARSER_H

#include "app/option_value.h"

/* Where a value comes from; what is higher goes before what is lower. */
typedef enum gale__option_source {
    GALE__OPTION_DEFAULT,
    GALE__OPTION_FILE,
    GALE__OPTION_ENVIRONMENT,
    GALE__OPTION_COMMAND_LINE
} gale__option_source;

typedef struct gale__option gale__option;
struct gale__option {
    gale__option *next; /* in the order of definition */
    gale_option definition;
    gale__option_value initial; /* the default; its block is NULL */
    void *block;                /* of the value that the variable has now */
    gale__option_source source;
    const char *own_path; /* the variable of a configuration file that was given none */
    bool unread;          /* a configuration file that is still to be read */
};

typedef struct gale__parse_callback gale__parse_callback;

struct gale_option_parser {
    gale_option_parser **owner; /* becomes NULL with the parser; NULL: none */
    gale__option *first, **last;
    gale__parse_callback *callbacks;
    char *environment_prefix; /* NULL until it was asked for */
    char *program;            /* the name of the program, for --help; NULL: unknown */
    int failed;               /* a definition has: the code */
    char *failure;            /* and its detail; NULL: none */
    bool help;
    struct gale__logging *logging; /* of gale_define_logging_options; owned */
};

/* "-" and "_" are equal. NULL when there is none. */
gale__option *gale__option_find(const gale_option_parser *parser, gale_str name);
/* The name that is most like it and not quite another one; NULL when there is none. */
const char *gale__option_nearest(const gale_option_parser *parser, gale_str name);
/* Gives an option what was found in a source. The detail of an error says what was expected. */
int gale__option_give(gale__option *option, const gale__option_input *input,
                      gale__option_source source);
/* The option has its default again; the callback does not run. */
void gale__option_reset(gale__option *option);
/* GALE_EINVALID or what a definition has failed with, and its detail; else 0. */
int gale__option_parser_check(const gale_option_parser *parser);
/* Reads what config-file options name, and runs the callbacks. */
int gale__option_parser_finish(gale_option_parser *parser);

/* Text for a message: what could command a terminal is escaped, what is long is cut. */
enum { GALE__SHOWN_MAX = 80 };
typedef struct gale__shown {
    char text[GALE__SHOWN_MAX * 4 + 4];
} gale__shown;
gale__shown gale__show(gale_str text);
/* The name of an option as it is typed: with dashes. */
gale__shown gale__show_name(const char *name);

#endif
