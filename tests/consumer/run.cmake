# SPDX-License-Identifier: MIT
# Configures, builds and runs the project of this folder in SCRATCH, from nothing:
#   cmake -D HOW=... -D RHEO_SOURCE=... -D RHEO_VERSION=... -D PREFIX=<where rheo is installed> -D COMPILER=... -D SCRATCH=... -P run.cmake
cmake_minimum_required(VERSION 3.25)
file(REMOVE_RECURSE ${SCRATCH})
set(ENV{PKG_CONFIG_PATH} ${PREFIX}/share/pkgconfig)
execute_process(COMMAND_ERROR_IS_FATAL ANY COMMAND ${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR} -B ${SCRATCH} -G ${GENERATOR}
  -D CMAKE_CXX_COMPILER=${COMPILER} -D HOW=${HOW} -D RHEO_SOURCE=${RHEO_SOURCE} -D RHEO_VERSION=${RHEO_VERSION} -D rheo_ROOT=${PREFIX})
execute_process(COMMAND_ERROR_IS_FATAL ANY COMMAND ${CMAKE_COMMAND} --build ${SCRATCH})
execute_process(COMMAND_ERROR_IS_FATAL ANY COMMAND ${CMAKE_CTEST_COMMAND} --test-dir ${SCRATCH} --output-on-failure --no-tests=error)
