# Installs libraries, headers, programs and the CMake package.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/flamingo)
set(libraries flamingo_base)
if(FLAMINGO_MEDIA)
  list(APPEND libraries flamingo_media flamingo_corpus)
endif()
if(FLAMINGO_TORCH)
  list(APPEND libraries flamingo)
  foreach(program IN ITEMS flamingo-cli flamingo-golden flamingo-bench)
    if(TARGET ${program})
      install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} OPTIONAL)
    endif()
  endforeach()
endif()
install(TARGETS ${libraries} EXPORT flamingoTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT flamingoTargets NAMESPACE flamingo:: DESTINATION ${package_dir})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/flamingo DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.h" PATTERN "cli" EXCLUDE PATTERN "golden" EXCLUDE)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/third_party/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/flamingo/third_party)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/flamingoConfig.cmake.in
  ${PROJECT_BINARY_DIR}/flamingoConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/flamingoConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/flamingoConfig.cmake ${PROJECT_BINARY_DIR}/flamingoConfigVersion.cmake
  DESTINATION ${package_dir})
