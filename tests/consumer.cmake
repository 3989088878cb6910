# SPDX-License-Identifier: MIT
# Users' ways to rheo, each with a project of its own (tests/consumer) that is built from nothing.
set(consumer ${CMAKE_CURRENT_SOURCE_DIR}/consumer)
set(scratch ${CMAKE_CURRENT_BINARY_DIR}/consumer)

function(consume how)
  add_test(NAME consumer.${how} COMMAND ${CMAKE_COMMAND} -D HOW=${how} -D RHEO_SOURCE=${PROJECT_SOURCE_DIR} -D RHEO_VERSION=${PROJECT_VERSION}
    -D PREFIX=${scratch}/prefix -D COMPILER=${CMAKE_CXX_COMPILER} -D GENERATOR=${CMAKE_GENERATOR} -D SCRATCH=${scratch}/${how} -P ${consumer}/run.cmake)
endfunction()

consume(add_subdirectory)
consume(fetch_content)
if(RHEO_INSTALL)
  consume(find_package)
  add_test(NAME consumer.install COMMAND ${CMAKE_COMMAND} --install ${PROJECT_BINARY_DIR} --prefix ${scratch}/prefix)
  set_tests_properties(consumer.install PROPERTIES FIXTURES_SETUP installed)
  set_tests_properties(consumer.find_package PROPERTIES FIXTURES_REQUIRED installed)
  find_package(PkgConfig QUIET)
  if(PkgConfig_FOUND)
    consume(pkg_config)
    set_tests_properties(consumer.pkg_config PROPERTIES FIXTURES_REQUIRED installed)
  endif()
endif()

# Everything below the model without exceptions and type information.
file(GLOB_RECURSE bare CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/include/rheo/*.hpp)
list(FILTER bare INCLUDE REGEX "^rheo/(core|autodiff|math|nets|transformers|distributions|layers|flows)/")
list(FILTER bare EXCLUDE REGEX "^rheo/(core/tensor|flows/(model|shards))")
list(TRANSFORM bare REPLACE ".+" "#include \"\\0\"\n")
string(JOIN "" bare ${bare})
file(CONFIGURE OUTPUT consumer/bare_headers.hpp CONTENT "${bare}")
add_executable(test.consumer.bare consumer/bare.cpp)
target_link_libraries(test.consumer.bare PRIVATE rheo_own)
target_include_directories(test.consumer.bare PRIVATE ${scratch})
target_compile_options(test.consumer.bare PRIVATE -O0 -fno-exceptions -fno-rtti)
add_test(NAME consumer.bare COMMAND test.consumer.bare)
set_tests_properties(consumer.bare PROPERTIES PASS_REGULAR_EXPRESSION "rheo: the handler heard this")
if(RHEO_CLANGXX)
  get_target_property(eigen Eigen3::Eigen INTERFACE_INCLUDE_DIRECTORIES)
  add_test(NAME consumer.bare.clang++ COMMAND ${RHEO_CLANGXX} -std=c++20 -fsyntax-only -fno-exceptions -fno-rtti -Wall -Wextra -Wpedantic -Wconversion -Wshadow
    -Werror -I ${PROJECT_SOURCE_DIR}/include -I ${scratch} -isystem ${eigen} ${consumer}/bare.cpp)
endif()
