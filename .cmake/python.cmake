# SPDX-License-Identifier: MIT
# The Python libraries that rheo is measured against and imports from: out of PyPI, into an environment of the build's
# own.  Build the target `python_environment` first; ${RHEO_PYTHON} is its interpreter.
set(python_dir ${PROJECT_BINARY_DIR}/python)
set(RHEO_PYTHON ${python_dir}/bin/python)
add_custom_command(OUTPUT ${python_dir}/ready
  COMMAND python3 -m venv ${python_dir}
  COMMAND ${python_dir}/bin/pip install --quiet torch==2.13.0 nflows==0.14 zuko==1.6.0 normflows==1.7.3 jax==0.10.2
    flowjax==19.1.2 numpy==2.4.6 safetensors==0.8.0
  COMMAND ${CMAKE_COMMAND} -E touch ${python_dir}/ready
  VERBATIM)
add_custom_target(python_environment DEPENDS ${python_dir}/ready)
