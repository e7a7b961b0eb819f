# Three helpers: a library from folders, a program from a folder, one ctest per test file.

# Compile options that every target of ours shares.
function(flamingo_options target)
  target_include_directories(${target} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<INSTALL_INTERFACE:include>)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wno-missing-field-initializers
    # gcc 12 finds these in std::string, std::variant and torch's pointers, wrongly, when it inlines.
    $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict;-Wno-stringop-overflow;-Wno-maybe-uninitialized;-Wno-array-bounds;-Wno-free-nonheap-object>)
  if(FLAMINGO_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(FLAMINGO_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=address,undefined -fno-omit-frame-pointer
      -fno-sanitize-recover=undefined)  # a finding ends the test, it is not only printed
    target_link_options(${target} PUBLIC -fsanitize=address,undefined)
  endif()
  if(FLAMINGO_FUZZ)
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
  if(FLAMINGO_MEDIA)
    target_compile_definitions(${target} PRIVATE FLAMINGO_MEDIA=1)
  endif()
endfunction()

# Compiles `sources`, all of one folder, up to ten at a time as parts of `target`: a file that includes torch costs 6 s
# before its first line. Names of anonymous namespaces must therefore differ within a folder.
function(flamingo_unity target sources)
  if(NOT FLAMINGO_UNITY)
    return()
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  list(LENGTH sources count)
  math(EXPR groups "(${count} + 9) / 10")
  set(number 0)
  foreach(source IN LISTS sources)
    get_filename_component(folder ${source} DIRECTORY)
    get_filename_component(folder ${folder} NAME)
    math(EXPR group "${number} * ${groups} / ${count}")
    set_source_files_properties(${source} PROPERTIES UNITY_GROUP ${folder}_${group})
    math(EXPR number "${number} + 1")
  endforeach()
endfunction()

# flamingo_library(name FOLDERS a b): a static library of flamingo/{a,b}/*.cpp.
function(flamingo_library name)
  cmake_parse_arguments(ARG "" "" "FOLDERS" ${ARGN})
  add_library(${name} STATIC)
  foreach(folder IN LISTS ARG_FOLDERS)
    file(GLOB found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/flamingo/${folder}/*.cpp)
    target_sources(${name} PRIVATE ${found})
    flamingo_unity(${name} "${found}")
  endforeach()
  add_library(flamingo::${name} ALIAS ${name})
  flamingo_options(${name})
endfunction()

# flamingo_program(target FOLDER dir OUTPUT name): an executable of dir/**/*.cpp, linked with everything.
function(flamingo_program name)
  cmake_parse_arguments(ARG "" "FOLDER;OUTPUT" "" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${ARG_FOLDER}/*.cpp)
  if(NOT sources)
    return()
  endif()
  add_executable(${name} ${sources})
  flamingo_options(${name})
  flamingo_unity(${name} "${sources}")
  set_target_properties(${name} PROPERTIES OUTPUT_NAME ${ARG_OUTPUT})
  target_link_libraries(${name} PRIVATE flamingo)
  target_precompile_headers(${name} REUSE_FROM flamingo)
endfunction()

# What every test of `library` is compiled with.
function(flamingo_test_options target library)
  flamingo_options(${target})
  target_link_libraries(${target} PRIVATE ${library} GTest::gtest)
  # Half the time to build; what is tested keeps its own. Tests of kernels hold references of some size.
  if(FLAMINGO_SANITIZE OR library STREQUAL "flamingo")
    target_compile_options(${target} PRIVATE -O0)
  endif()
  target_compile_definitions(${target} PRIVATE
    FLAMINGO_GOLDEN_DIR="${PROJECT_SOURCE_DIR}/tests/golden"
    FLAMINGO_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
endfunction()

# The headers that all tests of `library` include, compiled once: gtest, and torch where it is used.
function(flamingo_test_headers library)
  set(owner ${library}_test_headers)
  if(TARGET ${owner})
    return()
  endif()
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/${owner}.cpp CONTENT "")
  add_library(${owner} OBJECT ${PROJECT_BINARY_DIR}/${owner}.cpp)
  flamingo_test_options(${owner} ${library})
  target_precompile_headers(${owner} PRIVATE <gtest/gtest.h> <nlohmann/json.hpp>)
  if(library STREQUAL "flamingo")
    target_precompile_headers(${owner} PRIVATE
      <torch/nn/module.h> <torch/nn/pimpl.h> <torch/types.h>)
  endif()
endfunction()

# <library>_test_main: main() of the tests of `library`, which seeds every one of them, and what tests share.
function(flamingo_test_main library)
  set(main ${library}_test_main)
  if(TARGET ${main})
    return()
  endif()
  file(GLOB shared CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/support/*.cpp)
  list(FILTER shared EXCLUDE REGEX _test[.]cpp$)
  add_library(${main} STATIC ${shared})
  flamingo_test_options(${main} ${library})
  if(library STREQUAL "flamingo")
    target_compile_definitions(${main} PRIVATE FLAMINGO_TEST_TORCH)
  endif()
endfunction()

# flamingo_tests(library folder...): one test program per tests/<folder>, one ctest per *_test.cpp in it.
function(flamingo_tests library)
  flamingo_test_headers(${library})
  flamingo_test_main(${library})
  foreach(folder IN LISTS ARGN)
    file(GLOB found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${folder}/*_test.cpp)
    string(REPLACE "/" "_" target ${folder}_test)
    add_executable(${target} ${found})
    flamingo_test_options(${target} ${library})
    flamingo_unity(${target} "${found}")
    target_link_libraries(${target} PRIVATE ${library}_test_main)
    set_target_properties(${target} PROPERTIES
      RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
    target_precompile_headers(${target} REUSE_FROM ${library}_test_headers)
    foreach(source IN LISTS found)
      get_filename_component(stem ${source} NAME_WE)
      add_test(NAME ${folder}/${stem} COMMAND ${target} ${stem})
      # passive: threads that spin for each other make a test ten times slower on a busy machine.
      # An hour ends only what hangs: a test of a minute took ten beside 16 busy processes.
      set_tests_properties(${folder}/${stem} PROPERTIES TIMEOUT 3600
        ENVIRONMENT "OMP_NUM_THREADS=2;OMP_WAIT_POLICY=passive;ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1")
    endforeach()
  endforeach()
endfunction()

# flamingo_fuzz_targets(library name...): a libFuzzer program of tests/fuzz/<name>_fuzz.cpp for each.
function(flamingo_fuzz_targets library)
  foreach(name IN LISTS ARGN)
    add_executable(${name}_fuzz ${PROJECT_SOURCE_DIR}/tests/fuzz/${name}_fuzz.cpp ${PROJECT_SOURCE_DIR}/tests/fuzz/fuzz.cpp)
    flamingo_options(${name}_fuzz)
    target_link_libraries(${name}_fuzz PRIVATE ${library})
    target_link_options(${name}_fuzz PRIVATE -fsanitize=fuzzer)
    set_target_properties(${name}_fuzz PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzz)
  endforeach()
endfunction()
