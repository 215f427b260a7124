/* SPDX-License-Identifier: Apache-2.0 */
/* Where the text of templates comes from, and the pages made of it. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "template/path.h"
#include "template/program.h"

enum { PATH_LIMIT = 4000, FAILURES_MAX = 16 };

struct gale_template_loader {
    gale__settings *settings;
    gale__program *program; /* NULL until the first load */
    char *directory;        /* or NULL */
    json_t *sources;        /* or NULL */
    int failures;           /* what they have left in the program's arena is dropped by a reset */
};

/* ---- Single templates ------------------------------------------------------------------ */

static gale_template *compile_alone(gale__program *program, gale_str source, const char *name)
{
    int error;
    char *copy = gale__arena_strdup(&program->arena, source.data, source.len);
    gale__file *file =
        copy ? gale__parse(program, name, (gale_str){ copy, source.len }, &error) : NULL;
    gale_template *page = file ? gale__link(file, program, &error) : NULL;
    if (page)
        page->alone = true;
    return page;
}

gale_template *gale_template_new(gale_str source, const char *name,
                                 const gale_template_options *options)
{
    gale__settings *settings = gale__settings_new(options);
    gale__program *program = settings ? gale__program_new(settings, NULL) : NULL;
    gale__settings_unref(settings);
    if (!program)
        return NULL;
    gale_template *page = compile_alone(program, source, name ? name : "<string>");
    if (!page)
        gale__program_unref(program);
    return page;
}

void gale_template_free(gale_template *template_)
{
    if (template_ && template_->alone)
        gale__program_unref(template_->program);
}

/* ---- Reading --------------------------------------------------------------------------- */

static bool same_file(const gale__file *file, const struct stat *status)
{
    return file->seconds == status->st_mtim.tv_sec &&
           file->nanoseconds == status->st_mtim.tv_nsec && file->size == status->st_size &&
           file->inode == status->st_ino;
}

static int read_all(int descriptor, char *data, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t count = read(descriptor, data + done, size - done);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return count < 0 ? -errno : GALE_EINPUT;
        done += (size_t)count;
    }
    return 0;
}

static int read_open_file(gale__program *program, int descriptor, struct stat *status,
                          gale_str *source)
{
    if (fstat(descriptor, status) < 0)
        return -errno;
    if (!S_ISREG(status->st_mode))
        return gale__fail(GALE_ENOTFOUND, "not a file");
    if (status->st_size > GALE__SOURCE_MAX)
        return gale__fail(GALE_ETOOBIG, "a template is over %d bytes", GALE__SOURCE_MAX);
    char *data = gale__program_alloc(program, (size_t)status->st_size + 1);
    if (!data)
        return -ENOMEM;
    *source = (gale_str){ data, (size_t)status->st_size };
    return read_all(descriptor, data, source->len);
}

static gale__file *read_file(gale__program *program, const char *name, int *ret_error)
{
    gale__file *file = NULL;
    struct stat status;
    gale_str source;
    char *path =
        gale__arena_printf(&program->arena, NULL, "%s/%s", program->loader->directory, name);
    *ret_error = -ENOMEM;
    if (!path)
        return NULL;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) {
        *ret_error = errno == ENOENT || errno == ENOTDIR ? GALE_ENOTFOUND : -errno;
        gale__fail(*ret_error, "template %s: %s", name, gale_strerror(*ret_error));
        return NULL;
    }
    *ret_error = read_open_file(program, descriptor, &status, &source);
    close(descriptor);
    if (*ret_error >= 0)
        file = gale__parse(program, name, source, ret_error);
    if (file) {
        file->path = path;
        file->seconds = status.st_mtim.tv_sec;
        file->nanoseconds = status.st_mtim.tv_nsec;
        file->size = status.st_size;
        file->inode = status.st_ino;
    }
    return file;
}

static gale__file *read_source(gale__program *program, const char *name, int *ret_error)
{
    const json_t *text = json_object_get(program->loader->sources, name);
    *ret_error = GALE_ENOTFOUND;
    if (!json_is_string(text)) {
        gale__fail(GALE_ENOTFOUND, "template %s: not found", name);
        return NULL;
    }
    size_t size = json_string_length(text);
    char *copy = gale__arena_strdup(&program->arena, json_string_value(text), size);
    *ret_error = -ENOMEM;
    return copy ? gale__parse(program, name, (gale_str){ copy, size }, ret_error) : NULL;
}

/* ---- Names ----------------------------------------------------------------------------- */

/* Below the directory, or it is refused; an absolute path may lead into it. */
static int stay_inside(const gale_template_loader *loader, gale__buffer *path)
{
    gale__buffer normal;
    size_t size = strlen(loader->directory);
    gale__buffer_init(&normal, PATH_LIMIT);
    gale__normal_path(&normal, gale__buffer_str(path));
    gale_str text = gale__buffer_str(&normal);
    if (text.len > size && !memcmp(text.data, loader->directory, size) && text.data[size] == '/' &&
        text.data[0] == '/')
        gale__buffer_consume(&normal, size + 1);
    text = gale__buffer_str(&normal);
    int error = normal.error;
    bool up =
        text.len >= 2 && !memcmp(text.data, "..", 2) && (text.len == 2 || text.data[2] == '/');
    if (!error && (up || text.data[0] == '/'))
        error = gale__fail(GALE_ENOTFOUND, "template %s: leads out of the directory",
                           gale__buffer_str(path).data);
    path->size = 0;
    if (!error)
        gale__buffer_append(path, text.data, text.len);
    gale__buffer_clear(&normal);
    return error ? error : path->error;
}

static int resolve(const gale_template_loader *loader, const char *name, const char *parent,
                   gale__buffer *out)
{
    gale__template_path(out, name, parent);
    if (!out->error && out->size && loader->directory)
        GALE_TRY(stay_inside(loader, out));
    if (out->error || !out->size)
        return gale__fail(out->error ? out->error : GALE_ENOTFOUND,
                          out->error ? "the name of a template is too long" : "no name");
    return 0;
}

gale_bytes *gale_template_loader_resolve_path(gale_template_loader *loader, const char *name,
                                              const char *parent_path)
{
    gale__buffer path;
    gale__buffer_init(&path, PATH_LIMIT);
    int error = resolve(loader, name, parent_path, &path);
    gale_str text = gale__buffer_str(&path);
    gale_bytes *result = error < 0 ? NULL : gale_bytes_new(text.data, text.len);
    gale__buffer_clear(&path);
    return result;
}

/* ---- Loading --------------------------------------------------------------------------- */

static gale__file *find_file(const gale__program *program, const char *name)
{
    gale__file *file = program->files;
    while (file && strcmp(file->name, name) != 0)
        file = file->next;
    return file;
}

gale__file *gale__loader_file(gale__program *program, const char *name, const char *parent,
                              int *ret_error)
{
    gale__file *file = NULL;
    gale__buffer path;
    gale__buffer_init(&path, PATH_LIMIT);
    *ret_error = resolve(program->loader, name, parent, &path);
    if (*ret_error >= 0) {
        const char *resolved = gale__buffer_begin(&path);
        file = find_file(program, resolved);
        if (!file) {
            file = program->loader->directory ? read_file(program, resolved, ret_error)
                                              : read_source(program, resolved, ret_error);
            if (file) {
                file->next = program->files;
                program->files = file;
            }
        }
    }
    gale__buffer_clear(&path);
    return file;
}

/* True when a file that was read is not what it was. */
static bool has_changed(const gale__program *program)
{
    struct stat status;
    for (const gale__file *file = program->files; file; file = file->next)
        if (file->path && (stat(file->path, &status) < 0 || !same_file(file, &status)))
            return true;
    return false;
}

static gale_template *load(gale_template_loader *loader, const char *name, const char *parent,
                           int *ret_error)
{
    if (!loader->program)
        loader->program = gale__program_new(loader->settings, loader);
    *ret_error = -ENOMEM;
    gale__file *file =
        loader->program ? gale__loader_file(loader->program, name, parent, ret_error) : NULL;
    if (file && !file->page)
        file->page = gale__link(file, loader->program, ret_error);
    return file ? file->page : NULL;
}

gale_template *gale__loader_load(gale_template_loader *loader, const char *name, const char *parent,
                                 int *ret_error)
{
    bool changed = loader->program && loader->settings->options.reload_on_change &&
                   has_changed(loader->program);
    if (changed || loader->failures >= FAILURES_MAX)
        gale_template_loader_reset(loader);
    gale_template *page = load(loader, name, parent, ret_error);
    if (!page)
        loader->failures++;
    return page;
}

gale_template *gale_template_loader_load(gale_template_loader *loader, const char *name,
                                         const char *parent_path)
{
    int error;
    return gale__loader_load(loader, name, parent_path, &error);
}

void gale_template_loader_reset(gale_template_loader *loader)
{
    if (loader->program)
        loader->program->loader = NULL;
    gale__program_unref(loader->program);
    loader->program = NULL;
    loader->failures = 0;
}

/* ---- Loaders --------------------------------------------------------------------------- */

static gale_template_loader *new_loader(const gale_template_options *options)
{
    gale_template_loader *loader = GALE__NEW(gale_template_loader);
    if (!loader)
        return NULL;
    loader->settings = gale__settings_new(options);
    if (!loader->settings) {
        gale__free(loader);
        return NULL;
    }
    return loader;
}

static char *absolute_path(const char *path)
{
    char working[PATH_MAX] = "";
    gale__buffer joined, normal;
    gale__buffer_init(&joined, 2 * PATH_MAX);
    gale__buffer_init(&normal, 2 * PATH_MAX);
    if (*path != '/' && getcwd(working, sizeof working))
        gale__buffer_printf(&joined, "%s/", working);
    gale__buffer_append(&joined, path, strlen(path));
    if (!joined.error)
        gale__normal_path(&normal, gale__buffer_str(&joined));
    gale_str text = gale__buffer_str(&normal);
    char *result = joined.error || normal.error ? NULL : gale__strdup(text.data, text.len);
    gale__buffer_clear(&joined);
    gale__buffer_clear(&normal);
    return result;
}

gale_template_loader *gale_template_loader_new(const char *directory,
                                               const gale_template_options *options)
{
    gale_template_loader *loader = new_loader(options);
    if (!loader)
        return NULL;
    loader->directory = absolute_path(directory);
    if (!loader->directory) {
        gale_template_loader_free(loader);
        return NULL;
    }
    return loader;
}

gale_template_loader *gale_template_dict_loader_new(json_t *sources,
                                                    const gale_template_options *options)
{
    gale_template_loader *loader = NULL;
    if (json_is_object(sources))
        loader = new_loader(options);
    else
        gale__fail(GALE_EINVALID, "the sources of templates are no object");
    if (loader)
        loader->sources = sources;
    else
        json_decref(sources);
    return loader;
}

void gale_template_loader_free(gale_template_loader *loader)
{
    if (!loader)
        return;
    gale_template_loader_reset(loader);
    gale__settings_unref(loader->settings);
    gale__free(loader->directory);
    json_decref(loader->sources);
    gale__free(loader);
}
