/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/status.h"

#include <gale/httputil.h>

const char *gale_http_reason(int status)
{
    switch (status) {
#define CASE(code, reason)                                                                         \
    case code:                                                                                     \
        return reason;
        GALE__HTTP_STATUSES(CASE)
#undef CASE
    default:
        return "Unknown";
    }
}
