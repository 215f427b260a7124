/* SPDX-License-Identifier: Apache-2.0 */
/* What the ways of logging in share: questions to providers, and what is remembered meanwhile. */
#ifndef GALE_WEB_AUTH_H
#define GALE_WEB_AUTH_H

#include <gale/auth.h>

#include "core/buffer.h"
#include "web/handler.h"

/* ---- Values ---------------------------------------------------------------------------- */

/* Takes a reference over, until the request ends. NULL (out of memory) is -ENOMEM. */
int gale__auth_keep(gale_handler *self, json_t *value, json_t **ret_value);
/* A member that is a text; NULL when it is none. */
const char *gale__auth_text(const json_t *object, const char *name);
/* Appends the members of an object (NULL: none) as a query or form. GALE_EINVALID, -ENOMEM. */
int gale__auth_append_form(gale__buffer *out, const json_t *parameters);
/* Adds names and values in turn (NULL: none) to an object. 0 or -ENOMEM. */
int gale__auth_add_extra(json_t *parameters, const char *const *extra);
/* The URL with the parameters added to its query; it lives until the request ends. */
int gale__auth_url(gale_handler *self, const char *url, const json_t *parameters,
                   const char **ret_url);
/* An URL, or a path of this site, as an URL; NULL: that of this page. */
int gale__auth_own_url(gale_handler *self, const char *uri, const char **ret_url);

/* ---- Questions ------------------------------------------------------------------------- */

/* What is asked. Zero is the default of each member but `url`. */
typedef struct gale__auth_question {
    gale_http_client *client;
    const char *url;
    const char *bearer; /* a token, or NULL */
    bool post;
    const json_t *form;                  /* of a POST; NULL: an empty one */
    const char *basic_name, *basic_word; /* a name and password, or NULL */
} gale__auth_question;

/* *ret_status and *ret_body, which lives until the request ends. Returns 0; GALE_EHTTP, for a 502,
 * when there is no answer; GALE_EINVALID, GALE_ECANCELED, -ENOMEM. */
int gale__auth_ask(gale_handler *self, const gale__auth_question *question, int *ret_status,
                   gale_str *ret_body);
/* The same for an answer in JSON; *ret_answer is a new reference, or NULL when it is none. */
int gale__auth_ask_json(gale_handler *self, const gale__auth_question *question, int *ret_status,
                        json_t **ret_answer);
/* The same for the answer 2xx of a service; kept until the request ends. */
int gale__auth_ask_service(gale_handler *self, const gale__auth_question *question,
                           json_t **ret_answer);
/* The service has answered with that status: 502. */
int gale__auth_refused(gale_handler *self, const char *url, int status);

/* ---- Between the two pages ------------------------------------------------------------- */

enum { GALE__AUTH_RANDOM = 43 }; /* digits of 256 bits in base64url */

/* Remembers a login that begins: `provider` names whom it is with. *ret_state is an object with
 * `state`, `nonce` and `verifier`, a new reference. */
int gale__auth_begin(gale_handler *self, const char *provider, json_t **ret_state);
/* What was remembered, when the request is an answer of that provider to it: the code, and the
 * state as above. Everything else is refused with 403. */
int gale__auth_resume(gale_handler *self, const char *provider, const char **ret_code,
                      json_t **ret_state);
/* Adds code_challenge and its method to the parameters. RFC 7636 §4.2. */
int gale__auth_add_challenge(json_t *parameters, const json_t *state);

/* ---- Tokens of OAuth 2 ----------------------------------------------------------------- */

/* The answer to a question for a token, checked; a new reference. */
int gale__auth_take_token(gale_handler *self, int status, json_t *answer, json_t **ret_token);

#endif
