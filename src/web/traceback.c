/* SPDX-License-Identifier: Apache-2.0 */
/*
 * C has no traceback, but most of what one looks for in it is known: the code and its detail, the
 * request, the route with its arguments, the class with its bases, and what was logged on the way.
 * A task-local value leads from a log line to the handler at whose work it was written.
 */
#include "web/traceback.h"

#include <errno.h>
#include <string.h>

#include <gale/gen.h>
#include <gale/log.h>

#include "core/error.h"
#include "core/log_sink.h"
#include "web/application.h"

enum { MOST_LINES = 50, LONGEST_LINE = 2000 };

typedef struct instance {
    gale__log_filter filter;
} instance;

/* Of a request. */
typedef struct state {
    const void *instance;
    size_t count;
    const char *lines[MOST_LINES];
} state;

static const char handler_key;

/* ---- Collecting ---- */

static bool remember_line(gale__log_filter *filter, const gale_log_record *record)
{
    gale_handler *self = gale_task_local(&handler_key);
    state *own = self ? gale_filter_state(self, &gale__traceback_filter) : NULL;
    char line[LONGEST_LINE];
    if (!own || own->instance != filter || own->count == MOST_LINES)
        return false;
    gale_log_format(NULL, record, line, sizeof line);
    const char *copy = gale__arena_strdup(gale__handler_arena(self), line, strlen(line));
    if (copy)
        own->lines[own->count++] = copy;
    return false;
}

static int open_filter(const void *options, void **ret_instance)
{
    (void)options;
    instance *self = GALE__NEW(instance);
    if (!self)
        return -ENOMEM;
    self->filter.suppress = remember_line;
    gale__log_add_filter(&self->filter);
    *ret_instance = self;
    return 0;
}

static void close_filter(void *arg)
{
    instance *self = arg;
    gale__log_remove_filter(&self->filter);
    gale__free(self);
}

static int prepare(gale_handler *self, void *arg)
{
    state *own = gale_filter_state(self, &gale__traceback_filter);
    own->instance = arg; /* the filter is its first member */
    return gale_task_set_local(&handler_key, self);
}

const gale_filter_class gale__traceback_filter = { .name = "serve_traceback",
                                                   .state_size = sizeof(state),
                                                   .open = open_filter,
                                                   .close = close_filter,
                                                   .prepare = prepare };

/* ---- Telling ---- */

static int write_error(gale_handler *self, int status, int error)
{
    const char *reason = self->reason ? self->reason : gale_http_reason(status);
    GALE_TRY(gale_writef(self, "%d: %s\n\n", status, reason));
    if (error == GALE_EHTTP)
        return gale_writef(self, "%s\n\n", self->error_message);
    const char *detail = gale_error_detail();
    return gale_writef(self, "%s (%d)%s%s\n\n", gale_strerror(error), error, *detail ? ": " : "",
                       detail);
}

static int write_arguments(gale_handler *self)
{
    for (size_t i = 0; i < self->path_arguments->count; i++) {
        gale_str value = self->path_arguments->values[i];
        char **names = self->path_arguments->pattern->group_names;
        if (value.data)
            GALE_TRY(gale_writef(self, "            %s = \"%.*s\"\n", names ? names[i] : "group",
                                 (int)value.len, value.data));
    }
    return 0;
}

/* The route is looked for once more. */
static int write_route(gale_handler *self)
{
    gale__found found = { 0 };
    if (!self->connection ||
        gale__application_find(self->application, self->connection, &found) <= 0 || !found.route)
        return gale_write(self, "no route\n");
    GALE_TRY(gale_writef(self, "route       %s%s%s\n", found.route->pattern.text,
                         found.route->name ? ", named " : "",
                         found.route->name ? found.route->name : ""));
    return write_arguments(self);
}

static int write_handler(gale_handler *self)
{
    const gale__handler_type *type = self->type;
    GALE_TRY(gale_writef(self, "handler     %s", type->slots.name));
    for (size_t i = 1; i < type->chain_size; i++) {
        const char *name = type->chain[i].of_class->name;
        GALE_TRY(gale_writef(self, ", based on %s", name ? name : "handler"));
    }
    return gale_write(self, "\n");
}

static int write_lines(gale_handler *self)
{
    const state *own = gale_filter_state(self, &gale__traceback_filter);
    if (own && own->count)
        GALE_TRY(gale_write(self, "\nlogged:\n"));
    for (size_t i = 0; own && i < own->count; i++)
        GALE_TRY(gale_writef(self, "%s\n", own->lines[i]));
    return 0;
}

int gale__traceback_write(gale_handler *self, int status, int error)
{
    char detail[GALE__ERROR_DETAIL_MAX + 1]; /* looking for the route may change it */
    snprintf(detail, sizeof detail, "%s", gale_error_detail());
    GALE_TRY(gale_set_header(self, "Content-Type", "text/plain; charset=UTF-8"));
    GALE_TRY(write_error(self, status, error));
    GALE_TRY(gale_writef(self, "request     %s %s from %s\n",
                         gale_http_server_request_method(self->request),
                         gale_http_server_request_uri(self->request),
                         gale_http_server_request_remote_ip(self->request)));
    GALE_TRY(write_route(self));
    GALE_TRY(write_handler(self));
    int result = write_lines(self);
    gale__fail(0, "%s", detail);
    return result;
}
