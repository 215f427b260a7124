/* SPDX-License-Identifier: Apache-2.0 */
#include "net/inherited.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <gale/log.h>
#include <gale/process.h>

#include "net/address.h"

enum { NAME_MAX_SIZE = 64 };

typedef struct inherited_socket {
    int fd;
    ino_t inode; /* tells it from a later descriptor with the same number */
    bool taken, from_predecessor;
    char name[NAME_MAX_SIZE];
} inherited_socket;

/* The name, to a successor, of a socket whose port the system has chosen. */
static const char ANY_PORT[] = ".any-port";

static struct {
    pthread_mutex_t lock;
    bool read;
    int ready_fd;
    int count;
    inherited_socket sockets[GALE__INHERITED_MAX];
} table = { .lock = PTHREAD_MUTEX_INITIALIZER, .ready_fd = -1 };

/* ---- The environment -------------------------------------------------------------------- */

/* A number of at most `most`; *end is what follows it. -1 when there is none. */
static int parse_number(const char *text, int most, const char **end)
{
    int value = 0;
    if (*text < '0' || *text > '9')
        return -1;
    for (; *text >= '0' && *text <= '9'; text++) {
        value = value * 10 + (*text - '0');
        if (value > most)
            return -1;
    }
    *end = text;
    return value;
}

bool gale__inheritance_parse_listen(gale__inheritance *self, const char *count, const char *names)
{
    const char *end;
    int sockets = parse_number(count, GALE__INHERITED_MAX, &end);
    *self = (gale__inheritance){ .ready_fd = -1,
                                 .first = GALE__INHERITED_FIRST,
                                 .count = sockets,
                                 .names = names ? names : "" };
    return sockets > 0 && !*end;
}

bool gale__inheritance_parse_upgrade(gale__inheritance *self, const char *text)
{
    const char *end;
    int sockets = parse_number(text, GALE__INHERITED_MAX, &end);
    if (sockets < 0 || *end != ':')
        return false;
    *self = (gale__inheritance){ .ready_fd = GALE__INHERITED_FIRST,
                                 .first = GALE__INHERITED_FIRST + 1,
                                 .count = sockets,
                                 .names = end + 1 };
    return true;
}

size_t gale__inheritance_name(const gale__inheritance *self, int i, const char **ret_name)
{
    const char *name = self->names;
    for (; i > 0 && *name; i--) {
        name += strcspn(name, ":");
        name += *name == ':';
    }
    *ret_name = name;
    return strcspn(name, ":");
}

bool gale__is_listening(int fd)
{
    int listening = 0;
    socklen_t size = sizeof listening;
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening;
}

static void add(int fd, bool from_predecessor, const char *name, size_t name_size)
{
    struct stat status;
    if (table.count == GALE__INHERITED_MAX || !gale__is_listening(fd) || fstat(fd, &status) != 0)
        return;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    inherited_socket *added = &table.sockets[table.count++];
    *added = (inherited_socket){ .fd = fd,
                                 .inode = status.st_ino,
                                 .from_predecessor = from_predecessor };
    if (name_size < sizeof added->name)
        memcpy(added->name, name, name_size);
}

static void add_all(const gale__inheritance *found, bool from_predecessor)
{
    const char *name;
    for (int i = 0; i < found->count; i++) {
        size_t size = gale__inheritance_name(found, i, &name);
        add(found->first + i, from_predecessor, name, size);
    }
}

/* "FD:NAME:" for each socket; they are where they were before. */
static void add_reloaded(const char *text)
{
    for (const char *end = text; *text; text = end + (*end == ':')) {
        int fd = parse_number(text, INT_MAX / 10 - 1, &end);
        if (fd < 0 || *end != ':')
            return;
        const char *name = end + 1;
        end = name + strcspn(name, ":");
        add(fd, true, name, (size_t)(end - name));
    }
}

static bool is_for_us(const char *pid)
{
    const char *end = "";
    int wanted = pid ? parse_number(pid, 1 << 30, &end) : -1;
    return wanted == (int)getpid() && !*end;
}

/* With the lock held. */
static void read_environment(void)
{
    gale__inheritance found;
    if (table.read)
        return;
    table.read = true;
    const char *count = getenv("LISTEN_FDS"), *upgrade = getenv("GALE_UPGRADE");
    const char *reload = getenv("GALE_RELOAD");
    if (count && is_for_us(getenv("LISTEN_PID"))) {
        if (gale__inheritance_parse_listen(&found, count, getenv("LISTEN_FDNAMES")))
            add_all(&found, false);
        unsetenv("LISTEN_PID");
        unsetenv("LISTEN_FDS");
        unsetenv("LISTEN_FDNAMES");
    }
    if (upgrade && gale__inheritance_parse_upgrade(&found, upgrade)) {
        add_all(&found, true);
        if (fcntl(found.ready_fd, F_SETFD, FD_CLOEXEC) == 0)
            table.ready_fd = found.ready_fd;
    }
    if (reload)
        add_reloaded(reload);
    unsetenv("GALE_UPGRADE");
    unsetenv("GALE_RELOAD");
}

static void lock_table(void)
{
    pthread_mutex_lock(&table.lock);
    read_environment();
}

static void unlock_table(void)
{
    pthread_mutex_unlock(&table.lock);
}

/* ---- Finding and taking ----------------------------------------------------------------- */

static bool is_still_there(const inherited_socket *self)
{
    struct stat status;
    return !self->taken && fstat(self->fd, &status) == 0 && status.st_ino == self->inode;
}

/* Port 0 is wanted by who takes any port, and had by nobody but whom the system gave one. */
static bool same_port(in_port_t own, in_port_t wanted, bool any_port)
{
    return wanted ? own == wanted : any_port;
}

static bool same_ip(const struct sockaddr_storage *own, const struct sockaddr *wanted,
                    bool any_port)
{
    if (wanted->sa_family == AF_INET) {
        const struct sockaddr_in *a = (const void *)own, *b = (const void *)wanted;
        return same_port(a->sin_port, b->sin_port, any_port) &&
               a->sin_addr.s_addr == b->sin_addr.s_addr;
    }
    const struct sockaddr_in6 *a = (const void *)own, *b = (const void *)wanted;
    return same_port(a->sin6_port, b->sin6_port, any_port) &&
           a->sin6_scope_id == b->sin6_scope_id &&
           memcmp(&a->sin6_addr, &b->sin6_addr, sizeof a->sin6_addr) == 0;
}

/* An abstract name is told by its size, the name of a file ends with a NUL. */
static bool same_path(const struct sockaddr_storage *own, socklen_t own_size,
                      const struct sockaddr *wanted, socklen_t size)
{
    const struct sockaddr_un *a = (const void *)own, *b = (const void *)wanted;
    if (b->sun_path[0])
        return strncmp(a->sun_path, b->sun_path, sizeof b->sun_path) == 0;
    return own_size == size && memcmp(a, b, size) == 0;
}

static bool is_on(const inherited_socket *self, const struct sockaddr *wanted, socklen_t size)
{
    struct sockaddr_storage own = { 0 };
    socklen_t own_size = sizeof own;
    if (getsockname(self->fd, (struct sockaddr *)&own, &own_size) != 0 ||
        own.ss_family != wanted->sa_family)
        return false;
    if (wanted->sa_family == AF_UNIX)
        return same_path(&own, own_size, wanted, size);
    return (wanted->sa_family == AF_INET || wanted->sa_family == AF_INET6) &&
           same_ip(&own, wanted, strcmp(self->name, ANY_PORT) == 0);
}

int gale__inherited_take(const struct sockaddr *address, socklen_t size)
{
    int fd = -1;
    lock_table();
    for (int i = 0; i < table.count && fd < 0; i++) {
        inherited_socket *socket = &table.sockets[i];
        if (is_still_there(socket) && is_on(socket, address, size)) {
            socket->taken = true;
            fd = socket->fd;
        }
    }
    unlock_table();
    return fd;
}

static inherited_socket *room_for_one(void)
{
    if (table.count < GALE__INHERITED_MAX)
        return &table.sockets[table.count++];
    for (int i = 0; i < table.count; i++) {
        struct stat status;
        inherited_socket *old = &table.sockets[i];
        if (fstat(old->fd, &status) != 0 || status.st_ino != old->inode)
            return old;
    }
    return NULL;
}

void gale__inherited_note_any_port(int fd)
{
    struct stat status;
    lock_table();
    inherited_socket *noted = fstat(fd, &status) == 0 ? room_for_one() : NULL;
    if (noted) {
        *noted = (inherited_socket){ .fd = fd, .inode = status.st_ino, .taken = true };
        memcpy(noted->name, ANY_PORT, sizeof ANY_PORT);
    }
    unlock_table();
}

bool gale__inherited_serves_both(int port)
{
    struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
    bool found = false;
    lock_table();
    for (int i = 0; i < table.count && !found; i++) {
        int only = 1;
        socklen_t size = sizeof only;
        const inherited_socket *socket = &table.sockets[i];
        found = is_still_there(socket) && is_on(socket, (struct sockaddr *)&any, sizeof any) &&
                getsockopt(socket->fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, &size) == 0 && !only;
    }
    unlock_table();
    return found;
}

int gale_inherited_sockets(const char *name, int *sockets, int capacity)
{
    int count = 0;
    lock_table();
    for (int i = 0; i < table.count && count < capacity; i++) {
        inherited_socket *socket = &table.sockets[i];
        if (!is_still_there(socket) || (name && strcmp(socket->name, name) != 0))
            continue;
        socket->taken = true;
        sockets[count++] = socket->fd;
    }
    unlock_table();
    return count;
}

bool gale__inherited_is_left(void)
{
    bool left = false;
    lock_table();
    for (int i = 0; i < table.count && !left; i++)
        left = table.sockets[i].from_predecessor && is_still_there(&table.sockets[i]);
    unlock_table();
    return left;
}

bool gale__inherited_is_awaited(void)
{
    lock_table();
    bool awaited = table.ready_fd >= 0;
    unlock_table();
    return awaited;
}

int gale__inherited_ready_fd(void)
{
    lock_table();
    int fd = table.ready_fd;
    table.ready_fd = -1;
    unlock_table();
    return fd;
}

static void log_unwanted(int fd)
{
    struct sockaddr_storage own = { 0 };
    socklen_t size = sizeof own;
    char text[GALE_ADDRESS_TEXT_MAX];
    gale_address address = { 0 };
    if (getsockname(fd, (struct sockaddr *)&own, &size) == 0)
        gale__address_from_socket(&address, (struct sockaddr *)&own, size);
    gale_log(GALE_LOG_GENERAL, GALE_LOG_WARNING, "nothing listens on %s any more, as it did before",
             gale_address_text(&address, text));
}

void gale__inherited_close_rest(void)
{
    lock_table();
    for (int i = 0; i < table.count; i++) {
        inherited_socket *socket = &table.sockets[i];
        if (!socket->from_predecessor || !is_still_there(socket))
            continue;
        log_unwanted(socket->fd);
        close(socket->fd);
        socket->taken = true;
    }
    unlock_table();
}

const char *gale__inherited_name(int fd)
{
    struct stat status;
    const char *name = "";
    lock_table();
    for (int i = 0; i < table.count; i++)
        if (table.sockets[i].fd == fd && fstat(fd, &status) == 0 &&
            status.st_ino == table.sockets[i].inode)
            name = table.sockets[i].name;
    unlock_table();
    return name;
}
