// SPDX-License-Identifier: BSD-3-Clause
// One call with any registers and any bytes in TX. No invariant may break.
#include "tests/fuzz/call_world.hpp"
#include "tests/fuzz/target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string violated = fuzz::run_plan(fuzz::read_single_call({data, size})).violated;
  if (!violated.empty()) fuzz::fail(violated);
  return 0;
}
