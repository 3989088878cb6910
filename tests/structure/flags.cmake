# SPDX-License-Identifier: MIT
# cmake -DFILE=flags.cpp -DDIR=... -DCOMPILER=... -DINCLUDE=... -P flags.cmake: arithmetic that results rest on cannot
# be switched off without a word, be it that the compiler tells (an error by its sentence) or that the program finds it
# at its start.
cmake_minimum_required(VERSION 3.25...4.0)
file(MAKE_DIRECTORY ${DIR})
function(try flags expected)
  execute_process(COMMAND ${COMPILER} -std=c++20 ${flags} -I${INCLUDE} ${FILE} -o ${DIR}/flags RESULT_VARIABLE result
    ERROR_VARIABLE text)
  if(result EQUAL 0)
    execute_process(COMMAND ${DIR}/flags RESULT_VARIABLE result OUTPUT_VARIABLE text)
    if(result EQUAL 0)
      set(text "right")
    endif()
  endif()
  if(NOT text MATCHES "${expected}")
    message(FATAL_ERROR "${flags}: '${expected}' was expected, not\n${text}")
  endif()
endfunction()
set(finite "rheo: -ffinite-math-only removes the tests")
set(order "rheo: -fassociative-math cancels|rheo: this program was compiled to take sums in any order")
try("-O2" "^right$")
try("-O3;-march=native" "^right$")
try("-O2;-fno-math-errno;-fno-trapping-math" "^right$")
try("-O2;-ffast-math" "rheo: -ffast-math removes")
try("-Ofast" "rheo: -ffast-math removes")
try("-O2;-ffinite-math-only" "${finite}")
try("-O2;-ffast-math;-fno-signed-zeros;-fmath-errno" "${finite}|rheo: -ffast-math removes")
try("-O2;-funsafe-math-optimizations" "${order}")
try("-O2;-fassociative-math;-fno-signed-zeros;-fno-trapping-math" "${order}")
try("-O2;-ffast-math;-DRHEO_ALLOW_FAST_MATH" "^right$")
if(NOT COMPILER MATCHES "clang")  # which has no macro for it
  try("-O2;-fno-signed-zeros" "rheo: -fno-signed-zeros takes -0 for 0")
endif()
# What the start finds where no macro tells.
try("-O2;-ffinite-math-only;-U__FINITE_MATH_ONLY__"
  "rheo: this program was compiled to take NaN and infinity for numbers")
