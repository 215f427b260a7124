/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a suspended handler costs, and how soon all of them answer. Opens many connections to
 * 127.0.0.1:PORT and sends on each a GET that the server answers only when told to; then sends one
 * POST that tells it, and waits for all the answers. Prints how much memory the server's processes
 * needed for each waiting handler (its connection included) and the time from the POST to the
 * last answer. One waiter, notified, comes first and is not counted.
 *
 * usage: longpoll_clients [-n CONNECTIONS] [-u WAIT_PATH] [-w NOTIFY_PATH] [-b BODY]
 *                         PORT SERVER_PID...
 *   -n connections (15000)   -u what is waited for (/)   -w where the POST goes (/)
 *   -b the body of the POST (hello); it must come back in every answer unless it is empty
 * Ends with status 1 and without a figure unless all waited and all were answered alike with 200.
 */
#include "common.h"

#include <sys/epoll.h>

enum { EVENTS = 1024, ANSWER_SIZE = 1024, HOSTS = 4, STEP = 64, ROUNDS = 5, PATIENCE_MS = 30000 };

typedef struct waiter {
    int fd;
    unsigned received;
    char answer[ANSWER_SIZE];
} waiter;

static unsigned port;
static const char *wait_path = "/", *notify_path = "/", *body = "hello";

static void send_request(int fd, const char *method, const char *path, const char *content)
{
    char bytes[4096];
    int n = snprintf(bytes, sizeof bytes,
                     "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nContent-Length: %zu\r\n\r\n%s",
                     method, path, port, strlen(content), content);
    if (n < 0 || (size_t)n >= sizeof bytes) {
        give_up("the path or the body is too long");
    }
    send_all(fd, bytes, (size_t)n);
}

/* A request that is answered at once, with whatever status: the server has caught up so far. */
static void catch_up(int control)
{
    char bytes[8192];
    send_request(control, "GET", "/no-such-page", "");
    read_response(control, bytes, sizeof bytes);
}

static void start_waiting(waiter *waiters, unsigned count, int control, int epoll)
{
    for (unsigned i = 0; i < count; i++) {
        waiter *w = &waiters[i];
        w->received = 0;
        w->fd = connect_from(2 + i % HOSTS, port);
        send_request(w->fd, "GET", wait_path, "");
        struct epoll_event event = { .events = EPOLLIN, .data.ptr = w };
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, w->fd, &event) != 0) {
            fail("epoll_ctl");
        }
        if (i % STEP == STEP - 1) {
            catch_up(control); /* never more than the server's backlog ahead of it */
        }
    }
    for (int i = 0; i < ROUNDS; i++) {
        catch_up(control); /* whatever the order in which the server serves connections */
        pause_for(0.3);
    }
    struct epoll_event event;
    if (epoll_wait(epoll, &event, 1, 0) != 0) {
        give_up("a connection was answered or closed before the notification");
    }
}

/* True when this was the last piece of the answer. */
static int receive(waiter *w)
{
    ssize_t n = recv(w->fd, w->answer + w->received, ANSWER_SIZE - 1 - w->received, 0);
    if (n <= 0) {
        give_up("a connection was lost, or its answer is too long");
    }
    w->received += (unsigned)n;
    w->answer[w->received] = '\0';
    size_t length = response_length(w->answer);
    return length != 0 && w->received >= length;
}

/* Seconds from the notification to the last answer. */
static double notify(unsigned count, int control, int epoll)
{
    static struct epoll_event events[EVENTS];
    unsigned answered = 0;
    uint64_t start = now();
    send_request(control, "POST", notify_path, body);
    while (answered < count) {
        int ready = epoll_wait(epoll, events, EVENTS, PATIENCE_MS);
        if (ready <= 0) {
            fprintf(stderr, "only %u of %u were answered\n", answered, count);
            exit(1);
        }
        for (int i = 0; i < ready; i++) {
            answered += receive(events[i].data.ptr) ? 1 : 0;
        }
    }
    double elapsed = (double)(now() - start) / 1e9;
    char bytes[8192];
    read_response(control, bytes, sizeof bytes);
    if (strncmp(bytes, "HTTP/1.1 2", 10) != 0) {
        give_up("the notification was refused");
    }
    return elapsed;
}

static void check_answers(const waiter *waiters, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (strncmp(waiters[i].answer, "HTTP/1.1 200", 12) != 0) {
            give_up("an answer is not a 200");
        }
        if (strstr(strstr(waiters[i].answer, "\r\n\r\n"), body) == NULL) {
            give_up("an answer does not hold what the notification said");
        }
    }
}

static void hang_up(const waiter *waiters, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        close(waiters[i].fd);
    }
}

static void measure(unsigned count, char **pids, int pid_count)
{
    waiter *waiters = allocate(count, sizeof *waiters);
    int epoll = epoll_create1(0), control = connect_from(1, port);
    start_waiting(waiters, 1, control, epoll);
    notify(1, control, epoll);
    check_answers(waiters, 1);
    hang_up(waiters, 1);
    pause_for(0.5);

    double resident = resident_bytes(pids, pid_count);
    start_waiting(waiters, count, control, epoll);
    double waiting = resident_bytes(pids, pid_count);
    double seconds = notify(count, control, epoll);
    check_answers(waiters, count);
    hang_up(waiters, count);
    printf("{\"waiting\": %u, \"answered\": %u, \"resident_bytes\": %.0f, "
           "\"bytes_per_waiting_handler\": %.0f, \"seconds_to_last_answer\": %.6f}\n",
           count, count, waiting, (waiting - resident) / count, seconds);
    free(waiters);
}

int main(int argc, char **argv)
{
    unsigned count = 15000;
    int option;
    while ((option = getopt(argc, argv, "n:u:w:b:")) != -1) {
        if (option == 'n') {
            count = parse_number(optarg, 1, 1000000);
        } else if (option == 'u') {
            wait_path = optarg;
        } else if (option == 'w') {
            notify_path = optarg;
        } else if (option == 'b') {
            body = optarg;
        } else {
            return 2;
        }
    }
    if (argc - optind < 2) {
        fprintf(stderr, "usage: longpoll_clients [-n CONNECTIONS] [-u WAIT_PATH] [-w NOTIFY_PATH] "
                        "[-b BODY] PORT SERVER_PID...\n");
        return 2;
    }
    port = parse_number(argv[optind], 1, 65535);
    need_descriptors(count + 16);
    measure(count, argv + optind + 1, argc - optind - 1);
    return 0;
}
