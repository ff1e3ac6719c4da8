// SPDX-License-Identifier: BSD-3-Clause
#include "src/response.hpp"

namespace spmc_model {

uint32_t response_bytes(const ResponseHead& head, const Region& region) {
  return static_cast<uint32_t>(head.bytes().size()) + region.total_ranges * range_entry_bytes;
}

uint32_t write_response(const SpmcStorage& s, const ResponseHead& head, const Region& region,
                        uint32_t begin, std::span<std::byte> to) {
  const auto head_bytes = static_cast<uint32_t>(head.bytes().size());
  uint32_t at = begin;
  if (begin == 0) {
    for (uint32_t i = 0; i < head_bytes; ++i) to[i] = head.bytes()[i];
    at = head_bytes;
  }
  const auto ranges = ranges_of(s, region);
  for (uint32_t n = (at - head_bytes) / range_entry_bytes; n < ranges.size(); ++n) {
    if (at - begin + range_entry_bytes > to.size()) break;
    write_range(to, at - begin, {ranges[n].address, ranges[n].pages});
    at += range_entry_bytes;
  }
  return at;
}

bool may_ask_for(const Personality& personality, const OpenResponse& response, uint32_t offset) {
  const bool again = personality.fragment_given_again && offset == response.begin && offset != 0;
  return offset == response.end || again;
}

}  // namespace spmc_model
