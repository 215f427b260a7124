/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The line of the access log: "200 GET /x?y=1 (127.0.0.1) 0.42ms". It is put together by hand:
 * with printf it would cost more than all else that a small request does.
 */
#include <math.h>
#include <string.h>

#include <gale/log.h>

#include "core/log_sink.h"
#include "web/application.h"

enum { LINE_MAX_SIZE = 1024 };

static gale_log_level level_of(int status)
{
    return status < 400 ? GALE_LOG_INFO : status < 500 ? GALE_LOG_WARNING : GALE_LOG_ERROR;
}

static char *put(char *at, const char *text, size_t size)
{
    memcpy(at, text, size);
    return at + size;
}

/* At least two digits. */
static char *put_number(char *at, uint64_t number)
{
    char digits[20];
    size_t first = sizeof digits;
    while (number > 0 || first > sizeof digits - 2) {
        digits[--first] = (char)('0' + number % 10);
        number /= 10;
    }
    return put(at, digits + first, sizeof digits - first);
}

/* Hundredths of a millisecond as milliseconds with two places. */
static char *put_time(char *at, uint64_t hundredths)
{
    uint64_t whole = hundredths / 100;
    if (whole < 10)
        *at++ = (char)('0' + whole);
    else
        at = put_number(at, whole);
    *at++ = '.';
    at = put_number(at, hundredths % 100);
    return put(at, "ms", 2);
}

static void log_line(const gale_handler *self, gale_log_level level, int status)
{
    const char *method = gale_http_server_request_method(self->request);
    const char *uri = gale_http_server_request_uri(self->request);
    const char *address = gale_http_server_request_remote_ip(self->request);
    double seconds = gale_http_server_request_time(self->request);
    uint64_t hundredths = seconds > 0 ? (uint64_t)llround(1e5 * seconds) : 0;
    char line[LINE_MAX_SIZE + 64], *at = line;
    size_t sizes[] = { strlen(method), strlen(uri), strlen(address) };
    if (sizes[0] + sizes[1] + sizes[2] > LINE_MAX_SIZE) {
        gale_log(GALE_LOG_ACCESS, level, "%d %s %s (%s) %.2fms", status, method, uri, address,
                 (double)hundredths / 100);
        return;
    }
    at = put_number(at, (uint64_t)status);
    *at++ = ' ';
    at = put(at, method, sizes[0]);
    *at++ = ' ';
    at = put(at, uri, sizes[1]);
    at = put(at, " (", 2);
    at = put(at, address, sizes[2]);
    at = put(at, ") ", 2);
    at = put_time(at, hundredths);
    *at = '\0';
    gale__log_text(GALE_LOG_ACCESS, level, GALE_LOG_FILE_, __LINE__,
                   (gale_str){ line, (size_t)(at - line) });
}

GALE__APART void gale__handler_log_request(gale_handler *self)
{
    enum { CLIENT_CLOSED_REQUEST = 499 }; /* nginx's number for it; never sent */
    bool left = self->disconnected && !self->finished;
    int status = left ? CLIENT_CLOSED_REQUEST : self->status;
    gale_log_level level = left ? GALE_LOG_INFO : level_of(status);
    if (GALE__UNLIKELY(self->application->settings.log_function != NULL))
        self->application->settings.log_function(self);
    else if (gale_log_enabled(GALE_LOG_ACCESS, level))
        log_line(self, level, status);
}
