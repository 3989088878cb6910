// SPDX-License-Identifier: MIT
// What many test programs would compile alike and compiled_once.cpp compiles for all of them.
#pragma once

#include "rheo/evaluation/certify.hpp"

#ifndef RHEO_COMPILE_ONCE
#define RHEO_COMPILE_ONCE extern
#endif

namespace rheo::detail {
RHEO_COMPILE_ONCE template std::vector<Finding> certify_subject<double>(const Subject&, const CertifyOptions&);
RHEO_COMPILE_ONCE template class Runner<float>;
RHEO_COMPILE_ONCE template class Runner<double>;
RHEO_COMPILE_ONCE template class Runner<Dual<float>>;
RHEO_COMPILE_ONCE template class Runner<Dual<double>>;
}  // namespace rheo::detail
