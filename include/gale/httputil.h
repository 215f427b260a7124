/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gale/httputil.h: what HTTP client and server share: headers, start lines, arguments, cookies
 * and small helpers. Tornado's counterpart: tornado.httputil.
 *
 * Nothing here performs input or output or suspends. Text that these functions hand out is
 * followed by a NUL that its length does not count, except where a declaration says that it is
 * a view of the caller's text. Header text is bytes: gale neither decodes nor encodes it.
 */
#ifndef GALE_HTTPUTIL_H
#define GALE_HTTPUTIL_H

#include <gale/core.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Headers --------------------------------------------------------------------------- */

/**
 * The header fields of one message, in order; a name may occur more than once. Names are
 * compared without regard to case.
 *
 * All text that a headers object hands out is borrowed from it: it stays valid until the object
 * ends, also when the field it came from has been replaced. (Memory of replaced fields is given
 * back only then, so an object is meant for one message.)
 * Tornado: httputil.HTTPHeaders.
 */
typedef struct gale_http_headers gale_http_headers;

/** One header field. Both parts are followed by a NUL that is not counted. */
typedef struct gale_http_field {
    gale_str name;
    gale_str value;
} gale_http_field;

/** No fields yet. Returns NULL when out of memory. End it with gale_http_headers_free. */
GALE_API gale_http_headers *gale_http_headers_new(void);

/** Ends an object that gale_http_headers_new, _copy or _parse made. NULL is allowed. */
GALE_API void gale_http_headers_free(gale_http_headers *headers);

/** An independent copy, to be freed. Returns NULL when out of memory. Tornado:
 * httputil.HTTPHeaders.copy. */
GALE_API gale_http_headers *gale_http_headers_copy(gale_http_headers *headers);

/**
 * Appends a field and keeps those of the same name. The name is kept in the usual spelling
 * (`content-TYPE` becomes `Content-Type`). Both texts are copied.
 *
 * Returns 0; GALE_EINPUT when `name` is not a token (RFC 9110 §5.1), or `value` is not a field
 * value (RFC 9110 §5.5): it holds a control character other than TAB, or begins or ends with
 * white space; -ENOMEM. Tornado: httputil.HTTPHeaders.add.
 */
GALE_API int gale_http_headers_add(gale_http_headers *headers, const char *name, const char *value);

/**
 * Replaces all fields of that name by one, which takes the place of the first of them, or is
 * appended. Names are spelled as by gale_http_headers_add.
 *
 * Returns 0; GALE_EINPUT when `name` is not a token or `value` holds a byte other than TAB, 0x20
 * to 0x7E and 0x80 to 0xFF, so that no value can end its line and begin another; -ENOMEM. On
 * failure nothing has changed. Tornado: HTTPHeaders.__setitem__ (which does not check).
 */
GALE_API int gale_http_headers_set(gale_http_headers *headers, const char *name, const char *value);

/**
 * The value of that name. Several are joined by "," in order; the joined text is made at the
 * first call. Returns NULL when there is none, or when out of memory. Tornado:
 * HTTPHeaders.__getitem__, get.
 */
GALE_API const char *gale_http_headers_get(gale_http_headers *headers, const char *name);

/**
 * The value number `index` (from 0) of that name, or NULL when there are not so many:
 *
 *     for (size_t i = 0; (value = gale_http_headers_get_list(headers, "Set-Cookie", i)); i++)
 *
 * Tornado: httputil.HTTPHeaders.get_list.
 */
GALE_API const char *gale_http_headers_get_list(gale_http_headers *headers, const char *name,
                                                size_t index);

/** True when a field of that name is there. Tornado: HTTPHeaders.__contains__. */
GALE_API bool gale_http_headers_has(gale_http_headers *headers, const char *name);

/** Removes all fields of that name; none is no error. Returns how many there were, or -ENOMEM.
 * Tornado: HTTPHeaders.__delitem__. */
GALE_API int gale_http_headers_remove(gale_http_headers *headers, const char *name);

/** How many fields there are; a name that occurs twice counts twice. */
GALE_API size_t gale_http_headers_count(gale_http_headers *headers);

/**
 * Steps through all fields in order. `*position` is 0 before the first call and belongs to this
 * function afterwards. Returns false at the end, or when out of memory. The headers must not
 * change meanwhile.
 *
 *     size_t position = 0;
 *     gale_http_field field;
 *     while (gale_http_headers_next(headers, &position, &field))
 *         printf("%s: %s\n", field.name.data, field.value.data);
 *
 * Tornado: httputil.HTTPHeaders.get_all (which groups the fields by name).
 */
GALE_API bool gale_http_headers_next(gale_http_headers *headers, size_t *position,
                                     gale_http_field *ret_field);

/**
 * Appends one line as it is received, with or without its LF or CRLF. A line that begins with
 * white space continues the value of the field before it; an empty line changes nothing.
 *
 * Returns 0; GALE_EINPUT when the line has no colon, or its name or value is refused by
 * gale_http_headers_add, or a continuation has nothing to continue; -ENOMEM. HTTP messages are not
 * read by this function: there a continued line is an error (RFC 9112 §5.2). Tornado:
 * httputil.HTTPHeaders.parse_line.
 */
GALE_API int gale_http_headers_parse_line(gale_http_headers *headers, gale_str line);

/**
 * Parses a block of lines, each as by gale_http_headers_parse_line. Lines end with LF or CRLF.
 * *ret_headers is set on success only and must be freed. Returns 0, GALE_EINPUT or -ENOMEM.
 * Tornado: httputil.HTTPHeaders.parse.
 */
GALE_API int gale_http_headers_parse(gale_str text, gale_http_headers **ret_headers);

/** All fields as lines "Name: value" LF. Borrowed from the headers. Returns NULL when out of
 * memory. Tornado: HTTPHeaders.__str__. */
GALE_API const char *gale_http_headers_str(gale_http_headers *headers);

/* ---- Start lines ----------------------------------------------------------------------- */

/** The parts of a request line, views of the text it was parsed from. Tornado:
 * httputil.RequestStartLine. */
typedef struct gale_request_start_line {
    gale_str method;
    gale_str path;    /**< the whole request target, query included */
    gale_str version; /**< "HTTP/1.1" */
} gale_request_start_line;

/** The parts of a status line, views of the text it was parsed from. Tornado:
 * httputil.ResponseStartLine. */
typedef struct gale_response_start_line {
    gale_str version; /**< "HTTP/1.1" */
    int code;         /**< 0 to 999 */
    gale_str reason;  /**< `data` is NULL when the line ends after the code's space */
} gale_response_start_line;

/** Parses "GET /path HTTP/1.1", without its line end. Returns 0, or GALE_EINPUT for anything but a
 * well-formed HTTP/1.x line. Tornado: httputil.parse_request_start_line. RFC 9112 §3. */
GALE_API int gale_parse_request_start_line(gale_str line, gale_request_start_line *ret_line);

/** Parses "HTTP/1.1 200 OK", without its line end. Returns 0, or GALE_EINPUT for anything but a
 * well-formed HTTP/1.x line. Tornado: httputil.parse_response_start_line. RFC 9112 §4. */
GALE_API int gale_parse_response_start_line(gale_str line, gale_response_start_line *ret_line);

/** The standard reason phrase of a status code, "Unknown" when there is none. Never NULL.
 * Tornado: httputil.responses (http.client.responses). */
GALE_API GALE_ANY_THREAD const char *gale_http_reason(int status);

/* ---- Arguments ------------------------------------------------------------------------- */

/** Names with values, in the order received; a name may occur more than once. */
typedef struct gale_http_arguments gale_http_arguments;

/** One name with one value. Both may hold any byte, NUL too, and a NUL follows each. */
typedef struct gale_http_argument {
    gale_str name;
    gale_str value;
} gale_http_argument;

/** How many pairs gale_http_arguments_parse accepts when told 0. */
#define GALE_HTTP_ARGUMENTS_MAX 1000

/**
 * Parses a query string or a body of the type application/x-www-form-urlencoded: pairs separated
 * by `&`; `+` and %XX decoded in names and values (a `%` without two hexadecimal digits stays); a
 * pair without `=` has an empty value; empty pairs are skipped.
 *
 * At most `max_pairs` pairs are accepted: 0 means GALE_HTTP_ARGUMENTS_MAX, GALE_NONE no limit.
 * *ret_arguments is set on success only; free it with gale_http_arguments_free.
 * Returns 0, GALE_ETOOBIG when there are more pairs, -ENOMEM.
 * Tornado: escape.parse_qs_bytes(qs, keep_blank_values=True).
 */
GALE_API int gale_http_arguments_parse(gale_str text, int max_pairs,
                                       gale_http_arguments **ret_arguments);

/** No pairs yet, for gale_parse_body_arguments. NULL when out of memory. */
GALE_API gale_http_arguments *gale_http_arguments_new(void);

/** Ends what gale_http_arguments_new, gale_http_arguments_parse or gale_parse_cookie made. NULL is
 * allowed. */
GALE_API void gale_http_arguments_free(gale_http_arguments *arguments);

/** How many pairs there are. */
GALE_API size_t gale_http_arguments_count(const gale_http_arguments *arguments);

/** The pair number `index` (from 0), or NULL after the last. Borrowed. Tornado:
 * httputil.qs_to_qsl. */
GALE_API const gale_http_argument *gale_http_arguments_at(const gale_http_arguments *arguments,
                                                          size_t index);

/** The last value of that name, or NULL. Borrowed. Tornado: RequestHandler.get_argument's rule. */
GALE_API const gale_str *gale_http_arguments_get(const gale_http_arguments *arguments,
                                                 const char *name);

/** The value number `index` (from 0) of that name, or NULL when there are not so many. Borrowed. */
GALE_API const gale_str *gale_http_arguments_get_list(const gale_http_arguments *arguments,
                                                      const char *name, size_t index);

/* ---- Forms and files ------------------------------------------------------------------- */

/**
 * A file that came with a form. Text is UTF-8 without control characters, and is what the client
 * said: a file name may hold "../" or be that of another file, a content type may be wrong.
 * Tornado: httputil.HTTPFile.
 */
typedef struct gale_http_file {
    const char *name;         /**< of the form's field */
    const char *filename;     /**< Tornado: HTTPFile.filename. NULL only where
                                   gale_upload_options asks for it; `name` as well */
    const char *content_type; /**< "application/unknown" unless told. HTTPFile.content_type */
    int64_t size;             /**< bytes */
    /** The content, a view of the form's body that no NUL follows; `data` is NULL when it is in a
     * temporary file instead. Tornado: HTTPFile.body. */
    gale_str body;
    /** The temporary file, open for reading and writing (gale_upload_options, <gale/web.h>), which
     * gale closes; -1 when there is none. */
    int fd;
    /** The SHA-256 of the content, 64 lower-case hexadecimal digits, where
     * gale_upload_options.sha256 asks for it; else NULL. */
    const char *sha256;
    void *reserved_[4];
} gale_http_file;

/** The files of one form, in the order received. Tornado: HTTPServerRequest.files. */
typedef struct gale_http_files gale_http_files;

/** No files yet, for gale_parse_body_arguments. NULL when out of memory. */
GALE_API gale_http_files *gale_http_files_new(void);
/** Ends what gale_http_files_new made. NULL is allowed. */
GALE_API void gale_http_files_free(gale_http_files *files);
/** How many files there are. */
GALE_API size_t gale_http_files_count(const gale_http_files *files);
/** The file number `index` (from 0), or NULL after the last. Borrowed. */
GALE_API const gale_http_file *gale_http_files_at(const gale_http_files *files, size_t index);
/** The file number `index` (from 0) of the field `name`, or NULL when there are not so many.
 * Borrowed. Tornado: request.files[name][index]. */
GALE_API const gale_http_file *gale_http_files_get(const gale_http_files *files, const char *name,
                                                   size_t index);

/** Limits of multipart forms. Zero is the default of each. Tornado: httputil.ParseMultipartConfig.
 */
typedef struct gale_parse_multipart_config {
    /** Every multipart form is refused. Tornado: enabled=False. */
    bool disabled;
    /** Parts of a form, counted as Tornado counts: the (empty) text before the first boundary is
     * one. 0: 100, so that a form may have 99; GALE_NONE: no limit. */
    int max_parts;
    /** Bytes of a part's header without its empty line; 0: 10240. */
    int max_part_header_size;
    void *reserved_[4];
} gale_parse_multipart_config;

/** How bodies are parsed. Tornado: httputil.ParseBodyConfig. */
typedef struct gale_parse_body_config {
    gale_parse_multipart_config multipart;
    void *reserved_[4];
} gale_parse_body_config;

/** What all bodies of this process are parsed with from now on, where nothing else is said; copied.
 * NULL: the defaults. Call it before a loop runs. Tornado: httputil.set_parse_body_config. */
GALE_API void gale_set_parse_body_config(const gale_parse_body_config *config);

/**
 * Parses a form: a body whose `content_type` begins with "application/x-www-form-urlencoded" or
 * "multipart/form-data" (with a `boundary`); nothing is done for other types. Pairs are appended to
 * `arguments`, files to `files`, which keep copies of everything but the files' content.
 * `headers` (may be NULL) must not hold a Content-Encoding. `config` NULL: as
 * gale_set_parse_body_config said.
 *
 * Returns 0; GALE_EINPUT for what is malformed or over a limit of `config`, and gale_error_detail
 * has Tornado's text for it; GALE_ETOOBIG for more than GALE_HTTP_ARGUMENTS_MAX pairs; -ENOMEM.
 * After an error something may have been appended. Tornado: httputil.parse_body_arguments.
 */
GALE_API int gale_parse_body_arguments(const char *content_type, gale_str body,
                                       gale_http_arguments *arguments, gale_http_files *files,
                                       gale_http_headers *headers,
                                       const gale_parse_body_config *config);

/**
 * Parses a body of the type multipart/form-data, all at once. The rules are those of
 * gale_multipart_reader. A part with a file name is a file, every other an argument. Parameters and
 * errors as above. Tornado: httputil.parse_multipart_form_data. RFC 7578.
 */
GALE_API int gale_parse_multipart_form_data(gale_str boundary, gale_str data,
                                            gale_http_arguments *arguments, gale_http_files *files,
                                            const gale_parse_multipart_config *config);

/* ---- Forms as they arrive -------------------------------------------------------------- */

/** The bytes that the longest boundary may have (RFC 2046 §5.1.1 allows 70). */
#define GALE_MULTIPART_BOUNDARY_MAX 256

/** Finds the boundary in a Content-Type. *ret_boundary is a view of it. Returns 0, or GALE_EINPUT
 * when it is not multipart/form-data or has no boundary. */
GALE_API int gale_multipart_boundary(const char *content_type, gale_str *ret_boundary);

/** What a part of a form says of itself. */
typedef struct gale_multipart_part {
    const char *name;           /**< of the field; never empty */
    const char *filename;       /**< NULL: an argument, not a file */
    const char *content_type;   /**< NULL when the part does not tell */
    gale_http_headers *headers; /**< all of its header */
    void *reserved_[4];
} gale_multipart_part;

/** Events of gale_multipart_reader_next. */
enum {
    GALE_MULTIPART_MORE,     /**< the input is used up, and more must come */
    GALE_MULTIPART_PART,     /**< a part begins: gale_multipart_reader_part tells which */
    GALE_MULTIPART_DATA,     /**< *ret_data is the next piece of its content */
    GALE_MULTIPART_PART_END, /**< the part is complete */
    GALE_MULTIPART_END       /**< the form is complete; what follows is ignored */
};

/**
 * Reads a form as it arrives, in pieces of any size; it holds no more than one part's header.
 *
 * The body begins with its boundary. A boundary stands at the beginning of a line, after "--", and
 * is followed by CRLF or, the last one, by "--"; text that only looks like one is content. Every
 * part has a header with `Content-Disposition: form-data` and a name, of which `filename*`
 * (RFC 5987) and continued parameters (RFC 2231) are understood.
 *
 *     gale_str input = { data, size }, piece;
 *     int event;
 *     while ((event = gale_multipart_reader_next(reader, &input, &piece)) > 0)
 *         ...
 *
 * A handler whose files shall just be there needs none: gale_upload_options in <gale/web.h>.
 */
typedef struct gale_multipart_reader gale_multipart_reader;

/** A reader for this boundary, which may be in double quotes; `config` as above. NULL, and
 * gale_error_detail, for an empty or too long boundary, when multipart forms are disabled, or out
 * of memory. */
GALE_API gale_multipart_reader *
gale_multipart_reader_new(gale_str boundary, const gale_parse_multipart_config *config);
/** Ends a reader. NULL is allowed. */
GALE_API void gale_multipart_reader_free(gale_multipart_reader *reader);
/**
 * Reads until one event; *input becomes what is left of it. *ret_data is set for
 * GALE_MULTIPART_DATA: a view of the input or of the reader, valid until the next call. Takes time
 * linear in the input.
 *
 * Returns an event; GALE_EINPUT (with Tornado's text as detail) for a malformed form or one over
 * the limits; -ENOMEM. After an error the reader must not be used again.
 */
GALE_API int gale_multipart_reader_next(gale_multipart_reader *reader, gale_str *input,
                                        gale_str *ret_data);
/** The input has ended: 0 when the form is complete, else GALE_EINPUT. */
GALE_API int gale_multipart_reader_end(const gale_multipart_reader *reader);
/** The part that began last. Borrowed until the next one begins. */
GALE_API const gale_multipart_part *gale_multipart_reader_part(const gale_multipart_reader *reader);

/* ---- Cookies --------------------------------------------------------------------------- */

/**
 * Parses the value of a Cookie header as browsers do: pairs separated by `;` even inside quotes; a
 * pair without `=` has an empty name; white space around names and values is dropped, and so
 * is a pair with neither; a value in double quotes is unquoted (\" and \ooo). Every pair is kept;
 * of two with the same name, gale_http_arguments_get finds the last. One odd cookie does not
 * harm the others. Takes time linear in the text.
 *
 * *ret_cookies is set on success only; free it with gale_http_arguments_free. Returns 0 or
 * -ENOMEM. Tornado: httputil.parse_cookie.
 */
GALE_API int gale_parse_cookie(gale_str text, gale_http_arguments **ret_cookies);

/* ---- Helpers --------------------------------------------------------------------------- */

/**
 * `url` with `count` arguments added to its query. A query that is there already is decoded and
 * encoded anew; a fragment stays last, an empty one is dropped. With no arguments the query is
 * still encoded anew; `arguments` NULL gives `url` unchanged. gale_url_concat("/a?b=1", {{"c", "2
 * 3"}}) is
 * "/a?b=1&c=2+3".
 *
 * Returns the text as bytes to be given back with gale_bytes_unref, or NULL when out of memory.
 * Tornado: httputil.url_concat.
 */
GALE_API gale_bytes *gale_url_concat(const char *url, const gale_http_argument *arguments,
                                     size_t count);

/**
 * The URL that `url` means on the page `base`: "../b" on "http://h/a/c" is "http://h/b". User
 * information and a fragment are left out, what is not ASCII is percent-encoded.
 *
 * Returns bytes to be given back with gale_bytes_unref, or NULL when out of memory, for a `base`
 * that is no absolute URL with a host, and where the result would be none ("mailto:me").
 * Python: urllib.parse.urljoin. RFC 3986 §5.
 */
GALE_API gale_bytes *gale_url_join(const char *base, const char *url);

/** The size of a formatted date with its NUL. */
#define GALE_TIMESTAMP_SIZE 30

/** Writes the time, in seconds since 1970 (fractions dropped), as HTTP writes dates:
 * "Sun, 27 Jan 2013 18:43:20 GMT". Returns `out`. Tornado: httputil.format_timestamp.
 * RFC 9110 §5.6.7. */
GALE_API char *gale_format_timestamp(double seconds, char out[GALE_TIMESTAMP_SIZE]);

/**
 * Splits "host:port" at its last colon, if only digits follow. The host keeps the brackets of an
 * IPv6 address. *ret_host is a view of `netloc`.
 *
 * Returns the port; -1 when there is none, *ret_host is then all of `netloc`; GALE_EINPUT when the
 * port is above 65535. Tornado: httputil.split_host_and_port.
 */
GALE_API int gale_split_host_and_port(gale_str netloc, gale_str *ret_host);

/**
 * "username:password", the text that Basic authentication encodes. Both are taken as UTF-8 as they
 * are; gale does not normalise them. Returns bytes to be given back with gale_bytes_unref,
 * or NULL when out of memory. Tornado: httputil.encode_username_password. RFC 7617 §2.
 */
GALE_API gale_bytes *gale_encode_username_password(const char *username, const char *password);

#ifdef __cplusplus
}
#endif

#endif
