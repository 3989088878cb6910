# SPDX-License-Identifier: MIT
# The reference, ${PROJECT_BINARY_DIR}/docs/index.html: Debian's doxygen and python3.
find_package(Doxygen 1.9.4 REQUIRED)
find_package(Python3 REQUIRED COMPONENTS Interpreter)
set(docs_work ${PROJECT_BINARY_DIR}/docs_work)
configure_file(${CMAKE_CURRENT_LIST_DIR}/docs/Doxyfile.in ${docs_work}/Doxyfile @ONLY)
add_custom_target(docs COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/docs/build.py ${PROJECT_SOURCE_DIR}
  ${docs_work} ${PROJECT_BINARY_DIR}/docs USES_TERMINAL VERBATIM)
