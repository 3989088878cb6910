# SPDX-License-Identifier: MIT
# cmake -DROOT=... -DDIR=... -DCOMPILER=... -DFLAGS=... -P readme.cmake: the code of README.md and of the rooms' pages
# compiles, in programs that say `using namespace Eigen` beside `using namespace rheo`.  Fragments stand in a function
# that has data x and a context c, and held-out ones.
cmake_minimum_required(VERSION 3.25...4.0)
file(GLOB_RECURSE pages ${ROOT}/include/rheo/README.md)
file(WRITE ${DIR}/before.hpp
  "#include <Eigen/Dense>\n#include <iostream>\n#include <rheo/rheo.hpp>\n#include <rheo/io/io.hpp>\n")
execute_process(COMMAND ${COMPILER} -std=c++20 ${FLAGS} -x c++-header ${DIR}/before.hpp -o ${DIR}/before.hpp.gch
  COMMAND_ERROR_IS_FATAL ANY)
set(count 0)
foreach(page IN ITEMS ${ROOT}/README.md ${pages})
  file(READ ${page} text)
  string(REPLACE ";" "<semicolon>" text "${text}")
  string(REPLACE "[" "<open>" text "${text}")
  string(REPLACE "]" "<close>" text "${text}")
  string(REPLACE "```" ";" parts "${text}")
  foreach(part IN LISTS parts)
    if(NOT part MATCHES "^cpp\n")
      continue()
    endif()
    math(EXPR count "${count} + 1")
    string(REGEX REPLACE "^cpp\n" "" part "${part}")
    string(REGEX MATCHALL "\n#include [^\n]*" includes "\n${part}")
    list(JOIN includes "" includes)
    if(NOT part MATCHES "int main")
      string(REGEX REPLACE "\n#include [^\n]*" "" part "\n${part}")
      string(PREPEND part
        "${includes}\nusing namespace rheo<semicolon>\nusing Step = Chain<AffineCoupling<2, Mlp<64, 64>>, Flip<2>><semicolon>\n"
        "void fragment(Batch<double> x, Batch<double> c, Batch<double> held_x, Batch<double> held_c) {\n")
      string(APPEND part "\n}\n")
    endif()
    string(REPLACE "using namespace rheo<semicolon>" "using namespace Eigen<semicolon>\nusing namespace rheo<semicolon>"
      part "${part}")
    string(REPLACE "<semicolon>" ";" part "${part}")
    string(REPLACE "<open>" "[" part "${part}")
    string(REPLACE "<close>" "]" part "${part}")
    file(WRITE ${DIR}/readme_${count}.cpp "${part}")
    execute_process(COMMAND ${COMPILER} -std=c++20 -fsyntax-only ${FLAGS} -include ${DIR}/before.hpp
      ${DIR}/readme_${count}.cpp RESULT_VARIABLE result ERROR_VARIABLE errors)
    if(NOT result EQUAL 0)
      message(FATAL_ERROR "block ${count}, in ${page}, does not compile beside `using namespace Eigen`:\n${errors}")
    endif()
  endforeach()
endforeach()
if(count LESS 7)
  message(FATAL_ERROR "found only ${count} blocks of code in the pages")
endif()
