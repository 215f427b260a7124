/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What idle connections cost, beyond the number of descriptors that a process may have: a gale
 * server on the tests' backend in memory, with 10,000 and with 1,000,000 keep-alive connections
 * that have made one request each.
 *
 * Memory is what gale asks its allocator for; the backend's own is not counted. Instructions are
 * those of gale and of the backend for one request of one connection while time goes on and all
 * others are idle, counted by running them one by one (ptrace).
 *
 *   idle_simulation          prints the figures for both numbers
 *   idle_simulation COUNT    prints those for COUNT connections
 */
#include "common.h"

#include <malloc.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <gale/gale.h>

#include "http/http1_connection.h"
#include "memory_backend.h"

enum { FEW = 10000, MANY = 1000000, REQUESTS = 20, SPREAD = 1000 /* seconds */ };

static const char request[] = "GET / HTTP/1.1\r\nHost: 127.0.0.1:8888\r\n\r\n";

/* ---- Memory of gale --------------------------------------------------------------------- */

static size_t allocated;

/* What malloc takes for a block, with its own 8 bytes. */
static size_t cost(void *memory)
{
    return memory ? malloc_usable_size(memory) + sizeof(size_t) : 0;
}

static void *counted_malloc(size_t size, void *arg)
{
    (void)arg;
    void *memory = malloc(size);
    allocated += cost(memory);
    return memory;
}

static void *counted_realloc(void *memory, size_t size, void *arg)
{
    (void)arg;
    size_t before = cost(memory);
    void *moved = realloc(memory, size);
    if (moved)
        allocated += cost(moved) - before;
    return moved;
}

static void counted_free(void *memory, void *arg)
{
    (void)arg;
    allocated -= cost(memory);
    free(memory);
}

/* ---- The server and its clients --------------------------------------------------------- */

static int hello(gale_handler *self)
{
    return gale_write(self, "Hello, world");
}

static const gale_handler_class hello_handler = { .get = hello };
static const gale_route routes[] = { { .pattern = "/", .handler = &hello_handler }, { 0 } };

static int serve(void)
{
    static const gale_allocator allocator = { counted_malloc, counted_realloc, counted_free, NULL };
    gale_set_allocator(&allocator);
    gale_ioloop *loop = memory_loop(NULL);
    int listening = memory_listen();
    gale_application *application = loop ? gale_application_new(routes, NULL) : NULL;
    if (!application || gale_application_listen_sockets(application, &listening, 1) < 0)
        give_up("cannot serve");
    memory_turns();
    return listening;
}

static void ask(memory_peer *peer)
{
    uint64_t sent = peer->sent;
    memory_send(peer, request, sizeof request - 1);
    memory_turns();
    if (peer->sent == sent || peer->closed)
        give_up("a request was not answered");
}

static memory_peer *connect_and_ask(int listening)
{
    memory_peer *peer = memory_connect(listening);
    peer->discard = true;
    ask(peer);
    return peer;
}

/* Requests of one connection, a hundredth of a second apart. */
static void ask_often(memory_peer *peer)
{
    for (int i = 0; i < REQUESTS; i++) {
        memory_advance(0.01);
        ask(peer);
    }
}

/* ---- Counting instructions -------------------------------------------------------------- */

/* Runs ask_often between two stops. */
static void be_counted(memory_peer *peer)
{
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
        fail("ptrace");
    raise(SIGSTOP);
    ask_often(peer);
    raise(SIGSTOP);
    _exit(0);
}

static bool stopped_by(pid_t child, int signal)
{
    int status;
    if (waitpid(child, &status, 0) < 0)
        fail("waitpid");
    if (!WIFSTOPPED(status))
        give_up("the counted process has ended");
    return WSTOPSIG(status) == signal;
}

static double instructions_per_request(memory_peer *peer)
{
    pid_t child = fork();
    if (child < 0)
        fail("fork");
    if (child == 0)
        be_counted(peer);
    if (!stopped_by(child, SIGSTOP))
        give_up("the counted process did not begin");
    uint64_t count = 0;
    do {
        if (ptrace(PTRACE_SINGLESTEP, child, NULL, NULL) != 0)
            fail("ptrace");
        count++;
    } while (!stopped_by(child, SIGSTOP));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    return (double)count / REQUESTS;
}

/* ---- All of it -------------------------------------------------------------------------- */

static void report(const char *what, unsigned connections, double value, const char *unit)
{
    printf("{\"name\": \"%s, %u idle connections\", \"value\": %.1f, \"unit\": \"%s\"}\n", what,
           connections, value, unit);
    fflush(stdout);
}

/* They become idle one after the other, so that their timeouts are not all the same. */
static void measure(unsigned connections)
{
    int listening = serve();
    memory_peer *active = connect_and_ask(listening);
    size_t before = allocated;
    for (unsigned i = 0; i < connections; i++) {
        connect_and_ask(listening);
        memory_advance((double)SPREAD / connections);
    }
    if (memory_open_count() != connections + 1)
        give_up("not all connections are open");
    report("memory", connections, (double)(allocated - before) / connections,
           "bytes per connection");
    report("one request", connections, instructions_per_request(active), "instructions");
    memory_advance(3600);
    if (memory_open_count() != 0)
        give_up("not all idle connections have timed out");
    gale_ioloop_free(gale_ioloop_current());
    if (allocated != 0)
        give_up("memory was leaked");
}

int main(int argc, char **argv)
{
    if (argc > 2)
        give_up("usage: idle_simulation [COUNT]");
    printf("{\"name\": \"struct of a connection\", \"value\": %zu, \"unit\": \"bytes\"}\n",
           sizeof(gale__http1_server_connection));
    if (argc == 2) {
        measure(parse_number(argv[1], 1, 10000000));
        return 0;
    }
    measure(FEW);
    measure(MANY);
    return 0;
}
