/* SPDX-License-Identifier: Apache-2.0 */
/* Values of options: from text to the bytes of a variable, and back. */
#ifndef GALE_APP_OPTION_VALUE_H
#define GALE_APP_OPTION_VALUE_H

#include <gale/options.h>

enum { GALE__OPTION_VALUES_MAX = 65536 }; /* of one option; a range is quickly written */

/* What a variable holds, and the memory that this refers to. */
typedef struct gale__option_value {
    union {
        const char *str;
        struct tm datetime;
        double real;
        gale_option_list list;
        unsigned char bytes[sizeof(struct tm)];
    };
    void *block; /* owned; NULL: nothing, or somebody else's */
} gale__option_value;

/* The bytes of the option's variable. */
size_t gale__option_size(const gale_option *option);

/* What an option was given: on a command line text, which has commas when there are several; in a
 * file maybe a list. */
typedef struct gale__option_input {
    const gale_str *items;
    size_t count;
    bool is_list;
} gale__option_input;

/* GALE_EINVALID with a detail that tells what was expected; -ENOMEM. */
int gale__option_parse(const gale_option *option, const gale__option_input *input,
                       gale__option_value *ret_value);
/* What the variable holds, as gale_option_parser_get says it; NULL when out of memory. */
json_t *gale__option_json(const gale_option *option);
/* What --help says of a value: nothing for none, 0 and "". A result as snprintf's. */
int gale__option_text(const gale_option *option, const gale__option_value *value, char *out,
                      size_t size);

/* The date and time formats of Tornado; false when it is none. */
bool gale__parse_datetime(gale_str text, struct tm *ret_datetime);
/* The durations of Tornado, in seconds; false when it is none. */
bool gale__parse_timedelta(gale_str text, double *ret_seconds);

#endif
