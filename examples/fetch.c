/* SPDX-License-Identifier: Apache-2.0 */
/* Fetches URLs and prints the status, the headers and the length of each answer:
 * fetch http://localhost:8888/. Tornado: python3 -m tornado.httpclient. */
#include <gale/gale.h>

#include <stdio.h>

static void print_response(gale_http_response *response)
{
    printf("%d %s  %s\n%s", gale_http_response_code(response), gale_http_response_reason(response),
           gale_http_response_effective_url(response),
           gale_http_headers_str(gale_http_response_headers(response)));
    printf("%zu bytes in %.3f s\n", gale_http_response_body_str(response).len,
           gale_http_response_request_time(response));
}

static int fetch(const char *url)
{
    gale_http_response *response;
    int result = gale_fetch(url, &(gale_fetch_options){ .no_raise_error = true }, &response);
    if (result < 0)
        fprintf(stderr, "%s: %s: %s\n", url, gale_strerror(result), gale_error_detail());
    else
        print_response(response);
    return result;
}

static int fetch_all(void *arg)
{
    int result = 0;
    for (char **url = arg; *url && result == 0; url++)
        result = fetch(*url);
    return result;
}

int main(int argc, char **argv)
{
    (void)argc;
    return gale_ioloop_run_sync(gale_ioloop_current(), fetch_all, argv + 1, 0) < 0;
}
