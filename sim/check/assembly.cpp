// SPDX-License-Identifier: BSD-3-Clause
#include "sim/check/assembly.hpp"

#include <algorithm>

#include "ffa/fid.hpp"
#include "ffa/reply.hpp"
#include "sim/check/guest_state.hpp"

namespace sim::check {

std::vector<uint8_t> Assembly::note(const trace::Event& event) {
  const bool first = is_memory_send(event.in);
  std::vector<uint8_t> bytes;
  if (!first) {
    const auto begun = sent_.find(requested_handle(event.in));
    if (begun == sent_.end()) return {};
    bytes = begun->second;
  }
  bytes.insert(bytes.end(), event.tx.begin(), event.tx.end());
  if (ffa::is_success(event.out)) {
    sent_[answered_handle(event.out)] = bytes;
  } else if (ffa::is_function(event.out, ffa::Fid::mem_frag_rx)) {
    // The handle of the answer stands where that of a request does. It may ask for less again.
    std::vector<uint8_t> taken = bytes;
    taken.resize(std::min<size_t>(taken.size(), event.out.w(3)));
    sent_[requested_handle(event.out)] = std::move(taken);
  }
  return bytes;
}

const std::vector<uint8_t>* Assembly::find(uint64_t handle) const {
  const auto it = sent_.find(handle);
  return it == sent_.end() ? nullptr : &it->second;
}

}  // namespace sim::check
