/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fetches URLs, one after the other, and prints a line of JSON for each:
 *
 *     {"status": 200, "length": 5, "sha1": "…", "reused": false, "coding": "gzip"}
 *     {"error": "…"}
 *
 * usage: fetching [--curl] [--ca=FILE] [--post=TEXT] [--jar] URL...
 */
#include <stdio.h>
#include <string.h>

#include <gale/gale.h>
#include <openssl/sha.h>

static gale_fetch_options options = { .request_timeout = 10, .no_raise_error = true };
static bool curl;

static json_t *describe(gale_http_response *response)
{
    unsigned char digest[SHA_DIGEST_LENGTH];
    char text[2 * SHA_DIGEST_LENGTH + 1];
    gale_str body = gale_http_response_body_str(response);
    SHA1((const unsigned char *)body.data, body.len, digest);
    for (int i = 0; i < SHA_DIGEST_LENGTH; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    gale_http_headers *headers = gale_http_response_headers(response);
    const char *coding = gale_http_headers_get(headers, "X-Consumed-Content-Encoding");
    if (!coding)
        coding = gale_http_headers_get(headers, "Content-Encoding");
    return json_pack("{s:i, s:I, s:s, s:b, s:s?}", "status", gale_http_response_code(response),
                     "length", (json_int_t)body.len, "sha1", text, "reused",
                     gale_http_response_time_info(response)->reused, "coding", coding);
}

static void fetch(const char *url)
{
    gale_http_response *response;
    int result = gale_fetch(url, &options, &response);
    json_t *line = result < 0 ? json_pack("{s:s+++}", "error", gale_strerror(result), ": ",
                                          gale_error_detail(), "")
                              : describe(response);
    json_dumpf(line, stdout, 0);
    putchar('\n');
    json_decref(line);
    gale_http_response_free(response);
}

static int fetch_all(void *arg)
{
    for (char **url = arg; *url; url++)
        fetch(*url);
    return 0;
}

static const char *value(const char *argument, const char *name)
{
    size_t size = strlen(name);
    return strncmp(argument, name, size) == 0 ? argument + size : NULL;
}

static bool take_option(const char *argument)
{
    const char *text;
    if (strcmp(argument, "--curl") == 0)
        curl = true;
    else if (strcmp(argument, "--jar") == 0)
        options.cookie_jar = gale_cookie_jar_new(NULL);
    else if ((text = value(argument, "--ca=")))
        options.ca_certs = text;
    else if ((text = value(argument, "--post="))) {
        options.method = "POST";
        options.body = text;
    } else
        return false;
    return true;
}

int main(int argc, char **argv)
{
    int first = 1;
    while (first < argc && take_option(argv[first]))
        first++;
    if (curl && gale_http_client_configure("curl", NULL) < 0)
        return 77;
    int result = gale_ioloop_run_sync(gale_ioloop_current(), fetch_all, argv + first, 0);
    gale_ioloop_free(gale_ioloop_current());
    gale_cookie_jar_free(options.cookie_jar);
    return result < 0;
}
