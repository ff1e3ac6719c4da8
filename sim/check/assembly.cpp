// SPDX-License-Identifier: BSD-3-Clause
#include "sim/check/assembly.hpp"

#include <algorithm>
#include <utility>

#include "ffa/fid.hpp"
#include "ffa/reply.hpp"
#include "sim/check/guest_state.hpp"

namespace sim::check {

void Assembly::begin(const trace::Event& event) { calls_[requested_handle(event.in)].begin(); }

bool Assembly::end(const trace::Event& event, uint64_t handle) {
  const auto found = calls_.find(handle);
  if (found == calls_.end()) return false;
  if (!ffa::is_error(event.out)) return found->second.end(event);
  found->second.end_without_effect();
  return false;
}

void Assembly::drop(uint64_t handle) {
  sent_.erase(handle);
  const auto calls = calls_.find(handle);
  if (calls != calls_.end() && !calls->second.any()) calls_.erase(calls);
}

Assembly::Part Assembly::note(const trace::Event& event) {
  const bool first = is_memory_send(event.in);
  uint64_t handle = requested_handle(event.in);
  Entry entry;
  if (first) {
    entry.begun = event.in;
  } else {
    const bool others = end(event, handle);
    const auto begun = sent_.find(handle);
    if (begun == sent_.end()) {
      if (!ffa::is_error(event.out)) ahead_[handle] = event.seq;
      return {};
    }
    entry = std::move(begun->second);
    sent_.erase(begun);
    entry.unsure = entry.unsure || others;
    entry.bytes.resize(entry.taken);
  }
  const size_t fresh = entry.bytes.size();
  entry.bytes.insert(entry.bytes.end(), event.tx.begin(), event.tx.end());
  bool has_handle = !first;
  if (ffa::is_success(event.out)) {
    handle = answered_handle(event.out);
    entry.taken = entry.bytes.size();
    has_handle = true;
  } else if (ffa::is_function(event.out, ffa::Fid::mem_frag_rx)) {
    // The handle of the answer stands where that of a request does. It may ask for less again.
    handle = requested_handle(event.out);
    entry.taken = std::min<size_t>(entry.bytes.size(), event.out.w(3));
    has_handle = true;
  }
  if (!has_handle) {
    refused_ = std::move(entry.bytes);
    return {refused_, fresh, event.in};
  }
  if (const auto ahead = ahead_.find(handle); first && ahead != ahead_.end()) {
    entry.unsure = ahead->second > event.seq;
    ahead_.erase(ahead);
  }
  const Entry& kept = sent_[handle] = std::move(entry);
  return {kept.bytes, fresh, kept.begun, kept.unsure};
}

const std::vector<uint8_t>* Assembly::find(uint64_t handle) const {
  const auto it = sent_.find(handle);
  return it == sent_.end() ? nullptr : &it->second.bytes;
}

}  // namespace sim::check
