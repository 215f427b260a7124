/* SPDX-License-Identifier: Apache-2.0 */
/* The named character references of HTML5. */
#ifndef GALE_CORE_ENTITIES_H
#define GALE_CORE_ENTITIES_H

#include <gale/core.h>

enum { GALE__ENTITY_NAME_MAX = 31, GALE__ENTITY_LEGACY_NAME_MAX = 6 };

/* The table, see entity_names.c. */
extern const char gale__entity_records[];
extern const size_t gale__entity_records_size;

/* The text that `name` (without "&" and ";") stands for; `data` NULL for an unknown one.
 * *ret_legacy: it is also known without its semicolon. */
gale_str gale__entity_find(gale_str name, bool *ret_legacy);

#endif
