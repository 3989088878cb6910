# SPDX-License-Identifier: MIT
# cmake -DROOT=... -DDIR=... -DCOMPILER=... -DEIGEN=... -P needs.cmake: what rheo cannot be compiled with is told in one
# sentence, and nothing follows.
cmake_minimum_required(VERSION 3.25...4.0)
file(MAKE_DIRECTORY ${DIR}/old/Eigen)
file(WRITE ${DIR}/old/Eigen/Core
  "#pragma once\n#define EIGEN_VERSION_AT_LEAST(x, y, z) (3 > x || (3 == x && (3 > y || (3 == y && 9 >= z))))\n")
function(refused header sentence)
  file(WRITE ${DIR}/needs.cpp "#include <${header}>\n")
  execute_process(COMMAND ${COMPILER} -fsyntax-only ${ARGN} -I${ROOT}/include -isystem ${EIGEN} ${DIR}/needs.cpp
    RESULT_VARIABLE result ERROR_VARIABLE text)
  string(REGEX MATCHALL "error:" errors "${text}")
  list(LENGTH errors count)
  if(NOT result OR NOT text MATCHES "${sentence}" OR count GREATER 2)
    message(FATAL_ERROR "${header} with ${ARGN}: expected one sentence, ${sentence}, got ${count} errors\n${text}")
  endif()
endfunction()
foreach(header IN ITEMS rheo/rheo.hpp rheo/layers/bijections/coupling.hpp rheo/training/fit.hpp rheo/io/io.hpp
  rheo/core/noise.hpp)
  refused(${header} "rheo needs C\\+\\+20" -std=c++17)
endforeach()
refused(rheo/rheo.hpp "rheo needs Eigen 3.4" -std=c++20 -I${DIR}/old)
