# SPDX-License-Identifier: MIT
# cmake -DMPIEXEC=mpiexec;-n -DPROGRAM=... -DDIR=... -P fit.cmake: fits of 1, 2 and 3 ranks end alike, a checkpoint of
# one number of ranks is taken up by another, and a rank that is killed ends the job with a message and a whole
# checkpoint, again and again.
file(REMOVE_RECURSE ${DIR})
file(MAKE_DIRECTORY ${DIR})
function(ranks n)  # sets result, out (without "n ranks: ") and err
  execute_process(COMMAND ${MPIEXEC} ${n} ${PROGRAM} ${what} ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE out
    ERROR_VARIABLE err TIMEOUT 120)
  if(result EQUAL 0 AND NOT out MATCHES "^${n} ranks: ")
    message(FATAL_ERROR "not ${n} ranks: ${out}${err}")
  endif()
  string(REGEX REPLACE "^[0-9]+ ranks: " "" out "${out}")
  set(result "${result}" PARENT_SCOPE)
  set(out "${out}" PARENT_SCOPE)
  set(err "${err}" PARENT_SCOPE)
endfunction()
function(ends_alike n file)
  ranks(${n} ${file})
  if(NOT result EQUAL 0 OR NOT out STREQUAL alone)
    message(FATAL_ERROR "${n} ranks with ${file}: exit ${result}\n${out}${err}where one process ends with\n${alone}")
  endif()
endfunction()

foreach(what IN ITEMS data energy)
  ranks(1 -)
  set(alone "${out}")
  if(NOT result EQUAL 0 OR NOT alone MATCHES "^budget_reached")
    message(FATAL_ERROR "alone: exit ${result}\n${out}${err}")
  endif()
  foreach(n IN ITEMS 2 3)
    ends_alike(${n} -)
  endforeach()

  # Stopped at two ranks; taken up by each number.
  ranks(2 ${DIR}/${what} 20)
  if(NOT result EQUAL 0 OR NOT out MATCHES "^interrupted" OR NOT EXISTS ${DIR}/${what})
    message(FATAL_ERROR "not stopped: exit ${result}\n${out}${err}")
  endif()
  foreach(n IN ITEMS 1 2 3)
    file(COPY_FILE ${DIR}/${what} ${DIR}/${what}_taken_up_by_${n})
    ends_alike(${n} ${DIR}/${what}_taken_up_by_${n})
  endforeach()

  # The last rank is killed, at one shard and another, while rank 0 writes before every step.
  foreach(shard IN ITEMS 7 4)
    foreach(n IN ITEMS 3 2)
      ranks(${n} ${DIR}/${what}_killed ${shard} die)
      if(result EQUAL 0 OR "${err}${out}" STREQUAL "" OR NOT EXISTS ${DIR}/${what}_killed)
        message(FATAL_ERROR "${n} ranks, killed at shard ${shard}: exit ${result}\n${out}${err}")
      endif()
    endforeach()
  endforeach()
  ends_alike(2 ${DIR}/${what}_killed)
  file(GLOB left ${DIR}/${what}_killed*)
  if(NOT left STREQUAL ${DIR}/${what}_killed)
    message(FATAL_ERROR "left behind: ${left}")
  endif()
endforeach()
