/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl, loaded when a client of it is asked for: linked, it and the thirty libraries that it
 * needs would be part of every program.
 */
#ifndef GALE_HTTP_CURL_LIBRARY_H
#define GALE_HTTP_CURL_LIBRARY_H

#if GALE_CURL

#define CURL_DISABLE_TYPECHECK /* its macros call the functions by their names */
#include <curl/curl.h>

#define GALE__CURL_FUNCTIONS(X)                                                                    \
    X(global_init)                                                                                 \
    X(easy_init)                                                                                   \
    X(easy_cleanup)                                                                                \
    X(easy_setopt)                                                                                 \
    X(easy_getinfo)                                                                                \
    X(easy_strerror)                                                                               \
    X(easy_pause)                                                                                  \
    X(slist_append)                                                                                \
    X(slist_free_all)                                                                              \
    X(multi_init)                                                                                  \
    X(multi_cleanup)                                                                               \
    X(multi_setopt)                                                                                \
    X(multi_add_handle)                                                                            \
    X(multi_remove_handle)                                                                         \
    X(multi_socket_action)                                                                         \
    X(multi_info_read)

#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt

typedef struct gale__curl_library {
#define GALE__CURL_MEMBER(name) __typeof__(curl_##name) *name;
    GALE__CURL_FUNCTIONS(GALE__CURL_MEMBER)
#undef GALE__CURL_MEMBER
} gale__curl_library;

/* Its functions, once gale__curl_load has returned 0. */
extern gale__curl_library gale__libcurl;

/* GALE_ENOTSUP when there is none. */
int gale__curl_load(void);

#endif
#endif
