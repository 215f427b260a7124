/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deliveries of messages to many WebSockets of one room: a publisher says something at
 * /room/all, which all others in it hear.
 *
 * usage: broadcast [-n SUBSCRIBERS] [-s BYTES] [-p OUTSTANDING] [-d SECONDS] [-m MESSAGES] PORT
 *
 * The publisher has so many messages under way that all have not heard yet. Prints the deliveries,
 * their number in a second, and the median and longest time until all have heard one (with one
 * message under way). With -m 0 all connect, and that is it.
 */
#include "common.h"

#include <fcntl.h>
#include <sys/epoll.h>

enum { EVENTS = 1024, MOST_MESSAGES = 1000000, PORTS_OF_AN_ADDRESS = 20000 };

static unsigned subscribers = 10000, size = 100, outstanding = 1, seconds = 1, most = MOST_MESSAGES;
static int epoll_fd, publisher;
static char frame[8192];
static size_t frame_size;
static char buffer[1 << 20];
static uint64_t *times;

static void parse(int argc, char **argv)
{
    for (int option; (option = getopt(argc, argv, "n:s:p:d:m:")) != -1;) {
        switch (option) {
        case 'n':
            subscribers = parse_number(optarg, 1, 1000000);
            break;
        case 's':
            size = parse_number(optarg, 1, 4096);
            break;
        case 'p':
            outstanding = parse_number(optarg, 1, 1000);
            break;
        case 'd':
            seconds = parse_number(optarg, 1, 600);
            break;
        case 'm':
            most = parse_number(optarg, 0, MOST_MESSAGES);
            break;
        default:
            exit(2);
        }
    }
    if (optind != argc - 1) {
        give_up("usage: broadcast [-n SUBSCRIBERS] [-s BYTES] [-p OUTSTANDING] [-d SECONDS]"
                " [-m MESSAGES] PORT");
    }
}

/* A client's frame, masked with zeros. */
static void make_frame(void)
{
    size_t at = 0;
    frame[at++] = (char)0x81;
    if (size < 126) {
        frame[at++] = (char)(0x80 | size);
    } else {
        frame[at++] = (char)(0x80 | 126);
        frame[at++] = (char)(size >> 8);
        frame[at++] = (char)(size & 255);
    }
    memset(frame + at, 0, 4);
    memset(frame + at + 4, 'm', size);
    frame_size = at + 4 + size;
}

static void join_all(unsigned port)
{
    for (unsigned i = 0; i < subscribers; i++) {
        int fd = connect_from(2 + i / PORTS_OF_AN_ADDRESS, port);
        struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
        open_websocket(fd, port, "/room/all");
        if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0 ||
            epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
            fail("epoll");
        }
    }
    publisher = connect_from(1, port);
    open_websocket(publisher, port, "/room/all");
}

/* Reads what has come to any; returns the bytes. */
static uint64_t take(void)
{
    struct epoll_event events[EVENTS];
    uint64_t bytes = 0;
    int count = epoll_wait(epoll_fd, events, EVENTS, 30000);
    if (count <= 0) {
        give_up("nothing has come for 30 s");
    }
    for (int i = 0; i < count; i++) {
        ssize_t n = recv(events[i].data.fd, buffer, sizeof buffer, 0);
        if (n == 0) {
            give_up("the server has closed a connection");
        }
        if (n < 0) {
            fail("recv");
        }
        bytes += (uint64_t)n;
    }
    return bytes;
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Returns how many messages all have heard, and the nanoseconds that it took. */
static uint64_t publish(uint64_t *ret_duration)
{
    uint64_t each = (uint64_t)(frame_size - 4) * subscribers;
    uint64_t sent = 0, heard = 0, bytes = 0, begin = now(), end = begin + seconds * 1000000000ull;
    while (heard < most && (heard < sent || now() < end)) {
        for (; sent < heard + outstanding && sent < most && now() < end; sent++) {
            times[sent] = now();
            send_all(publisher, frame, frame_size);
        }
        bytes += take();
        for (; heard < sent && bytes >= each; bytes -= each, heard++) {
            times[heard] = now() - times[heard];
        }
    }
    *ret_duration = now() - begin;
    return heard;
}

int main(int argc, char **argv)
{
    parse(argc, argv);
    unsigned port = parse_number(argv[optind], 1, 65535);
    uint64_t duration;
    need_descriptors(subscribers + 16);
    times = allocate(MOST_MESSAGES, sizeof *times);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    make_frame();
    join_all(port);
    pause_for(0.2);
    uint64_t messages = publish(&duration);
    if (messages == 0) {
        return 0;
    }
    qsort(times, messages, sizeof *times, compare);
    printf("{\"subscribers\": %u, \"messages\": %llu, \"requests\": %llu, "
           "\"requests_per_second\": %.0f, \"p50_ms\": %.3f, \"most_ms\": %.3f}\n",
           subscribers, (unsigned long long)messages, (unsigned long long)(messages * subscribers),
           (double)(messages * subscribers) / ((double)duration / 1e9),
           (double)times[messages / 2] / 1e6, (double)times[messages - 1] / 1e6);
    return 0;
}
