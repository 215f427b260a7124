/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Very many open WebSockets, and one message to them all. Client processes open connections to
 * 127.0.0.1:PORT in steps (10,000, 100,000, 300,000, 1,000,000, as far as -n allows). After each
 * step all connections are checked to be open and idle, and then a message is posted to the same
 * path, which every one of them has to get. One line of JSON a step:
 *
 *   opening_seconds       how long the connections of this step took
 *   bytes_per_connection  growth of the resident memory of the server's processes
 *   kernel_bytes_per_...  growth of the kernel's, for both ends of each
 *   after_...             the same growth of resident memory once the message has been delivered
 *   delivered             connections that got it
 *   p50_ms, p99_ms, last_ms  when, from the moment before the message was posted
 *
 * A step that the machine has no room for is not begun: the reason stands in a last line.
 *
 * usage: million [-n CONNECTIONS] [-P CLIENT_PROCESSES] [-u PATH] PORT SERVER_PID...
 */
#include "common.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum {
    MOST = 19000,          /* connections of a process */
    CLIENTS = 128,         /* processes */
    ADDRESSES = 2,         /* of a process: of one, half of the ports are found at once */
    WARM_UP = 100,         /* connections of each process that come first, and are not counted */
    MILLISECONDS = 120000, /* how long a message may take */
    EVENTS = 256
};
static const double RESERVE = 2.0 * (1 << 30); /* bytes of memory that are left to others */
static const double ASSUMED = 10500;           /* bytes of a connection, before any was measured */
static const char MESSAGE[] = "hello, everyone";
static const size_t FRAME = 2 + sizeof MESSAGE - 1;

typedef enum step_kind { OPEN, CHECK, RECEIVE } step_kind;

typedef struct step {
    step_kind kind;
    unsigned connections; /* OPEN: in all */
    uint64_t begun;       /* RECEIVE: when the message is posted */
} step;

typedef struct client {
    pid_t pid;
    int channel;
} client;

static unsigned port;
static const char *path = "/room/all";
static uint32_t *arrivals; /* shared: messages, by the millisecond in which they came */

/* ---- A client process ------------------------------------------------------------------- */

typedef struct connections {
    int epoll;
    unsigned first_host, count;
} connections;

static void open_one(connections *self)
{
    int fd = connect_from(self->first_host + self->count % ADDRESSES, port);
    open_websocket(fd, port, path);
    struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
    if (epoll_ctl(self->epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
        fail("epoll_ctl");
    }
    self->count++;
}

/* Those on which nothing has come, not even their end. */
static unsigned count_idle(const connections *self)
{
    static struct epoll_event events[MOST];
    return self->count - (unsigned)epoll_wait(self->epoll, events, MOST, 0);
}

static void receive_one(int fd, uint64_t begun)
{
    char bytes[256];
    if (recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) != (ssize_t)FRAME ||
        memcmp(bytes + 2, MESSAGE, FRAME - 2) != 0) {
        give_up("a connection got something else than the message");
    }
    uint64_t after = (now() - begun) / 1000000;
    __atomic_fetch_add(&arrivals[after < MILLISECONDS ? after : MILLISECONDS - 1], 1,
                       __ATOMIC_RELAXED);
}

static unsigned receive_all(const connections *self, uint64_t begun)
{
    struct epoll_event events[EVENTS];
    unsigned got = 0;
    while (got < self->count && now() < begun + (uint64_t)MILLISECONDS * 1000000) {
        int ready = epoll_wait(self->epoll, events, EVENTS, 1000);
        for (int i = 0; i < ready; i++) {
            receive_one(events[i].data.fd, begun);
            got++;
        }
    }
    return got;
}

static unsigned take_step(connections *self, const step *what)
{
    switch (what->kind) {
    case OPEN:
        while (self->count < what->connections) {
            open_one(self);
        }
        return self->count;
    case CHECK:
        return count_idle(self);
    default:
        return receive_all(self, what->begun);
    }
}

/* Until the parent ends. */
static void run_client(int channel, unsigned first_host)
{
    connections self = { .epoll = epoll_create1(EPOLL_CLOEXEC), .first_host = first_host };
    step what;
    while (recv(channel, &what, sizeof what, MSG_WAITALL) == sizeof what) {
        unsigned result = take_step(&self, &what);
        if (send(channel, &result, sizeof result, MSG_NOSIGNAL) != sizeof result) {
            break;
        }
    }
    exit(0);
}

/* ---- The parent ------------------------------------------------------------------------- */

static void start_clients(client *clients, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        int ends[2];
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
            fail("socketpair");
        }
        clients[i].pid = fork();
        if (clients[i].pid < 0) {
            fail("fork");
        }
        if (clients[i].pid == 0) {
            for (unsigned k = 0; k < i; k++) {
                close(clients[k].channel);
            }
            close(ends[0]);
            run_client(ends[1], 2 + i * ADDRESSES);
        }
        close(ends[1]);
        clients[i].channel = ends[0];
    }
}

static void tell_all(const client *clients, unsigned count, step what, unsigned wanted)
{
    for (unsigned i = 0, left = wanted; i < count; i++) {
        what.connections = left / (count - i);
        left -= what.connections;
        if (send(clients[i].channel, &what, sizeof what, MSG_NOSIGNAL) != sizeof what) {
            exit(1); /* it has ended, and has said why */
        }
    }
}

static unsigned hear_all(const client *clients, unsigned count)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < count; i++) {
        unsigned number;
        if (recv(clients[i].channel, &number, sizeof number, MSG_WAITALL) != sizeof number) {
            exit(1);
        }
        sum += number;
    }
    return sum;
}

static unsigned all_take(const client *clients, unsigned count, step what, unsigned wanted)
{
    tell_all(clients, count, what, wanted);
    return hear_all(clients, count);
}

static double kernel_bytes(void)
{
    return 1024.0 * (double)(proc_field("/proc/meminfo", "Slab:") +
                             proc_field("/proc/meminfo", "PageTables:"));
}

static void post_message(void)
{
    char bytes[1024];
    int length = snprintf(bytes, sizeof bytes,
                          "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nConnection: close\r\n"
                          "Content-Length: %zu\r\n\r\n%s",
                          path, port, sizeof MESSAGE - 1, MESSAGE);
    int fd = connect_from(1, port);
    send_all(fd, bytes, (size_t)length);
    read_response(fd, bytes, sizeof bytes);
    if (strncmp(bytes, "HTTP/1.1 200", 12) != 0) {
        give_up("the post was not answered with 200");
    }
    close(fd);
}

static unsigned arrived_within(double share, unsigned all)
{
    uint64_t seen = 0;
    unsigned at = 0;
    while (at < MILLISECONDS - 1 && (seen += arrivals[at]) < (uint64_t)(share * all)) {
        at++;
    }
    return at;
}

/* Prints why when there is no room for that many more. */
static int has_room(unsigned more, double bytes_each)
{
    double available = 1024.0 * (double)proc_field("/proc/meminfo", "MemAvailable:");
    double need = more * bytes_each + RESERVE;
    long files = proc_field("/proc/sys/fs/file-nr", ""),
         most = proc_field("/proc/sys/fs/file-max", "");
    if (need > available) {
        printf("{\"stopped\": \"%u more connections need %.1f GB of memory, %.1f GB are free\"}\n",
               more, need / 1e9, available / 1e9);
        return 0;
    }
    if ((double)files + 2.0 * more > (double)most) {
        printf("{\"stopped\": \"%u more connections need %u descriptors, %ld of %ld are free\"}\n",
               more, 2 * more, most - files, most);
        return 0;
    }
    return 1;
}

typedef struct measured {
    double resident, kernel; /* after the warm-up */
    double bytes_each;       /* of memory, as measured in the last step */
    unsigned warm_up;        /* connections that are not counted */
} measured;

static void measure_step(measured *base, const client *clients, unsigned processes, unsigned n,
                         char **pids, int pid_count)
{
    uint64_t begun = now();
    unsigned all = n + base->warm_up;
    all_take(clients, processes, (step){ .kind = OPEN }, all);
    double opening = (double)(now() - begun) / 1e9;
    pause_for(2);
    double resident = resident_bytes(pids, pid_count) - base->resident;
    double kernel = kernel_bytes() - base->kernel;
    unsigned idle = all_take(clients, processes, (step){ .kind = CHECK }, 0);
    if (idle != all) {
        fprintf(stderr, "only %u of %u connections were still open and idle\n", idle, all);
        exit(1);
    }
    memset(arrivals, 0, MILLISECONDS * sizeof *arrivals);
    step receive = { .kind = RECEIVE, .begun = now() };
    tell_all(clients, processes, receive, 0);
    post_message();
    unsigned delivered = hear_all(clients, processes);
    pause_for(1);
    double after = resident_bytes(pids, pid_count) - base->resident;
    base->bytes_each = (resident + kernel) / n;
    printf("{\"connections\": %u, \"client_processes\": %u, \"server_processes\": %d, "
           "\"opening_seconds\": %.1f, \"bytes_per_connection\": %.1f, "
           "\"after_bytes_per_connection\": %.1f, \"kernel_bytes_per_connection\": %.0f, "
           "\"delivered\": %u, \"p50_ms\": %u, \"p99_ms\": %u, \"last_ms\": %u}\n",
           all, processes, pid_count, opening, resident / n, after / n, kernel / n, delivered,
           arrived_within(0.5, delivered), arrived_within(0.99, delivered),
           arrived_within(1, delivered));
    fflush(stdout);
    if (delivered != all) {
        fprintf(stderr, "%u of %u connections did not get the message\n", all - delivered, all);
        exit(1);
    }
}

static void climb(const client *clients, unsigned processes, unsigned n, char **pids, int pid_count)
{
    static const unsigned steps[] = { 10000, 100000, 300000, 1000000 };
    measured base = { .bytes_each = ASSUMED, .warm_up = processes * WARM_UP };
    unsigned open = 0;
    all_take(clients, processes, (step){ .kind = OPEN }, base.warm_up);
    pause_for(1);
    base.resident = resident_bytes(pids, pid_count);
    base.kernel = kernel_bytes();
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && open < n; i++) {
        unsigned next = steps[i] < n ? steps[i] : n;
        if (next <= base.warm_up) {
            continue;
        }
        if (!has_room(next - open, base.bytes_each)) {
            return;
        }
        measure_step(&base, clients, processes, next - base.warm_up, pids, pid_count);
        open = next;
    }
}

int main(int argc, char **argv)
{
    unsigned n = 10000, processes = 1;
    client clients[CLIENTS];
    int option;
    while ((option = getopt(argc, argv, "n:P:u:")) != -1) {
        if (option == 'n') {
            n = parse_number(optarg, 1, CLIENTS * MOST);
        } else if (option == 'P') {
            processes = parse_number(optarg, 1, CLIENTS);
        } else if (option == 'u') {
            path = optarg;
        } else {
            return 2;
        }
    }
    if (argc - optind < 2) {
        fprintf(stderr, "usage: million [-n CONNECTIONS] [-P CLIENT_PROCESSES] [-u PATH] PORT "
                        "SERVER_PID...\n");
        return 2;
    }
    if ((n + processes - 1) / processes + WARM_UP > MOST) {
        give_up("more than 19000 connections for a client process: use more of them (-P)");
    }
    port = parse_number(argv[optind], 1, 65535);
    need_descriptors(n / processes + WARM_UP + 64);
    arrivals = mmap(NULL, MILLISECONDS * sizeof *arrivals, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (arrivals == MAP_FAILED) {
        fail("mmap");
    }
    start_clients(clients, processes);
    climb(clients, processes, n, argv + optind + 1, argc - optind - 1);
    for (unsigned i = 0; i < processes; i++) {
        close(clients[i].channel);
    }
    for (unsigned i = 0; i < processes; i++) {
        waitpid(clients[i].pid, NULL, 0);
    }
    return 0;
}
