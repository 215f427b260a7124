/* SPDX-License-Identifier: Apache-2.0 */
/* What a test of <gale/testing.h> consists of. */
#ifndef GALE_APP_FIXTURE_H
#define GALE_APP_FIXTURE_H

#include <gale/testing.h>

#include "core/arena.h"


struct gale_test {
    gale_ioloop *loop;
    gale_test_options options;
    gale_application *application; /* the loop's; NULL before gale_test_serve */
    int port;
    gale__pool blocks;
    gale__arena arena;              /* of URLs */
};

#endif
