# SPDX-License-Identifier: MIT
# cmake -DFILE=settings.cpp -DDIR=... -DCOMPILER=... -DFLAGS=... -DNAME=... -DSETTINGS=... -DTOLERANCE=... -P
# settings.cmake: a program compiled with settings of Eigen's finds the numbers of one compiled without, to the bit
# where the tolerance is 0.
cmake_minimum_required(VERSION 3.25...4.0)
file(MAKE_DIRECTORY ${DIR})
set(program ${DIR}/${NAME})
execute_process(COMMAND ${COMPILER} -std=c++20 -O0 ${FLAGS} ${SETTINGS} ${FILE} -o ${program} -pthread RESULT_VARIABLE
  result ERROR_VARIABLE text)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "with '${SETTINGS}' it does not compile:\n${text}")
endif()
if(NAME STREQUAL "none")
  execute_process(COMMAND ${program} OUTPUT_FILE ${DIR}/numbers.txt RESULT_VARIABLE result)
else()
  execute_process(COMMAND ${program} ${DIR}/numbers.txt ${TOLERANCE} RESULT_VARIABLE result ERROR_VARIABLE text)
endif()
if(NOT result EQUAL 0)
  message(FATAL_ERROR "with '${SETTINGS}': ${result} ${text}")
endif()
