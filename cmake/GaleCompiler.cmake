# SPDX-License-Identifier: Apache-2.0
#
# How every file is compiled: the language, the warnings, the sanitizers, link-time optimization,
# ccache and mold.

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
endif()

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

add_compile_definitions(_GNU_SOURCE)
add_compile_options(
    "$<$<COMPILE_LANGUAGE:C>:-Wall;-Wextra;-Wshadow;-Wconversion>"
    -fno-plt                    # calls out of the library skip one jump
    -fno-semantic-interposition # our own exported functions may be inlined
    -ftls-model=initial-exec)   # thread-local variables without a call
if(CMAKE_C_COMPILER_ID STREQUAL GNU AND CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
    # "rep stos" takes longer to begin than our structs take to zero.
    add_compile_options(-mmemset-strategy=unrolled_loop:256:noalign,libcall:-1:noalign)
endif()
if(CMAKE_BUILD_TYPE STREQUAL Debug)
    add_compile_options(-fno-omit-frame-pointer) # quick, whole backtraces for the sanitizers
endif()
if(GALE_WERROR)
    add_compile_options("$<$<COMPILE_LANGUAGE:C>:-Werror>")
endif()

if(GALE_SANITIZE)
    add_compile_options(-fsanitize=${GALE_SANITIZE} -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${GALE_SANITIZE} -fno-sanitize-recover=all)
endif()
if(GALE_FUZZ)
    if(NOT CMAKE_C_COMPILER_ID MATCHES Clang)
        message(FATAL_ERROR "GALE_FUZZ needs clang: use the preset 'fuzz'")
    endif()
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()

string(TOUPPER "${CMAKE_BUILD_TYPE}" GALE_BUILD_TYPE)
if(GALE_LTO STREQUAL AUTO)
    set(GALE_LTO OFF)
    if(CMAKE_C_COMPILER_ID STREQUAL GNU AND CMAKE_OBJCOPY AND NOT CMAKE_CROSSCOMPILING
            AND NOT GALE_BUILD_TYPE STREQUAL DEBUG)
        set(GALE_LTO ON)
    endif()
endif()
set(GALE_LTO_FLAGS -flto=auto -ffat-lto-objects)
if(GALE_LTO)
    # The linker would optimize every test as a whole, too, for the bytecode that their objects hold.
    add_link_options(-fno-use-linker-plugin)
endif()

find_program(GALE_CCACHE ccache)
if(GALE_CCACHE AND NOT CMAKE_C_COMPILER_LAUNCHER)
    set(CMAKE_C_COMPILER_LAUNCHER "${GALE_CCACHE}")
endif()

find_program(GALE_MOLD mold)
if(GALE_MOLD AND NOT CMAKE_CROSSCOMPILING)
    add_link_options(-fuse-ld=mold)
endif()
