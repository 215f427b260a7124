/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions. What is kept is text: the second it was saved, a space, and a JSON object. The second
 * is there so that a session which is only read is saved again before it ends.
 */
#include <gale/middleware.h>

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/digest.h"
#include "core/error.h"
#include "platform/clock.h"
#include "web/handler.h"

enum { ID_BYTES = 16, ID_SIZE = 2 * ID_BYTES + 1, COOKIE_MAX = 4000 };

/* Of a use in a list. */
typedef struct sessions {
    gale_session_options options; /* with the defaults filled in */
    void *store;
} sessions;

/* Of a request. */
typedef struct state {
    const sessions *sessions;
    json_t *values;    /* NULL until somebody asks */
    gale_bytes *saved; /* their JSON as it was; NULL: there was no session */
    bool stale;        /* to be saved again, changed or not */
    char id[ID_SIZE];  /* "": none yet */
} state;

static int open_sessions(const void *arg, void **ret_instance)
{
    sessions *self = GALE__NEW(sessions);
    if (!self)
        return -ENOMEM;
    if (arg)
        self->options = *(const gale_session_options *)arg;
    gale_session_options *options = &self->options;
    if (!options->cookie_name)
        options->cookie_name = "session";
    if (!(options->lifetime > 0))
        options->lifetime = 1209600;
    if (!options->cookie.samesite)
        options->cookie.samesite = "Lax";
    options->cookie.httponly = true;
    options->cookie.expires_days = options->lifetime / 86400;
    self->store = (void *)(uintptr_t)options->store_options;
    int result = options->store && options->store->open
                     ? options->store->open(options->store_options, &self->store)
                     : 0;
    if (result < 0)
        gale__free(self);
    else
        *ret_instance = self;
    return result;
}

static void close_sessions(void *instance)
{
    sessions *self = instance;
    if (self->options.store && self->options.store->close)
        self->options.store->close(self->store);
    gale__free(self);
}

static int64_t now(void)
{
    return gale__clock_wall() / 1000000000;
}

/* ---- Reading --------------------------------------------------------------------------- */

static int make_id(state *own)
{
    unsigned char random[ID_BYTES];
    GALE_TRY(gale__random(random, sizeof random));
    gale__hex_encode(own->id, random, sizeof random);
    own->id[ID_SIZE - 1] = '\0';
    return 0;
}

/* Takes the values out of what was kept; nothing when it is malformed or too old. */
static int parse(state *own, gale_str text)
{
    const char *space = text.len ? memchr(text.data, ' ', text.len) : NULL;
    if (!space)
        return 0;
    double age = (double)now() - strtod(text.data, NULL),
           lifetime = own->sessions->options.lifetime;
    gale_str json = { space + 1, text.len - (size_t)(space + 1 - text.data) };
    if (!(age <= lifetime))
        return 0;
    own->values = gale_json_decode(json);
    if (!own->values || !json_is_object(own->values)) {
        json_decref(own->values);
        own->values = NULL;
        return 0;
    }
    own->stale = age > lifetime / 4;
    own->saved = gale_bytes_new(json.data, json.len);
    return own->saved ? 0 : -ENOMEM;
}

static int load_from_cookie(gale_handler *self, state *own)
{
    const gale_session_options *options = &own->sessions->options;
    const gale_signed_value_options how = { .max_age_days = options->lifetime / 86400 };
    return parse(own, gale_get_signed_cookie_str(self, options->cookie_name, &how));
}

static bool is_id(const char *text)
{
    return strlen(text) == ID_SIZE - 1 && strspn(text, "0123456789abcdef") == ID_SIZE - 1;
}

/* An id that the store does not know is not taken over: somebody may have planted it. */
static int load_from_store(gale_handler *self, state *own)
{
    const gale_session_options *options = &own->sessions->options;
    const char *id = gale_get_cookie(self, options->cookie_name, "");
    gale_bytes *text = NULL;
    if (!id || !is_id(id))
        return 0;
    GALE_TRY(options->store->load(own->sessions->store, id, &text));
    int result = text ? parse(own, gale_bytes_str(text)) : 0;
    gale_bytes_unref(text);
    if (own->values)
        memcpy(own->id, id, ID_SIZE);
    return result;
}

static int load(gale_handler *self, state *own)
{
    if (own->values)
        return 0;
    GALE_TRY(own->sessions->options.store ? load_from_store(self, own)
                                          : load_from_cookie(self, own));
    if (!own->values)
        own->values = json_object();
    return own->values ? 0 : -ENOMEM;
}

/* The state, with the values loaded; or NULL with the failure remembered. */
static state *loaded_state(gale_handler *self)
{
    state *own = gale_filter_state(self, &gale_session_filter);
    int result = own && own->sessions ? load(self, own) : GALE_ESTATE;
    if (result >= 0)
        return own;
    const char *why = own ? gale_strerror(result) : "gale_session_filter is not in the list";
    if (own && result <= GALE_ECANCELED && *gale_error_detail())
        why = gale_error_detail(); /* what the store says */
    gale__handler_remember_failure(self, 500, "no session: %s", why);
    return NULL;
}

json_t *gale_session(gale_handler *self)
{
    state *own = loaded_state(self);
    return own ? own->values : NULL;
}

int gale_session_renew(gale_handler *self)
{
    state *own = loaded_state(self);
    if (!own)
        return GALE_EHTTP;
    const gale_session_options *options = &own->sessions->options;
    own->stale = true;
    if (!options->store || !own->id[0])
        return 0;
    GALE_TRY(options->store->remove(own->sessions->store, own->id));
    own->id[0] = '\0';
    return 0;
}

/* ---- Saving ---------------------------------------------------------------------------- */

static int save_in_cookie(gale_handler *self, const state *own, gale_str text)
{
    const gale_session_options *options = &own->sessions->options;
    if (text.len / 3 * 4 > COOKIE_MAX)
        return gale__fail(GALE_ETOOBIG, "the session is too large for a cookie: %zu bytes",
                          text.len);
    return gale_set_signed_cookie_str(self, options->cookie_name, text, &options->cookie);
}

static int save_in_store(gale_handler *self, state *own, gale_str text)
{
    const gale_session_options *options = &own->sessions->options;
    if (!own->id[0])
        GALE_TRY(make_id(own));
    GALE_TRY(options->store->save(own->sessions->store, own->id, text, options->lifetime));
    return gale_set_cookie(self, options->cookie_name, own->id, &options->cookie);
}

static int save(gale_handler *self, state *own, gale_str json)
{
    size_t size;
    char *text = gale__arena_printf(gale__handler_arena(self), &size, "%" PRId64 " %.*s", now(),
                                    (int)json.len, json.data);
    if (!text)
        return -ENOMEM;
    return own->sessions->options.store ? save_in_store(self, own, (gale_str){ text, size })
                                        : save_in_cookie(self, own, (gale_str){ text, size });
}

static int end_session(gale_handler *self, state *own)
{
    const gale_session_options *options = &own->sessions->options;
    gale_cookie_options cookie = { .domain = options->cookie.domain, .path = options->cookie.path };
    if (options->store && own->id[0])
        GALE_TRY(options->store->remove(own->sessions->store, own->id));
    own->id[0] = '\0';
    return gale_clear_cookie(self, options->cookie_name, &cookie);
}

static bool is_as_saved(const state *own, gale_str json)
{
    gale_str saved = own->saved ? gale_bytes_str(own->saved) : GALE_STR("{}");
    return saved.len == json.len && memcmp(saved.data, json.data, json.len) == 0;
}

static int save_changes(gale_handler *self, state *own, gale_bytes *encoded)
{
    gale_str json = gale_bytes_str(encoded);
    bool empty = json_object_size(own->values) == 0;
    if (empty && own->saved)
        GALE_TRY(end_session(self, own));
    else if (!empty && (own->stale || !is_as_saved(own, json)))
        GALE_TRY(save(self, own, json));
    else
        return 0;
    gale_bytes_unref(own->saved); /* so that an error page does not save it again */
    own->saved = empty ? NULL : gale_bytes_ref(encoded);
    own->stale = false;
    return 0;
}

static int before_headers(gale_handler *self, void *instance)
{
    state *own = gale_filter_state(self, &gale_session_filter);
    (void)instance;
    if (!own->values || gale_get_status(self) >= 500)
        return 0;
    gale_bytes *encoded = gale_json_encode(own->values);
    if (!encoded)
        return -ENOMEM;
    int result = save_changes(self, own, encoded);
    gale_bytes_unref(encoded);
    return result;
}

/* ---- The filter ------------------------------------------------------------------------ */

static int prepare(gale_handler *self, void *instance)
{
    state *own = gale_filter_state(self, &gale_session_filter);
    own->sessions = instance;
    return 0;
}

static void on_finish(gale_handler *self, void *instance)
{
    state *own = gale_filter_state(self, &gale_session_filter);
    (void)instance;
    json_decref(own->values);
    own->values = NULL;
    gale_bytes_unref(own->saved);
    own->saved = NULL;
}

const gale_filter_class gale_session_filter = { .name = "session",
                                                .state_size = sizeof(state),
                                                .open = open_sessions,
                                                .close = close_sessions,
                                                .prepare = prepare,
                                                .before_headers = before_headers,
                                                .on_finish = on_finish };
