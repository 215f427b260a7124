# SPDX-License-Identifier: Apache-2.0
#
# Tests, all under CTest, each labelled with its folder and its name:
#   src/<floor>/<name>_test.c       unit test, linked with its floor and those below
#   tests/<folder>/<name>_test.c    test over the whole library
#   tests/<folder>/<name>_test.sh|.py   script over the built programs; exit status 77 skips
#   fuzz/<name>.c                   a fuzz target; without libFuzzer its corpus is replayed

include(CTest)

function(gale_add_test name labels)
    add_test(NAME ${name} COMMAND ${ARGN})
    set_tests_properties(${name} PROPERTIES
        LABELS "${labels}"
        TIMEOUT 300
        SKIP_RETURN_CODE 77
        ENVIRONMENT "GALE_BUILD=${PROJECT_BINARY_DIR};GALE_SOURCE=${PROJECT_SOURCE_DIR}")
endfunction()

function(gale_test_program folder name source)
    set(target test-${folder}-${name})
    add_executable(${target} ${source})
    set_target_properties(${target} PROPERTIES
        OUTPUT_NAME ${name}_test
        RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests/${folder}")
    target_include_directories(${target} PRIVATE include src tests tests/support)
    target_compile_definitions(${target} PRIVATE "GALE_SOURCE_DIR=\"${PROJECT_SOURCE_DIR}\"")
    target_link_libraries(${target} PRIVATE ${ARGN} ${GALE_DEPENDENCIES} PkgConfig::CMOCKA)
    gale_add_test(${folder}/${name} "${folder};${name}" ${target})
endfunction()

function(gale_fuzz_target source)
    get_filename_component(name ${source} NAME_WE)
    set(target fuzz-${name})
    add_executable(${target} ${source})
    set_target_properties(${target} PROPERTIES
        OUTPUT_NAME ${name}
        RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/fuzz")
    target_include_directories(${target} PRIVATE include src tests tests/support fuzz)
    target_link_libraries(${target} PRIVATE ${GALE_ALL_FLOORS} ${GALE_DEPENDENCIES})
    if(GALE_FUZZ)
        target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    else()
        target_sources(${target} PRIVATE tests/support/replay.c)
        gale_add_test(fuzz/${name} "fuzz;${name}" ${target}
            "${PROJECT_SOURCE_DIR}/fuzz/corpus/${name}")
    endif()
endfunction()

function(gale_unit_tests)
    foreach(floor IN LISTS GALE_BUILT_FLOORS)
        set(libraries test-support floor-${floor})
        foreach(below IN LISTS GALE_BELOW_${floor})
            if(TARGET floor-${below})
                list(APPEND libraries floor-${below})
            endif()
        endforeach()
        file(GLOB sources CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}" src/${floor}/*_test.c)
        foreach(source IN LISTS sources)
            string(REGEX REPLACE "^.*/(.*)_test\\.c$" "\\1" name ${source})
            gale_test_program(${floor} ${name} ${source} ${libraries})
        endforeach()
    endforeach()
endfunction()

# What is about bytes and clients, takes long and starts no thread that the others do not start too
# is left to the other builds where threads are watched.
function(gale_whole_tests)
    file(GLOB sources CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}"
        tests/*/*_test.c tests/*/*_test.sh tests/*/*_test.py)
    if(GALE_SANITIZE MATCHES "thread")
        list(FILTER sources EXCLUDE REGEX "interop/(clients|pages|websocket_flood|hostile)_test")
    endif()
    foreach(source IN LISTS sources)
        string(REGEX REPLACE "^tests/(.*)/(.*)_test\\.(.*)$" "\\1;\\2;\\3" parts ${source})
        list(GET parts 0 folder)
        list(GET parts 1 name)
        if(source MATCHES "\\.c$")
            gale_test_program(${folder} ${name} ${source} test-support ${GALE_ALL_FLOORS})
        else()
            gale_add_test(${folder}/${name} "${folder};${name}" "${PROJECT_SOURCE_DIR}/${source}")
        endif()
    endforeach()
endfunction()

# Programs of tests among the examples (examples/<name>_test.c) need nothing but gale.
function(gale_example_tests)
    file(GLOB sources CONFIGURE_DEPENDS examples/*_test.c)
    foreach(source IN LISTS sources)
        get_filename_component(name ${source} NAME_WE)
        if(TARGET examples-${name})
            gale_add_test(examples/${name} "examples;${name}" examples-${name})
        endif()
    endforeach()
endfunction()

# The helpers are an archive, so that a test links only those that it uses.
function(gale_test_support)
    file(GLOB sources CONFIGURE_DEPENDS tests/support/*.c)
    list(FILTER sources EXCLUDE REGEX "(/replay|_test)\\.c$")
    if(sources)
        add_library(test-support STATIC ${sources})
        target_include_directories(test-support PRIVATE include src tests tests/support)
        target_link_libraries(test-support PRIVATE ${GALE_DEPENDENCIES} PkgConfig::CMOCKA)
    else()
        add_library(test-support INTERFACE)
    endif()
endfunction()

file(GLOB fuzz_sources CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}" fuzz/*.c)
if(TARGET gale_static AND (GALE_FUZZ OR GALE_BUILD_TESTS))
    foreach(source IN LISTS fuzz_sources)
        gale_fuzz_target(${source})
    endforeach()
    foreach(name IN ITEMS tls_server websocket_server)
        target_sources(fuzz-${name} PRIVATE tests/support/memory_backend.c)
    endforeach()
endif()
if(TARGET gale_static AND GALE_BUILD_TESTS)
    gale_test_support()
    gale_unit_tests()
    gale_whole_tests()
    gale_example_tests()
endif()
