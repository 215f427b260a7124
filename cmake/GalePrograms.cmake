# SPDX-License-Identifier: Apache-2.0
#
# Programs on top of the library: examples/<name>.c or examples/<name>/*.c, bench/<name>.c,
# tests/<name>.c (the conformance server) and tests/interop/*/<name>.c (Tornado's twin). Each is
# linked statically and runs where it is built.

function(gale_executable folder name)
    add_executable(${folder}-${name} ${ARGN})
    set_target_properties(${folder}-${name} PROPERTIES
        OUTPUT_NAME ${name}
        RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/${folder}")
    set_property(GLOBAL APPEND PROPERTY GALE_PROGRAMS_BUILT ${folder}/${name})
endfunction()

function(gale_program folder name)
    gale_executable(${folder} ${name} ${ARGN})
    target_link_libraries(${folder}-${name} PRIVATE gale_static Threads::Threads)
endfunction()

if(NOT TARGET gale_static)
    return()
endif()
foreach(folder IN ITEMS examples bench tests)
    file(GLOB entries CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}" ${folder}/*.c)
    list(REMOVE_ITEM entries bench/idle_simulation.c)
    foreach(source IN LISTS entries)
        get_filename_component(name ${source} NAME_WE)
        gale_program(${folder} ${name} ${source})
    endforeach()
endforeach()
file(GLOB entries CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}" tests/interop/*/*.c)
foreach(source IN LISTS entries)
    get_filename_component(name ${source} NAME_WE)
    gale_program(tests ${name} ${source})
endforeach()
# A simulation: on the tests' backend, below the public headers.
gale_executable(bench idle_simulation bench/idle_simulation.c tests/support/memory_backend.c)
target_include_directories(bench-idle_simulation PRIVATE include src tests/support)
target_link_libraries(bench-idle_simulation PRIVATE ${GALE_ALL_FLOORS} ${GALE_DEPENDENCIES})
file(GLOB entries CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}" examples/*/*.c)
set(folders "")
foreach(source IN LISTS entries)
    get_filename_component(folder ${source} DIRECTORY)
    list(APPEND folders ${folder})
endforeach()
list(REMOVE_DUPLICATES folders)
foreach(folder IN LISTS folders)
    file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.c)
    get_filename_component(name ${folder} NAME)
    gale_program(examples ${name} ${sources})
endforeach()
