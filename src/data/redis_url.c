/* SPDX-License-Identifier: Apache-2.0 */
#include "data/redis_url.h"

#include <errno.h>
#include <string.h>

#include "core/error.h"
#include "proto/uri.h"

enum { REDIS_PORT = 6379, DATABASE_MAX = 999999 };

static int refuse(const char *why)
{
    return gale__fail(GALE_EINVALID, "the URL of Redis: %s", why);
}

/* "" is number 0. */
static int parse_database(gale_str text, int *ret)
{
    *ret = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9' || *ret > DATABASE_MAX)
            return refuse("the database is a number, as in redis://localhost:6379/0");
        *ret = *ret * 10 + (text.data[i] - '0');
    }
    return 0;
}

/* An empty user name, as in redis://:password@host, is none: the password is the default user's. */
static void take_user(gale__redis_url *url, gale_str username, gale_str password)
{
    url->username = username.len > 0 ? username.data : NULL;
    url->password = password.data;
}

static int check_user(const gale__redis_url *url)
{
    return url->username && !url->password ? refuse("a user name needs a password") : 0;
}

/* ---- redis:// and rediss:// ------------------------------------------------------------ */

static int parse_network(gale__redis_url *url, gale_str text)
{
    gale__arena *arena = &url->memory.arena;
    gale__uri uri;
    int result = gale__uri_parse(&uri, arena, text);
    if (result == GALE_EINVALID)
        return refuse(uri.reason);
    GALE_TRY(result);
    if (uri.port == 0)
        return refuse("there is no port 0");
    url->tls = uri.scheme.len == 6;
    url->host = uri.host.data;
    url->port = uri.port < 0 ? REDIS_PORT : uri.port;
    take_user(url, uri.username, uri.password);
    GALE_TRY(parse_database((gale_str){ uri.target.data + 1, uri.target.len - 1 }, &url->database));
    url->name = gale__arena_printf(arena, NULL, "%s:%d/%d", url->host, url->port, url->database);
    return url->name ? check_user(url) : -ENOMEM;
}

/* ---- unix:// --------------------------------------------------------------------------- */

static int unescape(gale__arena *arena, gale_str text, gale_str *ret)
{
    if (gale__uri_unescape(arena, text, ret))
        return 0;
    return arena->failed ? -ENOMEM : refuse("a '%' has no two digits behind it");
}

static int parse_userinfo(gale__redis_url *url, gale_str text)
{
    gale_str username = text, password = { NULL, 0 };
    const char *colon = text.len ? memchr(text.data, ':', text.len) : NULL;
    if (colon) {
        username.len = (size_t)(colon - text.data);
        password = (gale_str){ colon + 1, text.len - username.len - 1 };
        GALE_TRY(unescape(&url->memory.arena, password, &password));
    }
    GALE_TRY(unescape(&url->memory.arena, username, &username));
    take_user(url, username, password);
    return check_user(url);
}

static int parse_query(gale__redis_url *url, gale_str query)
{
    if (query.len < 3 || memcmp(query.data, "db=", 3) != 0)
        return refuse("behind the path of a Unix socket there is only ?db=NUMBER");
    return parse_database((gale_str){ query.data + 3, query.len - 3 }, &url->database);
}

static int parse_unix(gale__redis_url *url, gale_str text)
{
    gale__arena *arena = &url->memory.arena;
    const char *slash = memchr(text.data, '/', text.len);
    if (!slash || (slash != text.data && slash[-1] != '@'))
        return refuse("a Unix socket has an absolute path, as in unix:///run/redis.sock");
    if (slash != text.data)
        GALE_TRY(parse_userinfo(url, (gale_str){ text.data, (size_t)(slash - text.data) - 1 }));
    gale_str path = { slash, text.len - (size_t)(slash - text.data) };
    const char *query = memchr(path.data, '?', path.len);
    if (query) {
        path.len = (size_t)(query - path.data);
        GALE_TRY(parse_query(url, (gale_str){ query + 1, strlen(query + 1) }));
    }
    GALE_TRY(unescape(arena, path, &path));
    url->path = path.data;
    url->name = gale__arena_printf(arena, NULL, "%s?db=%d", url->path, url->database);
    return url->name ? 0 : -ENOMEM;
}

/* ---- Both ------------------------------------------------------------------------------ */

static bool begins_with(gale_str text, const char *prefix)
{
    size_t size = strlen(prefix);
    return text.len >= size && memcmp(text.data, prefix, size) == 0;
}

int gale__redis_url_parse(gale__redis_url *url, const char *text)
{
    gale_str all = { text, strlen(text) };
    *url = (gale__redis_url){ 0 };
    gale__own_arena_init(&url->memory);
    if (begins_with(all, "unix://"))
        return parse_unix(url, (gale_str){ text + 7, all.len - 7 });
    if (begins_with(all, "redis://") || begins_with(all, "rediss://"))
        return parse_network(url, all);
    return refuse("it begins with redis://, rediss:// or unix://");
}

void gale__redis_url_clear(gale__redis_url *url)
{
    gale__own_arena_close(&url->memory);
}
