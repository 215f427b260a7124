/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same load as bench/fetch.c with libcurl: its multi-socket interface on epoll, one handle for
 * each connection, used again and again.
 *
 *   curl_fetch CONNECTIONS SECONDS PORT
 */
#include "../common.h"

#include <curl/curl.h>
#include <sys/epoll.h>

static int epoll;
static long timeout_ms = -1;
static uint64_t fetches;

static int on_socket(CURL *handle, curl_socket_t fd, int what, void *arg, void *known)
{
    CURLM *multi = arg;
    struct epoll_event event = { .data.fd = fd };
    (void)handle;
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
        return 0;
    }
    event.events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
    if (epoll_ctl(epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) < 0)
        fail("epoll_ctl");
    curl_multi_assign(multi, fd, multi);
    return 0;
}

static int on_timeout(CURLM *multi, long milliseconds, void *arg)
{
    (void)multi, (void)arg;
    timeout_ms = milliseconds;
    return 0;
}

static size_t on_body(char *data, size_t one, size_t size, void *arg)
{
    (void)data, (void)one, (void)arg;
    return size;
}

/* Starts again what has ended. */
static void again(CURLM *multi, int more)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(multi, &left))) {
        CURL *handle = message->easy_handle;
        if (message->data.result != CURLE_OK)
            give_up(curl_easy_strerror(message->data.result));
        fetches++;
        curl_multi_remove_handle(multi, handle);
        if (more)
            curl_multi_add_handle(multi, handle);
        else
            curl_easy_cleanup(handle);
    }
}

static void turn(CURLM *multi, int more)
{
    struct epoll_event events[64];
    int running, count = epoll_wait(epoll, events, 64, timeout_ms < 0 ? 1000 : (int)timeout_ms);
    if (timeout_ms == 0 || count == 0)
        curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
    for (int i = 0; i < count; i++)
        curl_multi_socket_action(multi, events[i].data.fd,
                                 (events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                                     (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0),
                                 &running);
    again(multi, more);
}

static CURLM *open_multi(unsigned connections, unsigned port)
{
    char url[64];
    CURLM *multi = curl_multi_init();
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, multi);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timeout);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)connections);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", port);
    for (unsigned i = 0; i < connections; i++) {
        CURL *handle = curl_easy_init();
        curl_easy_setopt(handle, CURLOPT_URL, url);
        curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
        curl_easy_setopt(handle, CURLOPT_ACCEPT_ENCODING, "");
        curl_multi_add_handle(multi, handle);
    }
    return multi;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        give_up("usage: curl_fetch CONNECTIONS SECONDS PORT");
    unsigned connections = parse_number(argv[1], 1, 10000);
    double seconds = parse_number(argv[2], 1, 1000);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    double before = cpu_seconds();
    uint64_t since = now(), end = since + (uint64_t)(seconds * 1e9);
    CURLM *multi = open_multi(connections, parse_number(argv[3], 1, 65535));
    while (now() < end)
        turn(multi, 1);
    printf("{\"fetches\": %llu, \"fetches_per_second\": %.0f, \"cpu_us\": %.3f}\n",
           (unsigned long long)fetches, (double)fetches / ((double)(now() - since) / 1e9),
           (cpu_seconds() - before) * 1e6 / (double)fetches);
    return 0;
}
