/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens against forms of other sites. The raw token is 16 random bytes; what is sent is
 *
 *   format 1: the raw token in hexadecimal digits
 *   format 2: "2|" mask "|" raw token XOR mask "|" seconds since 1970
 *
 * and either may answer the other. As Tornado, any other text of the client's is a raw token
 * itself.
 */
#include <errno.h>
#include <string.h>

#include <gale/log.h>

#include "core/digest.h"
#include "core/error.h"
#include "core/escape.h"
#include "platform/clock.h"
#include "proto/signed_value.h"
#include "web/application.h"
#include "web/visitor.h"

enum { RAW_SIZE = 16, MASK_SIZE = 4, DAYS_OF_A_USER = 30 };

static int64_t seconds_now(void)
{
    return gale__clock_wall() / 1000000000;
}

static void apply_mask(char *token, size_t size, const unsigned char mask[MASK_SIZE])
{
    for (size_t i = 0; i < size; i++)
        token[i] = (char)(token[i] ^ mask[i % MASK_SIZE]);
}

/* ---- Reading --------------------------------------------------------------------------- */

/* Cuts off what stands before the next "|", or the rest. */
static gale_str cut_part(gale_str *text)
{
    const char *bar = memchr(text->data, '|', text->len);
    gale_str part = { text->data, bar ? (size_t)(bar - text->data) : text->len };
    size_t used = part.len + (bar != NULL);
    *text = (gale_str){ text->data + used, text->len - used };
    return part;
}

/* Format 2, after its number. `out` has room for half of it. */
static int decode_masked(char *out, gale_str text, gale_str *ret_raw, int64_t *ret_time)
{
    unsigned char mask[MASK_SIZE];
    uint64_t time;
    gale_str mask_text = cut_part(&text), masked = cut_part(&text);
    if (mask_text.len != sizeof mask * 2 || gale__hex_decode(mask, mask_text) < 0 ||
        gale__http_parse_int(text, &time) < 0)
        return GALE_EINPUT;
    int size = gale__hex_decode(out, masked);
    GALE_TRY(size);
    apply_mask(out, (size_t)size, mask);
    *ret_raw = (gale_str){ out, (size_t)size };
    *ret_time = (int64_t)time;
    return 0;
}

/* Format 1, or something of the client's own. */
static int decode_plain(char *out, gale_str text, gale_str *ret_raw)
{
    int size = gale__hex_decode(out, text);
    *ret_raw = size < 0 ? text : (gale_str){ out, (size_t)size };
    return 0;
}

/* The raw token of a text, which lives as long as the request. GALE_EINPUT when it has none, then
 * it counts as not there. */
static int decode(gale_handler *self, gale_str text, gale_str *ret_raw, int64_t *ret_time)
{
    char *out = gale__arena_alloc(gale__handler_arena(self), text.len / 2 + 1);
    if (!out)
        return -ENOMEM;
    gale_str rest = text;
    int version = gale__signed_value_version(&rest);
    *ret_time = seconds_now();
    int result = version == 0   ? decode_plain(out, text, ret_raw)
                 : version == 2 ? decode_masked(out, rest, ret_raw, ret_time)
                                : GALE_EINPUT;
    if (result < 0)
        gale_log(GALE_LOG_GENERAL, GALE_LOG_DEBUG, "Malformed XSRF token");
    return result;
}

/* ---- The token of this client ---------------------------------------------------------- */

static const char *cookie_name(const gale_handler *self)
{
    const char *name = self->application->settings.xsrf_cookie_name;
    return name ? name : "_xsrf";
}

static int make_raw(gale_handler *self)
{
    char *raw = gale__arena_alloc(gale__handler_arena(self), RAW_SIZE);
    if (!raw)
        return -ENOMEM;
    GALE_TRY(gale__random(raw, RAW_SIZE));
    self->visitor->xsrf_raw = (gale_str){ raw, RAW_SIZE };
    self->visitor->xsrf_time = seconds_now();
    return 0;
}

/* That of the cookie; a new one when there is no usable cookie. */
static int find_raw(gale_handler *self)
{
    gale__visitor *visitor = gale__handler_visitor(self);
    if (!visitor)
        return -ENOMEM;
    if (visitor->xsrf_raw.data)
        return 0;
    const char *cookie = gale_get_cookie(self, cookie_name(self), "");
    if (!cookie)
        return GALE_EHTTP;
    int result = *cookie ? decode(self, (gale_str){ cookie, strlen(cookie) }, &visitor->xsrf_raw,
                                  &visitor->xsrf_time)
                         : GALE_EINPUT;
    visitor->xsrf_sent = result >= 0;
    return result == GALE_EINPUT ? make_raw(self) : result;
}

static char *encode_plain(gale_handler *self, gale_str raw)
{
    char *text = gale__arena_calloc(gale__handler_arena(self), 2 * raw.len + 1);
    if (text)
        gale__hex_encode(text, raw.data, raw.len);
    return text;
}

static char *encode_masked(gale_handler *self, gale_str raw, int64_t time)
{
    unsigned char mask[MASK_SIZE];
    char mask_text[2 * MASK_SIZE + 1] = "";
    char *masked = gale__arena_strdup(gale__handler_arena(self), raw.data, raw.len);
    if (!masked || gale__random(mask, sizeof mask) < 0)
        return NULL;
    apply_mask(masked, raw.len, mask);
    gale__hex_encode(mask_text, mask, sizeof mask);
    char *text = encode_plain(self, (gale_str){ masked, raw.len });
    return text ? gale__arena_printf(gale__handler_arena(self), NULL, "2|%s|%s|%lld", mask_text,
                                     text, (long long)time)
                : NULL;
}

static int set_token_cookie(gale_handler *self, const char *token)
{
    const gale_application_settings *settings = &self->application->settings;
    gale_cookie_options options = { 0 };
    if (settings->xsrf_cookie_options)
        options = *settings->xsrf_cookie_options;
    if (options.expires_days == 0 && gale__visitor_is_somebody(self))
        options.expires_days = DAYS_OF_A_USER;
    return gale_set_cookie(self, cookie_name(self), token, &options);
}

static int make_token(gale_handler *self)
{
    GALE_TRY(find_raw(self));
    gale__visitor *visitor = self->visitor;
    const char *token = self->application->settings.xsrf_cookie_version == 1
                            ? encode_plain(self, visitor->xsrf_raw)
                            : encode_masked(self, visitor->xsrf_raw, visitor->xsrf_time);
    if (!token)
        return -ENOMEM;
    if (!visitor->xsrf_sent)
        GALE_TRY(set_token_cookie(self, token));
    visitor->xsrf_token = token;
    return 0;
}

const char *gale_xsrf_token(gale_handler *self)
{
    if (self->visitor && self->visitor->xsrf_token)
        return self->visitor->xsrf_token;
    int result = make_token(self);
    if (result >= 0)
        return self->visitor->xsrf_token;
    if (result != GALE_EHTTP)
        gale__handler_remember_failure(self, 500, "no XSRF token: %s: %s", gale_strerror(result),
                                       gale_error_detail());
    return NULL;
}

const char *gale_xsrf_form_html(gale_handler *self)
{
    const char *token = gale_xsrf_token(self);
    char *html =
        token ? gale__arena_printf(gale__handler_arena(self), NULL,
                                   "<input type=\"hidden\" name=\"_xsrf\" value=\"%s\"/>", token)
              : NULL; /* digits and bars: there is nothing to escape */
    if (token && !html)
        gale__handler_remember_failure(self, 500, "out of memory");
    return html;
}

/* ---- Checking -------------------------------------------------------------------------- */

/* NULL, with the failure remembered, when it cannot be read; "" when there is none. */
static const char *token_of_request(gale_handler *self)
{
    static const char *const names[] = { "X-Xsrftoken", "X-Csrftoken" };
    const char *token = gale_get_argument(self, "_xsrf", "");
    for (size_t i = 0; token && !*token && i < 2; i++) {
        const char *value = gale_http_headers_get(&self->request->headers, names[i]);
        token = value ? value : "";
    }
    return token;
}

int gale_check_xsrf_cookie(gale_handler *self)
{
    const char *text = token_of_request(self);
    if (!text)
        return GALE_EHTTP;
    if (!*text)
        return gale_http_error(self, 403, "'_xsrf' argument missing from POST");
    gale_str token = { NULL, 0 };
    int64_t time;
    int result = decode(self, (gale_str){ text, strlen(text) }, &token, &time);
    if (result == -ENOMEM)
        return result;
    GALE_TRY(find_raw(self));
    if (result < 0 || token.len == 0)
        return gale_http_error(self, 403, "'_xsrf' argument has invalid format");
    if (!gale__equal_in_constant_time(token, self->visitor->xsrf_raw))
        return gale_http_error(self, 403, "XSRF cookie does not match POST argument");
    return 0;
}

int gale__handler_check_xsrf(gale_handler *self)
{
    gale__http_method method = self->request->head.method_id;
    if (method == GALE__HTTP_METHOD_GET || method == GALE__HTTP_METHOD_HEAD ||
        method == GALE__HTTP_METHOD_OPTIONS)
        return 0;
    const gale_handler_class *slots = &self->type->slots;
    return slots->check_xsrf_cookie ? slots->check_xsrf_cookie(self) : gale_check_xsrf_cookie(self);
}
