# SPDX-License-Identifier: Apache-2.0
#
# What this build contains, in a few lines at the end of the configuration.

function(gale_on_off result)
    if(${ARGN})
        set(${result} on PARENT_SCOPE)
    else()
        set(${result} off PARENT_SCOPE)
    endif()
endfunction()

gale_on_off(tests GALE_BUILD_TESTS)
gale_on_off(shared GALE_SHARED)
gale_on_off(programs GALE_PROGRAMS)
gale_on_off(fuzz GALE_FUZZ)
gale_on_off(werror GALE_WERROR)
gale_on_off(ccache GALE_CCACHE)
gale_on_off(mold GALE_MOLD AND NOT CMAKE_CROSSCOMPILING)
if(GALE_SANITIZE)
    set(sanitize ${GALE_SANITIZE})
else()
    set(sanitize off)
endif()
string(REPLACE ";" " " floors "${GALE_BUILT_FLOORS}")
message(STATUS "gale ${PROJECT_VERSION} for ${CMAKE_SYSTEM_PROCESSOR}, "
    "${CMAKE_C_COMPILER_ID} ${CMAKE_C_COMPILER_VERSION}, ${CMAKE_BUILD_TYPE}")
message(STATUS "  floors        ${floors}")
message(STATUS "  built on      OpenSSL ${OPENSSL_VERSION}, zlib ${ZLIB_VERSION}, "
    "PCRE2 ${PCRE2_VERSION}, jansson ${JANSSON_VERSION}")
message(STATUS "  shared ${shared}, examples and benchmarks ${programs}, tests ${tests}, "
    "fuzz targets ${fuzz}")
gale_on_off(brotli GALE_WITH_BROTLI)
gale_on_off(cares GALE_WITH_CARES)
gale_on_off(curl GALE_WITH_CURL)
gale_on_off(redis GALE_WITH_REDIS)
message(STATUS "  brotli ${brotli}, c-ares ${cares}, libcurl ${curl}, Redis ${redis}")
message(STATUS "  sanitizers ${sanitize}, warnings as errors ${werror}, ccache ${ccache}, "
    "mold ${mold}")
