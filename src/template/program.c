/* SPDX-License-Identifier: Apache-2.0 */
#include "template/program.h"

#include <errno.h>
#include <string.h>

#include "core/error.h"

enum { SLAB_SIZE = 16 * 1024, FIRST_SYMBOLS = 64 };

/* ---- Options --------------------------------------------------------------------------- */

void gale__settings_unref(gale__settings *settings)
{
    if (!settings || --settings->references)
        return;
    gale_template_function *functions = (gale_template_function *)settings->options.functions;
    for (gale_template_function *function = functions; function && function->name; function++)
        gale__free((char *)function->name);
    gale__free(functions);
    gale__free((char *)settings->options.autoescape);
    gale__free((char *)settings->options.whitespace);
    gale__free(settings);
}

static bool copy_text(const char **text)
{
    return !*text || (*text = gale__strdup(*text, strlen(*text)));
}

static bool copy_functions(const gale_template_function **functions)
{
    size_t count = 0;
    if (!*functions)
        return true;
    while ((*functions)[count].name)
        count++;
    gale_template_function *copies = gale__calloc(count + 1, sizeof *copies);
    const gale_template_function *originals = *functions;
    *functions = copies;
    for (size_t i = 0; copies && i < count; i++) {
        copies[i] = originals[i];
        if (!copy_text(&copies[i].name))
            return false;
    }
    return copies;
}

static int64_t limit(int64_t given, int64_t default_value, int64_t most)
{
    int64_t value = given == GALE_NONE ? most : given > 0 ? given : default_value;
    return value < most ? value : most;
}

gale__settings *gale__settings_new(const gale_template_options *options)
{
    const char *mode = options ? options->whitespace : NULL;
    if (mode && gale__whitespace_mode((gale_str){ mode, strlen(mode) }) < 0) {
        gale__fail(GALE_EINVALID, "invalid whitespace mode %s", mode);
        return NULL;
    }
    gale__settings *settings = GALE__NEW(gale__settings);
    if (!settings)
        return NULL;
    settings->references = 1;
    gale_template_options *own = &settings->options;
    if (options)
        *own = *options;
    own->max_output = limit(own->max_output, 64 << 20, INT64_MAX);
    own->max_memory = limit(own->max_memory, 64 << 20, INT32_MAX); /* lengths have 32 bits */
    own->max_steps = limit(own->max_steps, 20000000, INT64_MAX);
    bool autoescape = copy_text(&own->autoescape), whitespace = copy_text(&own->whitespace);
    if (!copy_functions(&own->functions) || !autoescape || !whitespace) {
        gale__settings_unref(settings);
        return NULL;
    }
    return settings;
}

/* ---- Programs -------------------------------------------------------------------------- */

gale__program *gale__program_new(gale__settings *settings, gale_template_loader *loader)
{
    gale__program *program = GALE__NEW(gale__program);
    if (!program)
        return NULL;
    program->references = 1;
    program->loader = loader;
    program->settings = settings;
    settings->references++;
    gale__pool_init(&program->pool, GALE__ARENA_BLOCK, SLAB_SIZE);
    gale__arena_init(&program->arena, &program->pool);
    return program;
}

void gale__program_unref(gale__program *program)
{
    if (!program || --program->references)
        return;
    gale__free(program->symbols.names);
    gale__free(program->symbols.index);
    gale__free(program->blocks.names);
    gale__free(program->blocks.index);
    gale__arena_end(&program->arena);
    gale__pool_close(&program->pool);
    gale__settings_unref(program->settings);
    gale__free(program);
}

void *gale__program_alloc(gale__program *program, size_t size)
{
    return gale__arena_alloc(&program->arena, size);
}

/* ---- Names ----------------------------------------------------------------------------- */

static size_t hash_name(gale_str name)
{
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < name.len; i++)
        hash = (hash ^ (unsigned char)name.data[i]) * 1099511628211u;
    return (size_t)(hash ^ hash >> 32);
}

/* The place of a name in the table: of itself, or free. */
static size_t place_of(const gale__symbols *symbols, gale_str name)
{
    size_t at = hash_name(name) & symbols->mask;
    for (; symbols->index[at]; at = (at + 1) & symbols->mask) {
        gale_str other = symbols->names[symbols->index[at] - 1];
        if (other.len == name.len && !memcmp(other.data, name.data, name.len))
            break;
    }
    return at;
}

static int grow_symbols(gale__symbols *symbols)
{
    size_t capacity = symbols->capacity ? symbols->capacity * 2 : FIRST_SYMBOLS;
    gale_str *names = gale__realloc(symbols->names, capacity * sizeof *names);
    if (!names)
        return -ENOMEM;
    symbols->names = names;
    uint32_t *index = gale__calloc(capacity * 2, sizeof *index);
    if (!index)
        return -ENOMEM;
    gale__free(symbols->index);
    symbols->index = index;
    symbols->capacity = capacity;
    symbols->mask = capacity * 2 - 1;
    for (size_t i = 0; i < symbols->size; i++)
        index[place_of(symbols, names[i])] = (uint32_t)i + 1;
    return 0;
}

uint32_t gale__symbol(gale__program *program, gale__symbols *symbols, gale_str name)
{
    size_t place;
    if (symbols->size) {
        place = place_of(symbols, name);
        if (symbols->index[place])
            return symbols->index[place] - 1;
    }
    if (symbols->size == symbols->capacity && grow_symbols(symbols) < 0)
        return GALE__NO_SYMBOL;
    char *copy = gale__arena_strdup(&program->arena, name.data, name.len);
    if (!copy)
        return GALE__NO_SYMBOL;
    place = place_of(symbols, (gale_str){ copy, name.len });
    symbols->names[symbols->size++] = (gale_str){ copy, name.len };
    symbols->index[place] = (uint32_t)symbols->size;
    return (uint32_t)symbols->size - 1;
}
