/* SPDX-License-Identifier: Apache-2.0 */
/* One rendering from its start to its end, its limits, its variables and its errors. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/error.h"
#include "template/builtins.h"

enum { MESSAGE_MAX = 300, MARK_MAX = 120, SAVED_LOOK_BACK = 16 };

const char *const gale__error_names[ERROR_KINDS] = {
    [ERROR_EXCEPTION] = "Exception",
    [ERROR_ARITHMETIC] = "ArithmeticError",
    [ERROR_ATTRIBUTE] = "AttributeError",
    [ERROR_INDEX] = "IndexError",
    [ERROR_KEY] = "KeyError",
    [ERROR_LOOKUP] = "LookupError",
    [ERROR_NAME] = "NameError",
    [ERROR_OVERFLOW] = "OverflowError",
    [ERROR_RUNTIME] = "RuntimeError",
    [ERROR_TYPE] = "TypeError",
    [ERROR_VALUE] = "ValueError",
    [ERROR_ZERO_DIVISION] = "ZeroDivisionError",
};

/* ---- Limits ---------------------------------------------------------------------------- */

int gale__run_too_long(void)
{
    return gale__fail(GALE_ETOOBIG, "the template takes too many steps");
}

int gale__run_enter_failed(void)
{
    return gale__fail(GALE_ETOOBIG, "the template nests too deeply");
}

static int too_much_memory(void)
{
    return gale__fail(GALE_ETOOBIG, "the template's values take too much memory");
}

/* ---- Memory ---------------------------------------------------------------------------- */

static int charge(gale__run *run, size_t size)
{
    if (size > (size_t)INT32_MAX || run->memory < (int64_t)size)
        return too_much_memory();
    run->memory -= (int64_t)size;
    return 0;
}

void *gale__run_alloc(gale__run *run, size_t size, int *ret_error)
{
    void *memory = NULL;
    *ret_error = charge(run, size);
    if (*ret_error >= 0) {
        memory = gale__arena_alloc(&run->arena, size);
        *ret_error = memory ? 0 : -ENOMEM;
    }
    return memory;
}

void gale__run_buffer(gale__run *run, gale__buffer *buffer)
{
    gale__buffer_init(buffer, (size_t)run->memory);
}

int gale__run_take_text(gale__run *run, gale__buffer *buffer, gale__value *out)
{
    gale_str text = gale__buffer_str(buffer);
    int error = buffer->error == GALE_ETOOBIG ? too_much_memory() : buffer->error;
    char *copy = error < 0 ? NULL : gale__run_alloc(run, text.len, &error);
    if (copy) {
        memcpy(copy, text.data, text.len);
        *out = gale__text(copy, text.len);
    }
    gale__buffer_clear(buffer);
    return error;
}

/* Makes room for one more in an array that is freed at the end. */
static int grow(gale__run *run, void **items, size_t size, size_t *capacity, size_t item_size)
{
    if (size < *capacity)
        return 0;
    size_t more = *capacity ? *capacity : 8;
    GALE_TRY(charge(run, more * item_size));
    void *grown = gale__realloc(*items, (*capacity + more) * item_size);
    if (!grown)
        return -ENOMEM;
    *items = grown;
    *capacity += more;
    return 0;
}

int gale__run_keep(gale__run *run, json_t *json)
{
    int error =
        grow(run, (void **)&run->kept, run->kept_size, &run->kept_capacity, sizeof *run->kept);
    if (error < 0)
        json_decref(json);
    else
        run->kept[run->kept_size++] = json;
    return error;
}

/* ---- Errors ---------------------------------------------------------------------------- */

int gale__raise(gale__run *run, gale__error_kind kind, const char *format, ...)
{
    char message[MESSAGE_MAX];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    size_t size = length < 0 ? 0 : (size_t)length;
    if (size >= sizeof message) { /* cut between characters */
        for (size = sizeof message - 1; size && gale__is_tail(message[size]); size--)
            continue;
    }
    int error;
    char *copy = gale__run_alloc(run, size, &error);
    if (!copy)
        return error;
    memcpy(copy, message, size);
    run->error = (gale__error){ kind, { copy, size } };
    return GALE_EINVALID;
}

int gale__raise_key(gale__run *run, gale__value key)
{
    gale__buffer text;
    gale__value message;
    gale__run_buffer(run, &text);
    int error = gale__append_repr(run, &text, key);
    if (error < 0 && !text.error) {
        gale__buffer_clear(&text);
        return error;
    }
    GALE_TRY(gale__run_take_text(run, &text, &message));
    run->error = (gale__error){ ERROR_KEY, gale__text_str(message) };
    return GALE_EINVALID;
}

static uint32_t line_of(const gale__frame *frame)
{
    return frame->branch ? frame->branch->line : frame->chunk ? frame->chunk->line : 1;
}

static void append_mark(gale__buffer *out, const gale__frame *frame)
{
    if (!frame->chunk || frame->chunk->kind == CHUNK_TEXT)
        return;
    gale_str source = frame->branch ? frame->branch->source : frame->chunk->source;
    bool expression = frame->chunk->kind == CHUNK_EXPRESSION;
    size_t size = source.len < MARK_MAX ? source.len : MARK_MAX;
    while (size < source.len && size && gale__is_tail(source.data[size]))
        size--;
    gale__buffer_printf(out, ": %s %.*s%s %s", expression ? "{{" : "{%", (int)size, source.data,
                        size < source.len ? " ..." : "", expression ? "}}" : "%}");
}

void gale__run_note_place(gale__run *run)
{
    const gale__frame *frame = run->frame;
    gale__buffer out;
    if (run->place.text[0])
        return;
    gale__buffer_init(&out, sizeof run->place.text - 1);
    gale__buffer_printf(&out, "%s:%u", frame->file->name, line_of(frame));
    const char *separator = " (via ";
    for (const gale__frame *parent = frame->parent; parent && out.size < 200;
         parent = parent->parent, separator = ", ")
        gale__buffer_printf(&out, "%s%s:%u", separator, parent->file->name, line_of(parent));
    if (frame->parent)
        gale__buffer_append_char(&out, ')');
    append_mark(&out, frame);
    gale_str text = gale__buffer_str(&out);
    memcpy(run->place.text, text.data, text.len);
    run->place.text[text.len] = '\0';
    gale__buffer_clear(&out);
}

/* The error's whole text becomes the detail. */
static int report(const gale__run *run, int error)
{
    char limit[128];
    gale_str message = run->error.message;
    const char *place = run->place.text;
    if (error == GALE_EINVALID)
        return gale__fail(error, "%s: %.*s at %s", gale__error_names[run->error.kind],
                          (int)(message.len < MESSAGE_MAX ? message.len : MESSAGE_MAX),
                          message.data, place);
    snprintf(limit, sizeof limit, "%s",
             error == GALE_ETOOBIG ? gale_error_detail() : gale_strerror(error));
    return gale__fail(error, "%s at %s", limit, place);
}

/* ---- Variables ------------------------------------------------------------------------- */

void gale__run_set(gale__run *run, uint32_t symbol, gale__value value)
{
    value.local = true;
    run->variables[symbol] = value;
}

/* True when its old value is among the last of the log: so loops do not fill it. */
static bool is_saved(const gale__run *run, uint32_t symbol)
{
    size_t at = run->saved_size, last = run->saved_from;
    if (at - last > SAVED_LOOK_BACK)
        last = at - SAVED_LOOK_BACK;
    while (at > last)
        if (run->saved[--at].symbol == symbol)
            return true;
    return false;
}

int gale__run_assign(gale__run *run, uint32_t symbol, gale__value value)
{
    if (run->saving && !is_saved(run, symbol)) {
        GALE_TRY(grow(run, (void **)&run->saved, run->saved_size, &run->saved_capacity,
                      sizeof *run->saved));
        run->saved[run->saved_size++] = (gale__saved){ symbol, run->variables[symbol] };
    }
    gale__run_set(run, symbol, value);
    return 0;
}

gale__mark gale__run_save(gale__run *run)
{
    gale__mark mark = { run->saved_from, run->saving };
    run->saved_from = run->saved_size;
    run->saving = true;
    return mark;
}

void gale__run_restore(gale__run *run, gale__mark mark)
{
    while (run->saved_size > run->saved_from) {
        gale__saved saved = run->saved[--run->saved_size];
        run->variables[saved.symbol] = saved.value;
    }
    run->saved_from = mark.from;
    run->saving = mark.saving;
}

static const gale_template_function *find_in(const gale_template_function *function, gale_str name)
{
    for (; function && function->name; function++)
        if (!strncmp(function->name, name.data, name.len) && !function->name[name.len])
            return function;
    return NULL;
}

static const gale_template_function *find_function(const gale__run *run, gale_str name)
{
    const gale_template_function *found = find_in(run->program->settings->options.functions, name);
    return !found && run->around ? find_in(run->around->functions, name) : found;
}

/* What `lookup` says, the options' or that around; absent when it knows nothing. */
static int look_up(gale__run *run, gale_str name, gale__value *out)
{
    const gale_template_options *options = &run->program->settings->options;
    json_t *json =
        options->lookup ? options->lookup(name.data, run->context, options->lookup_arg) : NULL;
    if (!json && run->around && run->around->lookup)
        json = run->around->lookup(name.data, run->context);
    *out = (gale__value){ .kind = VALUE_ABSENT };
    if (!json)
        return 0;
    GALE_TRY(gale__run_keep(run, json));
    *out = gale__from_json(json);
    return 0;
}

/* What a name that is no variable yet means. */
static int resolve(gale__run *run, gale_str name, gale__value *out)
{
    const json_t *json = run->values ? json_object_getn(run->values, name.data, name.len) : NULL;
    if (json) {
        *out = gale__from_json(json);
        return 0;
    }
    const gale_template_function *function = find_function(run, name);
    if (function) {
        *out = (gale__value){ .kind = VALUE_FUNCTION, .function = function };
        return 0;
    }
    const gale__builtin *builtin = gale__builtin_named(name);
    if (builtin) {
        *out = (gale__value){ .kind = VALUE_BUILTIN, .builtin = builtin };
        return 0;
    }
    return look_up(run, name, out);
}

int gale__run_name(gale__run *run, uint32_t symbol, gale__value *out)
{
    gale__value *variable = &run->variables[symbol];
    if (GALE__UNLIKELY(variable->kind == VALUE_UNSET)) {
        gale__value found;
        GALE_TRY(resolve(run, gale__run_symbol(run, symbol), &found));
        *variable = found;
    }
    *out = *variable;
    if (GALE__LIKELY(out->kind != VALUE_ABSENT))
        return 0;
    gale_str name = gale__run_symbol(run, symbol);
    return gale__raise(run, ERROR_NAME, "name '%.*s' is not defined", (int)name.len, name.data);
}

void gale__run_dotted(gale__run *run, const gale__node *node, gale__value *out)
{
    *out = (gale__value){ .kind = VALUE_UNSET };
    if (node->dotted == GALE__NO_SYMBOL ||
        (!run->program->settings->options.functions && !run->around))
        return;
    gale__value *variable = &run->variables[node->dotted];
    if (variable->kind == VALUE_UNSET) {
        const gale_template_function *function =
            find_function(run, gale__run_symbol(run, node->dotted));
        *variable = function ? (gale__value){ .kind = VALUE_FUNCTION, .function = function }
                             : (gale__value){ .kind = VALUE_ABSENT };
    }
    if (variable->kind == VALUE_ABSENT)
        return;
    const gale__node *base = node->left;
    while (base->kind == NODE_ATTRIBUTE)
        base = base->left;
    gale_str name = gale__run_symbol(run, base->symbol);
    bool given = run->values && json_object_getn(run->values, name.data, name.len);
    if (!given && !run->variables[base->symbol].local)
        *out = *variable;
}

/* ---- Rendering ------------------------------------------------------------------------- */

static int begin(gale__run *run, gale_template *page, const json_t *values)
{
    int error;
    gale__program *program = page->program;
    const gale_template_options *options = &program->settings->options;
    size_t size = program->symbols.size * sizeof *run->variables;
    run->program = program;
    program->references++;
    run->page = page;
    run->values = values;
    run->steps = options->max_steps;
    run->memory = options->max_memory;
    gale__arena_init(&run->arena, &program->pool);
    run->variables = gale__run_alloc(run, size, &error);
    if (!run->variables)
        return error;
    if (size)
        memset(run->variables, 0, size);
    return 0;
}

static void end(gale__run *run)
{
    while (run->kept_size)
        json_decref(run->kept[--run->kept_size]);
    gale__free(run->kept);
    gale__free(run->saved);
    gale__arena_end(&run->arena);
    gale__program_unref(run->program);
}

int gale__template_run(gale_template *page, json_t *values, void *context,
                       const gale__template_surroundings *around, gale__buffer *out)
{
    gale__run run = { .context = context, .around = around, .out = out };
    gale__frame frame = { .file = page->root };
    if (values && !json_is_object(values)) {
        json_decref(values);
        return gale__fail(GALE_EINVALID, "the values of a template are no object");
    }
    run.frame = &frame;
    int error = begin(&run, page, values);
    if (error >= 0)
        error = gale__execute(&run, page->root->body);
    if (error < 0) {
        gale__run_note_place(&run);
        report(&run, error);
    }
    end(&run);
    json_decref(values);
    return error < 0 ? error : 0;
}

gale_bytes *gale_template_generate(gale_template *template_, json_t *values, void *context)
{
    gale__buffer out;
    gale__program *program = template_->program;
    int64_t limit = program->settings->options.max_output;
    gale__buffer_init(&out, (uint64_t)limit < SIZE_MAX - 1 ? (size_t)limit : SIZE_MAX - 1);
    program->references++;
    if (template_->last_size)
        gale__buffer_reserve(&out, template_->last_size);
    gale_bytes *result = NULL;
    if (gale__template_run(template_, values, context, NULL, &out) >= 0) {
        template_->last_size = out.size;
        result = gale__buffer_take(&out);
    }
    gale__buffer_clear(&out);
    gale__program_unref(program);
    return result;
}
