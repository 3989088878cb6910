// SPDX-License-Identifier: MIT
// The umbrella header alone.
#include <rheo/rheo.hpp>
