/* SPDX-License-Identifier: Apache-2.0 */
/* The handler class of static files: the order of work, and what its slots do by default. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/error.h"
#include "proto/accept.h"
#include "proto/content_type.h"
#include "proto/precondition.h"
#include "web/static.h"

static const int64_t CACHE_MAX_AGE = (int64_t)86400 * 365 * 10;

gale__static *gale__static_of(gale_handler *self)
{
    return gale_handler_state(self, &gale_static_file_handler);
}

const char *gale_static_path(gale_handler *self)
{
    gale__static *state = gale__static_of(self);
    return state ? state->path : NULL;
}

const char *gale_static_absolute_path(gale_handler *self)
{
    gale__static *state = gale__static_of(self);
    return state ? state->absolute_path : NULL;
}

/* ---- Slots ----------------------------------------------------------------------------- */

static void inherit(gale_static_slots *slots, const gale_static_slots *base)
{
#define INHERIT(slot)                                                                              \
    if (!slots->slot)                                                                              \
        slots->slot = base->slot;
    INHERIT(parse_url_path)
    INHERIT(get_absolute_path)
    INHERIT(validate_absolute_path)
    INHERIT(get_content)
    INHERIT(get_content_version)
    INHERIT(get_content_size)
    INHERIT(get_modified_time)
    INHERIT(get_content_type)
    INHERIT(get_cache_time)
    INHERIT(set_extra_headers)
    INHERIT(set_headers)
    INHERIT(should_return_304)
    INHERIT(make_static_url)
    INHERIT(get_version)
#undef INHERIT
}

void gale__static_slots_resolve(const gale_handler_class *of_class, gale_static_slots *ret_slots)
{
    *ret_slots = (gale_static_slots){ 0 };
    for (; of_class; of_class = of_class->base)
        if (of_class->static_slots)
            inherit(ret_slots, of_class->static_slots);
    inherit(ret_slots, &gale_static_default_slots);
}

static int initialize(gale_handler *self, void *arg)
{
    gale__static *state = gale__static_of(self);
    state->options = arg;
    if (!state->options || !state->options->path)
        return gale__fail(GALE_EINVALID, "static files need a path in their options");
    if (gale_path_arg_count(self) == 0)
        return gale__fail(GALE_EINVALID, "the pattern of static files needs a group");
    gale__static_slots_resolve(self->type->chain[0].of_class, &state->slots);
    return 0;
}

/* What a slot that returned NULL has meant. */
static int failure(gale_handler *self)
{
    return self->failed || self->error_status ? GALE_EHTTP : -ENOMEM;
}

/* ---- Where the file is ----------------------------------------------------------------- */

static const char *parse_url_path(gale_handler *self, const char *url_path)
{
    (void)self;
    return url_path;
}

static const char *get_absolute_path(gale_handler *self, const char *root, const char *path)
{
    return gale__static_path_join(gale__handler_arena(self), root, path);
}

int gale__static_open_below(gale_handler *self, const gale_static_options *options,
                            const char *root, const char *absolute_path, gale__static_file *file)
{
    const char *top = gale__static_path_join(gale__handler_arena(self), root, "");
    if (!top)
        return -ENOMEM;
    const char *below = gale__static_path_below(top, absolute_path);
    if (!below)
        return -EXDEV;
    return gale__static_file_open(file, absolute_path, top, below, options->follow_symlinks);
}

static int open_path(gale_handler *self, gale__static *state, const char *root, const char *path)
{
    gale__static_file_close(&state->file);
    state->opened_as = path;
    return gale__static_open_below(self, state->options, root, path, &state->file);
}

/* What the client is told of a file that cannot be opened. */
static int refuse(gale_handler *self, const gale__static *state, int error)
{
    switch (error) {
    case -ENOENT:
    case -ENOTDIR:
    case -ENAMETOOLONG:
    case -ELOOP:
        return gale_http_error(self, 404, NULL);
    case -EXDEV:
        return gale_http_error(self, 403, "%s is not in root static directory", state->path);
    case -ENXIO:
    case -ENODEV:
        return gale_http_error(self, 403, "%s is not a file", state->path);
    case -EACCES:
    case -EPERM:
        return gale_http_error(self, 403, "%s may not be read", state->path);
    case -EMFILE:
    case -ENFILE:
    case -EAGAIN:
        return gale_http_error(self, 503, "%s: %s", state->path, gale_strerror(error));
    default:
        return error == GALE_ECANCELED
                   ? error
                   : gale__fail(error, "%s: %s", state->path, gale_strerror(error));
    }
}

/* A path with two slashes in front, or what browsers take for such, would be that of another
 * host. */
static int redirect_to_directory(gale_handler *self)
{
    const char *path = gale_http_server_request_path(self->request);
    if (strchr(path, '\\') || strncmp(path, "//", 2) == 0)
        return gale_http_error(self, 403, "cannot redirect path with two initial slashes");
    const char *url = gale__arena_printf(gale__handler_arena(self), NULL, "%s/", path);
    return url ? gale_redirect(self, url, true) : -ENOMEM;
}

static bool ends_with_slash(const char *path)
{
    size_t size = strlen(path);
    return size > 0 && path[size - 1] == '/';
}

/* Takes the neighbour for the file when it is there, and not older. */
static int try_neighbour(gale_handler *self, gale__static *state, const char *root,
                         const char *path, const char *coding, const char *suffix)
{
    const char *accepted =
        gale__http_headers_get(&self->request->headers, GALE__HTTP_ACCEPT_ENCODING);
    if (!accepted || gale__http_accept_quality((gale_str){ accepted, strlen(accepted) },
                                               (gale_str){ coding, strlen(coding) }) <= 0)
        return 0;
    const char *name = gale__arena_printf(gale__handler_arena(self), NULL, "%s%s", path, suffix);
    if (!name)
        return -ENOMEM;
    gale__static_file neighbour = { 0 };
    int result = gale__static_open_below(self, state->options, root, name, &neighbour);
    if (result < 0)
        return result == GALE_ECANCELED ? result : 0;
    const struct stat *own = &state->file.status, *other = &neighbour.status;
    bool fit = S_ISREG(other->st_mode) && (other->st_mtim.tv_sec > own->st_mtim.tv_sec ||
                                           (other->st_mtim.tv_sec == own->st_mtim.tv_sec &&
                                            other->st_mtim.tv_nsec >= own->st_mtim.tv_nsec));
    gale__static_file_close(fit ? &state->file : &neighbour);
    if (fit) {
        state->file = neighbour;
        state->coding = coding;
    }
    return fit;
}

static bool looks_for_neighbours(const gale__static *state)
{
    return state->options->precompressed &&
           state->slots.get_content == gale_static_default_slots.get_content;
}

static int choose_neighbour(gale_handler *self, gale__static *state, const char *root,
                            const char *path)
{
    if (!looks_for_neighbours(state))
        return 0;
    int result = try_neighbour(self, state, root, path, "br", ".br");
    return result ? result : try_neighbour(self, state, root, path, "gzip", ".gz");
}

static int validate_absolute_path(gale_handler *self, const char *root, const char *absolute_path,
                                  const char **ret_path)
{
    gale__static *state = gale__static_of(self);
    const char *path = absolute_path;
    int result = open_path(self, state, root, path);
    if (result >= 0 && S_ISDIR(state->file.status.st_mode) && state->options->default_filename) {
        if (!ends_with_slash(gale_http_server_request_path(self->request)))
            return redirect_to_directory(self);
        path = gale__static_path_join(gale__handler_arena(self), absolute_path,
                                      state->options->default_filename);
        result = path ? open_path(self, state, root, path) : -ENOMEM;
    }
    if (result < 0)
        return refuse(self, state, result);
    if (!S_ISREG(state->file.status.st_mode))
        return gale_http_error(self, 403, "%s is not a file", state->path);
    *ret_path = path;
    return choose_neighbour(self, state, root, path);
}

/* ---- What it is ------------------------------------------------------------------------ */

/* A path that validate_absolute_path of a subclass has named is opened here, wherever it is. */
static int opened(gale_handler *self, gale__static *state)
{
    if (state->file.path)
        return 0;
    int result =
        gale__static_file_open(&state->file, state->absolute_path, "/",
                               state->absolute_path + strspn(state->absolute_path, "/"), true);
    if (result < 0)
        return refuse(self, state, result);
    return S_ISREG(state->file.status.st_mode)
               ? 0
               : gale_http_error(self, 403, "%s is not a file", state->path);
}

static int64_t get_content_size(gale_handler *self)
{
    gale__static *state = gale__static_of(self);
    int result = opened(self, state);
    return result < 0 ? result : state->file.status.st_size;
}

static int get_modified_time(gale_handler *self, int64_t *ret_seconds)
{
    gale__static *state = gale__static_of(self);
    GALE_TRY(opened(self, state));
    *ret_seconds = state->file.status.st_mtim.tv_sec;
    return 1;
}

/* The file of a path: the handler's, or one that is opened here. */
static int file_of(gale_handler *self, const char *absolute_path, gale__static_file *own,
                   const gale__static_file **ret_file)
{
    gale__static *state = gale__static_of(self);
    *ret_file = own;
    if (state && state->file.path && strcmp(absolute_path, state->absolute_path) == 0) {
        *ret_file = &state->file;
        return 0;
    }
    return gale__static_file_open(own, absolute_path, "/",
                                  absolute_path + strspn(absolute_path, "/"), true);
}

static int get_content(gale_handler *self, const char *absolute_path, int64_t start, int64_t end,
                       gale_content_sink sink, void *arg)
{
    gale__static_file own = { 0 };
    const gale__static_file *file;
    GALE_TRY(file_of(self, absolute_path, &own, &file));
    int result = gale__static_file_pour(file, start, end, sink, arg);
    gale__static_file_close(&own);
    return result;
}

static const char *get_content_version(gale_handler *self, const char *absolute_path)
{
    gale_static_slots slots;
    gale__static *state = gale__static_of(self);
    const gale_handler_class *site = self->application->settings.static_handler_class;
    gale__static_slots_resolve(state ? self->type->chain[0].of_class : site, &slots);
    if (slots.get_content != get_content)
        return gale__static_hash_content(self, &slots, absolute_path);
    gale__static_file own = { 0 };
    const gale__static_file *file;
    const char *version = NULL;
    if (file_of(self, absolute_path, &own, &file) >= 0 && S_ISREG(file->status.st_mode))
        version = gale__static_hash(self, file);
    gale__static_file_close(&own);
    return version;
}

static const char *get_content_type(gale_handler *self)
{
    const char *path = gale_static_absolute_path(self);
    return gale__content_type_of((gale_str){ path, strlen(path) });
}

/* ---- Headers --------------------------------------------------------------------------- */

static int64_t get_cache_time(gale_handler *self, const char *path, int64_t modified,
                              const char *content_type)
{
    (void)path;
    (void)modified;
    (void)content_type;
    const gale_http_arguments *query = gale_http_server_request_query_arguments(self->request);
    return query && gale_http_arguments_get(query, "v") ? CACHE_MAX_AGE : 0;
}

static int set_extra_headers(gale_handler *self, const char *path)
{
    (void)self;
    (void)path;
    return 0;
}

/* Of what is served, whichever part of it. */
static const char *compute_etag(gale_handler *self)
{
    gale__static *state = gale__static_of(self);
    if (!state->absolute_path)
        return NULL;
    const gale__static_file *file = state->file.path ? &state->file : NULL;
    const char *version = gale__static_version(self, &state->slots, file, state->absolute_path);
    return version ? gale__arena_printf(gale__handler_arena(self), NULL, "\"%s\"", version) : NULL;
}

static int set_date(gale_handler *self, const char *name, int64_t seconds)
{
    char text[GALE_TIMESTAMP_SIZE];
    return gale_set_header(self, name, gale_format_timestamp((double)seconds, text));
}

static int set_cache_time(gale_handler *self, gale__static *state)
{
    int64_t seconds = state->slots.get_cache_time(
        self, state->path, state->has_modified ? state->modified : 0, state->content_type);
    if (seconds <= 0)
        return 0;
    char text[40];
    snprintf(text, sizeof text, "max-age=%lld", (long long)seconds);
    GALE_TRY(set_date(self, "Expires", (int64_t)time(NULL) + seconds));
    return gale_set_header(self, "Cache-Control", text);
}

static int set_coding(gale_handler *self, const gale__static *state)
{
    if (looks_for_neighbours(state))
        GALE_TRY(gale_set_header(self, "Vary", "Accept-Encoding"));
    return state->coding ? gale_set_header(self, "Content-Encoding", state->coding) : 0;
}

static int set_headers(gale_handler *self)
{
    gale__static *state = gale__static_of(self);
    GALE_TRY(gale__http_headers_set(&self->headers, GALE__HTTP_ACCEPT_RANGES, GALE_STR("bytes")));
    GALE_TRY(gale_set_etag_header(self));
    if (state->has_modified)
        GALE_TRY(set_date(self, "Last-Modified", state->modified));
    state->content_type = state->slots.get_content_type(self);
    if (state->content_type)
        GALE_TRY(gale_set_header(self, "Content-Type", state->content_type));
    GALE_TRY(set_coding(self, state));
    GALE_TRY(set_cache_time(self, state));
    return state->slots.set_extra_headers(self, state->path);
}

/* ---- Conditions ------------------------------------------------------------------------ */

static gale__validators validators_of(gale_handler *self)
{
    gale__static *state = gale__static_of(self);
    return (gale__validators){ .etag = gale__http_headers_get(&self->headers, GALE__HTTP_ETAG),
                               .has_modified = state->has_modified,
                               .modified = state->modified };
}

static bool should_return_304(gale_handler *self)
{
    gale_http_headers *request = &self->request->headers;
    gale__validators validators = validators_of(self);
    return gale__not_modified(gale__http_headers_get(request, GALE__HTTP_IF_NONE_MATCH),
                              gale__http_headers_get(request, GALE__HTTP_IF_MODIFIED_SINCE),
                              &validators);
}

static bool precondition_fails(gale_handler *self)
{
    gale_http_headers *request = &self->request->headers;
    gale__validators validators = validators_of(self);
    return gale__precondition_fails(gale_http_headers_get(request, "If-Match"),
                                    gale_http_headers_get(request, "If-Unmodified-Since"),
                                    &validators);
}

/* ---- The order of work ----------------------------------------------------------------- */

/* The group, which may be any bytes in a path; a NUL is in none. */
static int find_path(gale_handler *self, gale__static *state, const char **ret_absolute_path)
{
    gale_str group = gale_path_arg_str(self, 0);
    if (group.len > 0 && memchr(group.data, '\0', group.len))
        return gale_http_error(self, 404, NULL);
    const char *url_path = group.data ? gale_path_arg_at(self, 0) : "";
    if (!url_path)
        return GALE_EHTTP;
    state->path = state->slots.parse_url_path(self, url_path);
    if (!state->path)
        return failure(self);
    *ret_absolute_path = state->slots.get_absolute_path(self, state->options->path, state->path);
    return *ret_absolute_path ? 0 : failure(self);
}

static int serve(gale_handler *self, gale__static *state)
{
    const char *path = NULL;
    GALE_TRY(find_path(self, state, &path));
    state->absolute_path = path;
    GALE_TRY(state->slots.validate_absolute_path(self, state->options->path, path,
                                                 &state->absolute_path));
    if (self->finished)
        return 0;
    if (state->file.path && strcmp(state->opened_as, state->absolute_path) != 0) {
        gale__static_file_close(&state->file); /* a subclass has named another */
        state->coding = NULL;
    }
    int result = state->slots.get_modified_time(self, &state->modified);
    GALE_TRY(result);
    state->has_modified = result > 0;
    GALE_TRY(state->slots.set_headers(self));
    if (precondition_fails(self))
        return gale_http_error(self, 412, NULL);
    if (state->slots.should_return_304(self))
        return gale_set_status(self, 304, NULL);
    return gale__static_respond(self);
}

static int get(gale_handler *self)
{
    gale__static *state = gale__static_of(self);
    int result = serve(self, state);
    gale__static_file_close(&state->file);
    return result;
}

const gale_handler_class gale_static_file_handler = {
    .name = "static files",
    .state_size = sizeof(gale__static),
    .initialize = initialize,
    .get = get,
    .head = get,
    .compute_etag = compute_etag,
    .static_slots = &gale_static_default_slots,
};

const gale_static_slots gale_static_default_slots = {
    .parse_url_path = parse_url_path,
    .get_absolute_path = get_absolute_path,
    .validate_absolute_path = validate_absolute_path,
    .get_content = get_content,
    .get_content_version = get_content_version,
    .get_content_size = get_content_size,
    .get_modified_time = get_modified_time,
    .get_content_type = get_content_type,
    .get_cache_time = get_cache_time,
    .set_extra_headers = set_extra_headers,
    .set_headers = set_headers,
    .should_return_304 = should_return_304,
    .make_static_url = gale__static_make_url,
    .get_version = gale__static_get_version,
};
