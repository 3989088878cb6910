// SPDX-License-Identifier: MIT
// Fine.
#pragma once
#include "rheo/core/core.hpp"
#include "rheo/nets/net.hpp"
