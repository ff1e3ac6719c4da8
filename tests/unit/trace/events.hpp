// SPDX-License-Identifier: BSD-3-Clause
// Events and descriptors that a test writes down itself.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "sim/trace/event.hpp"

namespace test {

using Registers = std::vector<uint64_t>;
using Ranges = std::vector<std::pair<uint64_t, uint32_t>>;  ///< address, pages

inline sim::trace::Event call_of(sim::trace::Side side, uint64_t seq, const Registers& in,
                                 const Registers& out, std::vector<uint8_t> tx = {}) {
  sim::trace::Event event;
  event.side = side;
  event.seq = seq;
  event.seq_ret = seq + 1;
  event.vm = 1;
  std::copy(in.begin(), in.end(), event.in.x.begin());
  std::copy(out.begin(), out.end(), event.out.x.begin());
  event.tx = std::move(tx);
  return event;
}
inline sim::trace::Event guest_call(uint64_t seq, const Registers& in, const Registers& out,
                                    std::vector<uint8_t> tx = {}) {
  return call_of(sim::trace::Side::guest, seq, in, out, std::move(tx));
}
inline sim::trace::Event spmc_call(uint64_t seq, const Registers& in, const Registers& out,
                                   std::vector<uint8_t> tx = {}) {
  return call_of(sim::trace::Side::spmc, seq, in, out, std::move(tx));
}

/// A descriptor of VM 1 for 0x8001. `access`: 16 bytes an access descriptor (1.1) or 32 (1.2); 0:
/// the layout of 1.0.
inline std::vector<uint8_t> descriptor(const Ranges& ranges, size_t access = 16) {
  const size_t header = access == 0 ? 32 : 48;
  const size_t composite = header + (access == 0 ? 16 : access);
  std::vector<uint8_t> bytes(composite + 16 + 16 * ranges.size());
  const auto put = [&](size_t at, uint64_t value, size_t length) {
    for (size_t i = 0; i < length; ++i) bytes.at(at + i) = static_cast<uint8_t>(value >> (8 * i));
  };
  put(0, 1, 2);
  put(2, 0x2f, 1);
  put(28, 1, 4);
  if (access != 0) put(24, access, 4);
  if (access != 0) put(32, header, 4);
  put(header, 0x8001, 2);
  put(header + 2, 2, 1);
  put(header + 4, composite, 4);
  uint64_t pages = 0;
  for (size_t n = 0; n < ranges.size(); ++n) {
    put(composite + 16 + 16 * n, ranges[n].first, 8);
    put(composite + 16 + 16 * n + 8, ranges[n].second, 4);
    pages += ranges[n].second;
  }
  put(composite, pages, 4);
  put(composite + 4, ranges.size(), 4);
  return bytes;
}

struct Send {
  Registers in;
  std::vector<uint8_t> tx;
};
inline Send share_of(const Ranges& ranges, size_t access = 16) {
  const auto tx = descriptor(ranges, access);
  return {{0xc4000073, tx.size(), tx.size()}, tx};
}
inline Send share_of_pages(uint32_t pages) { return share_of({{0x80000000, pages}}); }

}  // namespace test
