/* SPDX-License-Identifier: Apache-2.0 */
/* OpenID Connect Discovery §4. */
#include "web/auth_provider.h"

#include <errno.h>
#include <string.h>

#include "core/error.h"
#include "web/application.h"

enum { KNOWN_SECONDS = 3600, KEYS_SECONDS = 10 };
static const int64_t SECOND = 1000000000;

/* ---- What is remembered ---------------------------------------------------------------- */

typedef struct provider {
    struct provider *next;
    json_t *metadata, *keys;   /* NULL until they are needed */
    int64_t known_at, keys_at; /* loop time */
    char issuer[];
} provider;

/* Of a loop. */
typedef struct providers {
    provider *first;
} providers;

static void forget(void *state)
{
    providers *self = state;
    for (provider *at = self->first, *next; at; at = next) {
        next = at->next;
        json_decref(at->metadata);
        json_decref(at->keys);
        gale__free(at);
    }
    gale__free(self);
}

static provider *remembered(gale_ioloop *loop, const char *issuer)
{
    providers *all = loop->parts[GALE__LOOP_WEB].state;
    if (!all) {
        if (!(all = GALE__NEW(providers)))
            return NULL;
        gale__loop_attach(loop, GALE__LOOP_WEB, all, forget);
    }
    for (provider *at = all->first; at; at = at->next)
        if (strcmp(at->issuer, issuer) == 0)
            return at;
    provider *made = gale__calloc(1, sizeof *made + strlen(issuer) + 1);
    if (!made)
        return NULL;
    strcpy(made->issuer, issuer);
    made->next = all->first;
    return all->first = made;
}

/* ---- Asking ---------------------------------------------------------------------------- */

static bool has_prefix(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* http://localhost, with or without a port and path. */
static bool is_on_this_machine(const char *url)
{
    static const char *const hosts[] = { "http://localhost", "http://127.0.0.1", "http://[::1]" };
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        char after = has_prefix(url, hosts[i]) ? url[strlen(hosts[i])] : 'x';
        if (after == '\0' || after == ':' || after == '/')
            return !strchr(url, '@');
    }
    return false;
}

/* Passwords and tokens go there. */
static bool is_safe(const char *url)
{
    return url && (has_prefix(url, "https://") || is_on_this_machine(url));
}

static int ask(gale_handler *self, const gale_oidc_options *options, const char *url,
               json_t **ret_answer)
{
    gale__auth_question question = { .client = options->http_client, .url = url };
    int status = 0;
    json_t *answer = NULL;
    GALE_TRY(gale__auth_ask_json(self, &question, &status, &answer));
    if (status == 200 && json_is_object(answer)) {
        *ret_answer = answer;
        return 0;
    }
    json_decref(answer);
    return gale__auth_refused(self, url, status);
}

static int check_metadata(const json_t *metadata, const char *issuer)
{
    static const char *const needed[] = { "authorization_endpoint", "token_endpoint", "jwks_uri" };
    const char *its = gale__auth_text(metadata, "issuer");
    if (!its || strcmp(its, issuer) != 0)
        return gale__fail(GALE_EINPUT, "%s says that it is %s", issuer, its ? its : "nobody");
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (!is_safe(gale__auth_text(metadata, needed[i])))
            return gale__fail(GALE_EINPUT, "%s has no %s that is fit", issuer, needed[i]);
    const char *userinfo = gale__auth_text(metadata, "userinfo_endpoint");
    if (userinfo && !is_safe(userinfo))
        return gale__fail(GALE_EINPUT, "%s has no userinfo_endpoint that is fit", issuer);
    return 0;
}

static const char *metadata_url(gale_handler *self, const char *issuer)
{
    size_t size = strlen(issuer);
    return gale__arena_printf(gale__handler_arena(self), NULL,
                              "%.*s/.well-known/openid-configuration",
                              (int)(issuer[size - 1] == '/' ? size - 1 : size), issuer);
}

static int learn(gale_handler *self, const gale_oidc_options *options, provider *about)
{
    json_t *metadata = NULL;
    const char *url = metadata_url(self, about->issuer);
    if (!url)
        return -ENOMEM;
    GALE_TRY(ask(self, options, url, &metadata));
    int result = check_metadata(metadata, about->issuer);
    if (result < 0) {
        json_decref(metadata);
        return result;
    }
    json_decref(about->metadata);
    json_decref(about->keys);
    about->metadata = metadata;
    about->keys = NULL;
    about->known_at = self->scope->loop->now;
    return 0;
}

int gale__auth_provider_find(gale_handler *self, const gale_oidc_options *options,
                             json_t **ret_metadata)
{
    gale_ioloop *loop = self->scope->loop;
    if (!is_safe(options->issuer))
        return gale__fail(GALE_EINVALID, "the issuer %s is no https:// URL", options->issuer);
    provider *found = remembered(loop, options->issuer);
    if (!found)
        return -ENOMEM;
    if (!found->metadata || loop->now - found->known_at > KNOWN_SECONDS * SECOND)
        GALE_TRY(learn(self, options, found));
    return gale__auth_keep(self, json_incref(found->metadata), ret_metadata);
}

int gale__auth_provider_keys(gale_handler *self, const gale_oidc_options *options,
                             const json_t *metadata, bool again, json_t **ret_keys)
{
    gale_ioloop *loop = self->scope->loop;
    provider *known = remembered(loop, options->issuer);
    if (!known->keys || (again && loop->now - known->keys_at > KEYS_SECONDS * SECOND)) {
        json_t *keys;
        GALE_TRY(ask(self, options, gale__auth_text(metadata, "jwks_uri"), &keys));
        json_decref(known->keys);
        known->keys = keys;
        known->keys_at = loop->now;
    }
    *ret_keys = json_incref(known->keys);
    return 0;
}
