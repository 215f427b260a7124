/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gale/web.h: applications and request handlers. Tornado's counterpart: tornado.web.
 *
 * A handler class is constant data: its slots are functions, named as in Tornado, that take the
 * handler. A handler object is made for each request. Its functions run in a task and may call
 * everything that waits; when the client leaves, every wait returns GALE_ECANCELED.
 *
 * What a handler gets from gale lives until the request ends: nothing has to be freed. Text
 * that is asked for as `const char *` is NULL on failure, and the failure is remembered: once
 * the handler returns, the client gets the 400 or 500 that it calls for.
 */
#ifndef GALE_WEB_H
#define GALE_WEB_H

#include <gale/core.h>
#include <gale/gen.h>
#include <gale/httpserver.h>
#include <gale/httputil.h>
#include <gale/ioloop.h>
#include <gale/iostream.h>
#include <gale/json.h>
#include <gale/locale.h>
#include <gale/routing.h>
#include <gale/template.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The handler of one request. Tornado: web.RequestHandler. */
typedef struct gale_handler gale_handler;

/* ---- Cookies: what settings and calls share -------------------------------------------- */

/** The attributes of a cookie. Zero is the default of each. Tornado: the keyword arguments of
 * RequestHandler.set_cookie. RFC 6265 §5.2. */
typedef struct gale_cookie_options {
    /** NULL: only for the host that sets it. */
    const char *domain;
    /** NULL: "/". "": the attribute is not sent. */
    const char *path;
    /** When it ends, in seconds since 1970; 0: as expires_days says. */
    double expires;
    /** When it ends, in days from now; 0: with the browser's session, or after 30 days for a
     * signed cookie; GALE_NONE: with the browser's session. */
    double expires_days;
    /** When it ends, in seconds from now; 0: the attribute is not sent. */
    int64_t max_age;
    /** Not shown to scripts. */
    bool httponly;
    /** Only sent over https. */
    bool secure;
    /** Kept apart for each site that the page is embedded in. */
    bool partitioned;
    /** "Lax", "Strict" or "None"; NULL: the attribute is not sent. */
    const char *samesite;
    /** The format of a signed cookie: 1 or 2; 0: 2. */
    int signed_version;
    void *reserved_[4];
} gale_cookie_options;

/** One of several secrets to sign with. */
typedef struct gale_cookie_secret {
    /** Its number, 0 or more, which stands in what is signed with it. */
    int key_version;
    /** NULL ends the list. */
    const char *secret;
    /** Bytes of the secret; 0: up to its NUL. */
    size_t size;
} gale_cookie_secret;

/* ---- Handler classes ------------------------------------------------------------------- */

/** A function of a handler. Returns 0 or more; or a negative code, which ends the request: what
 * gale_http_error returned with its status, anything else with 500 and a log line. */
typedef int (*gale_handler_function)(gale_handler *self);

typedef struct gale_handler_class gale_handler_class;
typedef struct gale_upload_options gale_upload_options;

/**
 * A handler class. Zero is the default of every slot: an unset function is the base's, and in
 * the end gale's own. Structs and what they point to must outlive the application.
 */
struct gale_handler_class {
    /** For logs. NULL: "handler". */
    const char *name;
    /** The class whose slots fill the unset ones, or NULL. */
    const gale_handler_class *base;
    /** Bytes of zeroed state for this class, see gale_handler_state. */
    size_t state_size;
    /** First of all; `arg` is the route's. Tornado: RequestHandler.initialize. */
    int (*initialize)(gale_handler *self, void *arg);
    /** Before the method. It may end the response (gale_finish): the method then does not run.
     * Tornado: RequestHandler.prepare. */
    gale_handler_function prepare;
    /** The methods. An unset one answers 405 with an Allow header. `delete_` has its underscore
     * because of C++. Tornado: RequestHandler.get ... options. */
    gale_handler_function get, head, post, delete_, patch, put, options;
    /** After the response was handed over, or the client has gone. Not cancelled by the client's
     * leaving. Tornado: RequestHandler.on_finish. */
    void (*on_finish)(gale_handler *self);
    /** The client has left while the handler was at work. Runs in a task beside the handler's.
     * Tornado: RequestHandler.on_connection_close. */
    void (*on_connection_close)(gale_handler *self);
    /** Sets headers that every response shall have, also error pages.
     * Tornado: RequestHandler.set_default_headers. */
    void (*set_default_headers)(gale_handler *self);
    /** Writes an error page; `error` is the code that the handler returned, of which
     * gale_error_detail tells more: "HTTP 404: Not Found (no story 7)" for what gale_http_error
     * said. Not cancelled by the client's leaving. Tornado: RequestHandler.write_error. */
    int (*write_error)(gale_handler *self, int status, int error);
    /** Logs a negative result of a function; gale_error_detail is as in write_error.
     * Tornado: RequestHandler.log_exception. */
    void (*log_exception)(gale_handler *self, int error);
    /** Checks that a form was ours, before `prepare`, when the setting xsrf_cookies is on and the
     * method is none of GET, HEAD, OPTIONS. Returns 0, or what gale_http_error returned. Unset:
     * gale_check_xsrf_cookie. Tornado: RequestHandler.check_xsrf_cookie. */
    gale_handler_function check_xsrf_cookie;
    /** Finds out who the client is; called once, when gale_current_user first wants to know.
     * *ret_user is a new reference, or stays NULL: nobody. May wait. An error is answered as one
     * of the method would be. Tornado: RequestHandler.get_current_user. */
    int (*get_current_user)(gale_handler *self, json_t **ret_user);
    /** Where gale_authenticated sends who is nobody; NULL is a failure. Unset: the setting
     * login_url. Tornado: RequestHandler.get_login_url. */
    const char *(*get_login_url)(gale_handler *self);
    /** The value of the Etag header, with its quotes, for what was written so far; NULL: none. A
     * class that has this slot gets the header without the setting `etag`; gale_compute_etag fits
     * it. Tornado: RequestHandler.compute_etag. */
    const char *(*compute_etag)(gale_handler *self);
    /** The body is not collected but handed to data_received, piece by piece; `prepare` runs
     * before it, the method after it. Tornado: web.stream_request_body. */
    bool stream_request_body;
    /** The handler is not cancelled when the client leaves. */
    bool ignore_disconnect;
    /** A piece of the body, valid during the call. The next comes when it has returned.
     * Tornado: RequestHandler.data_received. */
    int (*data_received)(gale_handler *self, const char *data, size_t size);
    /** The locale that the user has chosen; NULL: the browser's. Asked once, when the locale is
     * first needed. Tornado: RequestHandler.get_user_locale. */
    const gale_locale *(*get_user_locale)(gale_handler *self);
    /** The body is a form whose files are not collected in memory; see gale_upload_options. */
    const gale_upload_options *uploads;
    /** Makes text of the bytes of an argument, or of a group of the path (`name` NULL when it has
     * none): instead of the check for UTF-8. The text must live until the request ends
     * (gale_strdup, gale_sprintf); NULL refuses it with a 400. Tornado:
     * RequestHandler.decode_argument. */
    const char *(*decode_argument)(gale_handler *self, gale_str value, const char *name);
    /** The slots of a class of static files, see gale_static_file_handler. */
    const struct gale_static_slots *static_slots;
    /** GET is the handshake of a WebSocket of this class, see <gale/websocket.h>. */
    const struct gale_websocket_class *websocket;
    /** The directory of the templates; unset: the setting template_path. The text must live as
     * long as the application. Tornado: RequestHandler.get_template_path. */
    const char *(*get_template_path)(gale_handler *self);
    /** Values that each template of the handler has, beneath those of gale_render: an object, of
     * which the reference is taken; NULL is a failure. Tornado: get_template_namespace. */
    json_t *(*get_template_namespace)(gale_handler *self);
    /** How gale_render writes what UI modules need: elements that link the files, or that hold the
     * pieces; lists end with NULL, their paths are URLs. The text must live until the request
     * ends; NULL is a failure. Unset: gale_render_linked_js and so on.
     * Tornado: RequestHandler.render_linked_js ... render_embed_css. */
    const char *(*render_linked_js)(gale_handler *self, const char *const *files);
    const char *(*render_embed_js)(gale_handler *self, const char *const *pieces);
    const char *(*render_linked_css)(gale_handler *self, const char *const *files);
    const char *(*render_embed_css)(gale_handler *self, const char *const *pieces);
    /** Every other method, as PROPFIND: gale_http_server_request_method tells which. It answers
     * those that it does not know with 405. Tornado: SUPPORTED_METHODS of a subclass. */
    gale_handler_function other;
    void *reserved_[6];
};

/** The state of `of_class`, which must be in the chain of the handler's class: zeroed when the
 * handler was made. NULL when it is not in the chain or has no state. */
GALE_API void *gale_handler_state(gale_handler *self, const gale_handler_class *of_class);
/**
 * Calls the slot of the next class up from `this_class`, as Python's super() does:
 * gale_super(self, &story_handler, prepare).
 */
#define gale_super(self, this_class, slot)                                                         \
    gale_handler_call_super((self), (this_class), offsetof(gale_handler_class, slot))
/** The function behind gale_super; `slot` is the offset of a gale_handler_function. */
GALE_API int gale_handler_call_super(gale_handler *self, const gale_handler_class *this_class,
                                     size_t slot);

/* ---- Filters --------------------------------------------------------------------------- */

/**
 * What is done around many handlers, whatever their classes. <gale/middleware.h> has ready ones. A
 * class of filters is constant data; zero is the default of every slot. Filters do not see
 * requests that are answered by a delegate.
 */
typedef struct gale_filter_class {
    /** For error messages. */
    const char *name;
    /** Bytes of zeroed state for each request, see gale_filter_state. */
    size_t state_size;
    /** Once, when the application or route is made. *ret_instance is handed to the other slots.
     * Unset: they get the options. A negative result fails as a bad pattern does. */
    int (*open)(const void *options, void **ret_instance);
    /** Ends what `open` has made. */
    void (*close)(void *instance);
    /** Sets headers that every response shall have, also error pages; before those of the handler's
     * class, which can replace them. Runs before `prepare`, too. Must not suspend. */
    void (*set_default_headers)(gale_handler *self, void *instance);
    /** First of all, before `initialize`. It may answer (gale_finish), or return an error; the
     * filters behind this one and the handler then do not run. */
    int (*prepare)(gale_handler *self, void *instance);
    /** The last moment for headers: once, before the head of the response is sent, and again for
     * the error page when one takes its place. It may suspend. */
    int (*before_headers)(gale_handler *self, void *instance);
    /** After the class's on_finish, and as that not cancelled by the client's leaving. */
    void (*on_finish)(gale_handler *self, void *instance);
    void *reserved_[8];
} gale_filter_class;

/** An element of a list of filters, which ends with a zeroed one. `options` are what the class
 * says; they must outlive the application. */
typedef struct gale_filter {
    const gale_filter_class *filter;
    const void *options;
} gale_filter;

/** The state of the first filter of that class around the handler; NULL when there is none. */
GALE_API void *gale_filter_state(gale_handler *self, const gale_filter_class *of_class);

/* ---- Applications ---------------------------------------------------------------------- */

/** Settings of an application. Zero is the default of each. Copied; what they point to must
 * outlive the application. */
typedef struct gale_application_settings {
    /** The host that requests without one, or with an unknown one, are taken to be for.
     * Tornado: Application(default_host). */
    const char *default_host;
    /** Answers what no route matches; NULL: 404. Tornado: default_handler_class, _args. */
    const gale_handler_class *default_handler_class;
    const void *default_handler_arg;
    /** Called instead of writing the access log line. Tornado: log_function. */
    void (*log_function)(gale_handler *handler);
    /** For development: turns on serve_traceback, no_compiled_template_cache, no_static_hash_cache
     * and autoreload. Tornado: debug. */
    bool debug;
    /** The program is started again when it was built anew, see <gale/autoreload.h>; templates that
     * have changed are seen at once. Tornado: autoreload. */
    bool autoreload;
    /** The default error page tells what is known of an error: its code and detail, or the message
     * of gale_http_error; the request, its route and path arguments; the handler's class and its
     * bases; and what was logged for the request. Only for development: none of it is for
     * strangers. Tornado: serve_traceback. */
    bool serve_traceback;
    /** Adds gale_compress_transform. Tornado: compress_response. */
    bool compress_response;
    /** What cookies are signed with: a long, random text that only the servers of this site know.
     * Tornado: cookie_secret. */
    const char *cookie_secret;
    /** Instead of cookie_secret: several, of which `key_version` signs and all verify, so that a
     * secret can be changed. The list ends with a zeroed one; borrowed. Tornado: a dict as
     * cookie_secret. */
    const gale_cookie_secret *cookie_secrets;
    /** The member of cookie_secrets that new values are signed with. Tornado: key_version. */
    int key_version;
    /** Where gale_authenticated sends who is not logged in. Tornado: login_url. */
    const char *login_url;
    /** Every request but GET, HEAD and OPTIONS must carry the token of gale_xsrf_token.
     * Tornado: xsrf_cookies. */
    bool xsrf_cookies;
    /** 1 or 2; 0: 2. Tornado: xsrf_cookie_version. */
    int xsrf_cookie_version;
    /** NULL: "_xsrf". The argument of forms is always "_xsrf". Tornado: xsrf_cookie_name. */
    const char *xsrf_cookie_name;
    /** NULL: all defaults. Borrowed. Tornado: xsrf_cookie_kwargs. */
    const gale_cookie_options *xsrf_cookie_options;
    /** Answers to GET and HEAD with the status 200 get an Etag, a hash of the body, and become 304
     * when the client has that already. Tornado: always on. */
    bool etag;
    /** A directory whose files are served below static_url_prefix, and as /robots.txt and
     * /favicon.ico, before any route is tried. NULL: none. Tornado: static_path. */
    const char *static_path;
    /** NULL: "/static/". Tornado: static_url_prefix. */
    const char *static_url_prefix;
    /** Hashes are made anew for each request. Tornado: static_hash_cache = False. */
    bool no_static_hash_cache;
    /** Serves the files; NULL: gale_static_file_handler. Tornado: static_handler_class. */
    const gale_handler_class *static_handler_class;
    /** For it; static_path takes the place of their path. Tornado: static_handler_args. */
    const struct gale_static_options *static_handler_options;
    /** The directory of the templates of gale_render. Tornado: template_path. */
    const char *template_path;
    /** Instead of the settings around it: where templates come from. Borrowed.
     * Tornado: template_loader. */
    gale_template_loader *template_loader;
    /** See gale_template_options. Tornado: autoescape, template_whitespace. */
    const char *autoescape, *template_whitespace;
    /** A template that was changed is seen at once. For development.
     * Tornado: compiled_template_cache = False. */
    bool no_compiled_template_cache;
    /** Functions that templates may call, besides those of gale_render; their `context` is the
     * handler. Borrowed. Tornado: ui_methods. */
    const gale_template_function *ui_methods;
    /** What {% module %} knows; the list ends with a zeroed one. Borrowed. Tornado: ui_modules. */
    const struct gale_ui_module *ui_modules;
    /** Bytes that a handler may have written and not flushed; 0: 104857600. */
    int64_t max_response_buffer;
    /** Filters around every handler, the outermost first: `prepare` and set_default_headers run in
     * this order, before_headers and on_finish in reverse. Copied. */
    const gale_filter *filters;
    /** Seconds between pings on WebSockets; 0: none. Tornado: websocket_ping_interval. */
    double websocket_ping_interval;
    /** Seconds that the answer may take; 0: the interval, GALE_NONE: no answer is needed. Tornado:
     * websocket_ping_timeout. */
    double websocket_ping_timeout;
    /** Bytes of a message; 0: 10485760 (10 MiB), GALE_NONE: no limit. Tornado:
     * websocket_max_message_size. */
    int64_t websocket_max_message_size;
    /** Free for the application. */
    void *user_data;
    /** Of the servers that gale_application_listen makes. */
    gale_http_server_options server;
    void *reserved_[7];
} gale_application_settings;

/**
 * An application with these routes, on the current loop, which owns it. NULL when out of memory or
 * when a pattern is bad: that is logged, and gale_ioloop_start will return 1.
 * Tornado: web.Application.
 */
GALE_API gale_application *gale_application_new(const gale_route *routes,
                                                const gale_application_settings *settings);
/** Closes its servers and frees it. NULL is allowed. Freeing the loop does it, too. */
GALE_API void gale_application_free(gale_application *application);
/**
 * Serves on `port` of all interfaces; 0 takes a free port. Returns the port; or a negative error,
 * which has been logged, and gale_ioloop_start will return 1. A NULL application is such an error.
 * Tornado: Application.listen.
 */
GALE_API int gale_application_listen(gale_application *application, int port);
/** The same on one address, for example "127.0.0.1". */
GALE_API int gale_application_listen_address(gale_application *application, int port,
                                             const char *address);
/**
 * The same with TLS, for example { .certfile = "cert.pem", .keyfile = "key.pem" }, beside whatever
 * else is served; server_side is set. To serve TLS only, or to keep the context, give one to the
 * setting server.ssl_context instead. Tornado: Application.listen(ssl_options=...).
 */
GALE_API int gale_application_listen_ssl(gale_application *application, int port,
                                         const gale_ssl_options *ssl_options);
/** Serves listening sockets that are open already (gale_bind_sockets), which it owns from now
 * on. Returns 0 or a negative error, as above. */
GALE_API int gale_application_listen_sockets(gale_application *application, const int *sockets,
                                             int count);
/** The settings that it was made with. */
GALE_API const gale_application_settings *
gale_application_get_settings(const gale_application *application);
/** As a delegate, for a gale_http_server of one's own. Borrowed. */
GALE_API gale_http_server_connection_delegate *
gale_application_delegate(gale_application *application);

/* ---- What a handler knows -------------------------------------------------------------- */

/** Tornado: RequestHandler.request. */
GALE_API gale_http_server_request *gale_handler_request(gale_handler *self);
/** Tornado: RequestHandler.application. */
GALE_API gale_application *gale_handler_application(gale_handler *self);
/** True once the response has been finished. */
GALE_API bool gale_handler_finished(const gale_handler *self);
/** True when the client has left. */
GALE_API bool gale_handler_disconnected(const gale_handler *self);

/**
 * Takes a reference over, and gives the text, which lives until the request ends. It makes what
 * the other headers return fit in a line: gale_keep(self, gale_xhtml_escape(name)). NULL (out of
 * memory) gives NULL, and is remembered as a failure.
 */
GALE_API const char *gale_keep(gale_handler *self, gale_bytes *bytes);

/* ---- Arguments ------------------------------------------------------------------------- */

/*
 * Values are decoded as Tornado does: percent-encoding, UTF-8 (else 400 "Invalid unicode in NAME"),
 * control characters become spaces, white space at both ends is dropped. Of several values the last
 * counts, and the body comes after the query. A NUL in a path argument is a 400.
 */

/** An argument of the query or of the form in the body. `default_value` NULL: the argument is
 * required, and NULL with a 400 when it is missing. Tornado: RequestHandler.get_argument. */
GALE_API const char *gale_get_argument(gale_handler *self, const char *name,
                                       const char *default_value);
/** The bytes of an argument as they were sent, percent-decoded and nothing more; `data` is NULL
 * when it is missing, or on failure. Tornado: get_argument(strip=False). */
GALE_API gale_str gale_get_argument_str(gale_handler *self, const char *name);
/** Tornado: RequestHandler.get_query_argument. */
GALE_API const char *gale_get_query_argument(gale_handler *self, const char *name,
                                             const char *default_value);
/** Tornado: RequestHandler.get_body_argument. */
GALE_API const char *gale_get_body_argument(gale_handler *self, const char *name,
                                            const char *default_value);
/** All values of that name: query first, then body. *ret_values is an array of that many texts.
 * Returns their number, or a negative code (the failure is remembered).
 * Tornado: RequestHandler.get_arguments. */
GALE_API int gale_get_arguments(gale_handler *self, const char *name,
                                const char *const **ret_values);
/** Tornado: RequestHandler.get_query_arguments. */
GALE_API int gale_get_query_arguments(gale_handler *self, const char *name,
                                      const char *const **ret_values);
/** Tornado: RequestHandler.get_body_arguments. */
GALE_API int gale_get_body_arguments(gale_handler *self, const char *name,
                                     const char *const **ret_values);
/** A named group of the route's pattern, percent-decoded; NULL when it took no part in the match,
 * or, as a failure, when there is no such group. Tornado: RequestHandler.path_kwargs. */
GALE_API const char *gale_path_arg(gale_handler *self, const char *name);
/** A group by its number, from 0. Tornado: RequestHandler.path_args. */
GALE_API const char *gale_path_arg_at(gale_handler *self, size_t index);
/** How many groups the pattern has. */
GALE_API size_t gale_path_arg_count(const gale_handler *self);
/** A named group as a decimal number. When it is none, or too large: an error that answers 404. */
GALE_API int gale_path_arg_int(gale_handler *self, const char *name, int64_t *ret_number);
/** A group's bytes, which may hold anything; `data` NULL when it took no part. */
GALE_API gale_str gale_path_arg_str(gale_handler *self, size_t index);
/** A file of the form in the body: the first of the field `name`; NULL when there is none.
 * gale_http_server_request_files has all of them. Tornado: request.files[name][0]. */
GALE_API const gale_http_file *gale_get_file(gale_handler *self, const char *name);
/** A cookie of the request. Tornado: RequestHandler.get_cookie. */
GALE_API const char *gale_get_cookie(gale_handler *self, const char *name,
                                     const char *default_value);

/* ---- Locale ---------------------------------------------------------------------------- */

/** The locale of this request: what gale_set_locale or get_user_locale has chosen, else the
 * browser's. Never NULL. Tornado: RequestHandler.locale. */
GALE_API const gale_locale *gale_handler_locale(gale_handler *self);
/** Tornado: setting RequestHandler.locale. */
GALE_API void gale_set_locale(gale_handler *self, const gale_locale *locale);
/** The locale for the header Accept-Language; when that has none that is supported, the one for
 * `default_code`, NULL: the default locale. Tornado: RequestHandler.get_browser_locale.
 * RFC 9110 §12.5.4. */
GALE_API const gale_locale *gale_get_browser_locale(gale_handler *self, const char *default_code);
/** gale_locale_translate in the locale of this request. Tornado: self.locale.translate, and `_` in
 * templates. */
GALE_API const char *gale_translate(gale_handler *self, const char *message);
/** gale_locale_translate_plural in the locale of this request. */
GALE_API const char *gale_translate_plural(gale_handler *self, const char *message,
                                           const char *plural_message, int64_t count);

/* ---- Uploads --------------------------------------------------------------------------- */

/**
 * How a handler class takes large forms: .uploads = &(static const) options of this kind. Zero is
 * the default of each member; GALE_NONE means no limit.
 *
 * `prepare` runs before the body is read and may refuse it. Then each file of the form goes to a
 * temporary file as it arrives, written by a thread of the executor, and arguments to memory. When
 * all is there the method runs, and has the form as it would have a small one: gale_get_argument,
 * gale_get_file (content in `fd`), gale_http_server_request_files. The temporary files have no
 * name and go with the request, whatever happens, unless gale_save_file keeps them. An upload
 * needs less than 300 KB of memory, whatever its size.
 *
 * Forms of the type application/x-www-form-urlencoded are taken, too; any other body is answered
 * with 415, what is over a limit with 413 (too many files or parts: 400), a full disk with 507.
 */
struct gale_upload_options {
    /** Where temporary files are made; NULL: the environment's TMPDIR, else /tmp. Files can only be
     * kept without copying inside the same file system. */
    const char *directory;
    /** Bytes of a whole body; 0: the server's max_body_size. */
    int64_t max_body_size;
    /** Bytes of each file; 0: no limit but that of the body. */
    int64_t max_file_size;
    /** Bytes of all arguments together; 0: 262144. */
    int64_t max_arguments_size;
    /** Files of a form, each of which is an open descriptor; 0: 20. */
    int max_files;
    /** The files' `sha256` is made. */
    bool sha256;
    /** A body that is not multipart/form-data is one file whose name and filename are NULL. */
    bool any_body;
    /** Arguments are files, too; their filename is NULL. */
    bool arguments_as_files;
    /** Limits of the form's parts. Its `disabled` and zeroes: as gale_set_parse_body_config said.
     */
    gale_parse_multipart_config multipart;
    /** Takes a piece of a file, valid during the call, instead of the temporary file; the next
     * piece comes when it has returned, so that a sender that is faster has to wait. `file->size`
     * counts the pieces before. A negative result ends the request as one of the method does. */
    int (*file_data)(gale_handler *self, const gale_http_file *file, const char *data, size_t size);
    /** The file begins, before its first piece; it may be refused as above. NULL: nothing. */
    int (*file_began)(gale_handler *self, const gale_http_file *file);
    /** The file is complete. NULL: nothing. */
    int (*file_ended)(gale_handler *self, const gale_http_file *file);
    void *reserved_[8];
};

/**
 * Keeps a file of a form under `path`, whether it is in memory or in a temporary file: at once
 * where path and temporary file are in the same file system, else by copying in a thread.
 * Never use the client's `filename` as a path. Returns 0; -EEXIST when there is something under
 * that path, which is left alone; another -errno, and nothing is left there; GALE_ECANCELED.
 */
GALE_API GALE_SUSPENDS int gale_save_file(const gale_http_file *file, const char *path);

/* ---- The response ---------------------------------------------------------------------- */

/** Writes text (UTF-8) to the response. Only buffers: never suspends. NULL, what a getter gives
 * when it has failed, is an error, too: return it, and the client gets what that failure calls for.
 * Returns 0; GALE_ESTATE after
 * the response was finished; GALE_ETOOBIG past max_response_buffer; GALE_ECLOSED when the client
 * has left; -ENOMEM. Tornado: RequestHandler.write. */
GALE_API int gale_write(gale_handler *self, const char *text);
/** The same for bytes. */
GALE_API int gale_write_bytes(gale_handler *self, const void *data, size_t size);
/** The same, formatted as by printf. */
GALE_API int gale_writef(gale_handler *self, const char *format, ...) GALE_PRINTF(2, 3);
/** Writes a JSON value and sets Content-Type to application/json. Takes the reference to `value`,
 * always; NULL (json_pack has failed) is an error. Tornado: RequestHandler.write of a dict. */
GALE_API int gale_write_json(gale_handler *self, json_t *value);
/** Sends status, headers and what was written; suspends until the kernel has taken it. Further
 * writes are sent as chunks. Returns 0, GALE_ESTATE, GALE_ECLOSED, GALE_ECANCELED, or what the
 * output's framing calls for (GALE_EOUTPUT). Tornado: RequestHandler.flush. */
GALE_API GALE_SUSPENDS int gale_flush(gale_handler *self);
/** Ends the response; gale does it when the method returns. Returns 0, GALE_ESTATE when it was
 * finished, GALE_ECLOSED, GALE_EOUTPUT, -ENOMEM. Tornado: RequestHandler.finish. */
GALE_API GALE_SUSPENDS int gale_finish(gale_handler *self);
/** Forgets headers, status and what was written and not flushed. Tornado: RequestHandler.clear. */
GALE_API int gale_clear(gale_handler *self);
/** `reason` NULL: the standard phrase. An unfit one becomes "Unknown". GALE_EINVALID for a status
 * outside 100 to 999. Tornado: RequestHandler.set_status. */
GALE_API int gale_set_status(gale_handler *self, int status, const char *reason);
/** Tornado: RequestHandler.get_status. */
GALE_API int gale_get_status(const gale_handler *self);
/** Replaces a header. GALE_EINVALID for a name or value that could split the response; -ENOMEM.
 * Tornado: RequestHandler.set_header. */
GALE_API int gale_set_header(gale_handler *self, const char *name, const char *value);
/** Adds a header beside those of the same name. Tornado: RequestHandler.add_header. */
GALE_API int gale_add_header(gale_handler *self, const char *name, const char *value);
/** Tornado: RequestHandler.clear_header. */
GALE_API int gale_clear_header(gale_handler *self, const char *name);
/** Redirects with 302, or 301 when `permanent`, and finishes. GALE_EINVALID for a URL with control
 * characters; GALE_ESTATE once headers were sent. Tornado: RequestHandler.redirect. */
GALE_API int gale_redirect(gale_handler *self, const char *url, bool permanent);
/** The same with a status from 300 to 399. */
GALE_API int gale_redirect_status(gale_handler *self, const char *url, int status);
/**
 * Tornado's `raise HTTPError(status, message)`: remembers both and returns a code to return from
 * the handler: return gale_http_error(self, 404, "no story %s", id). The message is logged, and
 * not shown to the client; NULL: nothing is logged.
 */
GALE_API int gale_http_error(gale_handler *self, int status, const char *message, ...)
    GALE_PRINTF(3, 4);
/** The same with a reason phrase of its own. Tornado: HTTPError(reason=...). */
GALE_API int gale_http_error_reason(gale_handler *self, int status, const char *reason);
/** Tornado's `raise Finish()`: return it to end the request as it stands, without an error. */
GALE_API int gale_finish_request(gale_handler *self);
/** Throws away what was written and answers with an error page. Tornado: send_error. */
GALE_API int gale_send_error(gale_handler *self, int status);
/**
 * Takes the connection out of HTTP: *ret_stream is its socket, to be freed with
 * gale_iostream_free. The response counts as finished; nothing is logged for it. Suspends until
 * earlier responses are sent. Returns 0; GALE_ESTATE after a flush; GALE_ECLOSED; GALE_ECANCELED;
 * -ENOMEM. Tornado: RequestHandler.detach.
 */
GALE_API GALE_SUSPENDS int gale_detach(gale_handler *self, gale_iostream **ret_stream);
/** gale_application_reverse_url of this application. NULL is a failure.
 * Tornado: RequestHandler.reverse_url. */
GALE_API const char *gale_reverse_url(gale_handler *self, const char *name,
                                      const char *const *arguments, size_t count);

/* ---- Setting cookies ------------------------------------------------------------------- */

/**
 * Sets a cookie, with the headers when they are sent; also an error page and a redirect carry it.
 * Replaces one of the same name that was set before in this response. `options` NULL: all
 * defaults. A value with other characters than letters, digits and !#$%&'*+-.^_`|~: is sent in
 * quotes.
 *
 * Returns 0; GALE_EINVALID, with a detail, for a name that is no token or is that of an attribute,
 * for a value with spaces or controls, and for attributes with spaces, controls or ";"; for a NULL
 * value the failure of the getter that gave it, as GALE_EHTTP; -ENOMEM.
 * Tornado: RequestHandler.set_cookie.
 */
GALE_API int gale_set_cookie(gale_handler *self, const char *name, const char *value,
                             const gale_cookie_options *options);
/** Makes the client forget a cookie; `domain` and `path` must be those it was set with.
 * GALE_EINVALID also when `options` say when it ends. Tornado: RequestHandler.clear_cookie. */
GALE_API int gale_clear_cookie(gale_handler *self, const char *name,
                               const gale_cookie_options *options);
/** The same for every cookie of the request. Tornado: RequestHandler.clear_all_cookies. */
GALE_API int gale_clear_all_cookies(gale_handler *self, const gale_cookie_options *options);

/* ---- Signed values --------------------------------------------------------------------- */

/*
 * A signed value can be read, but not changed or made by the client. Values of gale and Tornado
 * verify in each other. With the setting cookie_secret, or several with cookie_secrets.
 */

/** Options of signed values. Zero is the default of each. */
typedef struct gale_signed_value_options {
    /** When signing: the format, 1 or 2; 0: 2. */
    int version;
    /** When reading: the oldest format accepted; 0: 1. */
    int min_version;
    /** When reading: days since it was signed; 0: 31; GALE_NONE: no limit. */
    double max_age_days;
    /** When reading in a handler: this text instead of the cookie of that name. */
    const char *value;
    /** Without a handler: several secrets instead of one, and which one signs. Format 2 only. */
    const gale_cookie_secret *secrets;
    int key_version;
    /** Without a handler: the time, in seconds since 1970, for tests; 0: the clock's. */
    double now;
    void *reserved_[4];
} gale_signed_value_options;

/**
 * Signs a value, which may hold any bytes, for that name. `secret` is not looked at when there are
 * options->secrets. *ret_text, set on success only, has one reference.
 *
 * Returns 0; GALE_EINVALID for an unknown format, or when there is no secret, or none with
 * key_version; -ENOMEM. Tornado: web.create_signed_value.
 */
GALE_API int gale_create_signed_value(const char *secret, const char *name, gale_str value,
                                      const gale_signed_value_options *options,
                                      gale_bytes **ret_text);
/**
 * The value that was signed. *ret_value, set on success only, has one reference.
 *
 * Returns 0; GALE_EINPUT when it is not what was signed for that name, is too old, or was signed
 * with a secret that is not known; GALE_EINVALID for an unknown min_version; -ENOMEM.
 * Tornado: web.decode_signed_value.
 */
GALE_API int gale_decode_signed_value(const char *secret, const char *name, gale_str text,
                                      const gale_signed_value_options *options,
                                      gale_bytes **ret_value);
/** The key version that a value says it was signed with; nothing is verified. GALE_EINPUT when it
 * says none. Tornado: web.get_signature_key_version. */
GALE_API int gale_get_signature_key_version(gale_str text);

/** gale_create_signed_value with the application's secret, for other uses than cookies. NULL on
 * failure. `version` 0: 2. Tornado: RequestHandler.create_signed_value. */
GALE_API const char *gale_handler_create_signed_value(gale_handler *self, const char *name,
                                                      gale_str value, int version);
/** Sets a cookie to the signed `value`. Returns 0, GALE_EINVALID also without a secret, -ENOMEM.
 * Tornado: RequestHandler.set_signed_cookie, set_secure_cookie. */
GALE_API int gale_set_signed_cookie(gale_handler *self, const char *name, const char *value,
                                    const gale_cookie_options *options);
/** The same for a value of any bytes. */
GALE_API int gale_set_signed_cookie_str(gale_handler *self, const char *name, gale_str value,
                                        const gale_cookie_options *options);
/** The value of a signed cookie; NULL when there is none, or it does not verify: that is no
 * failure. A value with a NUL in it is one. Tornado: RequestHandler.get_signed_cookie,
 * get_secure_cookie. */
GALE_API const char *gale_get_signed_cookie(gale_handler *self, const char *name,
                                            const gale_signed_value_options *options);
/** The same for a value of any bytes; `data` NULL: none. */
GALE_API gale_str gale_get_signed_cookie_str(gale_handler *self, const char *name,
                                             const gale_signed_value_options *options);
/** The key version of a signed cookie. GALE_ENOTFOUND when there is no cookie, GALE_EINPUT when
 * it has none. Tornado: RequestHandler.get_signed_cookie_key_version. */
GALE_API int gale_get_signed_cookie_key_version(gale_handler *self, const char *name,
                                                const gale_signed_value_options *options);

/* ---- Forms of other sites (XSRF) ------------------------------------------------------- */

/*
 * With the setting xsrf_cookies a request that changes something must show that it comes from a
 * page of this site: it carries the token of a cookie once more, as the argument "_xsrf" or in the
 * header X-Xsrftoken or X-Csrftoken. Other sites can make a browser send the cookie, but cannot
 * read it. Without it the answer is 403.
 */

/** The token; sets the cookie when the request had none. It is masked anew in each request, so
 * that compressed pages do not give it away. NULL on failure. Tornado: RequestHandler.xsrf_token.
 */
GALE_API GALE_SUSPENDS const char *gale_xsrf_token(gale_handler *self);
/** A hidden input element with the token: belongs into every form that is posted. NULL on failure.
 * Tornado: RequestHandler.xsrf_form_html. */
GALE_API GALE_SUSPENDS const char *gale_xsrf_form_html(gale_handler *self);
/** What is done when a class has no slot check_xsrf_cookie: 0, or the code of a 403. */
GALE_API int gale_check_xsrf_cookie(gale_handler *self);

/* ---- Who the client is ----------------------------------------------------------------- */

/** What the slot get_current_user has found, or gale_set_current_user has set; NULL: nobody, or
 * a failure. Borrowed until the request ends. Templates know it as current_user.
 * Tornado: RequestHandler.current_user. */
GALE_API GALE_SUSPENDS json_t *gale_current_user(gale_handler *self);
/** Sets it, for example in `prepare`. Takes the reference to `user`, always; NULL: nobody. Returns
 * 0 or -ENOMEM. Tornado: RequestHandler.current_user. */
GALE_API int gale_set_current_user(gale_handler *self, json_t *user);
/** What the slot get_login_url says, or the setting login_url. NULL, as a failure, without
 * either. Tornado: RequestHandler.get_login_url. */
GALE_API const char *gale_get_login_url(gale_handler *self);
/**
 * At the head of a method, or of `prepare`: GALE_TRY(gale_authenticated(self)). Goes on only for a
 * user who is somebody (as Python sees it: not NULL, null, false, 0, "", [] or {}). Others are
 * redirected to the login URL, with the address of this page as its argument "next", by GET and
 * HEAD; other methods are a 403. Tornado: web.authenticated.
 */
GALE_API GALE_SUSPENDS int gale_authenticated(gale_handler *self);

/* ---- Slashes --------------------------------------------------------------------------- */

/** In the same way: redirects GET and HEAD for a path without a slash at its end to the one with
 * it; other methods are a 404. A path that begins with two slashes is a 403, since a redirect to it
 * would lead to another host. Tornado: web.addslash. */
GALE_API int gale_addslash(gale_handler *self);
/** The same for a path with slashes at its end, to the one without; "/" alone goes on for GET and
 * HEAD. Tornado: web.removeslash. */
GALE_API int gale_removeslash(gale_handler *self);

/* ---- ETags ----------------------------------------------------------------------------- */

/*
 * gale_finish does this by itself when the setting `etag` is on, or the class has the slot
 * compute_etag: the header is set and compared with the request's. A handler can do it earlier:
 *
 *     GALE_TRY(gale_set_etag_header(self));
 *     if (gale_check_etag_header(self))
 *         return gale_set_status(self, 304, NULL);
 */

/** The SHA-1 of what was written and not flushed, in hexadecimal digits and quotes: what is done
 * when a class has no slot compute_etag, and fits the slot. NULL on failure, and for a body that is
 * sent from a file.
 * Tornado: RequestHandler.compute_etag. */
GALE_API const char *gale_compute_etag(gale_handler *self);
/** Sets Etag to what the slot compute_etag, or gale_compute_etag, says. Returns 0, also when there
 * is none; GALE_EINVALID for a value that is not fit for a header; GALE_EHTTP when the slot has
 * failed; -ENOMEM. Tornado: RequestHandler.set_etag_header. */
GALE_API int gale_set_etag_header(gale_handler *self);
/** True when the request's If-None-Match has the response's Etag (weakly compared), or begins with
 * "*" and there is one. Tornado: RequestHandler.check_etag_header. RFC 9110 §13.1.2. */
GALE_API bool gale_check_etag_header(gale_handler *self);

/* ---- Output transforms ----------------------------------------------------------------- */

/** Takes what a transform sends instead of what it was given. */
typedef struct gale_output gale_output;

/** Appends bytes, which are copied. Returns 0 or -ENOMEM. */
GALE_API int gale_output_write(gale_output *output, const void *data, size_t size);

/**
 * Changes responses on their way out. Each response has a zeroed state of its own. The functions
 * must not suspend; a negative result fails the response. Tornado: web.OutputTransform, whose
 * transform_first_chunk is `begin` and the first `chunk`.
 */
typedef struct gale_output_transform {
    /** Bytes of state. */
    size_t state_size;
    /** Before the headers are sent: returns 1 when the body shall go through `chunk`, 0 when it
     * passes as it is. Status and headers may be changed through the handler. `size` is that of the
     * first chunk; `finishing`: it is the whole body. NULL: 1. */
    int (*begin)(gale_handler *self, void *state, uint64_t size, bool finishing);
    /** A chunk, which may be empty; `finishing`: the last one. When the first one comes the headers
     * are not sent yet; what a body of one chunk becomes has its Content-Length set by gale. */
    int (*chunk)(gale_handler *self, void *state, gale_str chunk, bool finishing,
                 gale_output *output);
    /** Gives back what the state holds, which may be still zeroed. NULL: nothing. */
    void (*release)(void *state);
    void *reserved_[4];
} gale_output_transform;

/** Adds a transform behind those that are there, for the requests that come from now on. It must
 * outlive the application. Returns 0 or -ENOMEM. Tornado: Application.add_transform. */
GALE_API int gale_application_add_transform(gale_application *application,
                                            const gale_output_transform *transform);
/**
 * Compresses with br or gzip, whichever the client likes better: text, JavaScript, JSON, XML and
 * SVG, of 1024 bytes or more when the length is known. Not what has a Content-Encoding or a
 * Content-Range. Adds "Vary: Accept-Encoding", and makes the Etag a weak one. Setting:
 * compress_response. Tornado: web.GZipContentEncoding.
 */
GALE_API extern const gale_output_transform gale_compress_transform;

/* ---- Ready handlers -------------------------------------------------------------------- */

/** Answers every request with one status: { "/gone", &gale_error_handler, &(int){ 410 } }. The
 * route's `arg` is a `const int *`; NULL: 404. Tornado: web.ErrorHandler. */
GALE_API extern const gale_handler_class gale_error_handler;

/** The argument of gale_redirect_handler. */
typedef struct gale_redirect_options {
    /** Where to. {0}, {1} … stand for the route's groups, {name} for named ones, percent-decoded;
     * {{ and }} for braces. */
    const char *url;
    /** 302 instead of 301. */
    bool temporary;
    void *reserved_[4];
} gale_redirect_options;

/** Redirects GET requests; their query is added to the URL. The route's `arg` is a `const
 * gale_redirect_options *`. Tornado: web.RedirectHandler. */
GALE_API extern const gale_handler_class gale_redirect_handler;

/** The argument of gale_fallback_handler. */
typedef struct gale_fallback_options {
    /** Answers on gale_http_server_request_connection, and finishes there. Runs in the handler's
     * task. A negative result, or no answer, is a 500. */
    gale_http_request_callback callback;
    void *arg;
    void *reserved_[4];
} gale_fallback_options;

/** Hands every request, with its body, to a function of the HTTP server's kind. No access log line
 * is written. The route's `arg` is a `const gale_fallback_options *`. Tornado:
 * web.FallbackHandler. */
GALE_API extern const gale_handler_class gale_fallback_handler;

/* ---- Static files ---------------------------------------------------------------------- */

/** The argument of gale_static_file_handler. Zero is the default of each but the first. */
typedef struct gale_static_options {
    /** The directory. A relative one is looked for in the working directory. */
    const char *path;
    /** Served for a directory, such as "index.html"; NULL: a directory is a 403. */
    const char *default_filename;
    /** Instead of "app.js" its neighbour "app.js.br" or "app.js.gz" is sent, with
     * Content-Encoding, to clients that take it, when it is there and not older. */
    bool precompressed;
    /** Symbolic links may lead anywhere, as in Tornado. Otherwise one that leads out of the
     * directory is a 403, and so is one with an absolute target. */
    bool follow_symlinks;
    void *reserved_[4];
} gale_static_options;

/**
 * Serves the files of a directory; the first group of the route's pattern is the path in it:
 *
 *     { .pattern = "/files/(.*)", .handler = &gale_static_file_handler,
 *       .arg = &(gale_static_options){ .path = "files" } }
 *
 * GET and HEAD; ranges, also several; If-Match, If-None-Match, If-Modified-Since,
 * If-Unmodified-Since, If-Range. The Etag is the SHA-512 of the content, remembered for as long as
 * the file is not changed; for more than 64 MiB it is made of size and time of change. A URL with
 * an argument `v` may be cached for ten years: gale_static_url makes such. Nothing here holds up
 * the loop: what is not in memory is read by the executor, and large files are sent by the kernel.
 *
 * Only regular files are served. Paths that leave the directory are a 403.
 *
 * Tornado: web.StaticFileHandler. RFC 9110 §13, §14.
 */
GALE_API extern const gale_handler_class gale_static_file_handler;

/** Takes content. Returns 0, or a negative code that ends it. */
typedef int (*gale_content_sink)(void *arg, const char *data, size_t size);

/**
 * What a class of static files may do otherwise. Unset slots are the base's, and in the end those
 * of gale_static_default_slots, which may also be called from one's own:
 *
 *     static const char *content_type(gale_handler *self)
 *     {
 *         const char *path = gale_static_absolute_path(self);
 *         return ends_with(path, ".story") ? "text/x-story"
 *                                          : gale_static_default_slots.get_content_type(self);
 *     }
 *     static const gale_static_slots story_slots = { .get_content_type = content_type };
 *     static const gale_handler_class story_files = { .base = &gale_static_file_handler,
 *                                                     .static_slots = &story_slots };
 *
 * They run in the handler's task and may wait. NULL from those that return a path is a failure,
 * answered with what gale_http_error has said, or 500. Those marked "any handler" are called by
 * gale_static_url, too, and then `self` is not one of static files.
 */
typedef struct gale_static_slots {
    /** The path of the file below the root, from the route's group.
     * Tornado: StaticFileHandler.parse_url_path. */
    const char *(*parse_url_path)(gale_handler *self, const char *url_path);
    /** What names the content: here the absolute path, without "." and "..". Any handler.
     * Tornado: StaticFileHandler.get_absolute_path. */
    const char *(*get_absolute_path)(gale_handler *self, const char *root, const char *path);
    /** Checks that it is there and may be shown; *ret_path is what is served, which may be
     * another. Returns 0 or an error; it may have finished the response (a redirect).
     * Tornado: StaticFileHandler.validate_absolute_path. */
    int (*validate_absolute_path)(gale_handler *self, const char *root, const char *absolute_path,
                                  const char **ret_path);
    /** Hands the bytes from `start` up to and without `end` (GALE_NONE: to the end) to the sink, in
     * as many pieces as it likes. Any handler. Tornado: StaticFileHandler.get_content. */
    int (*get_content)(gale_handler *self, const char *absolute_path, int64_t start, int64_t end,
                       gale_content_sink sink, void *arg);
    /** A text that changes with the content, for the Etag and for `?v=`; NULL: none. What it says
     * of a path that is no file of the root is remembered for as long as the application lives. Any
     * handler. Tornado: StaticFileHandler.get_content_version. */
    const char *(*get_content_version)(gale_handler *self, const char *absolute_path);
    /** In bytes, or a negative code. Tornado: StaticFileHandler.get_content_size. */
    int64_t (*get_content_size)(gale_handler *self);
    /** In seconds since 1970. Returns 1; 0 when there is none; or a negative code.
     * Tornado: StaticFileHandler.get_modified_time. */
    int (*get_modified_time)(gale_handler *self, int64_t *ret_seconds);
    /** NULL: the header keeps its default. Tornado: StaticFileHandler.get_content_type. */
    const char *(*get_content_type)(gale_handler *self);
    /** For how many seconds it may be cached; 0: as the client likes. `modified` as above, 0 when
     * there is none. Tornado: StaticFileHandler.get_cache_time, CACHE_MAX_AGE. */
    int64_t (*get_cache_time)(gale_handler *self, const char *path, int64_t modified,
                              const char *content_type);
    /** Sets headers of one's own. Tornado: StaticFileHandler.set_extra_headers. */
    int (*set_extra_headers)(gale_handler *self, const char *path);
    /** Sets all headers. Tornado: StaticFileHandler.set_headers. */
    int (*set_headers)(gale_handler *self);
    /** Whether the client has it already. Tornado: StaticFileHandler.should_return_304. */
    bool (*should_return_304)(gale_handler *self);
    /** The URL of a path below the root; NULL is a failure. Any handler.
     * Tornado: StaticFileHandler.make_static_url. */
    const char *(*make_static_url)(gale_handler *self, const char *path, bool include_version);
    /** What stands behind `?v=`; NULL: nothing. Any handler.
     * Tornado: StaticFileHandler.get_version. */
    const char *(*get_version)(gale_handler *self, const char *path);
    void *reserved_[8];
} gale_static_slots;

/** What gale itself does; no slot is unset. */
GALE_API extern const gale_static_slots gale_static_default_slots;

/** What parse_url_path said; NULL in other handlers. Tornado: StaticFileHandler.path. */
GALE_API const char *gale_static_path(gale_handler *self);
/** What validate_absolute_path said; NULL before. Tornado: StaticFileHandler.absolute_path. */
GALE_API const char *gale_static_absolute_path(gale_handler *self);

/** Options of gale_static_url. Zero is the default of each. */
typedef struct gale_static_url_options {
    /** Begins with the scheme and host of this request. Tornado: include_host. */
    bool include_host;
    /** Without `?v=`. Tornado: include_version = False. */
    bool no_version;
    void *reserved_[2];
} gale_static_url_options;

/**
 * The URL of a file of static_path, with a `?v=` that changes with its content, so that it can be
 * cached for ever: gale_static_url(self, "css/site.css", NULL). A file that cannot be read is
 * logged, and has no version. NULL on failure. Suspends when the file was changed, or is new.
 * Tornado: RequestHandler.static_url.
 */
GALE_API GALE_SUSPENDS const char *gale_static_url(gale_handler *self, const char *path,
                                                   const gale_static_url_options *options);

/* ---- Templates ------------------------------------------------------------------------- */

/**
 * Renders a template of the setting template_path, and finishes with it. docs/templates.md has the
 * language. `values` is an object; its reference is taken, always; NULL: no values. Besides them
 * and what every template has, it knows:
 *
 *   request, handler, locale     their `method`, `headers` ..., `request`, `code`, `name`, `rtl`
 *   current_user                 what gale_current_user gives
 *   static_url(path), reverse_url(name, ...), xsrf_form_html()
 *   _(text), locale.translate(...), pgettext(...), locale.format_date(...),
 *   locale.format_day(...), locale.list(...), locale.friendly_number(...)
 *   handler.get_argument(name, default), and the above as members of `handler`
 *   ui_methods, and as modules.Name(...) or {% module Name(...) %} ui_modules, Template(path,
 *   name=value ...), linkify(text, ...), xsrf_form_html()
 *
 * What UI modules need in the page is put into it. Returns 0; GALE_EINVALID, with a detail, for
 * what is wrong with the template; or as gale_write and gale_finish. Tornado:
 * RequestHandler.render.
 */
GALE_API GALE_SUSPENDS int gale_render(gale_handler *self, const char *name, json_t *values);
/** The text of a template, which lives until the request ends, without what its UI modules need.
 * NULL on failure. Tornado: RequestHandler.render_string. */
GALE_API GALE_SUSPENDS const char *gale_render_string(gale_handler *self, const char *name,
                                                      json_t *values);

/**
 * A part of pages with its own styles and scripts: {% module Entry(story) %}. Constant data; zero
 * is the default of each slot. The slots beside `render` are asked once for each page in which the
 * module is; they may return NULL. Texts are UTF-8; lists end with NULL, and paths in them that are
 * not absolute are those of static_url. Tornado: web.UIModule.
 */
typedef struct gale_ui_module {
    /** What it is called in templates. */
    const char *name;
    /** Writes the part, with gale_template_write or gale_ui_module_render; `call` has the
     * arguments. Returns 0, or a negative code (gale_template_fail). Tornado: UIModule.render. */
    int (*render)(gale_handler *self, gale_template_call *call);
    /** Script and style that stand in the page. Tornado: UIModule.embedded_javascript. */
    const char *(*embedded_javascript)(gale_handler *self);
    const char *(*embedded_css)(gale_handler *self);
    /** Files that the page links. Tornado: UIModule.javascript_files. */
    const char *const *(*javascript_files)(gale_handler *self);
    const char *const *(*css_files)(gale_handler *self);
    /** Text at the end of the head or body. Tornado: UIModule.html_head, html_body. */
    const char *(*html_head)(gale_handler *self);
    const char *(*html_body)(gale_handler *self);
    void *reserved_[4];
} gale_ui_module;

/** Writes a template as what the module gives; arguments as gale_render's.
 * Tornado: UIModule.render_string. */
GALE_API GALE_SUSPENDS int gale_ui_module_render(gale_handler *self, gale_template_call *call,
                                                 const char *name, json_t *values);

/** A script element for each file: what is done when a class has no slot render_linked_js. NULL
 * when out of memory, a failure. Tornado: RequestHandler.render_linked_js. */
GALE_API const char *gale_render_linked_js(gale_handler *self, const char *const *files);
/** One script element with all pieces. Tornado: RequestHandler.render_embed_js. */
GALE_API const char *gale_render_embed_js(gale_handler *self, const char *const *pieces);
/** A link element for each file. Tornado: RequestHandler.render_linked_css. */
GALE_API const char *gale_render_linked_css(gale_handler *self, const char *const *files);
/** One style element with all pieces. Tornado: RequestHandler.render_embed_css. */
GALE_API const char *gale_render_embed_css(gale_handler *self, const char *const *pieces);

#ifdef __cplusplus
}
#endif

#endif
