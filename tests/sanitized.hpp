// SPDX-License-Identifier: MIT
// RHEO_SANITIZED: the program is compiled for a sanitizer that has an allocator of its own, which keeps what is freed.
#pragma once

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define RHEO_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define RHEO_SANITIZED
#endif
#endif
