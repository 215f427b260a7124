/* SPDX-License-Identifier: Apache-2.0 */
/* Naming a function: by its symbol where it is exported, else by its place in the program, which
 * addr2line understands. */
#include "loop/watchdog.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include <gale/log.h>

#include "platform/clock.h"

int64_t gale__watchdog_now(void)
{
    return gale__clock_monotonic();
}

/* The seconds since then, or 0 when that is allowed. */
static double too_long(const gale_ioloop *loop, int64_t since)
{
    double held = (double)(gale__clock_monotonic() - since) / 1e9;
    return held > loop->options.slow_callback_duration ? held : 0;
}

static void report(const char *kind, const char *name, double held)
{
    gale_log(GALE_LOG_GENERAL, GALE_LOG_WARNING, "%s %s held the loop for %.3f seconds", kind, name,
             held);
}

void gale__watchdog_check_name(gale_ioloop *loop, int64_t since, const char *kind, const char *name)
{
    double held = too_long(loop, since);
    if (held > 0)
        report(kind, name, held);
}

static void function_name(gale_callback function, char *out, size_t size)
{
    void *address;
    memcpy(&address, &function, sizeof address);
    Dl_info info;
    if (!dladdr(address, &info))
        snprintf(out, size, "%p", address);
    else if (info.dli_sname && info.dli_saddr == address)
        snprintf(out, size, "%s", info.dli_sname);
    else
        snprintf(out, size, "%s+0x%zx", info.dli_fname,
                 (size_t)((char *)address - (char *)info.dli_fbase));
}

void gale__watchdog_check_function(gale_ioloop *loop, int64_t since, gale_callback function)
{
    double held = too_long(loop, since);
    if (held <= 0)
        return;
    char name[256];
    function_name(function, name, sizeof name);
    report("callback", name, held);
}
