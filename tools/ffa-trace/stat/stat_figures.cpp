// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/stat/stat_figures.hpp"

#include <algorithm>
#include <bit>

namespace ffa_trace {
namespace {

constexpr unsigned exact_bits = 10;
constexpr unsigned kept_bits = 7;  ///< of a value that is larger, with its leading one

uint64_t bucket_of(uint64_t value) {
  const auto width = static_cast<unsigned>(std::bit_width(value));
  if (width <= exact_bits) return value;
  const unsigned dropped = width - kept_bits;
  return value >> dropped << dropped;
}

}  // namespace

void Distribution::add(uint64_t value) {
  min_ = count_ == 0 ? value : std::min(min_, value);
  max_ = std::max(max_, value);
  ++count_;
  ++buckets_[bucket_of(value)];
}

uint64_t Distribution::percentile(unsigned percent) const {
  uint64_t seen = 0;
  for (const auto& [value, count] : buckets_) {
    seen += count;
    if (seen * 100 >= count_ * percent) return value;
  }
  return max_;
}

void Histogram::add(uint64_t value) {
  ++counts_[value == 0 ? 0 : static_cast<unsigned>(std::bit_width(value - 1)) + 1];
}

std::vector<Histogram::Bar> Histogram::bars() const {
  std::vector<Bar> bars;
  for (const auto& [key, count] : counts_) {
    if (key == 0) {
      bars.push_back({0, 0, count});
    } else if (key == 1) {
      bars.push_back({1, 1, count});
    } else {
      bars.push_back({(uint64_t{1} << (key - 2)) + 1, uint64_t{1} << (key - 1), count});
    }
  }
  return bars;
}

}  // namespace ffa_trace
