/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fetches through the pool: tasks that fetch again and again from a server on this machine.
 *
 *   fetch [--curl] CONNECTIONS SECONDS PORT     one line of JSON
 *   fetch count FETCHES PORT                    so many, one after the other: for callgrind
 */
#include "common.h"

#include <gale/gale.h>

typedef struct load {
    char url[64];
    gale_http_client *client;
    unsigned tasks;
    double seconds;
    uint64_t end, fetches;
} load;

static int fetch_once(load *self)
{
    gale_http_response *response;
    int result = gale_http_client_fetch(self->client, self->url, NULL, &response);
    if (result < 0) {
        fprintf(stderr, "%s: %s\n", gale_strerror(result), gale_error_detail());
        exit(1);
    }
    gale_http_response_free(response);
    self->fetches++;
    return 0;
}

static int fetch_on(void *arg)
{
    load *self = arg;
    while (now() < self->end)
        fetch_once(self);
    return 0;
}

static int run(void *arg)
{
    load *self = arg;
    self->client =
        gale_http_client_new(&(gale_http_client_options){ .max_clients = GALE_NONE,
                                                          .max_idle = (int)self->tasks,
                                                          .max_idle_per_host = (int)self->tasks });
    self->end = now() + (uint64_t)(self->seconds * 1e9);
    gale_scope *scope = gale_scope_open(NULL);
    for (unsigned i = 0; i < self->tasks; i++)
        gale_scope_spawn(scope, "load", fetch_on, self);
    int result = gale_scope_close(scope, 0);
    gale_http_client_free(self->client);
    return result;
}

static int run_counted(void *arg)
{
    load *self = arg;
    for (uint64_t left = (uint64_t)self->seconds; left > 0; left--)
        fetch_once(self);
    return 0;
}

int main(int argc, char **argv)
{
    load self = { .fetches = 0 };
    bool curl = argc > 1 && strcmp(argv[1], "--curl") == 0;
    argv += curl;
    argc -= curl;
    if (argc != 4)
        give_up("usage: fetch [--curl] CONNECTIONS SECONDS PORT");
    bool counted = strcmp(argv[1], "count") == 0;
    self.tasks = counted ? 1 : parse_number(argv[1], 1, 10000);
    self.seconds = parse_number(argv[2], 1, 1000000);
    snprintf(self.url, sizeof self.url, "http://127.0.0.1:%u/", parse_number(argv[3], 1, 65535));
    if (curl && gale_http_client_configure("curl", NULL) < 0)
        give_up(gale_error_detail());
    double before = cpu_seconds();
    uint64_t since = now();
    gale_ioloop_run_sync(gale_ioloop_current(), counted ? run_counted : run, &self, 0);
    printf("{\"fetches\": %llu, \"fetches_per_second\": %.0f, \"cpu_us\": %.3f}\n",
           (unsigned long long)self.fetches, (double)self.fetches / ((double)(now() - since) / 1e9),
           (cpu_seconds() - before) * 1e6 / (double)self.fetches);
    return 0;
}
