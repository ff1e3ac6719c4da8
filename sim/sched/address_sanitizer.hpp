// SPDX-License-Identifier: BSD-3-Clause
// FFASIM_ASAN is defined where AddressSanitizer watches, whichever compiler it is.
#pragma once

#if defined(__SANITIZE_ADDRESS__)
#define FFASIM_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FFASIM_ASAN 1
#endif
#endif
