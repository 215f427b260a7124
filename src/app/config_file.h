/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GALE_APP_CONFIG_FILE_H
#define GALE_APP_CONFIG_FILE_H

#include "app/option_parser.h"

/* Reads options from the text of a file; `path` is for messages. */
int gale__config_parse(gale_option_parser *parser, const char *path, gale_str text);

#endif
