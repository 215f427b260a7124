/* SPDX-License-Identifier: Apache-2.0 */
#include "http/client_pool.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "core/siphash.h"
#include "net/iostream_impl.h"

gale__client_connection *gale__client_connection_new(gale_http_client *client, gale_str key)
{
    gale__client_connection *self = gale__calloc(1, sizeof *self + key.len);
    if (!self)
        return NULL;
    memcpy(self + 1, key.data, key.len);
    self->client = client;
    self->key = (gale_str){ (char *)(self + 1), key.len };
    self->hash = gale__siphash(client->hash_key, key);
    return self;
}

void gale__client_connection_free(gale__client_connection *self)
{
    gale_iostream_free(self->stream);
    gale_ssl_context_unref(self->ssl_context);
    gale__free(self);
}

enum { LOOKS = 16 }; /* at most so many in one idle_timeout */

/* ---- The pool -------------------------------------------------------------------------- */

static gale__client_connection *of_link(gale__list *link)
{
    return GALE__CONTAINER_OF(link, gale__client_connection, link);
}

static gale__client_connection *of_bucket(gale__list *bucket)
{
    return GALE__CONTAINER_OF(bucket, gale__client_connection, bucket);
}

static void take_out(gale__client_connection *self)
{
    gale_iostream_set_close_callback(self->stream, NULL, NULL);
    gale__list_remove(&self->link);
    gale__list_remove(&self->bucket);
    self->client->idle_count--;
}

static void drop(gale__client_connection *self)
{
    take_out(self);
    gale__client_connection_free(self);
}

static void on_closed(void *arg)
{
    drop(arg);
}

/* A look now and then is enough: what has waited too long is not taken either. */
static void on_timer(gale__timer *timer)
{
    gale_http_client *client = GALE__CONTAINER_OF(timer, gale_http_client, idle_timer);
    int64_t now = client->loop->now, next = INT64_MAX;
    for (gale__list *link = client->idle.next; link != &client->idle;) {
        gale__client_connection *connection = of_link(link);
        link = link->next;
        if (connection->until <= now)
            drop(connection);
        else if (connection->until < next)
            next = connection->until;
    }
    double seconds = (double)(next - now) / 1e9, least = client->options.idle_timeout / LOOKS;
    if (client->idle_count > 0)
        gale__loop_add_timer(client->loop, timer, seconds > least ? seconds : least);
}

void gale__client_pool_init(gale_http_client *client)
{
    gale__list_init(&client->idle);
    for (int i = 0; i < GALE__CLIENT_BUCKETS; i++)
        gale__list_init(&client->buckets[i]);
    client->idle_timer.fire = on_timer;
}

void gale__client_pool_close(gale_http_client *client)
{
    while (!gale__list_empty(&client->idle))
        drop(of_link(client->idle.next));
    if (gale__timer_pending(&client->idle_timer))
        gale__loop_remove_timer(client->loop, &client->idle_timer);
}

static gale__list *bucket_of(gale_http_client *client, uint64_t hash)
{
    return &client->buckets[hash % GALE__CLIENT_BUCKETS];
}

static bool has_key(const gale__client_connection *self, uint64_t hash, gale_str key)
{
    return self->hash == hash && self->key.len == key.len &&
           memcmp(self->key.data, key.data, key.len) == 0;
}

/* Nothing was said after the last response, and the end was not seen. */
static bool is_silent(const gale__client_connection *self)
{
    const gale_iostream *stream = self->stream;
    return !gale_iostream_closed(stream) && !stream->ended && stream->input.size == 0;
}

static bool is_open(const gale__client_connection *self)
{
    char byte;
    int fd = gale_iostream_fileno(self->stream);
    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

gale__client_connection *gale__client_pool_take(gale_http_client *client, gale_str key, bool sure)
{
    uint64_t hash = client->idle_count > 0 ? gale__siphash(client->hash_key, key) : 0;
    gale__list *bucket = bucket_of(client, hash);
    for (gale__list *link = bucket->next; client->idle_count > 0 && link != bucket;) {
        gale__client_connection *connection = of_bucket(link);
        link = link->next;
        if (!has_key(connection, hash, key))
            continue;
        take_out(connection);
        if (connection->until > client->loop->now && is_silent(connection) &&
            (!sure || is_open(connection)))
            return connection;
        gale__client_connection_free(connection);
    }
    return NULL;
}

/* The oldest of those with the same key, when there are as many as may be. */
static gale__client_connection *excess(const gale__client_connection *self)
{
    gale_http_client *client = self->client;
    gale__list *bucket = bucket_of(client, self->hash);
    gale__client_connection *oldest = NULL;
    int count = 0;
    for (gale__list *link = bucket->next; link != bucket; link = link->next) {
        if (!has_key(of_bucket(link), self->hash, self->key))
            continue;
        oldest = of_bucket(link);
        count++;
    }
    return count >= client->options.max_idle_per_host ? oldest : NULL;
}

static double time_to_keep(const gale__client_connection *self)
{
    double seconds = self->client->options.idle_timeout;
    return self->keep_alive > 0 && self->keep_alive < seconds ? self->keep_alive : seconds;
}

static void watch(gale__client_connection *self)
{
    gale_http_client *client = self->client;
    double seconds = time_to_keep(self);
    self->until = client->loop->now + gale__seconds(seconds);
    gale_iostream_set_close_callback(self->stream, on_closed, self);
    if (!gale__timer_pending(&client->idle_timer) || self->until < client->idle_timer.deadline)
        gale__loop_add_timer(client->loop, &client->idle_timer, seconds);
}

void gale__client_pool_put(gale__client_connection *self)
{
    gale_http_client *client = self->client;
    if (client->closed || !is_silent(self)) {
        gale__client_connection_free(self);
        return;
    }
    gale__client_connection *other = excess(self);
    if (other)
        drop(other);
    else if (client->idle_count >= client->options.max_idle)
        drop(of_link(client->idle.next));
    self->used = true;
    client->idle_count++;
    gale__list_append(&client->idle, &self->link);
    gale__list_append(bucket_of(client, self->hash)->next, &self->bucket); /* in front */
    watch(self);
}
