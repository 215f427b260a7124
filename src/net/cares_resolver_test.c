/* SPDX-License-Identifier: Apache-2.0 */
/* The c-ares resolver against a name server of our own, on loopback, in the same loop. */
#include "net/net_test.h"

#include <gale/tcpclient.h>
#include <gale/tcpserver.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <strings.h>

#if GALE_CARES

enum { TYPE_A = 1, TYPE_CNAME = 5, TYPE_AAAA = 28 };
enum { NO_ERROR = 0, SERVER_FAILURE = 2, NO_SUCH_NAME = 3, REFUSED = 5 };

/* ---- The name server -------------------------------------------------------------------- */

typedef struct answer {
    uint8_t data[65536];
    size_t size;
} answer;

typedef struct name_server {
    int udp;
    gale_tcp_server *tcp;
    int port;
    int queries, tcp_queries;
    int wanted; /* queries that somebody waits for */
} name_server;

static name_server server;
static answer reply; /* one at a time */

static void put8(int value)
{
    reply.data[reply.size++] = (uint8_t)value;
}

static void put16(int value)
{
    put8(value >> 8);
    put8(value & 255);
}

/* The question's name as text; returns where its type is. */
static size_t read_name(const uint8_t *query, size_t size, char *name)
{
    size_t at = 12, used = 0;
    while (at < size && query[at] && at + query[at] + 1 < size && used + query[at] < 250) {
        if (used > 0)
            name[used++] = '.';
        memcpy(name + used, query + at + 1, query[at]);
        used += query[at];
        at += query[at] + 1u;
    }
    name[used] = '\0';
    return at + 1;
}

/* The head, with the question, of an answer. */
static void begin_reply(const uint8_t *query, size_t question_end, int flags, int code, int count)
{
    reply.size = 0;
    memcpy(reply.data, query, 2);
    reply.size = 2;
    put16(0x8180 | flags | code);
    put16(1);
    put16(count);
    put16(0);
    put16(0);
    memcpy(reply.data + 12, query + 12, question_end - 12);
    reply.size = question_end;
}

/* A record of the name that was asked for. */
static void put_record(int type, const char *data, int size)
{
    put16(0xc00c);
    put16(type);
    put16(1);
    put16(0);
    put16(60);
    put16(size);
    memcpy(reply.data + reply.size, data, (size_t)size);
    reply.size += (size_t)size;
}

static const char LOOPBACK6[] = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1";

static void put_address(const uint8_t *query, size_t end, int type, const char *ipv4)
{
    begin_reply(query, end, 0, NO_ERROR, type == TYPE_A || !ipv4 ? 1 : 0);
    if (type == TYPE_A)
        put_record(TYPE_A, ipv4 ? ipv4 : "\177\0\0\1", 4);
    else if (!ipv4)
        put_record(TYPE_AAAA, LOOPBACK6, 16);
}

/* Packets that no name server sends. */
static void put_nonsense(const char *name, const uint8_t *query, size_t end)
{
    begin_reply(query, end, 0, NO_ERROR, 1);
    if (!strcmp(name, "short.hostile.test")) {
        reply.size = 5;
    } else if (!strcmp(name, "loop.hostile.test")) { /* a name that points at itself */
        int here = (int)reply.size;
        put16(0xc000 | here);
        put16(TYPE_A);
    } else if (!strcmp(name, "long.hostile.test")) { /* more data than there is */
        put_record(TYPE_A, "\177\0\0\1", 4);
        reply.data[reply.size - 6] = 255;
    } else if (!strcmp(name, "count.hostile.test")) {
        reply.data[6] = 255;
        put_record(TYPE_A, "\177\0\0\1", 4);
    } else if (!strcmp(name, "size.hostile.test")) { /* an address of three bytes */
        put_record(TYPE_A, "\177\0\0", 3);
    } else if (!strcmp(name, "id.hostile.test")) { /* an answer to what was not asked */
        put_record(TYPE_A, "\177\0\0\1", 4);
        reply.data[0] ^= 255;
    } else {
        put_record(TYPE_A, "\177\0\0\1", 4);
        reply.data[13] ^= 1; /* another name */
    }
}

/* Returns false when there is no answer. */
static bool make_reply(const uint8_t *query, size_t size, bool tcp)
{
    char name[256];
    size_t type_at = read_name(query, size, name), end = type_at + 4;
    if (end > size)
        return false;
    int type = query[type_at + 1];
    if (!strcasecmp(name, "silent.test"))
        return false;
    if (strstr(name, ".hostile.test"))
        put_nonsense(name, query, end);
    else if (!strcasecmp(name, "both.test"))
        put_address(query, end, type, NULL);
    else if (!strcasecmp(name, "four.test") || (!strcasecmp(name, "big.test") && tcp))
        put_address(query, end, type, "\177\0\0\2");
    else if (!strcasecmp(name, "big.test"))
        begin_reply(query, end, 0x200, NO_ERROR, 0); /* truncated */
    else if (!strcasecmp(name, "none.test"))
        begin_reply(query, end, 0, NO_ERROR, 0);
    else if (!strcasecmp(name, "fails.test"))
        begin_reply(query, end, 0, SERVER_FAILURE, 0);
    else if (!strcasecmp(name, "refused.test"))
        begin_reply(query, end, 0, REFUSED, 0);
    else
        begin_reply(query, end, 0, NO_SUCH_NAME, 0);
    return true;
}

static void on_datagram(int fd, unsigned events, void *arg)
{
    uint8_t query[1024];
    struct sockaddr_storage from;
    socklen_t from_size = sizeof from;
    (void)events;
    (void)arg;
    ssize_t size = recvfrom(fd, query, sizeof query, 0, (struct sockaddr *)&from, &from_size);
    assert_true(size > 12);
    server.queries++;
    if (make_reply(query, (size_t)size, false))
        assert_true(sendto(fd, reply.data, reply.size, 0, (struct sockaddr *)&from, from_size) > 0);
}

static int serve_tcp(gale_iostream *stream, const gale_address *address, void *arg)
{
    gale_str head, query;
    (void)address;
    (void)arg;
    for (;;) {
        GALE_TRY(gale_iostream_read_bytes(stream, 2, false, &head));
        size_t size = (size_t)((uint8_t)head.data[0] << 8 | (uint8_t)head.data[1]);
        GALE_TRY(gale_iostream_read_bytes(stream, size, false, &query));
        server.tcp_queries++;
        if (!make_reply((const uint8_t *)query.data, query.len, true))
            continue;
        uint8_t prefix[2] = { (uint8_t)(reply.size >> 8), (uint8_t)reply.size };
        GALE_TRY(gale_iostream_write(stream, prefix, 2));
        GALE_TRY(gale_iostream_write(stream, reply.data, reply.size));
    }
}

static void start_server(void)
{
    int listening[GALE_BIND_SOCKETS_MAX];
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    memset(&server, 0, sizeof server);
    assert_int_equal(
        gale_bind_sockets(0, &(gale_bind_options){ .address = "127.0.0.1" }, listening), 1);
    server.port = gale_socket_port(listening[0]);
    server.tcp = gale_tcp_server_new(serve_tcp, NULL, NULL);
    assert_ok(gale_tcp_server_add_sockets(server.tcp, listening, 1));
    address.sin_port = htons((uint16_t)server.port);
    server.udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(server.udp, (struct sockaddr *)&address, sizeof address), 0);
    assert_ok(gale_ioloop_add_handler(gale_ioloop_current(), server.udp, on_datagram,
                                      GALE_IOLOOP_READ, NULL));
}

static void stop_server(void)
{
    gale_tcp_server_free(server.tcp);
    gale_ioloop_remove_handler(gale_ioloop_current(), server.udp);
    close(server.udp);
}

/* ---- Asking ----------------------------------------------------------------------------- */

static gale_resolver *resolver;

static gale_resolver *new_resolver(double timeout)
{
    char servers[32];
    snprintf(servers, sizeof servers, "127.0.0.1:%d", server.port);
    return gale_cares_resolver_new(
        &(gale_cares_options){ .servers = servers, .timeout = timeout, .tries = 2 });
}

static void begin(void)
{
    start_server();
    resolver = new_resolver(0.05);
    assert_non_null(resolver);
}

static void end(void)
{
    gale_resolver_free(resolver);
    stop_server();
}

/* The addresses as text, or the error's detail. */
static const char *look_up(const char *host, int family)
{
    static char text[1024];
    char one[GALE_ADDRESS_TEXT_MAX];
    gale_address addresses[8];
    int count = gale_resolver_resolve(resolver, host, 80, family, addresses, 8);
    text[0] = '\0';
    if (count < 0)
        snprintf(text, sizeof text, "%d %s", count, gale_error_detail());
    for (int i = 0; i < count && i < 8; i++) {
        strcat(text, i ? " " : "");
        strcat(text, gale_address_text(&addresses[i], one));
    }
    return text;
}

static void assert_failure(const char *host, int code)
{
    char expected[256];
    snprintf(expected, sizeof expected, "%d cannot resolve '%.200s", code, host);
    const char *text = look_up(host, 0);
    if (strncmp(text, expected, strlen(expected)) != 0 || !strstr(text, "': "))
        fail_msg("%s: %s", host, text);
}

TASK_TEST(names_with_addresses)
{
    begin();
    assert_string_equal(look_up("four.test", 0), "127.0.0.2:80");
    assert_string_equal(look_up("four.test", AF_INET), "127.0.0.2:80");
    assert_string_equal(look_up("FOUR.test.", AF_INET), "127.0.0.2:80");
    assert_string_equal(look_up("both.test", AF_INET6), "[::1]:80");
    const char *both = look_up("both.test", 0);
    assert_non_null(strstr(both, "127.0.0.1:80"));
    assert_non_null(strstr(both, "[::1]:80"));
    assert_int_equal(server.tcp_queries, 0);
    end();
}

TASK_TEST(names_without)
{
    begin();
    assert_failure("none.test", GALE_ENOTFOUND);
    assert_failure("missing.test", GALE_ENOTFOUND);
    assert_failure("fails.test", -EAGAIN);
    assert_failure("refused.test", -EAGAIN);
    assert_failure("four..test", GALE_ENOTFOUND);
    assert_failure("", GALE_ENOTFOUND);
    char long_name[300];
    memset(long_name, 'a', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    assert_failure(long_name, GALE_ENOTFOUND);
    end();
}

TASK_TEST(a_server_that_is_silent_is_asked_again_and_given_up)
{
    begin();
    assert_failure("silent.test", GALE_ETIMEDOUT_RESOLVE);
    assert_true(server.queries >= 4); /* A and AAAA, twice */
    end();
}

TASK_TEST(a_truncated_answer_is_fetched_by_tcp)
{
    begin();
    assert_string_equal(look_up("big.test", AF_INET), "127.0.0.2:80");
    assert_int_equal(server.tcp_queries, 1);
    end();
}

TASK_TEST(hostile_answers)
{
    static const char *const names[] = { "short.hostile.test", "loop.hostile.test",
                                         "long.hostile.test",  "count.hostile.test",
                                         "size.hostile.test",  "id.hostile.test",
                                         "name.hostile.test" };
    begin();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *text = look_up(names[i], AF_INET);
        assert_non_null(strstr(text, "cannot resolve"));
        assert_string_equal(look_up("four.test", AF_INET), "127.0.0.2:80"); /* all is well again */
    }
    end();
}

TASK_TEST(nobody_is_asked_for_literals_and_localhost)
{
    begin();
    assert_string_equal(look_up("127.0.0.1", 0), "127.0.0.1:80");
    assert_string_equal(look_up("::1", 0), "[::1]:80");
    assert_failure("::1%none", GALE_ENOTFOUND);
    server.queries = 0;
    assert_non_null(strstr(look_up("localhost", 0), "127.0.0.1:80"));
    assert_string_equal(look_up("localhost", AF_INET), "127.0.0.1:80");
    assert_non_null(strstr(look_up("127.0.0.1", AF_INET6), "another family"));
    assert_int_equal(server.queries, 0);
    end();
}

TASK_TEST(search_domains)
{
    start_server();
    setenv("LOCALDOMAIN", "hostile.invalid test", 1);
    resolver = new_resolver(0.05);
    unsetenv("LOCALDOMAIN");
    assert_string_equal(look_up("four", AF_INET), "127.0.0.2:80");
    assert_int_equal(server.queries, 2);
    end();
}

/* ---- Cancelling ------------------------------------------------------------------------- */

static int ask(void *arg)
{
    gale_address address;
    return gale_resolver_resolve(resolver, arg, 80, AF_INET, &address, 1);
}

TASK_TEST(a_cancelled_lookup_leaves_at_once)
{
    begin();
    assert_error(gale_with_timeout(0.01, ask, "silent.test"), GALE_ETIMEDOUT);
    assert_string_equal(look_up("four.test", AF_INET), "127.0.0.2:80");
    end(); /* while c-ares still waits */
}

TASK_TEST(the_late_answer_of_a_cancelled_lookup_is_thrown_away)
{
    begin();
    assert_error(gale_with_timeout(0, ask, "four.test"), GALE_ETIMEDOUT);
    gale_scope *scope = gale_scope_open(NULL);
    assert_ok(gale_scope_spawn(scope, "ask", ask, "four.test"));
    assert_ok(gale_moment());
    gale_scope_cancel(scope);
    assert_error(gale_scope_close(scope, 0), 0);
    assert_ok(gale_sleep(0.05));
    assert_int_equal(server.queries, 1);
    end();
}

static int ask_and_note(void *arg)
{
    note(ask(arg) == GALE_ECLOSED ? "closed" : "?");
    return 0;
}

TASK_TEST(freeing_the_resolver_ends_what_waits)
{
    begin();
    gale_scope *scope = gale_scope_open(NULL);
    assert_ok(gale_scope_spawn(scope, "ask", ask_and_note, "silent.test"));
    loop_briefly();
    gale_resolver_free(resolver);
    resolver = NULL;
    assert_ok(gale_scope_close(scope, 0));
    assert_string_equal(history, "closed");
    end();
}

/* ---- Changes --------------------------------------------------------------------------- */

static void write_file(const char *path, const char *text)
{
    char temporary[64];
    snprintf(temporary, sizeof temporary, "%s.new", path);
    FILE *file = fopen(temporary, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rename(temporary, path), 0);
}

static int ask_silent(void *arg)
{
    (void)arg;
    assert_error(ask("silent.test"), GALE_ETIMEDOUT_RESOLVE);
    return 0;
}

/* What waits meanwhile is answered by whom it was asked of. */
TASK_TEST(a_file_that_changes_is_read_again)
{
    char path[] = "/tmp/gale-resolv-XXXXXX", servers[32];
    start_server();
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    snprintf(servers, sizeof servers, "127.0.0.1:%d", server.port);
    write_file(path, "search nowhere.invalid\n");
    resolver = gale_cares_resolver_new(&(gale_cares_options){
        .servers = servers, .timeout = 0.1, .tries = 2, .resolv_conf = path });
    assert_failure("four", GALE_ENOTFOUND);
    gale_scope *scope = gale_scope_open(NULL);
    assert_ok(gale_scope_spawn(scope, "ask", ask_silent, NULL));
    loop_briefly();
    write_file(path, "search test\n");
    assert_string_equal(look_up("four", AF_INET), "127.0.0.2:80");
    unlink(path);
    assert_string_equal(look_up("four", AF_INET), "127.0.0.2:80");
    assert_ok(gale_scope_close(scope, 0));
    write_file(path, "search nowhere.invalid\n");
    assert_failure("four", GALE_ENOTFOUND);
    unlink(path);
    end();
}

/* ---- In use ----------------------------------------------------------------------------- */

TASK_TEST(many_at_once)
{
    enum { LOOKUPS = 200 };
    gale_call calls[LOOKUPS];
    begin();
    for (int i = 0; i < LOOKUPS; i++)
        calls[i] = (gale_call){ .function = ask, .arg = i % 2 ? "four.test" : "missing.test" };
    assert_error(gale_multi(calls, LOOKUPS), GALE_ENOTFOUND);
    for (int i = 0; i < LOOKUPS; i++)
        assert_int_equal(calls[i].result, i % 2 ? 1 : GALE_ENOTFOUND);
    end();
}

TASK_TEST(clients_use_it)
{
    gale_iostream *stream;
    begin();
    gale_tcp_client_options options = { .resolver = resolver, .family = AF_INET };
    /* The name server itself listens there, but on 127.0.0.1 only. */
    assert_error(gale_tcp_client_connect("four.test", server.port, &options, &stream),
                 -ECONNREFUSED);
    options.family = 0;
    assert_ok(gale_tcp_client_connect("both.test", server.port, &options, &stream));
    gale_iostream_free(stream);
    options.resolve_timeout = 0.02;
    assert_error(gale_tcp_client_connect("silent.test", 80, &options, &stream),
                 GALE_ETIMEDOUT_RESOLVE);
    assert_string_equal(gale_error_detail(), "cannot resolve 'silent.test' within 0.02 s");
    end();
}

TASK_TEST(as_the_loops_resolver)
{
    gale_address address;
    begin();
    gale_ioloop_set_default_resolver(gale_ioloop_current(), resolver);
    assert_int_equal(gale_resolve("four.test", 80, 0, &address, 1), 1);
    gale_ioloop_set_default_resolver(gale_ioloop_current(), NULL);
    assert_int_equal(gale_resolve("localhost", 80, AF_INET, &address, 1), 1);
    end();
    assert_ok(gale_resolver_configure("cares"));
}

TASK_TEST(as_the_configured_one)
{
    gale_address address;
    assert_int_equal(gale_resolve("localhost", 80, AF_INET, &address, 1), 1);
    assert_ok(gale_resolver_configure("threaded"));
    assert_error(gale_resolver_configure("twisted"), GALE_EINVALID);
}

TASK_TEST(servers_that_are_none)
{
    assert_null(gale_cares_resolver_new(&(gale_cares_options){ .servers = "nonsense:0" }));
    assert_non_null(strstr(gale_error_detail(), "cannot use c-ares: "));
}

TASK_TEST(each_allocation_may_fail)
{
    start_server();
    for (size_t n = 1;; n++) {
        gale_address address;
        test_fail_allocation(n);
        resolver = new_resolver(0.02);
        int result = resolver
                         ? gale_resolver_resolve(resolver, "four.test", 80, AF_INET, &address, 1)
                         : -ENOMEM;
        assert_true(result == 1 || result == -ENOMEM || result == GALE_ETIMEDOUT_RESOLVE ||
                    result == -EAGAIN);
        gale_resolver_free(resolver);
        assert_true(n < 100);
        if (!test_allocation_failed())
            break;
    }
    test_fail_allocation(0);
    resolver = NULL;
    end();
}

#else

TEST(without_it)
{
    assert_null(gale_cares_resolver_new(NULL));
    assert_error(gale_resolver_configure("cares"), GALE_ENOTSUP);
}

#endif

GALE_TEST_MAIN
