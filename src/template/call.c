/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of functions, of those that are registered in C above all. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/error.h"
#include "core/utf8.h"
#include "template/builtins.h"

/* What a function writes. */
struct gale_template_output {
    gale__run *run;
    gale__buffer text;
    bool failed; /* gale_template_fail has told why */
};

int gale_template_write(gale_template_call *call, const void *text, size_t size)
{
    return gale__buffer_append(&call->output->text, text, size);
}

int gale_template_fail(gale_template_call *call, const char *format, ...)
{
    char message[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    int error = gale__raise(call->output->run, ERROR_RUNTIME, "%s", message);
    call->output->failed = error == GALE_EINVALID;
    return error;
}

/* The arguments as JSON, into `call`. */
static int pass_arguments(gale__run *run, const gale__arguments *arguments,
                          gale_template_call *call)
{
    for (size_t i = 0; i < arguments->count; i++) {
        json_t *json;
        int error = gale__to_json(run, arguments->values[i], &json);
        if (error < 0)
            return error;
        if (i < arguments->positional) {
            error = json_array_append_new(call->arguments, json);
        } else {
            gale_str name = gale__run_symbol(run, arguments->names[i - arguments->positional]);
            error = json_object_setn_new_nocheck(call->keywords, name.data, name.len, json);
        }
        if (error < 0)
            return -ENOMEM;
    }
    return 0;
}

/* A negative code that the function has returned, as an error of the template. */
static int function_failed(gale__run *run, const gale_template_function *function,
                           const struct gale_template_output *output, int error)
{
    bool ends_request = error == GALE_EHTTP || error == GALE_EFINISH || error == GALE_ECANCELED;
    if (output->failed || error == -ENOMEM || ends_request)
        return output->failed ? GALE_EINVALID : error;
    const char *detail = gale_error_detail();
    return gale__raise(run, ERROR_RUNTIME, "%s(): %s", function->name,
                       *detail ? detail : gale_strerror(error));
}

static int take_result(gale__run *run, gale_template_call *call, gale__value *out)
{
    gale_str text = gale__buffer_str(&call->output->text);
    if (call->result) {
        json_t *result = call->result;
        call->result = NULL;
        GALE_TRY(gale__run_keep(run, result));
        *out = gale__from_json(result);
        return 0;
    }
    if (!gale__utf8_valid(text.data, text.len))
        return gale__raise(run, ERROR_VALUE, "a function has written what is not UTF-8");
    return gale__run_take_text(run, &call->output->text, out);
}

static int call_with(gale__run *run, const gale_template_function *function,
                     const gale__arguments *arguments, gale_template_call *call, gale__value *out)
{
    if (!call->arguments || !call->keywords)
        return -ENOMEM;
    GALE_TRY(pass_arguments(run, arguments, call));
    gale__fail(0, "%s", "");
    int error = function->function(call);
    if (call->output->text.error)
        return gale__run_take_text(run, &call->output->text, out);
    if (error < 0)
        return function_failed(run, function, call->output, error);
    return take_result(run, call, out);
}

int gale__call_function(gale__run *run, const gale_template_function *function,
                        const gale__arguments *arguments, gale__value *out)
{
    struct gale_template_output output = { .run = run };
    gale_template_call call = { .arguments = json_array(),
                                .keywords = json_object(),
                                .context = run->context,
                                .arg = function->arg,
                                .output = &output };
    gale__run_buffer(run, &output.text);
    int error = call_with(run, function, arguments, &call, out);
    gale__buffer_clear(&output.text);
    json_decref(call.arguments);
    json_decref(call.keywords);
    json_decref(call.result);
    return error;
}

int gale__call(gale__run *run, gale__value function, const gale__arguments *arguments,
               gale__value *out)
{
    if (function.kind == VALUE_FUNCTION)
        return gale__call_function(run, function.function, arguments, out);
    if (function.kind == VALUE_BUILTIN)
        return gale__builtin_call(run, function.builtin, (gale__value){ 0 }, arguments, out);
    return gale__raise(run, ERROR_TYPE, "'%s' object is not callable", gale__type_name(function));
}
