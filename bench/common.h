/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the programs in bench/ share. They stand alone (no gale library), contact 127.0.0.0/8
 * only, end with a message and status 1 on the first thing that goes wrong, and print their
 * result as one line of JSON: a figure that was not reached is never printed.
 */
#ifndef BENCH_COMMON_H
#define BENCH_COMMON_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

/* Ends the program with what went wrong and errno's text. */
static inline _Noreturn void fail(const char *what)
{
    perror(what);
    exit(1);
}

/* Ends the program with a message of its own. */
static inline _Noreturn void give_up(const char *message)
{
    fprintf(stderr, "%s\n", message);
    exit(1);
}

static inline void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (memory == NULL) {
        fail("calloc");
    }
    return memory;
}

/* A whole number between least and most, or the end of the program. */
static inline unsigned parse_number(const char *text, unsigned least, unsigned most)
{
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < least || value > most) {
        fprintf(stderr, "%s: expected a number from %u to %u\n", text, least, most);
        exit(2);
    }
    return (unsigned)value;
}

/* Monotonic time in nanoseconds. */
static inline uint64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* User and system time of this process. */
static inline double cpu_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static inline void pause_for(double seconds)
{
    struct timespec t = { .tv_sec = (time_t)seconds };
    t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
    while (nanosleep(&t, &t) != 0 && errno == EINTR) {
    }
}

/* Lifts the soft limit of descriptors to the hard one; ends the program if that is under need. */
static inline void need_descriptors(unsigned need)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        fail("getrlimit");
    }
    limit.rlim_cur = limit.rlim_max;
    if (limit.rlim_max < need || setrlimit(RLIMIT_NOFILE, &limit) != 0) {
        fprintf(stderr, "needs %u descriptors, the hard limit is %llu\n", need,
                (unsigned long long)limit.rlim_max);
        exit(1);
    }
}

/* The address 127.0.0.host, port. */
static inline struct sockaddr_in loopback(unsigned host, unsigned port)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    address.sin_addr.s_addr = htonl(0x7f000000u + host);
    address.sin_port = htons((uint16_t)port);
    return address;
}

/*
 * A blocking connection from 127.0.0.host to 127.0.0.1:port. The source port is chosen at
 * connect, so that every source address has the whole ephemeral range; the socket is reset on
 * close and leaves no TIME_WAIT behind; receiving gives up after thirty seconds.
 */
static inline int connect_from(unsigned host, unsigned port)
{
    int one = 1;
    struct timeval patience = { .tv_sec = 30 };
    struct linger reset = { .l_onoff = 1 };
    struct sockaddr_in from = loopback(host, 0), to = loopback(1, port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        fail("socket");
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&from, sizeof from) != 0) {
        fail("bind");
    }
    if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
        fail("connect");
    }
    return fd;
}

static inline void send_all(int fd, const char *bytes, size_t length)
{
    if (send(fd, bytes, length, MSG_NOSIGNAL) != (ssize_t)length) {
        fail("send");
    }
}

/*
 * The length of the response, head and body, that begins with these NUL-terminated bytes;
 * 0 while its head is not complete. Only 101 and 204, which have no body, may lack a
 * Content-Length.
 */
static inline size_t response_length(const char *bytes)
{
    static const char field[] = "\r\nContent-Length:";
    const char *end = strstr(bytes, "\r\n\r\n");
    if (end == NULL) {
        return 0;
    }
    if (strncmp(bytes, "HTTP/1.1 204", 12) == 0 || strncmp(bytes, "HTTP/1.1 101", 12) == 0) {
        return (size_t)(end + 4 - bytes);
    }
    const char *length = strcasestr(bytes, field);
    if (length == NULL || length > end) {
        give_up("the response has no Content-Length");
    }
    return (size_t)(end + 4 - bytes) + strtoul(length + sizeof field - 1, NULL, 10);
}

/* Reads one whole response, NUL-terminated, and returns its length. */
static inline size_t read_response(int fd, char *bytes, size_t capacity)
{
    size_t got = 0, want = 0;
    while (want == 0 || got < want) {
        if (got == capacity - 1) {
            give_up("the response is too long");
        }
        ssize_t n = recv(fd, bytes + got, capacity - 1 - got, 0);
        if (n == 0) {
            give_up("the server closed the connection instead of answering");
        }
        if (n < 0) {
            fail("recv");
        }
        got += (size_t)n;
        bytes[got] = '\0';
        want = want == 0 ? response_length(bytes) : want;
    }
    return got;
}

/* Turns a connection into a WebSocket (RFC 6455 §4.1). */
static inline void open_websocket(int fd, unsigned port, const char *path)
{
    char bytes[4096];
    int length = snprintf(bytes, sizeof bytes,
                          "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nConnection: Upgrade\r\n"
                          "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                          path, port);
    if (length < 0 || (size_t)length >= sizeof bytes) {
        give_up("the path is too long");
    }
    send_all(fd, bytes, (size_t)length);
    read_response(fd, bytes, sizeof bytes);
    if (strncmp(bytes, "HTTP/1.1 101", 12) != 0) {
        give_up("the handshake was not answered with 101");
    }
}

/* The number behind key in a file of lines such as /proc/meminfo; -1 if there is none. */
static inline long proc_field(const char *path, const char *key)
{
    char line[256];
    long value = -1;
    FILE *file = fopen(path, "re");
    while (file != NULL && value < 0 && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, key, strlen(key)) == 0) {
            value = strtol(line + strlen(key), NULL, 10);
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return value;
}

/*
 * Resident memory of some processes together, in bytes. It is counted from the page tables
 * where the kernel offers that: the running counter behind VmRSS may be some pages off.
 */
static inline double resident_bytes(char *const *pids, int count)
{
    double sum = 0;
    for (int i = 0; i < count; i++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/%.20s/smaps_rollup", pids[i]);
        long kilobytes = proc_field(path, "Rss:");
        if (kilobytes < 0) {
            snprintf(path, sizeof path, "/proc/%.20s/status", pids[i]);
            kilobytes = proc_field(path, "VmRSS:");
        }
        if (kilobytes < 0) {
            fprintf(stderr, "process %s is gone\n", pids[i]);
            exit(1);
        }
        sum += 1024.0 * (double)kilobytes;
    }
    return sum;
}

#endif
