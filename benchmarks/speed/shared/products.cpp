// SPDX-License-Identifier: MIT
// The products that products.hpp declares.
#define RHEO_PRODUCTS_HERE
#include "products.hpp"
