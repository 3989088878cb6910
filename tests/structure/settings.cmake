# SPDX-License-Identifier: MIT
# cmake -DFILE=settings.cpp -DDIR=... -DCOMPILER=... -DFLAGS=... -DSETTING=... -DTOLERANCE=... -P settings.cmake: a
# program compiled with a setting of Eigen's finds the numbers of one compiled without, to the bit where the tolerance
# is 0.
file(MAKE_DIRECTORY ${DIR})
if(NOT SETTING)
  set(program ${DIR}/plain)
else()
  string(MAKE_C_IDENTIFIER "${SETTING}" name)
  set(program ${DIR}/${name})
endif()
execute_process(COMMAND ${COMPILER} -std=c++20 -O0 ${FLAGS} ${SETTING} ${FILE} -o ${program} -pthread RESULT_VARIABLE
  result ERROR_VARIABLE text)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "with '${SETTING}' it does not compile:\n${text}")
endif()
if(NOT SETTING)
  execute_process(COMMAND ${program} OUTPUT_FILE ${DIR}/plain.txt RESULT_VARIABLE result)
else()
  execute_process(COMMAND ${program} ${DIR}/plain.txt ${TOLERANCE} RESULT_VARIABLE result ERROR_VARIABLE text)
endif()
if(NOT result EQUAL 0)
  message(FATAL_ERROR "with '${SETTING}': ${result} ${text}")
endif()
