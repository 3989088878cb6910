// SPDX-License-Identifier: MIT
// What most files here include: precompiled once for each compiler.
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/flows/model.hpp"
