/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gale/escape.h: escaping for HTML and URLs, and links in text. Tornado's counterpart:
 * tornado.escape. JSON is in <gale/json.h>, query strings are in <gale/httputil.h>.
 *
 * Text comes in as UTF-8 that ends with a NUL. Each result has one reference, to be given back
 * with gale_bytes_unref, and is NULL when out of memory. A handler does not count references:
 *
 *     gale_writef(self, "<b>%s</b>", gale_keep(self, gale_xhtml_escape(name)));
 *
 * Bytes that are not UTF-8 pass as they are, unless a declaration says otherwise. Nothing here
 * suspends, and all of it takes time linear in the text.
 */
#ifndef GALE_ESCAPE_H
#define GALE_ESCAPE_H

#include <gale/core.h>

#ifdef __cplusplus
extern "C" {
#endif

/** `text` for HTML and XML: & < > " ' become &amp; &lt; &gt; &quot; &#x27;.
 * Tornado: escape.xhtml_escape. */
GALE_API GALE_ANY_THREAD gale_bytes *gale_xhtml_escape(const char *text);

/** The way back: every character reference of HTML5, named, decimal or hexadecimal, as browsers
 * read it. What is no reference stays as it is. Tornado: escape.xhtml_unescape.
 * HTML §13.5 "Named character references". */
GALE_API GALE_ANY_THREAD gale_bytes *gale_xhtml_unescape(const char *text);

/**
 * Percent-encodes all but letters, digits and `_.-~`. `plus`: for a query, where a space becomes
 * `+`. Without it: for a path, where a space becomes `%20` and `/` stays.
 * Tornado: escape.url_escape(value, plus).
 */
GALE_API GALE_ANY_THREAD gale_bytes *gale_url_escape(const char *text, bool plus);

/** Decodes %XX, and `+` to a space when `plus`. A `%` without two hexadecimal digits stays; what is
 * not UTF-8 then becomes U+FFFD. The result may hold a NUL (%00).
 * Tornado: escape.url_unescape(value, plus=plus). */
GALE_API GALE_ANY_THREAD gale_bytes *gale_url_unescape(const char *text, bool plus);

/** The same without a look at the encoding. Tornado: escape.url_unescape(value, encoding=None). */
GALE_API GALE_ANY_THREAD gale_bytes *gale_url_unescape_bytes(const char *text, bool plus);

/** Runs of spaces and control characters become one space, and white space at both ends goes.
 * Tornado: escape.squeeze. */
GALE_API GALE_ANY_THREAD gale_bytes *gale_squeeze(const char *text);

/** True when the text is well-formed UTF-8 (RFC 3629). Tornado: what escape.to_unicode raises. */
GALE_API GALE_ANY_THREAD bool gale_utf8_valid(gale_str text);

/** Options of gale_linkify. Zero is the default of each. */
typedef struct gale_linkify_options {
    /** URLs over some 30 characters are shown shortened, and whole in the link's title. */
    bool shorten;
    /** Only what has a protocol becomes a link: not www.example.com. */
    bool require_protocol;
    /** Attributes of each link, such as `rel="nofollow"`. HTML: it is not escaped. */
    const char *extra_params;
    /** Asked for the attributes of each link instead; `href` is as it stands in the HTML. What it
     * returns (NULL: none) is used before the next call. */
    const char *(*extra_params_callback)(const char *href, void *arg);
    void *arg; /**< handed to the callback */
    /** The protocols that may be linked, ended by NULL; the default is http and https. Others, such
     * as `javascript`, are dangerous. */
    const char *const *permitted_protocols;
    void *reserved_[4];
} gale_linkify_options;

/**
 * Plain text as HTML: escaped, with links where it has URLs (protocol:/, protocol://, www.). A
 * URL ends before the punctuation of its sentence, and may hold pairs of parentheses.
 * gale_linkify("Hello http://example.com!", NULL) is
 * `Hello <a href="http://example.com">http://example.com</a>!`. Tornado: escape.linkify.
 */
GALE_API GALE_ANY_THREAD gale_bytes *gale_linkify(const char *text,
                                                  const gale_linkify_options *options);

#ifdef __cplusplus
}
#endif

#endif
