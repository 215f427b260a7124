/* SPDX-License-Identifier: Apache-2.0 */
/* Contexts that are reloaded by themselves: at a signal, and when a file has changed. */
#include "net/file_stamp.h"
#include "net/ssl_context.h"

/* ---- Files ----------------------------------------------------------------------------- */

static uint64_t stamp_of(const gale_ssl_context *self)
{
    uint64_t stamp = 1;
    for (size_t i = 0; i < self->certificate_count; i++) {
        gale__file_stamp_mix(&stamp, self->certificates[i].certfile);
        gale__file_stamp_mix(&stamp, self->certificates[i].keyfile);
        gale__file_stamp_mix(&stamp, self->certificates[i].ocsp_file);
    }
    gale__file_stamp_mix(&stamp, self->options.ca_certs);
    return stamp;
}

/* A file that is bad is logged once: what it was is remembered. */
static void look(gale__timer *timer)
{
    gale_ssl_context *self = GALE__CONTAINER_OF(timer, gale_ssl_context, timer);
    uint64_t stamp = stamp_of(self);
    gale__loop_add_timer(self->loop, timer, self->options.check_files_interval);
    if (stamp == self->stamp)
        return;
    self->stamp = stamp;
    gale_ssl_context_reload(self);
}

/* ---- The signal ------------------------------------------------------------------------ */

static gale_ssl_context *next_with(gale__net *net, gale__list *after, int number)
{
    for (gale__list *link = after->next; link != &net->ssl_contexts; link = link->next) {
        gale_ssl_context *context = GALE__CONTAINER_OF(link, gale_ssl_context, link);
        if (context->options.reload_signal == number)
            return context;
    }
    return NULL;
}

static void on_signal(void *arg)
{
    int number = (int)(intptr_t)arg;
    gale__net *net = gale__net_of(gale_ioloop_current());
    gale__list *link = &net->ssl_contexts;
    for (gale_ssl_context *context; (context = next_with(net, link, number)); link = &context->link)
        gale_ssl_context_reload(context);
}

/* ---- Both ------------------------------------------------------------------------------ */

int gale__ssl_watch(gale_ssl_context *self)
{
    int number = self->options.reload_signal;
    self->timer.fire = look;
    if (self->options.check_files_interval > 0) {
        self->stamp = stamp_of(self);
        gale__loop_add_timer(self->loop, &self->timer, self->options.check_files_interval);
    }
    return number ? gale_ioloop_set_signal_handler(self->loop, number, on_signal,
                                                   (void *)(intptr_t)number)
                  : 0;
}

void gale__ssl_unwatch(gale_ssl_context *self)
{
    int number = self->options.reload_signal;
    if (!self->loop)
        return;
    gale__loop_remove_timer(self->loop, &self->timer);
    self->options.reload_signal = 0;
    gale__net *net = gale__net_of(self->loop);
    if (number && !next_with(net, &net->ssl_contexts, number))
        gale_ioloop_set_signal_handler(self->loop, number, NULL, NULL);
}

void gale__ssl_leave_loop(gale__net *net)
{
    gale_ssl_context_unref(net->default_ssl_context);
    for (gale__list *link; (link = gale__list_pop(&net->ssl_contexts));) {
        gale_ssl_context *context = GALE__CONTAINER_OF(link, gale_ssl_context, link);
        gale__loop_remove_timer(context->loop, &context->timer);
        context->loop = NULL;
    }
}
