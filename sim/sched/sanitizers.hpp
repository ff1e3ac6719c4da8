// SPDX-License-Identifier: BSD-3-Clause
// FFASIM_ASAN and FFASIM_TSAN are defined where AddressSanitizer or ThreadSanitizer watches,
// whichever compiler it is.
#pragma once

#if defined(__SANITIZE_ADDRESS__)
#define FFASIM_ASAN 1
#elif defined(__SANITIZE_THREAD__)
#define FFASIM_TSAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FFASIM_ASAN 1
#elif __has_feature(thread_sanitizer)
#define FFASIM_TSAN 1
#endif
#endif
