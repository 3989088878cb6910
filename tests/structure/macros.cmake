# SPDX-License-Identifier: MIT
# cmake -DROOT=... -DDIR=... -DCOMPILER=... -DFLAGS=... -P macros.cmake: every header compiles in a program that has
# read headers which define the names of macros.txt as macros.  A user's order: the standard library and Eigen, then
# those headers, then ours.
cmake_minimum_required(VERSION 3.25...4.0)
set(before "")
file(GLOB_RECURSE headers RELATIVE ${ROOT}/include ${ROOT}/include/*.hpp)
foreach(header IN LISTS headers)
  file(STRINGS ${ROOT}/include/${header} lines REGEX "^ *# *include <")
  list(TRANSFORM lines REPLACE "^ *# *include (<[^>]+>).*" "\\1")
  list(APPEND before ${lines})
endforeach()
list(REMOVE_DUPLICATES before)
list(LENGTH before count)
if(count LESS 20)
  message(FATAL_ERROR "found only ${count} headers of others in ${ROOT}/include")
endif()
list(TRANSFORM before REPLACE "(.+)" "#if __has_include(\\1)\n#include \\1\n#endif\n")

set(macros "")
file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/macros.txt lists REGEX "^[^#]")
foreach(line IN LISTS lists)
  separate_arguments(names UNIX_COMMAND "${line}")
  foreach(name IN LISTS names)
    string(REPLACE "(" "(...)" name "${name}")
    string(APPEND macros "#define ${name} ] a macro of others ]\n")  # an error wherever it is used
  endforeach()
endforeach()

list(REMOVE_ITEM headers rheo/platform/files_windows.hpp rheo/mpi.hpp)
list(TRANSFORM headers REPLACE "(.+)" "#include \"\\1\"\n")
list(JOIN before "" before)
list(JOIN headers "" headers)
file(WRITE ${DIR}/macros.cpp
  "${before}\n${macros}\n${headers}\n#if !defined(min) || !defined(max) || !defined(abs)\n#error \"a header took another library's macro away\"\n#endif\n")
execute_process(COMMAND ${COMPILER} -std=gnu++20 -fsyntax-only -w ${FLAGS} ${DIR}/macros.cpp RESULT_VARIABLE result
  ERROR_VARIABLE text)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "names that other libraries define as macros:\n${text}")
endif()
