/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A load client for HTTP/1.1 with keep-alive, and for WebSocket echo. It learns the length of the
 * response once and from then on only counts bytes, which makes it cheap enough to keep the
 * server's core, and not its own, busy. One thread; each connection has DEPTH requests outstanding,
 * sent in one write when the last batch has been answered. At the end it stops sending and waits
 * for what is still outstanding, so that every request that the server worked for is counted.
 *
 * usage: http_load [-c CONNECTIONS] [-p DEPTH] [-d SECONDS | -n REQUESTS] [-u PATH]
 *                  [-b FORM | -w BYTES] PORT
 *   -b posts this urlencoded form
 *   -w opens WebSockets at PATH, and sends texts of BYTES (at most 65535) that are sent back:
 *      they are then what is counted as requests
 *   -n sends that many requests exactly (one more, sent first, learns the length and is not
 *      counted); without it requests are sent for SECONDS (5)
 * The response to PATH must always have the same length. A response that is not a 200, has
 * another length, or does not come within ten seconds ends the program with status 1.
 */
#include "common.h"

#include <fcntl.h>
#include <sys/epoll.h>

enum { READ_SIZE = 1 << 18, EVENTS = 1024, SLOTS = 1 << 20, PATIENCE_MS = 10000 };

typedef struct connection {
    int fd;
    unsigned outstanding; /* requests sent and not answered */
    size_t received;      /* bytes of their answers */
    uint64_t sent_at;
} connection;

static unsigned port, depth = 1;
static uint64_t total;    /* 0: until the deadline */
static uint64_t deadline; /* no batch is sent after it */
static uint64_t sent, answered;
static char *batch; /* depth requests in a row */
static size_t request_size, response_size;
static const char *answer = "HTTP/1.1 200"; /* how each begins */
static char bytes[READ_SIZE];
static uint32_t latency[SLOTS]; /* batches, by their microseconds */

static void repeat(const char *request, size_t size)
{
    request_size = size;
    batch = allocate(depth, size);
    for (size_t i = 0; i < depth; i++) {
        memcpy(batch + i * size, request, size);
    }
}

static void prepare_batch(const char *path, const char *form)
{
    char request[1024];
    int n = form ? snprintf(request, sizeof request,
                            "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
                            "Content-Type: application/x-www-form-urlencoded\r\n"
                            "Content-Length: %zu\r\n\r\n%s",
                            path, port, strlen(form), form)
                 : snprintf(request, sizeof request,
                            "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n\r\n", path, port);
    if (n < 0 || (size_t)n >= sizeof request) {
        give_up("the request is too long");
    }
    repeat(request, (size_t)n);
}

/* Masked texts; what is sent back lacks the mask (RFC 6455 §5.2). */
static void prepare_messages(size_t size)
{
    static const unsigned char mask[4] = { 0x4d, 0x61, 0x73, 0x6b };
    size_t head = size < 126 ? 2 : 4;
    unsigned char *frame = allocate(1, head + 4 + size);
    frame[0] = 0x81;
    frame[1] = (unsigned char)(0x80 | (head == 2 ? size : 126));
    if (head == 4) {
        frame[2] = (unsigned char)(size >> 8);
        frame[3] = (unsigned char)size;
    }
    memcpy(frame + head, mask, sizeof mask);
    for (size_t i = 0; i < size; i++) {
        frame[head + 4 + i] = (unsigned char)('a' + i % 26) ^ mask[i % 4];
    }
    repeat((char *)frame, head + 4 + size);
    free(frame);
    response_size = head + size;
    answer = "\x81";
}

static void learn_response_size(int fd)
{
    static char first[1 << 22];
    send_all(fd, batch, request_size);
    response_size = read_response(fd, first, sizeof first);
}

static void send_batch(connection *c, uint64_t at)
{
    uint64_t count = depth;
    if (total != 0 && total - sent < count) {
        count = total - sent;
    }
    if (count == 0 || at >= deadline) {
        return;
    }
    size_t size = (size_t)count * request_size;
    if (write(c->fd, batch, size) != (ssize_t)size) {
        fail("write");
    }
    c->outstanding = (unsigned)count;
    c->received = 0;
    c->sent_at = at;
    sent += count;
}

static void receive(connection *c, uint64_t at)
{
    ssize_t n = read(c->fd, bytes, sizeof bytes);
    if (n < 0 && errno == EAGAIN) {
        return;
    }
    if (n <= 0) {
        give_up("connection lost");
    }
    size_t known = strlen(answer);
    if (c->received == 0 && memcmp(bytes, answer, (size_t)n < known ? (size_t)n : known) != 0) {
        give_up("a response is not a 200, or no text");
    }
    c->received += (size_t)n;
    size_t want = c->outstanding * response_size;
    if (c->received > want) {
        give_up("a response is longer than the first one");
    }
    if (c->received == want) {
        uint64_t microseconds = (at - c->sent_at) / 1000;
        latency[microseconds < SLOTS ? microseconds : SLOTS - 1]++;
        answered += c->outstanding;
        c->outstanding = 0;
        send_batch(c, at);
    }
}

/* The latency in microseconds that this share of the batches stayed within. */
static unsigned percentile(double share)
{
    uint64_t all = 0, seen = 0;
    unsigned slot = 0;
    for (unsigned i = 0; i < SLOTS; i++) {
        all += latency[i];
    }
    while (slot < SLOTS - 1 && (seen += latency[slot]) < (uint64_t)(share * (double)all)) {
        slot++;
    }
    return slot;
}

static connection *connect_all(unsigned count, int epoll, const char *websockets)
{
    connection *all = allocate(count, sizeof *all);
    for (unsigned i = 0; i < count; i++) {
        all[i].fd = connect_from(1, port);
        if (websockets) {
            open_websocket(all[i].fd, port, websockets);
        } else if (i == 0) {
            learn_response_size(all[0].fd);
        }
        fcntl(all[i].fd, F_SETFL, O_NONBLOCK);
        struct epoll_event event = { .events = EPOLLIN, .data.ptr = &all[i] };
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, all[i].fd, &event) != 0) {
            fail("epoll_ctl");
        }
    }
    return all;
}

/* Until the deadline or the total, and until all that was sent is answered. */
static void run(int epoll)
{
    static struct epoll_event events[EVENTS];
    while (answered < sent) {
        int count = epoll_wait(epoll, events, EVENTS, PATIENCE_MS);
        if (count == 0) {
            give_up("no answer for ten seconds");
        }
        uint64_t at = now();
        for (int i = 0; i < count; i++) {
            receive(events[i].data.ptr, at);
        }
    }
}

int main(int argc, char **argv)
{
    unsigned connections = 64, seconds = 5, message = 0;
    const char *path = "/", *form = NULL;
    int option;
    while ((option = getopt(argc, argv, "c:p:d:n:u:b:w:")) != -1) {
        if (option == 'c') {
            connections = parse_number(optarg, 1, 1000000);
        } else if (option == 'p') {
            depth = parse_number(optarg, 1, 1000);
        } else if (option == 'd') {
            seconds = parse_number(optarg, 1, 86400);
        } else if (option == 'n') {
            total = parse_number(optarg, 1, 1000000000);
        } else if (option == 'u') {
            path = optarg;
        } else if (option == 'b') {
            form = optarg;
        } else if (option == 'w') {
            message = parse_number(optarg, 1, 65535);
        } else {
            return 2;
        }
    }
    if (optind != argc - 1) {
        fprintf(stderr, "usage: http_load [-c CONNECTIONS] [-p DEPTH] [-d SECONDS | -n REQUESTS] "
                        "[-u PATH] [-b FORM | -w BYTES] PORT\n");
        return 2;
    }
    port = parse_number(argv[optind], 1, 65535);
    need_descriptors(connections + 8);
    if (message != 0) {
        prepare_messages(message);
    } else {
        prepare_batch(path, form);
    }
    int epoll = epoll_create1(0);
    connection *all = connect_all(connections, epoll, message != 0 ? path : NULL);

    uint64_t start = now();
    deadline = total != 0 ? UINT64_MAX : start + (uint64_t)seconds * 1000000000u;
    for (unsigned i = 0; i < connections; i++) {
        send_batch(&all[i], start);
    }
    run(epoll);
    double elapsed = (double)(now() - start) / 1e9;
    printf("{\"requests\": %llu, \"seconds\": %.6f, \"requests_per_second\": %.0f, \"p50_us\": %u, "
           "\"p99_us\": %u, \"response_bytes\": %zu}\n",
           (unsigned long long)answered, elapsed, (double)answered / elapsed, percentile(0.5),
           percentile(0.99), response_size);
    free(all);
    free(batch);
    return 0;
}
