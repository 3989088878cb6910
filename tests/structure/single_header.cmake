# SPDX-License-Identifier: MIT
# cmake -DROOT=... -DDIR=... -DCOMPILER=... -DEIGEN=... -P single_header.cmake: the one header is made, every example
# compiles against it alone, and it holds every header that another includes.
file(REMOVE_RECURSE ${DIR})
file(MAKE_DIRECTORY ${DIR}/shim)
execute_process(COMMAND ${CMAKE_COMMAND} -DROOT=${ROOT} -DOUT=${DIR}/rheo_single.hpp -P
  ${ROOT}/.cmake/single_header.cmake RESULT_VARIABLE result)
if(result)
  message(FATAL_ERROR "no single header")
endif()
file(SIZE ${DIR}/rheo_single.hpp bytes)
file(STRINGS ${DIR}/rheo_single.hpp left REGEX "#include \"rheo/")
if(left OR bytes GREATER 1500000)
  message(FATAL_ERROR "the single header has ${bytes} bytes and still includes ${left}")
endif()
file(GLOB_RECURSE headers RELATIVE ${ROOT}/include ${ROOT}/include/*.hpp)
foreach(header IN LISTS headers)
  file(WRITE ${DIR}/shim/${header} "#include \"rheo_single.hpp\"\n")
endforeach()
set(flags -std=c++20 -Wall -Wextra -Werror -I${DIR} -I${DIR}/shim -isystem ${EIGEN})
execute_process(COMMAND ${COMPILER} ${flags} -Wno-error -x c++-header ${DIR}/rheo_single.hpp -o
  ${DIR}/rheo_single.hpp.gch RESULT_VARIABLE result ERROR_VARIABLE text)
if(result)
  message(FATAL_ERROR "the single header does not compile:\n${text}")
endif()
file(GLOB examples ${ROOT}/examples/*.cpp)
foreach(example IN LISTS examples)
  get_filename_component(name ${example} NAME_WE)
  if(name STREQUAL "frozen")
    continue()  # it includes what the example freeze writes
  endif()
  file(STRINGS ${example} own REGEX "^#define EIGEN_")  # which must come before Eigen
  set(first -include ${DIR}/rheo_single.hpp)
  if(own)
    set(first "")
  endif()
  execute_process(COMMAND ${COMPILER} ${flags} -fsyntax-only -DRHEO_EXAMPLE_DATA="" ${first} ${example} RESULT_VARIABLE
    result ERROR_VARIABLE text)
  if(result)
    message(FATAL_ERROR "${name} does not compile against the single header:\n${text}")
  endif()
endforeach()
