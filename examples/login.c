/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logging in: a signed cookie says who the client is, pages ask for it, forms carry a token.
 * docs/security.md explains each part.
 *
 *   COOKIE_SECRET="$(head -c 32 /dev/urandom | base64)" login --port=8888
 */
#include <errno.h>

#include <gale/escape.h>
#include <gale/gale.h>

static int port = 8888;

/* ---- What all pages share -------------------------------------------------------------- */

static int get_current_user(gale_handler *self, json_t **ret_user)
{
    const char *name = gale_get_signed_cookie(self, "user", NULL);
    if (name && !(*ret_user = json_string(name)))
        return gale_http_error(self, 400, "the user's name is no UTF-8");
    return 0;
}

static const gale_handler_class page_handler = { .name = "page",
                                                 .get_current_user = get_current_user };

static int write_escaped(gale_handler *self, const char *text)
{
    gale_bytes *escaped = gale_xhtml_escape(text);
    int result = escaped ? gale_write(self, gale_bytes_str(escaped).data) : -ENOMEM;
    gale_bytes_unref(escaped);
    return result;
}

/* ---- A page for somebody --------------------------------------------------------------- */

static int home_get(gale_handler *self)
{
    GALE_TRY(gale_authenticated(self));
    GALE_TRY(gale_write(self, "<!DOCTYPE html><title>Home</title><p>Hello, "));
    GALE_TRY(write_escaped(self, json_string_value(gale_current_user(self))));
    GALE_TRY(gale_write(self, ".<form action=/logout method=post>"));
    GALE_TRY(gale_write(self, gale_xsrf_form_html(self)));
    return gale_write(self, "<button>Log out</button></form>");
}

static const gale_handler_class home_handler = { .base = &page_handler, .get = home_get };

/* ---- Logging in and out ---------------------------------------------------------------- */

static int login_get(gale_handler *self)
{
    GALE_TRY(gale_write(self, "<!DOCTYPE html><title>Login</title><form method=post>"));
    GALE_TRY(gale_write(self, gale_xsrf_form_html(self)));
    return gale_write(self, "<label>Name <input name=name required></label>"
                            "<button>Log in</button></form>");
}

/* A page of this site, wherever the link to the form came from. Browsers take "/\" for "//", and
 * skip what strpbrk finds besides. */
static bool is_local(const char *url)
{
    return url[0] == '/' && url[1] != '/' && !strpbrk(url, "\\\t\r\n");
}

/* Here a real site compares a password. */
static int login_post(gale_handler *self)
{
    static const gale_cookie_options options = { .httponly = true, .samesite = "Lax" };
    const char *name = gale_get_body_argument(self, "name", NULL);
    const char *next = gale_get_query_argument(self, "next", "/");
    if (!name || !next)
        return 0;
    GALE_TRY(gale_set_signed_cookie(self, "user", name, &options));
    return gale_redirect_status(self, is_local(next) ? next : "/", 303);
}

static int logout_post(gale_handler *self)
{
    GALE_TRY(gale_clear_cookie(self, "user", NULL));
    return gale_redirect_status(self, "/login", 303);
}

static const gale_handler_class login_handler = { .base = &page_handler,
                                                  .get = login_get,
                                                  .post = login_post };
static const gale_handler_class logout_handler = { .base = &page_handler, .post = logout_post };

int main(int argc, char **argv)
{
    gale_define_int("port", &port, "run on the given port");
    gale_parse_command_line(argc, argv);
    const char *secret = getenv("COOKIE_SECRET");
    gale_application_settings settings = {
        .cookie_secret = secret ? secret : "for trying it out: everybody knows it",
        .login_url = "/login",
        .xsrf_cookies = true,
        .xsrf_cookie_options = &(gale_cookie_options){ .httponly = true, .samesite = "Lax" },
    };
    gale_route routes[] = { { .pattern = "/", .handler = &home_handler },
                            { .pattern = "/login", .handler = &login_handler },
                            { .pattern = "/logout", .handler = &logout_handler },
                            { 0 } };
    gale_application *app = gale_application_new(routes, &settings);
    gale_application_listen(app, port);
    int status = gale_ioloop_start(gale_ioloop_current());
    gale_ioloop_free(gale_ioloop_current());
    return status;
}
