# SPDX-License-Identifier: MIT
# cmake -DROOT=... -DOUT=rheo_single.hpp ["-DHEADERS=flows/model.hpp;..."] -P single_header.cmake: every header of rheo
# in one file, or those named and what they include, each once and after what it includes; the standard library and
# Eigen stay outside.  Left out are comments of a line of their own, those behind code that say no quotation mark, and
# indentation; the licence is not.
cmake_minimum_required(VERSION 3.25...4.0)
set(done "")
set(text "")
function(add header)
  if(header IN_LIST done)
    return()
  endif()
  list(APPEND done ${header})
  set(done "${done}" PARENT_SCOPE)
  file(READ ${ROOT}/include/rheo/${header} code)
  string(REGEX REPLACE "\n *//[^\n]*" "" code "\n${code}")
  string(REGEX REPLACE " *///<[^\n]*" "" code "${code}")
  string(REGEX REPLACE " +//[^\n\"]*\n" "\n" code "${code}")
  string(REPLACE "\n#pragma once\n" "\n" code "${code}")
  string(REGEX MATCHALL "#include \"rheo/[^\"]+\"" includes "${code}")
  foreach(include IN LISTS includes)
    string(REGEX REPLACE "#include \"rheo/(.*)\"" "\\1" other "${include}")
    if(NOT other MATCHES "^platform/(macros_o(n|ff)|files_(posix|windows)).hpp$")
      add(${other})
      set(done "${done}" PARENT_SCOPE)
      string(REPLACE "${include}\n" "" code "${code}")
    endif()
  endforeach()
  # What is read more than once, or on some platforms only, where it stands.
  while(code MATCHES "#include \"rheo/([^\"]+)\"")
    set(other ${CMAKE_MATCH_1})
    file(READ ${ROOT}/include/rheo/${other} there)
    string(REGEX REPLACE "\n *//[^\n]*" "" there "\n${there}")
    string(REPLACE "\n#pragma once\n" "\n" there "${there}")
    string(REPLACE "#include \"rheo/${other}\"\n" "${there}" code "${code}")
  endwhile()
  string(REGEX REPLACE "\n[ \n]+" "\n" code "${code}")
  file(APPEND ${OUT} "// rheo/${header}${code}")
endfunction()
file(STRINGS ${ROOT}/include/rheo/version.hpp version REGEX "define RHEO_VERSION")
string(REGEX REPLACE "[^0-9;]" "" version "${version}")
string(REPLACE ";" "." version "${version}")
file(READ ${ROOT}/LICENSE licence)
if(NOT HEADERS)
  set(HEADERS rheo.hpp evaluation/certify.hpp core/tensor.hpp platform/interrupt.hpp io/io.hpp io/import/import.hpp)
endif()
list(TRANSFORM HEADERS REPLACE "^rheo/" "")
foreach(first IN LISTS HEADERS)
  if(NOT EXISTS ${ROOT}/include/rheo/${first})
    message(FATAL_ERROR "rheo has no header ${first}: -DHEADERS names files below include/rheo, as flows/model.hpp")
  endif()
endforeach()
set(title "/* rheo ${version} in one file: normalizing flows over Eigen.  SPDX-License-Identifier: MIT")
file(WRITE ${OUT} "${title}\n\n${licence}*/
#pragma once
#ifdef RHEO_IN_ONE_FILE
#error \"rheo: two files of headers in one program: make one of all that it names\"
#endif
#define RHEO_IN_ONE_FILE
")
foreach(first IN LISTS HEADERS)
  add(${first})
endforeach()
