/* SPDX-License-Identifier: Apache-2.0 */
/* Small helpers of <gale/httputil.h> that make text: URLs, dates, credentials. */
#include <errno.h>
#include <string.h>

#include "core/buffer.h"
#include "core/date.h"
#include "core/escape.h"
#include "proto/arguments.h"

/* The first `delimiter` in `text`, or its end. */
static size_t find(gale_str text, char delimiter)
{
    const char *found = text.len ? (const char *)memchr(text.data, delimiter, text.len) : NULL;
    return found ? (size_t)(found - text.data) : text.len;
}

/* Appends name=value; `first` decides between "?" and "&". Errors stick to the buffer. */
static void append_argument(gale__buffer *out, const gale_http_argument *argument, bool first)
{
    gale__buffer_append_char(out, first ? '?' : '&');
    gale__url_escape(out, argument->name, true);
    gale__buffer_append_char(out, '=');
    gale__url_escape(out, argument->value, true);
}

gale_bytes *gale_url_concat(const char *url, const gale_http_argument *arguments, size_t count)
{
    gale_str text = { url, strlen(url) };
    if (!arguments)
        return gale_bytes_new(url, text.len);
    size_t before_fragment = find(text, '#');
    size_t before_query = find((gale_str){ url, before_fragment }, '?');
    gale_str query = { url + before_query, before_fragment - before_query };
    if (query.len) {
        query.data++;
        query.len--;
    }
    gale_http_arguments *old;
    if (gale_http_arguments_parse(query, GALE_NONE, &old) < 0)
        return NULL;
    gale__buffer out;
    gale__buffer_init(&out, SIZE_MAX);
    gale__buffer_append(&out, url, before_query);
    for (size_t i = 0; i < old->count; i++)
        append_argument(&out, &old->pairs[i], i == 0);
    for (size_t i = 0; i < count; i++)
        append_argument(&out, &arguments[i], old->count + i == 0);
    if (text.len - before_fragment > 1) /* a lone "#" is dropped */
        gale__buffer_append(&out, url + before_fragment, text.len - before_fragment);
    gale_http_arguments_free(old);
    return gale__buffer_take(&out);
}

char *gale_format_timestamp(double seconds, char out[GALE_TIMESTAMP_SIZE])
{
    const double limit = 1e12; /* well past the year 9999, where dates are clamped */
    int64_t whole = 0;
    if (seconds >= limit || seconds <= -limit)
        whole = seconds > 0 ? (int64_t)limit : -(int64_t)limit;
    else if (seconds == seconds) /* not a NaN */
        whole = (int64_t)seconds - (seconds < (double)(int64_t)seconds);
    gale__http_date_format(whole, out);
    out[GALE__HTTP_DATE_SIZE] = '\0';
    return out;
}

gale_bytes *gale_encode_username_password(const char *username, const char *password)
{
    gale__buffer out;
    gale__buffer_init(&out, SIZE_MAX);
    gale__buffer_append(&out, username, strlen(username));
    gale__buffer_append_char(&out, ':');
    gale__buffer_append(&out, password, strlen(password));
    return gale__buffer_take(&out);
}
