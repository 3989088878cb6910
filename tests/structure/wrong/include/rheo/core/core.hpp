// SPDX-License-Identifier: MIT
// A wrong edge, to see it found.
#pragma once
#include "rheo/nets/net.hpp"
