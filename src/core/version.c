/* SPDX-License-Identifier: Apache-2.0 */
#include <gale/core.h>

const char *gale_version(void)
{
    return GALE_VERSION;
}
