// SPDX-License-Identifier: BSD-3-Clause
// What the compiler keeps of requests to an OP-TEE-like service: where each argument structure
// lies, so that a later step can answer its RPC and look at its results.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

namespace sim::scenario {

struct OpteePlace {
  uint16_t vm = 0;
  uint64_t ipa = 0;
  uint32_t params = 0;
  bool has_result = false;  ///< the service writes `ret`
};

/// The request that a step makes, as far as its expectations go.
struct OpteeRequest {
  std::optional<OpteePlace> place;  ///< nothing: no structure goes with it
  bool has_code = false;            ///< w3 of the answer is an error code
  bool yields = false;              ///< w4 says how it came back
};

struct OpteeCalls {
  std::optional<OpteeRequest> current;            ///< of the step at hand
  std::map<uint16_t, OpteePlace> by_thread_slot;  ///< saved value that holds the thread
};

}  // namespace sim::scenario
