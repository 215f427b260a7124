/* SPDX-License-Identifier: Apache-2.0 */
#include "http/curl_library.h"

#if GALE_CURL

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "core/error.h"

gale__curl_library gale__libcurl;
static bool loaded;

static const struct {
    const char *name;
    size_t offset;
} functions[] = {
#define FUNCTION(name) { "curl_" #name, offsetof(gale__curl_library, name) },
    GALE__CURL_FUNCTIONS(FUNCTION)
#undef FUNCTION
};

/* It stays for as long as the program. */
static void load(void)
{
    void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return;
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        void *function = dlsym(library, functions[i].name);
        if (!function)
            return;
        memcpy((char *)&gale__libcurl + functions[i].offset, &function, sizeof function);
    }
    loaded = gale__libcurl.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

int gale__curl_load(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    return loaded ? 0 : gale__fail(GALE_ENOTSUP, "libcurl.so.4 cannot be loaded");
}

#endif
