/* SPDX-License-Identifier: Apache-2.0 */
/* The options of a fetch: defaults, and what is wrong with them before anything is sent. */
#include <string.h>

#include "core/error.h"
#include "http/client.h"
#include "http/client_ssl.h"
#include "proto/characters.h"

/* ---- Defaults -------------------------------------------------------------------------- */

static bool is_zero(const char *data, size_t size)
{
    while (size > 0 && !data[size - 1])
        size--;
    return size == 0;
}

#define FILL(member)                                                                               \
    if (is_zero((const char *)&own->member, sizeof own->member))                                   \
    own->member = defaults->member

/* What says one thing in several members is taken as a whole. */
GALE__APART static void fill(gale_fetch_options *own, const gale_fetch_options *defaults)
{
    if (!own->body && !own->body_file && !own->body_producer) {
        own->body = defaults->body;
        own->body_size = defaults->body_size;
        own->body_file = defaults->body_file;
        own->body_producer = defaults->body_producer;
    }
    FILL(method);
    FILL(headers);
    FILL(auth_username);
    FILL(auth_password);
    FILL(auth_mode);
    FILL(if_modified_since);
    FILL(user_agent);
    FILL(expect_100_continue);
    FILL(allow_nonstandard_methods);
    FILL(no_follow_redirects);
    FILL(max_redirects);
    FILL(no_raise_error);
    FILL(connect_timeout);
    FILL(request_timeout);
    FILL(queue_timeout);
    FILL(resolve_timeout);
    FILL(handshake_timeout);
    FILL(first_byte_timeout);
    FILL(no_decompress);
    FILL(max_body_size);
    FILL(max_header_size);
    FILL(streaming_callback);
    FILL(header_callback);
    FILL(arg);
    FILL(network_interface);
    FILL(no_ipv6);
    FILL(no_keep_alive);
    FILL(no_validate_cert);
    FILL(ca_certs);
    FILL(client_key);
    FILL(client_cert);
    FILL(ssl_context);
    FILL(proxy_host);
    FILL(proxy_port);
    FILL(proxy_type);
    FILL(proxy_username);
    FILL(proxy_password);
    FILL(proxy_auth_mode);
    FILL(no_environment_proxy);
    FILL(cookie_jar);
}

const gale_fetch_options *gale__fetch_options(const gale_fetch_options *options,
                                              const gale_fetch_options *defaults,
                                              gale_fetch_options *own)
{
    static const gale_fetch_options none;
    if (!options)
        options = &none;
    if (!defaults)
        return options;
    *own = *options;
    fill(own, defaults);
    return own;
}

double gale__fetch_timeout(double option, double otherwise)
{
    return option == 0 ? otherwise : option < 0 ? 0 : option;
}

double gale__fetch_seconds(const gale__fetch *fetch)
{
    return (double)(fetch->client->loop->now - fetch->asked) / 1e9;
}

bool gale__fetch_has_body(const gale__fetch *self)
{
    const gale_fetch_options *options = self->options;
    return !self->bodiless && (options->body || options->body_file || options->body_producer);
}

/* ---- What is wrong --------------------------------------------------------------------- */

static int check_body(const gale__fetch *self)
{
    bool wanted = self->method.data[0] == 'P'; /* of the known ones */
    const gale_fetch_options *options = self->options;
    if ((options->body != NULL) + (options->body_file != NULL) + (options->body_producer != NULL) >
        1)
        return gale__fail(GALE_EINVALID, "more than one of body, body_file and body_producer");
    if (options->allow_nonstandard_methods || gale__fetch_has_body(self) == wanted)
        return 0;
    return gale__fail(GALE_EINVALID,
                      wanted ? "Body must not be NULL for method %s"
                             : "Body must be NULL for method %s",
                      self->method.data);
}

static int check_method(gale__fetch *self)
{
    static const char *const known[] = {
        "GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS"
    };
    const char *method = self->options->method ? self->options->method : "GET";
    bool is_known = false;
    self->method = (gale_str){ method, strlen(method) };
    for (size_t i = 0; i < sizeof known / sizeof *known && !is_known; i++)
        is_known = strcmp(method, known[i]) == 0;
    if (!is_known && !self->options->allow_nonstandard_methods)
        return gale__fail(GALE_EINVALID, "unknown method %s", method);
    if (!gale__http_is_token(method, self->method.len))
        return gale__fail(GALE_EINVALID, "the method is no token");
    self->head = strcmp(method, "HEAD") == 0;
    return check_body(self);
}

static int check_value(const char *name, const char *value)
{
    if (gale__http_all(value, strlen(value), GALE__CHARACTER_FIELD))
        return 0;
    return gale__fail(GALE_EINVALID, "control character in the header %s", name);
}

static int check_auth_mode(const char *name, gale_auth_mode mode)
{
    if (mode == GALE_AUTH_BASIC || mode == GALE_AUTH_DIGEST)
        return 0;
    return gale__fail(GALE_EINVALID, "unsupported %s %d", name, (int)mode);
}

static int check_headers(const gale_fetch_options *options)
{
    const gale_fetch_header *header = options->headers;
    for (; header && header->name; header++) {
        if (!gale__http_is_token(header->name, strlen(header->name)))
            return gale__fail(GALE_EINVALID, "malformed header name");
        GALE_TRY(check_value(header->name, header->value ? header->value : ""));
    }
    return options->user_agent ? check_value("User-Agent", options->user_agent) : 0;
}

static int check_unix_path(gale__fetch *self)
{
    gale_str path;
    gale_address address;
    if (!gale__uri_unescape(self->arena, self->uri.host, &path))
        return gale__fail(GALE_EINVALID, "malformed path of a Unix socket");
    self->unix_path = path.data;
    return gale_address_from_path(path.data, &address);
}

int gale__fetch_port(const gale__fetch *self)
{
    return self->uri.port >= 0 ? self->uri.port : self->ssl_context ? 443 : 80;
}

static int find_proxy(gale__fetch *self)
{
    const gale_fetch_options *options = self->options;
    if (options->proxy_host)
        GALE_TRY(gale__proxy_of_options(&self->proxy, options));
    else if (self->client->environment_proxies && !options->no_environment_proxy)
        GALE_TRY(gale__proxy_of_environment(&self->proxy, self->arena, self->ssl_context != NULL,
                                            self->uri.host.data, gale__fetch_port(self)));
    self->forwarded = self->proxy.host && self->proxy.type == GALE_PROXY_HTTP &&
                      !self->ssl_context && !self->upgrade;
    return 0;
}

int gale__fetch_check_url(gale__fetch *self)
{
    const char *scheme = self->uri.scheme.data;
    size_t size = self->uri.scheme.len;
    self->unix_path = NULL;
    self->ssl_context = NULL;
    self->proxy.host = NULL;
    self->forwarded = false;
    if (size == 9 && memcmp(scheme, "http+unix", size) == 0)
        return check_unix_path(self);
    if (size == 5 && memcmp(scheme, "https", size) == 0)
        GALE_TRY(gale__client_ssl_context(self->client, self->options, &self->ssl_context));
    else if (size != 4 || memcmp(scheme, "http", size) != 0)
        return gale__fail(GALE_ENOTSUP, "Unsupported url scheme: %.*s", (int)size, scheme);
    return find_proxy(self);
}

static void find_user(gale__fetch *self)
{
    static const gale_str empty = { "", 0 };
    const gale_fetch_options *options = self->options;
    if (self->uri.username.data) {
        self->username = self->uri.username;
        self->password = self->uri.password.data ? self->uri.password : empty;
    } else if (options->auth_username) {
        const char *password = options->auth_password ? options->auth_password : "";
        self->username = (gale_str){ options->auth_username, strlen(options->auth_username) };
        self->password = (gale_str){ password, strlen(password) };
    }
}

int gale__fetch_check(gale__fetch *self, const char *url)
{
    int result = gale__uri_parse(&self->uri, self->arena, (gale_str){ url, strlen(url) });
    if (result == GALE_EINVALID)
        return gale__fail(result, "malformed URL: %s", self->uri.reason);
    GALE_TRY(result);
    GALE_TRY(check_method(self));
    GALE_TRY(check_headers(self->options));
    GALE_TRY(check_auth_mode("auth_mode", self->options->auth_mode));
    GALE_TRY(check_auth_mode("proxy_auth_mode", self->options->proxy_auth_mode));
    GALE_TRY(gale__fetch_check_url(self));
    self->first = self->uri;
    find_user(self);
    return 0;
}
