/* SPDX-License-Identifier: Apache-2.0 */
/* Fetches of tests, inside tasks and outside. */
#include <errno.h>
#include <string.h>

#include "app/fixture.h"
#include "core/error.h"
#include "gen/task.h"

struct gale__test_response {
    gale__test_response *next;
    gale_http_response *response;
};

void gale__test_free_responses(gale_test *test)
{
    while (test->responses) {
        gale__test_response *first = test->responses;
        test->responses = first->next;
        gale_http_response_free(first->response);
        gale__free(first);
    }
}

/* The response is kept until the test ends. */
static int fetch_outside(gale_test *test, const char *url, const gale_fetch_options *options,
                         gale_http_response **ret_response)
{
    gale__test_response *kept = GALE__NEW(gale__test_response);
    if (!kept)
        return gale__fail(-ENOMEM, "out of memory");
    int result = gale_http_client_fetch_blocking(NULL, url, options, &kept->response);
    *ret_response = kept->response;
    kept->next = test->responses;
    test->responses = kept;
    return result;
}

static bool is_url(const char *path)
{
    return strncmp(path, "http://", 7) == 0 || strncmp(path, "https://", 8) == 0 ||
           strncmp(path, "http+unix://", 12) == 0;
}

int gale_test_fetch(gale_test *test, const char *path, const gale_fetch_options *options,
                    gale_http_response **ret_response)
{
    gale_fetch_options all = options ? *options : (gale_fetch_options){ 0 };
    const char *url = is_url(path) ? path : gale_test_url(test, path);
    *ret_response = NULL;
    if (!url)
        return gale__fail(-ENOMEM, "out of memory");
    all.no_raise_error = true;
    if (url != path && test->options.https)
        all.no_validate_cert = true;
    return gale__task_current ? gale_fetch(url, &all, ret_response)
                              : fetch_outside(test, url, &all, ret_response);
}
