// SPDX-License-Identifier: BSD-3-Clause
// Sequences of calls of two VMs, and of what their host does, in one order and then interleaved;
// in half of the worlds whatever can go wrong may: answers of the SPMC, the platform, neighbours.
// The choice stream is the rest of the input. No invariant may break.
#include "tests/fuzz/call_world.hpp"
#include "tests/fuzz/target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string violated = fuzz::run_plan(fuzz::read_plan({data, size})).violated;
  if (!violated.empty()) fuzz::fail(violated);
  return 0;
}
