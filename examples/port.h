/* SPDX-License-Identifier: Apache-2.0 */
/* The one option of the examples: --port=N. */
#ifndef EXAMPLES_PORT_H
#define EXAMPLES_PORT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The value of --port=N, else 8888. Anything else on the command line ends the program. */
static inline int port_option(int argc, char **argv)
{
    char *end = NULL;
    long port = 8888;
    if (argc == 2 && strncmp(argv[1], "--port=", 7) == 0)
        port = strtol(argv[1] + 7, &end, 10);
    if (argc <= 2 && (argc == 1 || (end && end != argv[1] + 7 && !*end)) && port >= 0 &&
        port <= 65535)
        return (int)port;
    fprintf(stderr, "usage: %s [--port=0..65535]\n", argv[0]);
    exit(2);
}

#endif
