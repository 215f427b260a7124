/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to providers, and what they are made of. */
#include <errno.h>
#include <string.h>

#include "core/error.h"
#include "core/escape.h"
#include "proto/oauth1.h"
#include "web/auth.h"

enum { LARGEST_ANSWER = 1 << 20 };

/* ---- Values ---------------------------------------------------------------------------- */

typedef struct kept {
    gale__defer defer;
    json_t *value;
} kept;

static void let_go(void *arg)
{
    json_decref(((kept *)arg)->value);
}

int gale__auth_keep(gale_handler *self, json_t *value, json_t **ret_value)
{
    kept *this = value ? gale__arena_alloc(gale__handler_arena(self), sizeof *this) : NULL;
    if (!this) {
        json_decref(value);
        return -ENOMEM;
    }
    *this = (kept){ .defer = { .function = let_go, .arg = this }, .value = value };
    gale__scope_defer_last(self->scope, &this->defer);
    *ret_value = value;
    return 0;
}

const char *gale__auth_text(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static int append_pair(gale__buffer *out, const char *name, const json_t *value)
{
    gale__buffer text;
    gale__buffer_init(&text, SIZE_MAX);
    int result = gale__parameter_text(&text, name, value);
    if (result >= 0) {
        gale__url_escape(out, (gale_str){ name, strlen(name) }, true);
        gale__buffer_append_char(out, '=');
        result = gale__url_escape(out, gale__buffer_str(&text), true);
    }
    gale__buffer_clear(&text);
    return result;
}

int gale__auth_append_form(gale__buffer *out, const json_t *parameters)
{
    const char *name, *separator = "";
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)parameters, name, value)
    {
        gale__buffer_append(out, separator, strlen(separator));
        GALE_TRY(append_pair(out, name, value));
        separator = "&";
    }
    return out->error;
}

int gale__auth_add_extra(json_t *parameters, const char *const *extra)
{
    for (; extra && extra[0] && extra[1]; extra += 2)
        if (json_object_set_new(parameters, extra[0], json_string(extra[1])) < 0)
            return -ENOMEM;
    return 0;
}

static const char *keep_text(gale_handler *self, gale__buffer *text)
{
    gale_str made = gale__buffer_str(text);
    const char *copy =
        text->error ? NULL : gale__arena_strdup(gale__handler_arena(self), made.data, made.len);
    gale__buffer_clear(text);
    return copy;
}

int gale__auth_url(gale_handler *self, const char *url, const json_t *parameters,
                   const char **ret_url)
{
    gale__buffer text;
    gale__buffer_init(&text, SIZE_MAX);
    size_t size = strlen(url);
    gale__buffer_append(&text, url, size);
    if (json_object_size(parameters)) {
        const char *query = strchr(url, '?');
        bool open = query && (url[size - 1] == '?' || url[size - 1] == '&');
        gale__buffer_append(&text, query ? "&" : "?", open ? 0 : 1);
        int result = gale__auth_append_form(&text, parameters);
        if (result < 0) {
            gale__buffer_clear(&text);
            return result;
        }
    }
    *ret_url = keep_text(self, &text);
    return *ret_url ? 0 : -ENOMEM;
}

int gale__auth_own_url(gale_handler *self, const char *uri, const char **ret_url)
{
    gale_http_server_request *request = self->request;
    *ret_url = uri;
    if (uri && (!strncmp(uri, "http:", 5) || !strncmp(uri, "https:", 6)))
        return 0;
    if (uri && (*uri != '/' || uri[1] == '/'))
        return gale__fail(GALE_EINVALID, "%s is neither an URL nor a path", uri);
    const char *host = gale_http_server_request_host(request);
    *ret_url = gale__arena_printf(gale__handler_arena(self), NULL, "%s://%s%s",
                                  gale_http_server_request_protocol(request), host ? host : "",
                                  uri ? uri : gale_http_server_request_path(request));
    return *ret_url ? 0 : -ENOMEM;
}

/* ---- Questions ------------------------------------------------------------------------- */

static int take_answer(gale_handler *self, gale_http_response *response, int *ret_status,
                       gale_str *ret_body)
{
    gale_str body = gale_http_response_body_str(response);
    const char *copy = gale__arena_strdup(gale__handler_arena(self), body.data, body.len);
    *ret_status = gale_http_response_code(response);
    *ret_body = (gale_str){ copy, body.len };
    return copy ? 0 : -ENOMEM;
}

/* What keeps a provider from being asked is its fault, or the network's. */
static int unreachable(gale_handler *self, const char *url, int error)
{
    if (error == GALE_ECANCELED || error == -ENOMEM || error == GALE_EINVALID)
        return error;
    return gale_http_error(self, 502, "%.*s: %s", (int)strcspn(url, "?"), url,
                           *gale_error_detail() ? gale_error_detail() : gale_strerror(error));
}

int gale__auth_ask(gale_handler *self, const gale__auth_question *question, int *ret_status,
                   gale_str *ret_body)
{
    gale_fetch_header headers[3] = { { "Accept", "application/json" } };
    if (question->bearer) {
        headers[1].name = "Authorization";
        headers[1].value =
            gale__arena_printf(gale__handler_arena(self), NULL, "Bearer %s", question->bearer);
        if (!headers[1].value)
            return -ENOMEM;
    }
    gale__buffer form;
    gale__buffer_init(&form, SIZE_MAX);
    GALE_TRY(gale__auth_append_form(&form, question->form));
    gale_fetch_options options = { .method = question->post ? "POST" : "GET",
                                   .headers = headers,
                                   .body = question->post ? gale__buffer_str(&form).data : NULL,
                                   .body_size = form.size,
                                   .auth_username = question->basic_name,
                                   .auth_password = question->basic_word,
                                   .no_follow_redirects = true,
                                   .no_raise_error = true,
                                   .max_body_size = LARGEST_ANSWER };
    gale_http_response *response = NULL;
    int result = gale_http_client_fetch(question->client, question->url, &options, &response);
    gale__buffer_clear(&form);
    if (result >= 0)
        result = take_answer(self, response, ret_status, ret_body);
    gale_http_response_free(response);
    return result < 0 ? unreachable(self, question->url, result) : result;
}

int gale__auth_ask_json(gale_handler *self, const gale__auth_question *question, int *ret_status,
                        json_t **ret_answer)
{
    gale_str body = { NULL, 0 };
    GALE_TRY(gale__auth_ask(self, question, ret_status, &body));
    *ret_answer = json_loadb(body.data, body.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
    return 0;
}

int gale__auth_refused(gale_handler *self, const char *url, int status)
{
    return gale_http_error(self, 502, "%.*s has answered %d", (int)strcspn(url, "?"), url, status);
}

int gale__auth_ask_service(gale_handler *self, const gale__auth_question *question,
                           json_t **ret_answer)
{
    int status = 0;
    json_t *answer = NULL;
    GALE_TRY(gale__auth_ask_json(self, question, &status, &answer));
    if (status / 100 == 2 && answer)
        return gale__auth_keep(self, answer, ret_answer);
    json_decref(answer);
    return status / 100 == 2
               ? gale__fail(GALE_EINPUT, "%s has answered with what is no JSON", question->url)
               : gale__auth_refused(self, question->url, status);
}
