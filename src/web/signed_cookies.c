/* SPDX-License-Identifier: Apache-2.0 */
/* Signed values with one secret or several, and the cookies that hold them. */
#include "web/signed_cookies.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "core/digest.h"
#include "core/error.h"
#include "platform/clock.h"
#include "proto/signed_value.h"
#include "web/application.h"
#include "web/visitor.h"

enum { NEWEST_VERSION = 2, DAYS_TO_SET = 30, DAYS_TO_GET = 31, SECONDS_OF_A_DAY = 86400 };

/* ---- Secrets --------------------------------------------------------------------------- */

/* One secret, or those of a list. */
typedef struct secrets {
    const char *one;
    const gale_cookie_secret *list;
} secrets;

static const gale_cookie_secret *find_secret(const gale_cookie_secret *list, int key_version)
{
    while (list->secret && list->key_version != key_version)
        list++;
    return list->secret ? list : NULL;
}

/* GALE_ENOTFOUND when the list has none of that version. */
static int choose_secret(const secrets *all, int key_version, gale_str *ret_secret)
{
    if (!all->list) {
        *ret_secret = (gale_str){ all->one, strlen(all->one) };
        return 0;
    }
    const gale_cookie_secret *found = find_secret(all->list, key_version);
    if (!found)
        return GALE_ENOTFOUND;
    *ret_secret = (gale_str){ found->secret, found->size ? found->size : strlen(found->secret) };
    return 0;
}

int gale__check_secrets(const gale_application_settings *settings)
{
    if (settings->xsrf_cookie_version < 0 || settings->xsrf_cookie_version > 2)
        return gale__fail(GALE_EINVALID, "unknown xsrf cookie version %d",
                          settings->xsrf_cookie_version);
    if (settings->cookie_secret && settings->cookie_secrets)
        return gale__fail(GALE_EINVALID, "both cookie_secret and cookie_secrets are set");
    if (settings->cookie_secrets && !find_secret(settings->cookie_secrets, settings->key_version))
        return gale__fail(GALE_EINVALID, "cookie_secrets has none with key_version %d",
                          settings->key_version);
    if (settings->cookie_secret || settings->cookie_secrets)
        gale__digest_load();
    return 0;
}

/* ---- Creating -------------------------------------------------------------------------- */

static double time_of(const gale_signed_value_options *options)
{
    return options->now != 0 ? options->now : (double)gale__clock_wall() / 1e9;
}

static int create(const secrets *all, const char *name, gale_str value,
                  const gale_signed_value_options *options, gale__buffer *out)
{
    int version = options->version ? options->version : NEWEST_VERSION;
    if (version < 1 || version > NEWEST_VERSION)
        return gale__fail(GALE_EINVALID, "Unsupported version %d", version);
    if (!all->list && !(all->one && *all->one))
        return gale__fail(GALE_EINVALID, "there is no secret to sign with");
    if (all->list && version < NEWEST_VERSION)
        return gale__fail(GALE_EINVALID, "Version must be at least 2 for key version support");
    gale_str secret;
    if (choose_secret(all, options->key_version, &secret) < 0)
        return gale__fail(GALE_EINVALID, "there is no secret with key_version %d",
                          options->key_version);
    return gale__signed_value_write(out, version, secret, options->key_version,
                                    (gale_str){ name, strlen(name) }, value,
                                    (int64_t)time_of(options));
}

/* ---- Reading --------------------------------------------------------------------------- */

static int read_value(const secrets *all, const char *name, gale_str text,
                      const gale_signed_value_options *options, gale__buffer *out)
{
    gale__signed_value value;
    gale_str secret;
    double days = options->max_age_days == 0 ? DAYS_TO_GET : options->max_age_days;
    if (options->min_version > NEWEST_VERSION)
        return gale__fail(GALE_EINVALID, "Unsupported min_version %d", options->min_version);
    if (!all->list && !(all->one && *all->one))
        return gale__fail(GALE_EINVALID, "there is no secret to verify with");
    if (text.len == 0)
        return GALE_EINPUT;
    GALE_TRY(gale__signed_value_parse(&value, text));
    if (value.version < options->min_version || (all->list && value.version < NEWEST_VERSION) ||
        choose_secret(all, value.key_version, &secret) < 0)
        return GALE_EINPUT;
    return gale__signed_value_verify(&value, secret, (gale_str){ name, strlen(name) },
                                     time_of(options),
                                     days < 0 ? INFINITY : days * SECONDS_OF_A_DAY, out);
}

/* ---- Free functions -------------------------------------------------------------------- */

static const gale_signed_value_options no_options = { 0 };

static int to_bytes(gale__buffer *buffer, int result, gale_bytes **ret_bytes)
{
    if (result >= 0) {
        gale_str text = gale__buffer_str(buffer);
        gale_bytes *bytes = gale_bytes_new(text.data, text.len);
        if (bytes)
            *ret_bytes = bytes;
        else
            result = -ENOMEM;
    }
    gale__buffer_clear(buffer);
    return result;
}

int gale_create_signed_value(const char *secret, const char *name, gale_str value,
                             const gale_signed_value_options *options, gale_bytes **ret_text)
{
    if (!options)
        options = &no_options;
    secrets all = { secret, options->secrets };
    gale__buffer out;
    gale__buffer_init(&out, SIZE_MAX);
    return to_bytes(&out, create(&all, name, value, options, &out), ret_text);
}

int gale_decode_signed_value(const char *secret, const char *name, gale_str text,
                             const gale_signed_value_options *options, gale_bytes **ret_value)
{
    if (!options)
        options = &no_options;
    secrets all = { secret, options->secrets };
    gale__buffer out;
    gale__buffer_init(&out, SIZE_MAX);
    return to_bytes(&out, read_value(&all, name, text, options, &out), ret_value);
}

int gale_get_signature_key_version(gale_str text)
{
    gale__signed_value value;
    GALE_TRY(gale__signed_value_parse(&value, text));
    return value.version == NEWEST_VERSION ? value.key_version : GALE_EINPUT;
}

/* ---- Setting cookies ------------------------------------------------------------------- */

static int require_secrets(const gale_handler *self, secrets *ret_all)
{
    const gale_application_settings *settings = &self->application->settings;
    *ret_all = (secrets){ settings->cookie_secret, settings->cookie_secrets };
    return settings->cookie_secrets
               ? 0
               : gale__require_setting(settings->cookie_secret, "cookie_secret", "signed cookies");
}

static int create_for(gale_handler *self, const char *name, gale_str value, int version,
                      gale__buffer *out)
{
    secrets all;
    GALE_TRY(require_secrets(self, &all));
    gale_signed_value_options options = {
        .version = version, .key_version = all.list ? self->application->settings.key_version : 0
    };
    return create(&all, name, value, &options, out);
}

const char *gale_handler_create_signed_value(gale_handler *self, const char *name, gale_str value,
                                             int version)
{
    gale__buffer out;
    gale__buffer_init(&out, SIZE_MAX);
    int result = create_for(self, name, value, version, &out);
    gale_str text = gale__buffer_str(&out);
    const char *copy =
        result < 0 ? NULL : gale__arena_strdup(gale__handler_arena(self), text.data, text.len);
    gale__buffer_clear(&out);
    if (!copy)
        gale__handler_remember_failure(self, 500, "%s",
                                       result < 0 ? gale_error_detail() : "out of memory");
    return copy;
}

int gale_set_signed_cookie_str(gale_handler *self, const char *name, gale_str value,
                               const gale_cookie_options *options)
{
    gale_cookie_options attributes = { 0 };
    if (options)
        attributes = *options;
    if (attributes.expires_days == 0)
        attributes.expires_days = DAYS_TO_SET;
    gale__buffer out;
    gale__buffer_init(&out, SIZE_MAX);
    int result = create_for(self, name, value, attributes.signed_version, &out);
    if (result >= 0)
        result = gale_set_cookie(self, name, gale__buffer_str(&out).data, &attributes);
    gale__buffer_clear(&out);
    return result;
}

int gale_set_signed_cookie(gale_handler *self, const char *name, const char *value,
                           const gale_cookie_options *options)
{
    if (!value)
        return gale__handler_no_text(self, "gale_set_signed_cookie");
    return gale_set_signed_cookie_str(self, name, (gale_str){ value, strlen(value) }, options);
}

/* ---- Getting cookies ------------------------------------------------------------------- */

static const char *signed_text(gale_handler *self, const char *name,
                               const gale_signed_value_options *options)
{
    return options->value ? options->value : gale_get_cookie(self, name, NULL);
}

/* *ret_value stays as it is when there is none that verifies. */
static int get(gale_handler *self, const char *name, const gale_signed_value_options *options,
               gale_str *ret_value)
{
    secrets all;
    GALE_TRY(require_secrets(self, &all));
    const char *text = signed_text(self, name, options);
    if (!text)
        return 0;
    gale__buffer out;
    gale__buffer_init(&out, SIZE_MAX);
    int result = read_value(&all, name, (gale_str){ text, strlen(text) }, options, &out);
    if (result >= 0) {
        gale_str value = gale__buffer_str(&out);
        const char *copy = gale__arena_strdup(gale__handler_arena(self), value.data, value.len);
        *ret_value = (gale_str){ copy, copy ? value.len : 0 };
        result = copy ? 0 : -ENOMEM;
    }
    gale__buffer_clear(&out);
    return result == GALE_EINPUT ? 0 : result;
}

gale_str gale_get_signed_cookie_str(gale_handler *self, const char *name,
                                    const gale_signed_value_options *options)
{
    gale_str value = { NULL, 0 };
    int result = get(self, name, options ? options : &no_options, &value);
    if (result < 0)
        gale__handler_remember_failure(self, 500, "%s",
                                       result == -ENOMEM ? "out of memory" : gale_error_detail());
    return value;
}

const char *gale_get_signed_cookie(gale_handler *self, const char *name,
                                   const gale_signed_value_options *options)
{
    gale_str value = gale_get_signed_cookie_str(self, name, options);
    if (!value.data || !memchr(value.data, '\0', value.len))
        return value.data;
    gale__handler_remember_failure(self, 400, "the signed cookie %s is no text", name);
    return NULL;
}

int gale_get_signed_cookie_key_version(gale_handler *self, const char *name,
                                       const gale_signed_value_options *options)
{
    secrets all;
    GALE_TRY(require_secrets(self, &all));
    const char *text = signed_text(self, name, options ? options : &no_options);
    if (!text)
        return GALE_ENOTFOUND;
    return gale_get_signature_key_version((gale_str){ text, strlen(text) });
}
