/* SPDX-License-Identifier: Apache-2.0 */
/* What a parser knows, as JSON. */
#include <errno.h>
#include <string.h>

#include "app/option_parser.h"
#include "core/error.h"

json_t *gale_option_parser_get(gale_option_parser *parser, const char *name)
{
    const gale__option *option = gale__option_find(parser, (gale_str){ name, strlen(name) });
    if (option)
        return gale__option_json(&option->definition);
    gale__fail(GALE_ENOTFOUND, "Unrecognized option '%s'", name);
    return NULL;
}

const gale_option *gale_option_parser_at(const gale_option_parser *parser, size_t index)
{
    const gale__option *option = parser->first;
    for (; option && index > 0; index--)
        option = option->next;
    return option ? &option->definition : NULL;
}

static const char *group_of(const gale__option *option)
{
    return option->definition.group ? option->definition.group : "";
}

json_t *gale_option_parser_groups(const gale_option_parser *parser)
{
    json_t *seen = json_object(), *groups = json_array();
    bool good = seen && groups;
    for (const gale__option *option = parser->first; good && option; option = option->next)
        if (!json_object_get(seen, group_of(option)))
            good = json_object_set_new(seen, group_of(option), json_true()) == 0 &&
                   json_array_append_new(groups, json_string(group_of(option))) == 0;
    json_decref(seen);
    if (!good)
        json_decref(groups);
    return good ? groups : NULL;
}

json_t *gale_option_parser_group_dict(gale_option_parser *parser, const char *group)
{
    json_t *values = json_object();
    for (const gale__option *option = parser->first; values && option; option = option->next) {
        const gale_option *definition = &option->definition;
        if (group && *group && strcmp(group, group_of(option)) != 0)
            continue;
        if (json_object_set_new(values, definition->name, gale__option_json(definition)) < 0) {
            json_decref(values);
            values = NULL;
        }
    }
    return values;
}

json_t *gale_option_parser_as_dict(gale_option_parser *parser)
{
    return gale_option_parser_group_dict(parser, NULL);
}
