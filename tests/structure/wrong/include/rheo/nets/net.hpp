// SPDX-License-Identifier: MIT
// Fine.
#pragma once
