# SPDX-License-Identifier: Apache-2.0
#
# libgale, static and shared, from one set of objects. Each floor under src/ is an object library
# of its own, so that a floor's unit tests link that floor and those below it and nothing above.

# GALE_BELOW_<floor>: the floors that the folder may use, nearest first. scripts/check-layers
# holds the same law over the includes.
set(GALE_FLOORS core proto template platform loop gen net http web data app)
set(GALE_BELOW_core "")
set(GALE_BELOW_proto core)
set(GALE_BELOW_template core)
set(GALE_BELOW_platform template proto core)
set(GALE_BELOW_loop platform ${GALE_BELOW_platform})
set(GALE_BELOW_gen loop ${GALE_BELOW_loop})
set(GALE_BELOW_net gen ${GALE_BELOW_gen})
set(GALE_BELOW_http net ${GALE_BELOW_net})
set(GALE_BELOW_web http ${GALE_BELOW_http})
set(GALE_BELOW_data net ${GALE_BELOW_net})
set(GALE_BELOW_app web data ${GALE_BELOW_web})

set(GALE_DEPENDENCIES PkgConfig::OPENSSL PkgConfig::ZLIB PkgConfig::PCRE2 PkgConfig::JANSSON
    Threads::Threads)

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
    list(APPEND gale_objects $<TARGET_OBJECTS:objects-${floor}>)
    list(APPEND GALE_BUILT_FLOORS ${floor})
    if(GALE_BUILD_TESTS)
        add_library(floor-${floor} STATIC $<TARGET_OBJECTS:objects-${floor}>)
    endif()
endforeach()

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
