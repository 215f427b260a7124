/* SPDX-License-Identifier: Apache-2.0 */
#include "http/curl_multi.h"

#if GALE_CURL

#include <errno.h>

/* ---- What libcurl has done ------------------------------------------------------------- */

static void tell_done(gale__curl_multi *self)
{
    CURLMsg *message;
    int left;
    while ((message = gale__libcurl.multi_info_read(self->handle, &left))) {
        gale__curl_transfer *transfer = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        gale__libcurl.easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        transfer->done = true;
        transfer->code = message->data.result;
        transfer->wake(transfer);
    }
}

static void act(gale__curl_multi *self, curl_socket_t fd, int events)
{
    int running;
    gale__libcurl.multi_socket_action(self->handle, fd, events, &running);
    tell_done(self);
}

static void on_timer(gale__timer *timer)
{
    act(GALE__CONTAINER_OF(timer, gale__curl_multi, timer), CURL_SOCKET_TIMEOUT, 0);
}

static void on_ready(gale__watched_sockets *sockets, int fd, unsigned events)
{
    act(GALE__CONTAINER_OF(sockets, gale__curl_multi, sockets), fd,
        (events & GALE__WATCH_READ ? CURL_CSELECT_IN : 0) |
            (events & GALE__WATCH_WRITE ? CURL_CSELECT_OUT : 0));
}

/* ---- What libcurl asks for ------------------------------------------------------------- */

static int on_socket(CURL *handle, curl_socket_t fd, int what, void *arg, void *unused)
{
    gale__curl_multi *self = arg;
    unsigned events = what == CURL_POLL_REMOVE ? 0 : (unsigned)what;
    (void)handle, (void)unused;
    gale__watched_sockets_set(&self->sockets, fd,
                              (events & CURL_POLL_IN ? (unsigned)GALE__WATCH_READ : 0) |
                                  (events & CURL_POLL_OUT ? (unsigned)GALE__WATCH_WRITE : 0));
    return 0;
}

static int on_timeout(CURLM *handle, long milliseconds, void *arg)
{
    gale__curl_multi *self = arg;
    (void)handle;
    gale__loop_remove_timer(self->loop, &self->timer);
    if (milliseconds >= 0)
        gale__loop_add_timer(self->loop, &self->timer, (double)milliseconds / 1000);
    return 0;
}

/* ---- Making and ending ----------------------------------------------------------------- */

static void destroy(void *arg)
{
    gale__curl_multi *self = arg;
    if (self->handle)
        gale__libcurl.multi_cleanup(self->handle);
    gale__loop_remove_timer(self->loop, &self->timer);
    gale__free(self);
}

void gale__curl_multi_close(gale__curl_multi *self)
{
    if (!self)
        return;
    self->closed = true;
    if (self->transfers == 0)
        destroy(self);
}

static void set_options(const gale__curl_multi *self, const gale_http_client *client)
{
    CURLM *handle = self->handle;
    gale__libcurl.multi_setopt(handle, CURLMOPT_SOCKETFUNCTION, on_socket);
    gale__libcurl.multi_setopt(handle, CURLMOPT_SOCKETDATA, self);
    gale__libcurl.multi_setopt(handle, CURLMOPT_TIMERFUNCTION, on_timeout);
    gale__libcurl.multi_setopt(handle, CURLMOPT_TIMERDATA, self);
    if (client->options.max_idle > 0)
        gale__libcurl.multi_setopt(handle, CURLMOPT_MAXCONNECTS, (long)client->options.max_idle);
}

int gale__curl_multi_of(gale_http_client *client, gale__curl_multi **ret)
{
    gale__curl_multi *self = client->state;
    if (!self) {
        GALE_TRY(gale__curl_load());
        GALE_TRY(gale__loop_open_backend(client->loop));
        self = GALE__NEW(gale__curl_multi);
        if (!self)
            return -ENOMEM;
        self->loop = client->loop;
        self->timer.fire = on_timer;
        gale__watched_sockets_init(&self->sockets, client->loop, on_ready);
        self->handle = gale__libcurl.multi_init();
        if (!self->handle) {
            gale__free(self);
            return -ENOMEM;
        }
        set_options(self, client);
        client->state = self;
    }
    *ret = self;
    return 0;
}

/* ---- Transfers ------------------------------------------------------------------------- */

static void begin(void *arg)
{
    gale__curl_transfer *self = arg;
    self->begun = true;
    self->multi->transfers++;
    gale__libcurl.multi_add_handle(self->multi->handle, self->handle);
}

void gale__curl_begin(gale__curl_transfer *self)
{
    gale__on_loop_stack(begin, self);
}

static void resume(void *arg)
{
    gale__curl_transfer *self = arg;
    gale__libcurl.easy_pause(self->handle, CURLPAUSE_CONT);
    tell_done(self->multi);
}

void gale__curl_resume(gale__curl_transfer *self)
{
    gale__on_loop_stack(resume, self);
}

static void end(void *arg)
{
    gale__curl_transfer *self = arg;
    gale__curl_multi *multi = self->multi;
    if (self->begun)
        gale__libcurl.multi_remove_handle(multi->handle, self->handle);
    gale__libcurl.easy_cleanup(self->handle);
    if (self->begun && --multi->transfers == 0 && multi->closed)
        destroy(multi);
}

void gale__curl_end(gale__curl_transfer *self)
{
    gale__on_loop_stack(end, self);
}

#endif
