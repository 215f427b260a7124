/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an idle keep-alive connection costs. Opens many connections to 127.0.0.1:PORT, one after
 * the other, lets each make one request, and holds them; then prints by how much the memory of the
 * server's processes has grown, and that of the kernel (which has both ends of each connection
 * here). A process may hold only so many descriptors, so the connections can be spread over several
 * client processes. A hundred connections in each client come first and are not counted: they
 * fill the server's tables and pools. With -w each becomes a WebSocket instead of making a request.
 *
 * usage: idle_connections [-n CONNECTIONS] [-P CLIENT_PROCESSES] [-a ADDRESSES] [-u PATH] [-w]
 *                         PORT SERVER_PID...
 *   -n connections in all (19000); each client process holds at most 19000
 *   -a source addresses for each client process, from 127.0.0.2 up (4)
 * Ends with status 1 and without a figure if not every connection was opened, answered with a 200
 * and still open at the end.
 */
#include "common.h"

#include <stdbool.h>
#include <sys/wait.h>

enum { MOST = 19000, WARM_UP = 100, CLIENTS = 64, RESPONSE_SIZE = 8192 };

typedef struct client {
    pid_t pid;
    int channel; /* to the other side: one message for each step */
    unsigned connections;
    unsigned first_host;
} client;

static unsigned port, addresses = 4;
static const char *path = "/";
static bool websockets;

/* Both sides of a step: the client reports how many connections are good, the parent sends 0. */
static void tell(int channel, unsigned number)
{
    if (send(channel, &number, sizeof number, MSG_NOSIGNAL) != sizeof number) {
        exit(1); /* the other side has ended, and has said why */
    }
}

static unsigned hear(int channel)
{
    unsigned number;
    if (recv(channel, &number, sizeof number, MSG_WAITALL) != sizeof number) {
        exit(1);
    }
    return number;
}

static int open_one(unsigned host)
{
    char bytes[RESPONSE_SIZE];
    int fd = connect_from(host, port);
    if (websockets) {
        open_websocket(fd, port, path);
        return fd;
    }
    int length =
        snprintf(bytes, sizeof bytes, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n\r\n", path, port);
    if (length < 0 || (size_t)length >= sizeof bytes) {
        give_up("the path is too long");
    }
    send_all(fd, bytes, (size_t)length);
    read_response(fd, bytes, sizeof bytes);
    if (strncmp(bytes, "HTTP/1.1 200", 12) != 0) {
        give_up("a response is not a 200");
    }
    return fd;
}

/* An open connection on which nothing more has arrived. */
static int is_idle(int fd)
{
    char byte;
    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

/* A client process: each step is reported, and the next one waits for the parent's word. */
static void run_client(const client *c)
{
    int *fds = allocate(c->connections, sizeof *fds);
    unsigned idle = 0;
    for (unsigned i = 0; i < WARM_UP; i++) {
        open_one(c->first_host + i % addresses);
    }
    tell(c->channel, WARM_UP);
    hear(c->channel);
    for (unsigned i = 0; i < c->connections; i++) {
        fds[i] = open_one(c->first_host + i % addresses);
    }
    tell(c->channel, c->connections);
    hear(c->channel);
    for (unsigned i = 0; i < c->connections; i++) {
        idle += is_idle(fds[i]) ? 1 : 0;
    }
    tell(c->channel, idle);
    hear(c->channel);
    free(fds);
}

static void start_client(client *c)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        fail("socketpair");
    }
    c->pid = fork();
    if (c->pid < 0) {
        fail("fork");
    }
    if (c->pid == 0) {
        close(ends[0]);
        c->channel = ends[1];
        run_client(c);
        exit(0);
    }
    close(ends[1]);
    c->channel = ends[0];
}

/* Waits until every client has reported; the sum of what they reported. */
static unsigned hear_all(const client *clients, unsigned count)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < count; i++) {
        sum += hear(clients[i].channel);
    }
    return sum;
}

static void tell_all(const client *clients, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        tell(clients[i].channel, 0);
    }
}

static double kernel_bytes(void)
{
    return 1024.0 * (double)(proc_field("/proc/meminfo", "Slab:") +
                             proc_field("/proc/meminfo", "PageTables:"));
}

static void measure(client *clients, unsigned processes, unsigned n, char **pids, int pid_count)
{
    for (unsigned i = 0, left = n; i < processes; i++) {
        clients[i].connections = left / (processes - i);
        clients[i].first_host = 2 + i * addresses;
        left -= clients[i].connections;
        start_client(&clients[i]);
    }
    hear_all(clients, processes);
    pause_for(1.0);
    double resident = resident_bytes(pids, pid_count), kernel = kernel_bytes();
    tell_all(clients, processes);
    hear_all(clients, processes);
    pause_for(1.5);
    double resident_grown = resident_bytes(pids, pid_count) - resident;
    double kernel_grown = kernel_bytes() - kernel;
    tell_all(clients, processes);
    unsigned idle = hear_all(clients, processes);
    if (idle != n) {
        fprintf(stderr, "only %u of %u connections were still open and idle\n", idle, n);
        exit(1);
    }
    printf("{\"connections\": %u, \"client_processes\": %u, \"server_processes\": %d, "
           "\"resident_bytes\": %.0f, \"bytes_per_connection\": %.1f, "
           "\"kernel_bytes_per_connection\": %.0f}\n",
           n, processes, pid_count, resident + resident_grown, resident_grown / n,
           kernel_grown / n);
    fflush(stdout);
    tell_all(clients, processes);
}

int main(int argc, char **argv)
{
    unsigned n = MOST, processes = 1;
    int option;
    client clients[CLIENTS];
    while ((option = getopt(argc, argv, "n:P:a:u:w")) != -1) {
        if (option == 'n') {
            n = parse_number(optarg, 1, CLIENTS * MOST);
        } else if (option == 'P') {
            processes = parse_number(optarg, 1, CLIENTS);
        } else if (option == 'a') {
            addresses = parse_number(optarg, 1, 1000);
        } else if (option == 'u') {
            path = optarg;
        } else if (option == 'w') {
            websockets = true;
        } else {
            return 2;
        }
    }
    if (argc - optind < 2) {
        fprintf(stderr, "usage: idle_connections [-n CONNECTIONS] [-P CLIENT_PROCESSES] "
                        "[-a ADDRESSES] [-u PATH] [-w] PORT SERVER_PID...\n");
        return 2;
    }
    if ((n + processes - 1) / processes > MOST) {
        give_up("more than 19000 connections for a client process: use more of them (-P)");
    }
    port = parse_number(argv[optind], 1, 65535);
    need_descriptors((n + processes - 1) / processes + WARM_UP + 16);
    measure(clients, processes, n, argv + optind + 1, argc - optind - 1);
    for (unsigned i = 0; i < processes; i++) {
        waitpid(clients[i].pid, NULL, 0);
    }
    return 0;
}
