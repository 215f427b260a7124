/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The resolver of c-ares, on the loop: its sockets are watched as it asks, its timeouts are one
 * timer. A lookup cannot be taken back from a channel; when its caller has been cancelled the
 * answer is thrown away. c-ares calls back from within its own functions only, so that a channel
 * must not be destroyed there; it never is, since callers are tasks, and are only woken.
 *
 * A channel has read /etc/resolv.conf when it was made. When that has changed, a new one takes its
 * place for later lookups, and it ends with the last of its own; it is not destroyed from within
 * c-ares then, either.
 *
 * c-ares keeps malloc: its hooks are the process's, and whoever else uses c-ares may have memory of
 * it already.
 */
#include "net/resolver.h"

#include <errno.h>

#include "core/error.h"

#if GALE_CARES

#include <ares.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

#include "gen/task.h"
#include "net/address.h"
#include "net/watched_sockets.h"

static const char RESOLV_CONF[] = "/etc/resolv.conf";

/* What tells that a file has changed. */
typedef struct file_stamp {
    struct timespec changed;
    dev_t device;
    ino_t inode;
    off_t size;
} file_stamp;

typedef struct cares_channel {
    gale_ioloop *loop;
    ares_channel ares;
    gale__watched_sockets sockets;
    gale__timer timer;
    gale__list link; /* in resolver->retired */
    size_t lookups;  /* that wait for an answer */
    bool retired;    /* none will be added */
} cares_channel;

typedef struct cares_resolver {
    gale_resolver base;
    gale_ioloop *loop;
    cares_channel *channel;
    gale__list retired;
    file_stamp stamp;           /* of what the channel has read */
    gale_cares_options options; /* the texts are behind it */
} cares_resolver;

/* A lookup, which lives until c-ares has answered. */
typedef struct cares_lookup {
    cares_channel *channel;
    struct cares_caller *caller; /* NULL once nobody waits */
} cares_lookup;

typedef struct cares_caller {
    gale__waiter waiter;
    cares_lookup *lookup;
    const char *host;
    int family, port;
    int status, count;
    gale_address *addresses;
    int capacity;
} cares_caller;

/* ---- Sockets and time ------------------------------------------------------------------- */

static void set_timer(cares_channel *self)
{
    struct timeval left;
    gale__loop_remove_timer(self->loop, &self->timer);
    if (ares_timeout(self->ares, NULL, &left))
        gale__loop_add_timer(self->loop, &self->timer,
                             (double)left.tv_sec + (double)left.tv_usec / 1e6);
}

static void channel_free(cares_channel *self)
{
    gale__loop_remove_timer(self->loop, &self->timer);
    gale__list_remove(&self->link);
    if (self->ares)
        ares_destroy(self->ares); /* which tells of the end of its sockets, too */
    gale__free(self);
}

static void process(cares_channel *self, int readable, int writable)
{
    ares_process_fd(self->ares, readable, writable);
    if (self->retired && self->lookups == 0)
        channel_free(self);
    else
        set_timer(self);
}

static void on_timer(gale__timer *timer)
{
    process(GALE__CONTAINER_OF(timer, cares_channel, timer), ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

static void on_ready(gale__watched_sockets *sockets, int fd, unsigned events)
{
    process(GALE__CONTAINER_OF(sockets, cares_channel, sockets),
            events & GALE__WATCH_READ ? fd : ARES_SOCKET_BAD,
            events & GALE__WATCH_WRITE ? fd : ARES_SOCKET_BAD);
}

/* c-ares tells what it wants of a socket, and before it closes one, that it wants nothing more. */
static void on_socket_state(void *arg, ares_socket_t fd, int readable, int writable)
{
    cares_channel *self = arg;
    gale__watched_sockets_set(&self->sockets, fd,
                              (readable ? (unsigned)GALE__WATCH_READ : 0) |
                                  (writable ? (unsigned)GALE__WATCH_WRITE : 0));
}

/* ---- Channels --------------------------------------------------------------------------- */

static pthread_once_t library_once = PTHREAD_ONCE_INIT;

static void init_library(void)
{
    ares_library_init(ARES_LIB_INIT_ALL);
}

static int milliseconds(double seconds)
{
    int count = seconds < 1e6 ? (int)(seconds * 1000) : 1000000000;
    return count > 0 ? count : 1;
}

static int open_ares(cares_channel *self, const gale_cares_options *wanted)
{
    struct ares_options options = { .sock_state_cb = on_socket_state,
                                    .sock_state_cb_data = self,
                                    .timeout = milliseconds(wanted->timeout),
                                    .tries = wanted->tries,
                                    .resolvconf_path = (char *)(uintptr_t)wanted->resolv_conf };
    int mask = ARES_OPT_SOCK_STATE_CB | (wanted->timeout > 0 ? ARES_OPT_TIMEOUTMS : 0) |
               (wanted->tries > 0 ? ARES_OPT_TRIES : 0) |
               (wanted->resolv_conf ? ARES_OPT_RESOLVCONF : 0);
    int status = ares_init_options(&self->ares, &options, mask);
    if (status == ARES_SUCCESS && wanted->servers)
        status = ares_set_servers_ports_csv(self->ares, wanted->servers);
    if (status == ARES_SUCCESS)
        return 0;
    int code = status == ARES_ENOMEM ? -ENOMEM : GALE_EINVALID;
    return gale__fail(code, "cannot use c-ares: %s", ares_strerror(status));
}

/* On failure everything stays as it is. */
static int open_channel(cares_resolver *self)
{
    cares_channel *channel = GALE__NEW(cares_channel);
    if (!channel)
        return -ENOMEM;
    channel->loop = self->loop;
    channel->timer.fire = on_timer;
    gale__list_init(&channel->link);
    gale__watched_sockets_init(&channel->sockets, self->loop, on_ready);
    pthread_once(&library_once, init_library);
    int result = open_ares(channel, &self->options);
    if (result < 0)
        channel_free(channel);
    else
        self->channel = channel;
    return result;
}

static bool look_at_file(const cares_resolver *self, file_stamp *ret_stamp)
{
    struct stat status;
    const char *path = self->options.resolv_conf ? self->options.resolv_conf : RESOLV_CONF;
    if (stat(path, &status) < 0)
        return false;
    *ret_stamp = (file_stamp){ status.st_mtim, status.st_dev, status.st_ino, status.st_size };
    return true;
}

static bool same_stamp(const file_stamp *a, const file_stamp *b)
{
    return a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec &&
           a->device == b->device && a->inode == b->inode && a->size == b->size;
}

/* At each lookup, as glibc does; c-ares reads /etc/hosts for each anyway. A file that is missing is
 * just being replaced. */
static void follow_changes(void *arg)
{
    cares_resolver *self = arg;
    cares_channel *former = self->channel;
    file_stamp now;
    if (!look_at_file(self, &now) || same_stamp(&now, &self->stamp) || open_channel(self) < 0)
        return;
    self->stamp = now;
    former->retired = true;
    if (former->lookups == 0)
        channel_free(former);
    else
        gale__list_append(&self->retired, &former->link);
}

/* ---- Lookups ---------------------------------------------------------------------------- */

static int copy_nodes(cares_caller *caller, const struct ares_addrinfo *info)
{
    int count = 0;
    for (const struct ares_addrinfo_node *node = info->nodes; node; node = node->ai_next) {
        if (node->ai_family != AF_INET && node->ai_family != AF_INET6)
            continue;
        if (count < caller->capacity) {
            gale__address_from_socket(&caller->addresses[count], node->ai_addr, node->ai_addrlen);
            caller->addresses[count].port = caller->port;
        }
        count++;
    }
    return count;
}

static void on_answer(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
    cares_lookup *lookup = arg;
    cares_caller *caller = lookup->caller;
    (void)timeouts;
    lookup->channel->lookups--;
    if (caller) {
        caller->status = status;
        caller->count = status == ARES_SUCCESS ? copy_nodes(caller, info) : 0;
        gale__wake(&caller->waiter, 0);
    }
    if (info)
        ares_freeaddrinfo(info);
    gale__free(lookup);
}

static void leave(gale__waiter *waiter)
{
    GALE__CONTAINER_OF(waiter, cares_caller, waiter)->lookup->caller = NULL;
}

static void begin(void *arg)
{
    cares_caller *caller = arg;
    cares_channel *self = caller->lookup->channel;
    struct ares_addrinfo_hints hints = { .ai_family = caller->family, .ai_socktype = SOCK_STREAM };
    self->lookups++;
    ares_getaddrinfo(self->ares, caller->host, NULL, &hints, on_answer, caller->lookup);
    set_timer(self);
}

static int code_of(int status)
{
    switch (status) {
    case ARES_ENOMEM:
        return -ENOMEM;
    case ARES_ETIMEOUT:
        return GALE_ETIMEDOUT_RESOLVE;
    case ARES_EDESTRUCTION:
        return GALE_ECLOSED;
    case ARES_ENODATA:
    case ARES_ENOTFOUND:
    case ARES_EBADNAME:
    case ARES_ENONAME:
    case ARES_EBADFAMILY:
        return GALE_ENOTFOUND;
    default:
        return -EAGAIN;
    }
}

static int result_of(const cares_caller *caller)
{
    if (caller->status == ARES_SUCCESS && caller->count > 0)
        return caller->count;
    if (caller->status == ARES_SUCCESS || caller->status == ARES_ENODATA)
        return gale__resolve_failed(caller->host, GALE_ENOTFOUND, "it has no address");
    int code = code_of(caller->status);
    return gale__resolve_failed(caller->host, code,
                                code == GALE_ECLOSED ? "the resolver was freed"
                                                     : ares_strerror(caller->status));
}

static int cares_resolve(gale_resolver *resolver, const char *host, int port, int family,
                         gale_address *addresses, int capacity)
{
    cares_resolver *asked = (cares_resolver *)resolver;
    cares_caller self = {
        .host = host, .family = family, .port = port, .addresses = addresses, .capacity = capacity
    };
    GALE_TRY(gale__wait_begin(&self.waiter, leave));
    GALE_TRY(gale__loop_open_backend(asked->loop));
    gale__on_loop_stack(follow_changes, asked);
    self.lookup = GALE__NEW(cares_lookup);
    if (!self.lookup)
        return -ENOMEM;
    *self.lookup = (cares_lookup){ .channel = asked->channel, .caller = &self };
    gale__on_loop_stack(begin, &self);
    int result = gale__wait_end(&self.waiter);
    return result < 0 ? result : result_of(&self);
}

/* ---- Making and freeing ----------------------------------------------------------------- */

static void cares_close(gale_resolver *resolver)
{
    cares_resolver *self = (cares_resolver *)resolver;
    for (gale__list *link; (link = gale__list_pop(&self->retired));)
        channel_free(GALE__CONTAINER_OF(link, cares_channel, link));
    if (self->channel)
        channel_free(self->channel);
    gale__free(self);
}

static char *keep_text(const char **text, char *room)
{
    if (!*text)
        return room;
    size_t size = strlen(*text) + 1;
    *text = memcpy(room, *text, size);
    return room + size;
}

static cares_resolver *keep_options(const gale_cares_options *options)
{
    size_t servers = options->servers ? strlen(options->servers) + 1 : 0;
    size_t file = options->resolv_conf ? strlen(options->resolv_conf) + 1 : 0;
    cares_resolver *self = gale__calloc(1, sizeof *self + servers + file);
    if (!self)
        return NULL;
    self->options = *options;
    keep_text(&self->options.resolv_conf, keep_text(&self->options.servers, (char *)(self + 1)));
    return self;
}

gale_resolver *gale_cares_resolver_new(const gale_cares_options *options)
{
    static const gale_cares_options defaults;
    gale_ioloop *loop = gale_ioloop_current();
    cares_resolver *self = loop ? keep_options(options ? options : &defaults) : NULL;
    if (!self)
        return NULL;
    self->base = (gale_resolver){ .resolve = cares_resolve, .close = cares_close };
    self->loop = loop;
    gale__list_init(&self->retired);
    look_at_file(self, &self->stamp);
    if (open_channel(self) == 0)
        return &self->base;
    cares_close(&self->base);
    return NULL;
}

#else

gale_resolver *gale_cares_resolver_new(const gale_cares_options *options)
{
    (void)options;
    gale__fail(GALE_ENOTSUP, "this gale was built without c-ares");
    return NULL;
}

#endif
