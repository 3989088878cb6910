# SPDX-License-Identifier: MIT
# cmake -DROOT=... -DOUT=folder -P dist.cmake: the release of the commit that is checked out, rheo-<version>.tar.gz and
# its SHA-256, of what is committed alone, with the commit's time: the same bytes wherever and whenever it is made.
cmake_minimum_required(VERSION 3.25...4.0)
file(STRINGS ${ROOT}/include/rheo/version.hpp version REGEX "define RHEO_VERSION")
string(REGEX REPLACE "[^0-9;]" "" version "${version}")
string(REPLACE ";" "." version "${version}")
set(name rheo-${version})
find_program(git git REQUIRED)
file(MAKE_DIRECTORY ${OUT})
execute_process(COMMAND ${git} -C ${ROOT} -c core.autocrlf=false -c tar.umask=0022 -c tar.tar.gz.command=gzip\ -cn9
  archive --format=tar.gz --prefix=${name}/ -o ${OUT}/${name}.tar.gz HEAD RESULT_VARIABLE result ERROR_VARIABLE text)
if(result)
  message(FATAL_ERROR "no archive, which is made of a git checkout: ${text}")
endif()
file(SHA256 ${OUT}/${name}.tar.gz sum)
file(WRITE ${OUT}/${name}.tar.gz.sha256 "${sum}  ${name}.tar.gz\n")
message(STATUS "${OUT}/${name}.tar.gz, SHA-256 ${sum}")
