// SPDX-License-Identifier: BSD-3-Clause
// An image of a later time.
#include <cstdint>

extern "C" {
extern const uint32_t image_abi_version;
const uint32_t image_abi_version = 1000;
uint32_t image_handle_call() { return 0; }
}
