/* SPDX-License-Identifier: Apache-2.0 */
/* Applications: making, listening, adding routes, finding and reversing them. */
#include "web/application.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <gale/autoreload.h>
#include <gale/log.h>

#include "core/digest.h"
#include "core/error.h"
#include "http/http_server.h"
#include "web/event_stream.h"
#include "web/render.h"
#include "web/signed_cookies.h"
#include "web/static.h"
#include "web/traceback.h"
#include "web/transform.h"
#include "web/websocket.h"

/* The detail says what was not possible, and why; without one `what` does. */
static int fail_loudly(gale_ioloop *loop, int error, const char *what)
{
    const char *detail = gale_error_detail();
    if (*detail)
        gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "%s", detail);
    else
        gale_log(GALE_LOG_GENERAL, GALE_LOG_ERROR, "%s: %s", what, gale_strerror(error));
    loop->failed = true;
    return error;
}

/* ---- Handler types and routes ---------------------------------------------------------- */

const gale__handler_type *gale__application_type(gale_application *application,
                                                 const gale_handler_class *of_class)
{
    for (gale__handler_type *type = application->types; type; type = type->next)
        if (type->chain[0].of_class == of_class)
            return type;
    gale__handler_type *type = gale__handler_type_new(of_class);
    if (!type)
        return NULL;
    type->automatic_etag = application->settings.etag || type->slots.compute_etag;
    if (type->automatic_etag)
        gale__digest_load();
    type->next = application->types;
    application->types = type;
    return type;
}

int gale_application_add_handlers(gale_application *application, const char *host_pattern,
                                  const gale_route *routes)
{
    if (!application)
        return GALE_EINVALID;
    gale__route_group *group;
    int result = gale__route_group_new(application, host_pattern, routes, &group);
    if (result < 0)
        return fail_loudly(application->loop, result, "cannot add handlers");
    gale__route_group **place = &application->groups; /* before the one for any host */
    while (*place && !(*place)->any_host)
        place = &(*place)->next;
    group->next = *place;
    *place = group;
    return 0;
}

static int match_host(const gale__route_group *group, gale_http_server_request *request,
                      const char *host)
{
    if (!host)
        return -ENOMEM;
    return gale__route_pattern_match(&group->host, (gale_str){ host, strlen(host) }, request->arena,
                                     NULL);
}

/* These two return as gale__route_group_find does. */
static int find_for_default_host(gale_application *application, gale_http_connection *connection,
                                 gale__found *ret_found)
{
    const char *host = application->settings.default_host;
    gale_http_server_request *request = &connection->request;
    int result = 0;
    if (!host || gale__http_headers_present(&request->headers, GALE__HTTP_X_REAL_IP))
        return 0;
    for (gale__route_group *group = application->groups; group && result == 0; group = group->next)
        if (!group->any_host && (result = match_host(group, request, host)) > 0)
            result = gale__route_group_find(group, connection, ret_found);
    return result;
}

int gale__application_find(gale_application *application, gale_http_connection *connection,
                           gale__found *ret_found)
{
    gale_http_server_request *request = &connection->request;
    int result = 0;
    for (gale__route_group *group = application->groups; group && result == 0;
         group = group->next) {
        if (GALE__LIKELY(group->any_host))
            result = 1;
        else
            result = match_host(group, request, gale_http_server_request_host_name(request));
        if (result > 0)
            result = gale__route_group_find(group, connection, ret_found);
    }
    return result ? result : find_for_default_host(application, connection, ret_found);
}

gale_bytes *gale_application_reverse_url(gale_application *application, const char *name,
                                         const char *const *arguments, size_t count)
{
    const gale__route *found = gale__route_groups_name(application->groups, name);
    gale_bytes *path = NULL;
    if (!found)
        gale__fail(GALE_ENOTFOUND, "%s not found in named urls", name);
    else
        gale__route_pattern_reverse(&found->pattern, arguments, count, &path);
    return path;
}

/* ---- Making and freeing ---------------------------------------------------------------- */

/* The servers are services of their own, and cancel the handlers. Those may go on for a while
 * after their connections have gone. */
static void drain(gale__service *service)
{
    gale_application *application = GALE__CONTAINER_OF(service, gale_application, service);
    gale__websockets_drain(application);
    gale__event_streams_drain(application);
}

static void cancel(gale__service *service)
{
    gale_application *application = GALE__CONTAINER_OF(service, gale_application, service);
    gale__websockets_cut(application);
    gale__event_streams_cut(application);
}

static bool drained(gale__service *service)
{
    return GALE__CONTAINER_OF(service, gale_application, service)->handlers == 0;
}

static void close_service(gale__service *service)
{
    gale_application_free(GALE__CONTAINER_OF(service, gale_application, service));
}

/* The settings' filters, and around them what serve_traceback needs. */
static int make_filters(gale_application *application)
{
    const gale_filter *filters = application->settings.filters;
    size_t count = 0;
    while (filters && filters[count].filter)
        count++;
    if (count == 0 && !application->settings.serve_traceback)
        return 0;
    gale_filter *all = gale__calloc(count + 2, sizeof *all);
    if (!all)
        return fail_loudly(application->loop, -ENOMEM, "cannot add filters");
    bool traceback = application->settings.serve_traceback;
    all[0].filter = &gale__traceback_filter;
    if (count)
        memcpy(all + traceback, filters, count * sizeof *all);
    int result = gale__filters_new(NULL, all, &application->filters);
    gale__free(all);
    return result < 0 ? fail_loudly(application->loop, result, "cannot add filters") : 0;
}

/* What `debug` stands for. */
static void spell_out_debug(gale_application_settings *settings)
{
    if (!settings->debug)
        return;
    settings->serve_traceback = settings->autoreload = true;
    settings->no_compiled_template_cache = settings->no_static_hash_cache = true;
}

static int watch_files(gale_application *application)
{
    if (!application->settings.autoreload)
        return 0;
    int result = gale_autoreload_start(0);
    return result < 0 ? fail_loudly(application->loop, result, "cannot watch files") : 0;
}

static int check_settings(gale_application *application)
{
    int result = gale__check_secrets(&application->settings);
    return result < 0 ? fail_loudly(application->loop, result, "bad settings") : result;
}

gale_application *gale_application_new(const gale_route *routes,
                                       const gale_application_settings *settings)
{
    gale_ioloop *loop = gale_ioloop_current();
    gale_application *application = loop ? GALE__NEW(gale_application) : NULL;
    if (!application)
        return NULL;
    application->delegate.operations = &gale__application_operations;
    application->loop = loop;
    gale__list_init(&application->websockets);
    gale__list_init(&application->event_streams);
    gale__list_init(&application->event_streams_to_flush);
    application->service = (gale__service){
        .drain = drain, .drained = drained, .cancel = cancel, .close = close_service
    };
    if (settings)
        application->settings = *settings;
    spell_out_debug(&application->settings);
    if (application->settings.max_response_buffer == 0)
        application->settings.max_response_buffer = 104857600;
    gale__loop_add_service(loop, &application->service);
    if (check_settings(application) >= 0 && make_filters(application) >= 0 &&
        (!application->settings.compress_response ||
         gale_application_add_transform(application, &gale_compress_transform) >= 0) &&
        gale_application_add_handlers(application, NULL, routes) >= 0 &&
        gale__static_add_routes(application) >= 0 && watch_files(application) >= 0)
        return application;
    gale_application_free(application);
    return NULL;
}

/* The server is the loop's as soon as it is made; the node goes with the application. */
typedef struct gale__ssl_server {
    struct gale__ssl_server *next;
    gale_http_server *server; /* NULL once it was freed */
} gale__ssl_server;

static void free_ssl_servers(gale_application *application)
{
    for (gale__ssl_server *node = application->ssl_servers, *next; node; node = next) {
        next = node->next;
        gale_http_server_free(node->server);
        gale__free(node);
    }
    application->ssl_servers = NULL;
}

static void give_back(gale_application *application)
{
    gale__loop_uncall(&application->flush_event_streams);
    gale__static_site_free(application->static_site);
    gale__renderer_free(application->renderer);
    for (gale__route_group *group = application->groups, *next; group; group = next) {
        next = group->next;
        gale__route_group_free(group);
    }
    for (gale__handler_type *type = application->types, *next; type; type = next) {
        next = type->next;
        gale__websocket_type_free(type->websocket);
        gale__free(type);
    }
    gale__transform_list_free(application->transforms);
    gale__filters_free(application->filters);
    gale__free(application);
}

void gale_application_free(gale_application *application)
{
    if (!application)
        return;
    gale__loop_remove_service(&application->service);
    gale_http_server_free(application->server);
    free_ssl_servers(application);
    gale__websockets_free(application);
    gale__event_streams_free(application);
    application->freed = true;
    if (application->handlers == 0)
        give_back(application);
}

void gale__application_rests(gale_application *application)
{
    if (application->freed)
        give_back(application);
    else
        gale__loop_service_drained(application->loop);
}

const gale_application_settings *gale_application_get_settings(const gale_application *application)
{
    return &application->settings;
}

gale_http_server_connection_delegate *gale_application_delegate(gale_application *application)
{
    return &application->delegate;
}

/* ---- Listening ------------------------------------------------------------------------- */

static int make_server(gale_application *application)
{
    if (application->server)
        return 0;
    application->server =
        gale_http_server_new(&application->delegate, &application->settings.server);
    if (!application->server)
        return -ENOMEM;
    application->server->owner = &application->server;
    return 0;
}

int gale_application_listen_address(gale_application *application, int port, const char *address)
{
    if (!application) {
        gale_ioloop *loop = gale_ioloop_current_or_null();
        if (loop)
            loop->failed = true;
        return GALE_EINVALID;
    }
    int result = make_server(application);
    if (result >= 0)
        result = gale_http_server_listen(application->server, port, address);
    return result < 0 ? fail_loudly(application->loop, result, "cannot listen") : result;
}

static int make_ssl_server(gale_application *application, const gale_ssl_options *ssl_options,
                           gale_http_server **ret_server)
{
    gale_ssl_options server_side = *ssl_options;
    gale_http_server_options options = application->settings.server;
    gale__ssl_server *node = GALE__NEW(gale__ssl_server);
    if (!node)
        return -ENOMEM;
    node->next = application->ssl_servers;
    application->ssl_servers = node;
    server_side.server_side = true;
    GALE_TRY(gale_ssl_context_new(&server_side, &options.ssl_context));
    node->server = gale_http_server_new(&application->delegate, &options);
    gale_ssl_context_unref(options.ssl_context);
    if (!node->server)
        return -ENOMEM;
    node->server->owner = &node->server;
    *ret_server = node->server;
    return 0;
}

int gale_application_listen_ssl(gale_application *application, int port,
                                const gale_ssl_options *ssl_options)
{
    gale_http_server *server;
    if (!application)
        return gale_application_listen(NULL, port);
    int result = make_ssl_server(application, ssl_options, &server);
    if (result >= 0)
        result = gale_http_server_listen(server, port, NULL);
    return result < 0 ? fail_loudly(application->loop, result, "cannot listen") : result;
}

int gale_application_listen(gale_application *application, int port)
{
    return gale_application_listen_address(application, port, NULL);
}

int gale_application_listen_sockets(gale_application *application, const int *sockets, int count)
{
    int result = application ? make_server(application) : GALE_EINVALID;
    for (int i = 0; i < count; i++) {
        if (result < 0)
            close(sockets[i]);
        else
            result = gale_http_server_add_socket(application->server, sockets[i]);
    }
    if (result < 0 && application)
        fail_loudly(application->loop, result, "cannot listen");
    return result;
}
