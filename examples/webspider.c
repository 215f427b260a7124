/* SPDX-License-Identifier: Apache-2.0 */
/* Crawls a site, ten pages at a time, and prints what it has found:
 * webspider http://localhost:8888/. Tornado's demo: webspider.py. */
#include <errno.h>

#include <gale/gale.h>

enum { MAX_PAGES = 10000 };

static int concurrency = 10;
static const char *base_url = "http://localhost:8888/";
static gale_queue *queue;
static char *seen[MAX_PAGES]; /* all that was ever put into the queue */
static int seen_count, dead_count;

static bool is_new(const char *url)
{
    for (int i = 0; i < seen_count; i++)
        if (strcmp(seen[i], url) == 0)
            return false;
    return seen_count < MAX_PAGES && strncmp(url, base_url, strlen(base_url)) == 0;
}

static int enqueue(const char *url)
{
    if (!is_new(url))
        return 0;
    char *copy = strdup(url);
    return copy ? gale_queue_put(queue, seen[seen_count++] = copy) : -ENOMEM;
}

static int enqueue_link(const char *page, const char *link, size_t size)
{
    char *text = gale_sprintf("%.*s", (int)size, link);
    gale_bytes *unescaped = text ? gale_xhtml_unescape(text) : NULL;
    gale_bytes *url = unescaped ? gale_url_join(page, gale_bytes_str(unescaped).data) : NULL;
    int result = url ? enqueue(gale_bytes_str(url).data) : 0;
    gale_bytes_unref(unescaped);
    gale_bytes_unref(url);
    return result;
}

static int enqueue_links(const char *page, const char *at)
{
    while ((at = strstr(at, "href=\""))) {
        at += strlen("href=\"");
        GALE_TRY(enqueue_link(page, at, strcspn(at, "\"")));
    }
    return 0;
}

/* One page, in a scope of its own, so that its memory goes when it is done. */
static int fetch_page(void *arg)
{
    const char *url = arg;
    gale_http_response *response;
    int result = gale_fetch(url, NULL, &response);
    if (result < 0) {
        printf("dead: %s: %s\n", url, gale_error_detail());
        dead_count++;
        return result == GALE_ECANCELED ? result : 0;
    }
    printf("fetched %s\n", url);
    return enqueue_links(gale_http_response_effective_url(response),
                         gale_http_response_body(response));
}

static int worker(void *arg)
{
    (void)arg;
    for (void *url;;) {
        GALE_TRY(gale_queue_get(queue, &url));
        gale_scope *scope = gale_scope_open(NULL);
        GALE_TRY(gale_scope_close(scope, scope ? fetch_page(url) : -ENOMEM));
        gale_queue_task_done(queue);
    }
}

static int crawl(void *arg)
{
    double start = gale_ioloop_time(gale_ioloop_current());
    gale_scope *workers = gale_scope_open(NULL);
    (void)arg;
    GALE_TRY(enqueue(base_url));
    for (int i = 0; i < concurrency; i++)
        GALE_TRY(gale_scope_spawn(workers, "worker", worker, NULL));
    GALE_TRY(gale_queue_join(queue));
    printf("done in %.2f seconds, fetched %d URLs, %d dead\n",
           gale_ioloop_time(gale_ioloop_current()) - start, seen_count - dead_count, dead_count);
    gale_scope_cancel(workers);
    return gale_scope_close(workers, 0);
}

int main(int argc, char **argv)
{
    gale_define_int("concurrency", &concurrency, "pages at once");
    int rest = gale_parse_command_line(argc, argv);
    if (rest < argc)
        base_url = argv[rest];
    queue = gale_queue_new(0);
    int result = gale_ioloop_run_sync(gale_ioloop_current(), crawl, NULL, 300);
    gale_queue_free(queue);
    while (seen_count > 0)
        free(seen[--seen_count]);
    return result < 0;
}
