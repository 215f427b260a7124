/* SPDX-License-Identifier: Apache-2.0 */
#include "core/error.h"
#include "core/memory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Outside tasks the detail stands in memory of the thread, so that a thread's end needs no care. */
static _Thread_local char thread_detail[GALE__ERROR_DETAIL_MAX + 1];
_Thread_local gale__error_slot *gale__error_slot_current;

static const char *own_text(int code)
{
    switch (code) {
#define TEXT_CASE(name, value, text)                                                               \
    case name:                                                                                     \
        return text;
        GALE_ERRORS(TEXT_CASE)
#undef TEXT_CASE
    default:
        return NULL;
    }
}

/* NULL when the system has no such error. Never translated. */
static const char *system_text(int code)
{
    if (code > 0 || code <= GALE_ECANCELED)
        return NULL;
#ifdef __GLIBC__
    return strerrordesc_np(-code);
#else
    return strerror(-code);
#endif
}

const char *gale_strerror(int code)
{
    static _Thread_local char unknown[sizeof "unknown error -2147483648"];
    const char *text = own_text(code);
    if (!text)
        text = system_text(code);
    if (text)
        return text;
    snprintf(unknown, sizeof unknown, "unknown error %d", code);
    return unknown;
}

bool gale_is_timeout(int code)
{
    return code == GALE_ETIMEDOUT || code == -ETIMEDOUT ||
           (code <= GALE_ETIMEDOUT_QUEUE && code >= GALE_ETIMEDOUT_FIRST_BYTE);
}

const char *gale_error_detail(void)
{
    if (!gale__error_slot_current)
        return thread_detail;
    return gale__error_slot_current->text ? gale__error_slot_current->text : "";
}

void gale__error_slot_clear(gale__error_slot *slot)
{
    gale__free(slot->text);
    slot->text = NULL;
}

static void set_detail(const char *text)
{
    size_t size = strlen(text);
    if (!gale__error_slot_current) {
        memcpy(thread_detail, text, size + 1);
        return;
    }
    gale__error_slot_clear(gale__error_slot_current);
    if (size)
        gale__error_slot_current->text = gale__strdup(text, size);
}

int gale__fail(int code, const char *format, ...)
{
    char text[GALE__ERROR_DETAIL_MAX + 1];
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(text, sizeof text, format, arguments) < 0)
        text[0] = '\0';
    va_end(arguments);
    set_detail(text);
    return code;
}
