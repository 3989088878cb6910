# SPDX-License-Identifier: MIT
# cmake -DROOT=... -DDIR=... -DCOMPILER=... -DNM=... -DEIGEN=... -P unused.cmake: a program pays for what it uses: one
# that fits an array alone, with no checkpoint and no team, holds no code of theirs; one that makes a checkpoint does.
cmake_minimum_required(VERSION 3.25...4.0)
file(MAKE_DIRECTORY ${DIR})
set(unused "rheo::CheckpointStore::|rheo::detail::StateArrays::|rheo::detail::FactTexts::|rheo::detail::TeamStore::|\
rheo::Team::|rheo::detail::RowWindows<")
function(code_of source text)
  execute_process(COMMAND ${COMPILER} -std=c++20 -O2 -I${ROOT}/include -isystem ${EIGEN} -c ${source} -o ${DIR}/unused.o
    COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND ${NM} -C ${DIR}/unused.o OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCHALL "[^\n]* [TtWwVv] (vtable for |void |bool )?(${unused})[^\n]*" found "${symbols}")
  list(LENGTH found count)
  set(count ${count} PARENT_SCOPE)
  list(JOIN found "\n  " found)
  set(${text} "${found}" PARENT_SCOPE)
endfunction()
code_of(${ROOT}/benchmarks/compile_time/needed_headers.cpp found)
if(count GREATER 0)
  message(FATAL_ERROR "a fit of an array holds code that it never calls:\n  ${found}")
endif()
file(WRITE ${DIR}/unused.cpp "#include <rheo/io/checkpoint.hpp>\n
rheo::Checkpoint make() { return rheo::io::checkpoint(\"a\"); }\n")
code_of(${DIR}/unused.cpp found)
if(count EQUAL 0)
  message(FATAL_ERROR "the names that are looked for are no longer those of the code")
endif()
