/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links in text. What is a URL is Tornado's to say, and Tornado says it with a regular
 * expression; this is the same language, read in one pass:
 *
 *   URL   = \b (PROTOCOL ":" "/"{1,3} | "www.") TAIL       PROTOCOL = [\w-]+
 *   TAIL  = (RUN | "(" BODY ")")+                          RUN = BODY up to its last END
 *   BODY  = (anything but white space, "&", "(", ")" | "&amp;" | "&quot;")*
 *   END   = a character of BODY that is not ASCII punctuation, but for - / \ _
 *
 * The text has been escaped before, so that "&" always begins a character reference. It is read
 * in linear time since a PROTOCOL that led to nothing is not looked at again, and neither is a
 * RUN without an END, because no URL can begin in it.
 */
#include <gale/escape.h>

#include <errno.h>
#include <string.h>

#include "core/buffer.h"
#include "core/escape.h"
#include "core/letters.h"
#include "core/utf8.h"

enum { SHORT = 30, STILL_SHORT = 45, ENTITY_ROOM = 5, PATH_START = 8 };

typedef struct linking {
    const gale_linkify_options *options;
    gale__buffer *out;
    gale_str text; /* escaped */
} linking;

/* A URL in the text, as places. */
typedef struct link {
    size_t start, protocol_end, path, end; /* protocol_end: `start` for "www." */
} link;

/* ---- Characters ------------------------------------------------------------------------ */

static bool starts_with(gale_str text, size_t at, gale_str what)
{
    return text.len - at >= what.len && memcmp(text.data + at, what.data, what.len) == 0;
}

/* The size of the character at `at` if it can be part of a protocol, else 0. *ret_word: also of a
 * word, so all but "-". */
static size_t protocol_character(gale_str text, size_t at, bool *ret_word)
{
    uint32_t code_point;
    if (at == text.len)
        return 0;
    size_t size = gale__utf8_decode(text.data + at, text.len - at, &code_point);
    *ret_word = code_point == '_' || gale__is_letter_or_digit(code_point);
    return *ret_word || code_point == '-' ? size : 0;
}

/* The size of the next piece of BODY, else 0. *ret_end: it is an END. */
static size_t body_piece(gale_str text, size_t at, bool *ret_end)
{
    static const char punctuation[] = "!\"#$%&'()*+,.:;<=>?@[]^`{|}~";
    *ret_end = false;
    if (at == text.len)
        return 0;
    char byte = text.data[at];
    if (byte == '&')
        return starts_with(text, at, GALE_STR("&amp;"))    ? 5
               : starts_with(text, at, GALE_STR("&quot;")) ? 6
                                                           : 0;
    if (byte == '(' || byte == ')' || gale__space_size(text.data + at, text.len - at))
        return 0;
    *ret_end = !memchr(punctuation, byte, sizeof punctuation);
    return 1;
}

/* ---- Finding --------------------------------------------------------------------------- */

/* The end of the BODY at `at`; *ret_last is behind its last END, or `at` without one. */
static size_t body_end(gale_str text, size_t at, size_t *ret_last)
{
    bool is_end;
    *ret_last = at;
    for (size_t size; (size = body_piece(text, at, &is_end)); at += size)
        if (is_end)
            *ret_last = at + size;
    return at;
}

/* The end of the "(" BODY ")" at `at`, else 0. */
static size_t group_end(gale_str text, size_t at)
{
    size_t last;
    if (at == text.len || text.data[at] != '(')
        return 0;
    at = body_end(text, at + 1, &last);
    return at < text.len && text.data[at] == ')' ? at + 1 : 0;
}

/* The end of the TAIL at `at`, or `at` when there is none. */
static size_t tail_end(gale_str text, size_t at)
{
    for (;;) {
        size_t last, end = body_end(text, at, &last);
        if (last != end)
            return last;
        size_t group = group_end(text, end);
        if (!group)
            return end;
        at = group;
    }
}

/* With fewer slashes the rest of them are the tail, as in "http://". */
static bool find_protocol_tail(gale_str text, link *found)
{
    size_t slashes = 0, first = found->protocol_end + 1;
    while (slashes < 3 && first + slashes < text.len && text.data[first + slashes] == '/')
        slashes++;
    for (; slashes > 0; slashes--) {
        found->path = first + slashes;
        found->end = tail_end(text, found->path);
        if (found->end > found->path)
            return true;
    }
    return false;
}

/* The next place at or after `at` where a protocol may begin, or the end. */
static size_t next_word(gale_str text, size_t at)
{
    uint32_t code_point;
    while (at < text.len) {
        size_t size = gale__utf8_decode(text.data + at, text.len - at, &code_point);
        if (code_point == '_' || gale__is_letter_or_digit(code_point))
            break;
        at += size;
    }
    return at;
}

/* "www." whose letters end at `end`, in a run of protocol characters from `start`. */
static bool find_www(gale_str text, size_t start, size_t end, link *found)
{
    if (end - start < 3 || !starts_with(text, end - 3, GALE_STR("www.")))
        return false;
    if (end - start > 3 && text.data[end - 4] != '-')
        return false;
    size_t tail = tail_end(text, end + 1);
    *found = (link){ end - 3, end - 3, end - 3, tail };
    return tail > end + 1;
}

/* The first URL at or after `at`. */
static bool find(gale_str text, size_t at, link *found)
{
    while ((at = next_word(text, at)) < text.len) {
        bool word;
        size_t end = at;
        for (size_t size; (size = protocol_character(text, end, &word));)
            end += size;
        *found = (link){ .start = at, .protocol_end = end };
        if (end < text.len && text.data[end] == ':' && find_protocol_tail(text, found))
            return true;
        if (end < text.len && text.data[end] == '.' && find_www(text, at, end, found))
            return true;
        at = end;
    }
    return false;
}

/* ---- Shortening ------------------------------------------------------------------------ */

static size_t count_characters(gale_str text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += ((unsigned char)text.data[i] & 0xC0) != 0x80;
    return count;
}

/* The first `count` characters at most. */
static gale_str first_characters(gale_str text, size_t count)
{
    size_t i = 0;
    for (; i < text.len; i++)
        if (((unsigned char)text.data[i] & 0xC0) != 0x80 && count-- == 0)
            break;
    return (gale_str){ text.data, i };
}

static size_t find_byte(gale_str text, char byte)
{
    const char *found = text.len ? memchr(text.data, byte, text.len) : NULL;
    return found ? (size_t)(found - text.data) : text.len;
}

/* The host, and the first part of the path up to eight characters, "?" or ".". */
static gale_str cut_path(gale_str url, size_t protocol_size)
{
    gale_str rest = { url.data + protocol_size, url.len - protocol_size };
    size_t host = find_byte(rest, '/');
    if (host == rest.len)
        return url;
    gale_str path = { rest.data + host + 1, rest.len - host - 1 };
    path.len = find_byte(path, '/');
    path = first_characters(path, PATH_START);
    path.len = find_byte(path, '?');
    path.len = find_byte(path, '.');
    return (gale_str){ url.data, protocol_size + host + 1 + path.len };
}

/* What is shown of a URL; the same text when it is not shortened, else "..." is to follow. */
static gale_str shortened(gale_str url, size_t protocol_size)
{
    if (count_characters(url) <= SHORT)
        return url;
    gale_str shown = cut_path(url, protocol_size);
    if (count_characters(shown) > STILL_SHORT)
        shown = first_characters(shown, SHORT);
    if (shown.len == url.len)
        return url;
    const char *entity = memrchr(shown.data, '&', shown.len);
    if (entity) {
        gale_str before = { shown.data, (size_t)(entity - shown.data) };
        if (count_characters(before) > SHORT - ENTITY_ROOM)
            shown = before;
    }
    return count_characters(shown) + 3 >= count_characters(url) ? url : shown;
}

/* ---- Writing --------------------------------------------------------------------------- */

static bool is_permitted(const linking *self, gale_str protocol)
{
    static const char *const usual[] = { "http", "https", NULL };
    const char *const *list = self->options->permitted_protocols;
    for (list = list ? list : usual; *list; list++)
        if (strlen(*list) == protocol.len && memcmp(*list, protocol.data, protocol.len) == 0)
            return true;
    return false;
}

static void append(linking *self, gale_str text)
{
    gale__buffer_append(self->out, text.data, text.len);
}

static void append_parameters(linking *self, gale_str href)
{
    const gale_linkify_options *options = self->options;
    const char *text = options->extra_params ? options->extra_params : "";
    gale_bytes *copy = NULL;
    if (options->extra_params_callback) {
        copy = gale_bytes_new(href.data, href.len);
        if (!copy)
            self->out->error = -ENOMEM;
        text = copy ? options->extra_params_callback(gale_bytes_str(copy).data, options->arg) : "";
    }
    if (text && (*text || copy)) {
        append(self, GALE_STR(" "));
        append(self, gale__strip((gale_str){ text, strlen(text) }));
    }
    gale_bytes_unref(copy);
}

static void append_link(linking *self, const link *found)
{
    gale_str url = { self->text.data + found->start, found->end - found->start }, shown = url;
    size_t href_start = self->out->size + sizeof "<a href=\"" - 1;
    append(self, GALE_STR("<a href=\""));
    if (found->protocol_end == found->start)
        append(self, GALE_STR("http://"));
    append(self, url);
    if (self->out->error)
        return;
    size_t href_size = self->out->size - href_start;
    append(self, GALE_STR("\""));
    append_parameters(self, (gale_str){ gale__buffer_begin(self->out) + href_start, href_size });
    if (self->options->shorten)
        shown = shortened(url, found->path - found->start);
    if (shown.len != url.len) {
        append(self, GALE_STR(" title=\""));
        if (found->protocol_end == found->start)
            append(self, GALE_STR("http://"));
        append(self, url);
        append(self, GALE_STR("\""));
    }
    append(self, GALE_STR(">"));
    append(self, shown);
    append(self, shown.len != url.len ? GALE_STR("...</a>") : GALE_STR("</a>"));
}

static bool is_wanted(const linking *self, const link *found)
{
    if (found->protocol_end == found->start)
        return !self->options->require_protocol;
    gale_str protocol = { self->text.data + found->start, found->protocol_end - found->start };
    return is_permitted(self, protocol);
}

static void append_linked(linking *self)
{
    size_t done = 0;
    link found = { 0 };
    while (find(self->text, found.end, &found)) {
        append(self, (gale_str){ self->text.data + done, found.start - done });
        done = found.start;
        if (!is_wanted(self, &found))
            continue;
        append_link(self, &found);
        done = found.end;
    }
    append(self, (gale_str){ self->text.data + done, self->text.len - done });
}

gale_bytes *gale_linkify(const char *text, const gale_linkify_options *options)
{
    static const gale_linkify_options defaults = { 0 };
    gale__buffer escaped, out;
    gale__buffer_init(&escaped, SIZE_MAX);
    gale__buffer_init(&out, SIZE_MAX);
    linking self = { options ? options : &defaults, &out, { NULL, 0 } };
    out.error = gale__xhtml_escape(&escaped, (gale_str){ text, strlen(text) });
    self.text = gale__buffer_str(&escaped);
    if (!out.error)
        append_linked(&self);
    gale__buffer_clear(&escaped);
    return gale__buffer_take(&out);
}
