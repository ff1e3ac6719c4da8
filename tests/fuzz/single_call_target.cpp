// SPDX-License-Identifier: BSD-3-Clause
// One call with any registers and any bytes in TX. No invariant may break.
#include "tests/fuzz/call_world.hpp"
#include "tests/fuzz/target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string found = fuzz::run_plan(fuzz::read_single_call({data, size}));
  if (!found.empty()) fuzz::fail(found);
  return 0;
}
