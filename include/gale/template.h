/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gale/template.h: the template language. Tornado's counterpart: tornado.template.
 *
 *     gale_template_loader *loader = gale_template_loader_new("templates", NULL);
 *     gale_template *page = gale_template_loader_load(loader, "page.html", NULL);
 *     gale_bytes *html = page ? gale_template_generate(page, json_pack("{s:s}", "name", "Ben"),
 * NULL) : NULL;
 *
 * The directives are Tornado's, the expressions a subset of Python; docs/templates.md tells both. A
 * handler has gale_render (gale/web.h), which does all this. Values are JSON (jansson): a template
 * changes none of them. What goes wrong is told by gale_error_detail, with file and line.
 */
#ifndef GALE_TEMPLATE_H
#define GALE_TEMPLATE_H

#include <jansson.h>

#include <gale/core.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A compiled template. Tornado: template.Template. */
typedef struct gale_template gale_template;
/** Finds templates by name, and keeps them. Tornado: template.BaseLoader. */
typedef struct gale_template_loader gale_template_loader;

/* ---- Functions ------------------------------------------------------------------------- */

/** A call of a registered function by a template. Everything is borrowed, and valid during the
 * call, but for `result`. */
typedef struct gale_template_call {
    json_t *arguments; /**< an array */
    json_t *keywords;  /**< an object */
    json_t *result;    /**< set by the function: a reference, json_null() is None */
    void *context;     /**< what was given to gale_template_generate */
    void *arg;         /**< what the function was registered with */
    struct gale_template_output *output; /**< for gale_template_write */
    void *reserved_[4];
} gale_template_call;

/**
 * A function that templates can call. It sets `result`, or else the text that it writes
 * (gale_template_write), which may be none, is its result. It may suspend, if
 * gale_template_generate was called in a task. A negative code is an error in the template, see
 * gale_template_fail.
 */
typedef int (*gale_template_callback)(gale_template_call *call);

/** A function and its name. A list of them ends with a zeroed one. */
typedef struct gale_template_function {
    /** A name, or names with dots: "locale.translate" is called as locale.translate(...).
     * "modules.Entry" is what {% module Entry(...) %} calls; what that gives is not escaped. */
    const char *name;
    gale_template_callback function;
    void *arg; /**< for `call->arg`; borrowed */
} gale_template_function;

/** Adds text to what a function gives. Returns 0, GALE_ETOOBIG or -ENOMEM. */
GALE_API int gale_template_write(gale_template_call *call, const void *text, size_t size);
/** Tells what is wrong with a call, formatted as by printf, and returns a code to return from the
 * function: return gale_template_fail(call, "plural() takes a number"). {% except %} catches it. */
GALE_API int gale_template_fail(gale_template_call *call, const char *format, ...)
    GALE_PRINTF(2, 3);

/* ---- Templates ------------------------------------------------------------------------- */

/** Options of a loader, or of one template. Zero is the default of each. */
typedef struct gale_template_options {
    /** The function that {{ }} puts its text through. NULL: "xhtml_escape"; "None": no function.
     * {% autoescape %} overrides it for its file. Copied. Tornado: BaseLoader(autoescape). */
    const char *autoescape;
    /** "all", "single" or "oneline". NULL: "single" for names that end with .html or .js, else
     * "all". Copied. Tornado: BaseLoader(whitespace). */
    const char *whitespace;
    /** Functions that templates may call, besides the built-in ones. The list is copied.
     * Tornado: BaseLoader(namespace). */
    const gale_template_function *functions;
    /** A value for a name that is neither among the values nor a function; asked at most once for
     * each rendering. Returns a reference; NULL: there is no such name. `context` is what was
     * given to gale_template_generate. */
    json_t *(*lookup)(const char *name, void *context, void *arg);
    void *lookup_arg; /**< for `lookup`; borrowed */
    /** A file that has changed is compiled anew by the next load. For development. */
    bool reload_on_change;
    /** Bytes that one rendering may make; 0: 67108864. GALE_NONE: no limit. */
    int64_t max_output;
    /** Bytes of values that one rendering may hold besides; 0: 67108864. */
    int64_t max_memory;
    /** Operations of one rendering, so that no template runs for ever; 0: 20000000. */
    int64_t max_steps;
    void *reserved_[8];
} gale_template_options;

/**
 * Compiles a template that stands alone: {% extends %} and {% include %} need a loader. `name` is
 * told in errors and decides about white space; NULL: "<string>". NULL on failure: malformed, as
 * "MESSAGE at NAME:LINE" in gale_error_detail, or out of memory. Free it with gale_template_free.
 * Tornado: template.Template.
 */
GALE_API gale_template *gale_template_new(gale_str source, const char *name,
                                          const gale_template_options *options);
/** Frees a template of gale_template_new. NULL is allowed. */
GALE_API void gale_template_free(gale_template *template_);
/**
 * Renders. `values` is an object whose names the template knows; its reference is taken, always;
 * NULL: no values. `context` is handed to the functions that the template calls. The result has one
 * reference. NULL on failure; gale_error_detail is then "KIND: MESSAGE at FILE:LINE: TEXT", with
 * "(via FILE:LINE, ...)" after the place when that was included. Suspends only if a registered
 * function does. Tornado: Template.generate.
 */
GALE_API GALE_SUSPENDS gale_bytes *gale_template_generate(gale_template *template_, json_t *values,
                                                          void *context);

/* ---- Loaders --------------------------------------------------------------------------- */

/** A loader of the files under a directory; no name leads out of it. The directory is not looked at
 * before the first load. NULL when out of memory or when an option is bad (gale_error_detail).
 * Tornado: template.Loader. */
GALE_API gale_template_loader *gale_template_loader_new(const char *directory,
                                                        const gale_template_options *options);
/** A loader of an object's members: name and text. Takes the reference to `sources`, always; NULL
 * is an error. Tornado: template.DictLoader. */
GALE_API gale_template_loader *gale_template_dict_loader_new(json_t *sources,
                                                             const gale_template_options *options);
/** Frees a loader and its templates. A rendering that waits ends properly. NULL is allowed. */
GALE_API void gale_template_loader_free(gale_template_loader *loader);
/**
 * The template of that name, compiled when it is asked for first; with `parent_path`, relative to
 * that template. Borrowed until the loader is reset or freed, or, with reload_on_change, until the
 * next load. NULL on failure: no such file (GALE_ENOTFOUND's text in gale_error_detail), malformed,
 * out of memory. Reads a file: does not suspend. Tornado: BaseLoader.load.
 */
GALE_API gale_template *gale_template_loader_load(gale_template_loader *loader, const char *name,
                                                  const char *parent_path);
/** Forgets all compiled templates. Tornado: BaseLoader.reset. */
GALE_API void gale_template_loader_reset(gale_template_loader *loader);
/**
 * The name that `name` has when the template `parent_path` (NULL: none) asks for it: relative to
 * the parent's directory, unless one of them begins with "/" or the parent with "<". The result
 * has one reference. NULL when it leads out of the root, or out of memory.
 * Tornado: BaseLoader.resolve_path.
 */
GALE_API gale_bytes *gale_template_loader_resolve_path(gale_template_loader *loader,
                                                       const char *name, const char *parent_path);
/** Puts white space together as the mode says, see gale_template_options.whitespace. The result has
 * one reference. NULL for an unknown mode, or out of memory. Tornado: template.filter_whitespace.
 */
GALE_API gale_bytes *gale_template_filter_whitespace(const char *mode, gale_str text);

#ifdef __cplusplus
}
#endif

#endif
