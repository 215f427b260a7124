/* SPDX-License-Identifier: Apache-2.0 */
/* Escaping that the lower floors need; the public <gale/escape.h> is built on it. */
#ifndef GALE_CORE_ESCAPE_H
#define GALE_CORE_ESCAPE_H

#include "core/arena.h"
#include "core/buffer.h"

/* & < > " ' as &amp; &lt; &gt; &quot; &#x27;  Tornado: escape.xhtml_escape */
int gale__xhtml_escape(gale__buffer *out, gale_str text);
/* Percent-encodes all but letters, digits and _.-~; `plus`: space becomes +, else "/" is left
 * as it is. Tornado: escape.url_escape(value, plus) */
int gale__url_escape(gale__buffer *out, gale_str text, bool plus);
/* Decodes %XX, and + to a space when `plus`. A % that no two hex digits follow stays as it is.
 * `out` has room for `text.len` bytes and may be `text.data`. Returns the decoded length.
 * Tornado: escape.url_unescape(value, encoding=None, plus) */
size_t gale__url_unescape(char *out, gale_str text, bool plus);

#endif
