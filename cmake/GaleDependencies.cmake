# SPDX-License-Identifier: Apache-2.0
#
# The libraries that gale stands on. All of them ship a .pc file, so pkg-config finds them all,
# here and again in galeConfig.cmake and gale.pc.

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(OPENSSL REQUIRED IMPORTED_TARGET openssl>=3.0)
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)
pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson) # its types are in our public headers


# Optional parts: AUTO takes them when they are there.
set(GALE_OPTIONAL_REQUIRES "")
if(NOT GALE_BROTLI STREQUAL OFF)
    set(required "")
    if(NOT GALE_BROTLI STREQUAL AUTO)
        set(required REQUIRED)
    endif()
    pkg_check_modules(BROTLI ${required} IMPORTED_TARGET libbrotlienc libbrotlidec)
endif()
set(GALE_WITH_BROTLI 0)
if(BROTLI_FOUND)
    set(GALE_WITH_BROTLI 1)
    string(APPEND GALE_OPTIONAL_REQUIRES " libbrotlienc libbrotlidec")
endif()
add_compile_definitions(GALE_BROTLI=${GALE_WITH_BROTLI})

if(NOT GALE_CARES STREQUAL OFF)
    set(required "")
    if(NOT GALE_CARES STREQUAL AUTO)
        set(required REQUIRED)
    endif()
    pkg_check_modules(CARES ${required} IMPORTED_TARGET libcares>=1.18)
endif()
set(GALE_WITH_CARES 0)
if(CARES_FOUND)
    set(GALE_WITH_CARES 1)
    string(APPEND GALE_OPTIONAL_REQUIRES " libcares")
endif()
add_compile_definitions(GALE_CARES=${GALE_WITH_CARES})

# Its headers only: the library is loaded at run time (src/http/curl_library.h).
if(NOT GALE_CURL STREQUAL OFF)
    set(required "")
    if(NOT GALE_CURL STREQUAL AUTO)
        set(required REQUIRED)
    endif()
    pkg_check_modules(CURL ${required} libcurl>=7.85)
endif()
set(GALE_WITH_CURL 0)
if(CURL_FOUND)
    set(GALE_WITH_CURL 1)
    include_directories(SYSTEM ${CURL_INCLUDE_DIRS})
endif()
add_compile_definitions(GALE_CURL=${GALE_WITH_CURL})

if(GALE_TESTS STREQUAL AUTO)
    pkg_check_modules(CMOCKA QUIET IMPORTED_TARGET cmocka)
    set(GALE_BUILD_TESTS ${CMOCKA_FOUND})
elseif(GALE_TESTS)
    pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
    set(GALE_BUILD_TESTS ON)
else()
    set(GALE_BUILD_TESTS OFF)
endif()
