/* SPDX-License-Identifier: Apache-2.0 */
/* The text parsers of <gale/httputil.h>. All of them see each input. */
#include <gale/httputil.h>

#include "core/date.h"
#include "core/escape.h"
#include "fuzz.h"
#include "proto/characters.h"
#include "proto/host.h"

/* Only a field that is already there can be continued, so the text form is its own parse. */
static void headers(gale_str text)
{
    gale_http_headers *parsed, *again;
    int result = gale_http_headers_parse(text, &parsed);
    if (result < 0) {
        CHECK(result == GALE_EINPUT);
        return;
    }
    size_t position = 0;
    gale_http_field field;
    while (gale_http_headers_next(parsed, &position, &field)) {
        CHECK_TEXT(field.name);
        CHECK_TEXT(field.value);
        CHECK(gale__http_is_token(field.name.data, field.name.len));
        CHECK(gale__http_all(field.value.data, field.value.len, GALE__CHARACTER_FIELD));
    }
    const char *form = gale_http_headers_str(parsed);
    CHECK(form);
    CHECK(gale_http_headers_parse((gale_str){ form, strlen(form) }, &again) == 0);
    CHECK(gale_http_headers_count(again) == gale_http_headers_count(parsed));
    gale_http_headers *copy = gale_http_headers_copy(parsed);
    CHECK(copy && !strcmp(gale_http_headers_str(copy), form));
    gale_http_headers_free(copy);
    gale_http_headers_free(again);
    gale_http_headers_free(parsed);
}

static void check_pairs(const gale_http_arguments *pairs, size_t limit)
{
    size_t size = 0, count = gale_http_arguments_count(pairs);
    for (size_t i = 0; i < count; i++) {
        const gale_http_argument *pair = gale_http_arguments_at(pairs, i);
        CHECK_TEXT(pair->name);
        CHECK_TEXT(pair->value);
        size += pair->name.len + pair->value.len;
        if (i < 100)
            CHECK(gale_http_arguments_get(pairs, pair->name.data) ||
                  strlen(pair->name.data) != pair->name.len);
    }
    CHECK(size <= limit);
    CHECK(!gale_http_arguments_at(pairs, count));
}

/* Arguments that are encoded and parsed again are the same. */
static void arguments(gale_str text)
{
    gale_http_arguments *parsed, *again;
    int result = gale_http_arguments_parse(text, 0, &parsed);
    if (result < 0) {
        CHECK(result == GALE_ETOOBIG);
        return;
    }
    size_t count = gale_http_arguments_count(parsed);
    check_pairs(parsed, text.len);
    CHECK(count <= GALE_HTTP_ARGUMENTS_MAX);
    gale_bytes *url = gale_url_concat("/", gale_http_arguments_at(parsed, 0), count);
    CHECK(url);
    gale_str written = gale_bytes_str(url);
    gale_str query = count ? (gale_str){ written.data + 2, written.len - 2 } : GALE_STR("");
    CHECK(gale_http_arguments_parse(query, 0, &again) == 0);
    CHECK(gale_http_arguments_count(again) == count);
    for (size_t i = 0; i < count; i++) {
        const gale_http_argument *a = gale_http_arguments_at(parsed, i);
        const gale_http_argument *b = gale_http_arguments_at(again, i);
        CHECK(a->name.len == b->name.len && !memcmp(a->name.data, b->name.data, a->name.len));
        CHECK(a->value.len == b->value.len && !memcmp(a->value.data, b->value.data, a->value.len));
    }
    gale_bytes_unref(url);
    gale_http_arguments_free(again);
    gale_http_arguments_free(parsed);
}

static void cookies(gale_str text)
{
    gale_http_arguments *parsed;
    CHECK(gale_parse_cookie(text, &parsed) == 0);
    check_pairs(parsed, text.len);
    gale_http_arguments_free(parsed);
}

static void host(gale_str text)
{
    gale_str name;
    int port = gale_split_host_and_port(text, &name);
    CHECK(name.data == text.data && name.len <= text.len);
    CHECK(port == GALE_EINPUT || (port >= -1 && port <= 65535));
    CHECK((port >= 0) == (name.len < text.len));
    if (gale__http_host_valid(text))
        CHECK(gale__http_all(text.data, text.len, GALE__CHARACTER_VISIBLE));
}

static void start_lines(gale_str text)
{
    gale_request_start_line request;
    gale_response_start_line response;
    if (gale_parse_request_start_line(text, &request) == 0)
        CHECK(request.method.len + request.path.len + request.version.len + 2 == text.len);
    if (gale_parse_response_start_line(text, &response) == 0)
        CHECK(response.version.len + 5 + response.reason.len == text.len);
}

static void date(gale_str text)
{
    char out[GALE__HTTP_DATE_SIZE];
    int64_t seconds, again;
    const int64_t end_of_9999 = 253402300799; /* a leap second is after it */
    if (gale__http_date_parse(text, &seconds) < 0 || seconds > end_of_9999)
        return;
    gale__http_date_format(seconds, out);
    CHECK(gale__http_date_parse((gale_str){ out, sizeof out }, &again) == 0 && again == seconds);
}

static void url(const char *text)
{
    static const gale_http_argument pair = { { "a", 1 }, { "b c", 3 } };
    gale_bytes *longer = gale_url_concat(text, &pair, 1);
    CHECK(longer && strstr(gale_bytes_str(longer).data, "a=b+c"));
    gale_bytes_unref(longer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *input = fuzz_copy(data, size);
    gale_str text = { input, size };
    headers(text);
    arguments(text);
    cookies(text);
    host(text);
    start_lines(text);
    date(text);
    free(input);
    char *terminated = fuzz_string(data, size);
    url(terminated);
    free(terminated);
    return 0;
}
