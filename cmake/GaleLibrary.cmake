# SPDX-License-Identifier: Apache-2.0
#
# libgale, static and shared, from one set of objects. Each floor under src/ is an archive of its
# own, too, so that a floor's unit tests link that floor and those below it and nothing above.
#
# With GALE_LTO both libraries hold one object, optimized as a whole: calls between floors are
# inlined as if the library were one file, also for programs that link it statically.

# GALE_BELOW_<floor>: the floors that the folder may use, nearest first. scripts/check-layers
# holds the same law over the includes.
set(GALE_FLOORS core proto template platform loop gen net http data web app)
set(GALE_BELOW_core "")
set(GALE_BELOW_proto core)
set(GALE_BELOW_template core)
set(GALE_BELOW_platform template proto core)
set(GALE_BELOW_loop platform ${GALE_BELOW_platform})
set(GALE_BELOW_gen loop ${GALE_BELOW_loop})
set(GALE_BELOW_net gen ${GALE_BELOW_gen})
set(GALE_BELOW_http net ${GALE_BELOW_net})
set(GALE_BELOW_data net ${GALE_BELOW_net})
set(GALE_BELOW_web data http ${GALE_BELOW_http})
set(GALE_BELOW_app web ${GALE_BELOW_web})

set(GALE_DEPENDENCIES PkgConfig::OPENSSL PkgConfig::ZLIB PkgConfig::PCRE2 PkgConfig::JANSSON
    Threads::Threads m)
if(GALE_WITH_BROTLI)
    list(APPEND GALE_DEPENDENCIES PkgConfig::BROTLI)
endif()
if(GALE_WITH_CURL)
    list(APPEND GALE_DEPENDENCIES ${CMAKE_DL_LIBS})
endif()
if(GALE_WITH_CARES)
    list(APPEND GALE_DEPENDENCIES PkgConfig::CARES)
endif()
if(GALE_WITH_REDIS)
    list(APPEND GALE_DEPENDENCIES PkgConfig::HIREDIS)
endif()

set(gale_objects "")
set(GALE_BUILT_FLOORS "")
foreach(floor IN LISTS GALE_FLOORS)
    # Sources of one processor only are empty elsewhere (platform/context.h).
    file(GLOB sources CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}"
        src/${floor}/*.c src/${floor}/*.S)
    list(FILTER sources EXCLUDE REGEX "_test\\.c$")
    if(NOT sources)
        continue()
    endif()
    add_library(objects-${floor} OBJECT ${sources})
    set_target_properties(objects-${floor} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    target_include_directories(objects-${floor} PUBLIC include src)
    target_link_libraries(objects-${floor} PUBLIC ${GALE_DEPENDENCIES})
    if(GALE_LTO)
        target_compile_options(objects-${floor} PRIVATE
            "$<$<COMPILE_LANGUAGE:C>:${GALE_LTO_FLAGS}>")
    endif()
    list(APPEND gale_objects $<TARGET_OBJECTS:objects-${floor}>)
    list(APPEND GALE_BUILT_FLOORS ${floor})
    add_library(floor-${floor} STATIC $<TARGET_OBJECTS:objects-${floor}>)
endforeach()

# What tests and simulations link that reach below the public headers: all floors, highest first.
set(GALE_ALL_FLOORS ${GALE_BUILT_FLOORS})
list(REVERSE GALE_ALL_FLOORS)
list(TRANSFORM GALE_ALL_FLOORS PREPEND floor-)

if(GALE_LTO)
    # "dyn": nothing but what is exported is called from outside.
    set(whole "${PROJECT_BINARY_DIR}/gale.o")
    separate_arguments(flags NATIVE_COMMAND "${CMAKE_C_FLAGS} ${CMAKE_C_FLAGS_${GALE_BUILD_TYPE}}")
    add_custom_command(OUTPUT "${whole}"
        COMMAND ${CMAKE_C_COMPILER} ${flags} -fPIC ${GALE_LTO_FLAGS} -r -flinker-output=dyn
            -fuse-ld=bfd -o "${whole}" ${gale_objects}
        COMMAND ${CMAKE_OBJCOPY} --localize-hidden "${whole}"
        DEPENDS ${gale_objects}
        COMMAND_EXPAND_LISTS VERBATIM)
    set_source_files_properties("${whole}" PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
    add_custom_target(gale-whole DEPENDS "${whole}")
    set(gale_objects "${whole}")
endif()

function(gale_library target kind)
    add_library(${target} ${kind} ${gale_objects})
    add_library(gale::${target} ALIAS ${target})
    set_target_properties(${target} PROPERTIES
        OUTPUT_NAME gale
        LINKER_LANGUAGE C
        VERSION ${PROJECT_VERSION}
        SOVERSION ${PROJECT_VERSION_MAJOR})
    target_include_directories(${target} PUBLIC
        "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>"
        "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
    target_link_libraries(${target} PUBLIC PkgConfig::JANSSON PRIVATE ${GALE_DEPENDENCIES})
    if(GALE_LTO)
        add_dependencies(${target} gale-whole)
    endif()
endfunction()

if(gale_objects)
    gale_library(gale_static STATIC)
    if(GALE_SHARED)
        gale_library(gale SHARED)
        target_link_options(gale PRIVATE -Wl,-Bsymbolic-functions -Wl,--as-needed)
        if(NOT GALE_SANITIZE)
            target_link_options(gale PRIVATE -Wl,-z,defs)
        endif()
    endif()
endif()
