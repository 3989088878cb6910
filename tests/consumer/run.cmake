# SPDX-License-Identifier: MIT
# cmake -DHOW=... -DSOURCE=... -DBUILD=... -DDIR=... -P run.cmake
cmake_minimum_required(VERSION 3.25...4.0)
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE text ERROR_VARIABLE text)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${ARGN}\n${text}")
  endif()
endfunction()
file(REMOVE_RECURSE ${DIR})
if(HOW STREQUAL "find_package" OR HOW STREQUAL "pkg_config")
  run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${DIR}/prefix)
endif()
run(${CMAKE_COMMAND} -S ${SOURCE}/tests/consumer -B ${DIR}/build -G Ninja -DHOW=${HOW} -DRHEO_SOURCE=${SOURCE}
  -DCMAKE_PREFIX_PATH=${DIR}/prefix -DCMAKE_CXX_COMPILER=${COMPILER})
run(${CMAKE_COMMAND} --build ${DIR}/build)
run(${DIR}/build/consumer)
run(${DIR}/build/bare)
