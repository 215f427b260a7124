/* SPDX-License-Identifier: Apache-2.0 */
/* What a test of <gale/testing.h> consists of. */
#ifndef GALE_APP_FIXTURE_H
#define GALE_APP_FIXTURE_H

#include <gale/testing.h>

#include "core/arena.h"

typedef struct gale__test_response gale__test_response;

struct gale_test {
    gale_ioloop *loop;
    gale_test_options options;
    gale_application *application; /* the loop's; NULL before gale_test_serve */
    int port;
    gale__pool blocks;
    gale__arena arena;              /* of URLs */
    gale__test_response *responses; /* of fetches outside tasks */
};

void gale__test_free_responses(gale_test *test);

#endif
