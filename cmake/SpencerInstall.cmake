# A relocatable folder: the program, both libraries, the shared libraries they bring along (all but
# libtorch, CUDA and the C and C++ runtimes), headers, and a CMake package.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/spencer)
set_target_properties(spencer_program PROPERTIES
  INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
set_target_properties(spencer PROPERTIES
  INSTALL_RPATH "$ORIGIN" VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})

set(libraries spencer)
if(TARGET spencer_torch)
  set_target_properties(spencer_torch PROPERTIES INSTALL_RPATH "$ORIGIN")
  list(APPEND libraries spencer_torch)
endif()

install(TARGETS ${libraries} EXPORT spencerTargets
        RUNTIME_DEPENDENCY_SET spencer_brought_along
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS spencer_program RUNTIME_DEPENDENCY_SET spencer_brought_along
        RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(RUNTIME_DEPENDENCY_SET spencer_brought_along
        PRE_EXCLUDE_REGEXES "^libtorch" "^libc10" "^libcud" "^libcupti"
                            "^ld-linux" "^lib(c|m|dl|rt|pthread)\\.so" "^libstdc\\+\\+" "^libgcc_s"
        POST_EXCLUDE_REGEXES "/torch/lib/" "/nvidia/"
        DIRECTORIES ${TORCH_LIBRARY_DIR}
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/spencer DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/spencer)

install(EXPORT spencerTargets NAMESPACE spencer:: DESTINATION ${package_dir})
configure_package_config_file(cmake/spencerConfig.cmake.in
  ${PROJECT_BINARY_DIR}/spencerConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/spencerConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/spencerConfig.cmake
              ${PROJECT_BINARY_DIR}/spencerConfigVersion.cmake DESTINATION ${package_dir})
