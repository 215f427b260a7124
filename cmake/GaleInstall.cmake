# SPDX-License-Identifier: Apache-2.0
#
# `cmake --install`: headers, libraries, gale.pc for pkg-config, galeConfig.cmake for CMake.

if(NOT TARGET gale_static)
    return()
endif()
include(CMakePackageConfigHelpers)

set(targets gale_static)
if(TARGET gale)
    list(APPEND targets gale)
endif()
install(TARGETS ${targets} EXPORT galeTargets
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/gale DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/gale)
configure_package_config_file(cmake/galeConfig.cmake.in galeConfig.cmake
    INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(galeConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(EXPORT galeTargets NAMESPACE gale:: DESTINATION ${package_dir})
install(FILES "${PROJECT_BINARY_DIR}/galeConfig.cmake" "${PROJECT_BINARY_DIR}/galeConfigVersion.cmake"
    DESTINATION ${package_dir})

file(RELATIVE_PATH GALE_PREFIX_FROM_PC "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
string(REGEX REPLACE "/$" "" GALE_PREFIX_FROM_PC "${GALE_PREFIX_FROM_PC}")
configure_file(gale.pc.in gale.pc @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/gale.pc" DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
