/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logging in with an account of another site, by OpenID Connect. docs/auth.md explains it.
 *
 * At the provider (for Google: console.cloud.google.com, "OAuth client ID") the address
 * http://localhost:8888/login/callback is registered; it gives a client id and a secret:
 *
 *   COOKIE_SECRET="$(head -c 32 /dev/urandom | base64)" \
 *   login_oidc --issuer=https://accounts.google.com --client_id=... --client_secret=...
 */
#include <stdlib.h>

#include <gale/gale.h>

static int port = 8888;
static gale_oidc_options provider = { .redirect_uri = "/login/callback" };

/* ---- A page for somebody --------------------------------------------------------------- */

/* A real site would find its user by `sub`, in a database. */
static int get_current_user(gale_handler *self, json_t **ret_user)
{
    const char *name = gale_get_signed_cookie(self, "user", NULL);
    if (name)
        *ret_user = json_string(name);
    return 0;
}

static int home(gale_handler *self)
{
    GALE_TRY(gale_authenticated(self));
    const char *name = json_string_value(gale_current_user(self));
    return gale_writef(self,
                       "<!DOCTYPE html><title>Home</title><p>Hello, %s."
                       "<form action=/logout method=post>%s<button>Log out</button></form>",
                       gale_keep(self, gale_xhtml_escape(name)), gale_xsrf_form_html(self));
}

/* ---- Logging in and out ---------------------------------------------------------------- */

static int login(gale_handler *self)
{
    return gale_oidc_authorize_redirect(self, &provider);
}

static int callback(gale_handler *self)
{
    static const gale_cookie_options options = { .httponly = true, .samesite = "Lax" };
    json_t *user;
    GALE_TRY(gale_oidc_get_authenticated_user(self, &provider, &user));
    const char *name = json_string_value(json_object_get(user, "name"));
    if (!name)
        name = json_string_value(json_object_get(user, "sub"));
    GALE_TRY(gale_set_signed_cookie(self, "user", name, &options));
    return gale_redirect(self, gale_auth_next(self, "/"), false);
}

static int logout(gale_handler *self)
{
    GALE_TRY(gale_clear_cookie(self, "user", NULL));
    return gale_redirect_status(self, "/", 303);
}

static const gale_handler_class home_handler = { .get = home,
                                                 .get_current_user = get_current_user };
static const gale_handler_class login_handler = { .get = login };
static const gale_handler_class callback_handler = { .get = callback };
static const gale_handler_class logout_handler = { .post = logout };

int main(int argc, char **argv)
{
    gale_define_int("port", &port, "run on the given port");
    gale_define_str("issuer", &provider.issuer, "the provider's https:// URL");
    gale_define_str("client_id", &provider.client_id, "what the provider calls this site");
    gale_define_str("client_secret", &provider.client_secret, "what this site proves it with");
    gale_parse_command_line(argc, argv);
    const char *secret = getenv("COOKIE_SECRET");
    gale_application_settings settings = {
        .cookie_secret = secret ? secret : "for trying it out: everybody knows it",
        .login_url = "/login",
        .xsrf_cookies = true,
    };
    gale_route routes[] = { { .pattern = "/", .handler = &home_handler },
                            { .pattern = "/login", .handler = &login_handler },
                            { .pattern = "/login/callback", .handler = &callback_handler },
                            { .pattern = "/logout", .handler = &logout_handler },
                            { 0 } };
    gale_application *app = gale_application_new(routes, &settings);
    gale_application_listen(app, port);
    int status = gale_ioloop_start(gale_ioloop_current());
    gale_ioloop_free(gale_ioloop_current());
    return status;
}
