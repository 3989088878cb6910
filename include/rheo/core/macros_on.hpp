// SPDX-License-Identifier: MIT
// and put back where that header ends.  Both are read anew by every header, so that they have no #pragma once.
#pragma pop_macro("abs")
#pragma pop_macro("max")
#pragma pop_macro("min")
