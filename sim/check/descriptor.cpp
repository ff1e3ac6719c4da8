// SPDX-License-Identifier: BSD-3-Clause
#include "sim/check/descriptor.hpp"

#include "ffa/reply.hpp"

namespace sim::check {

namespace {

class Bytes {
 public:
  explicit Bytes(std::span<const uint8_t> bytes) : bytes_(bytes) {}
  [[nodiscard]] bool holds(uint64_t offset, uint64_t length) const {
    return offset <= bytes_.size() && length <= bytes_.size() - offset;
  }
  [[nodiscard]] uint64_t le(uint64_t offset, unsigned length) const {
    uint64_t value = 0;
    for (unsigned n = 0; n < length; ++n) value |= uint64_t{bytes_[offset + n]} << (8 * n);
    return value;
  }

 private:
  std::span<const uint8_t> bytes_;
};

}  // namespace

std::optional<Descriptor> read_descriptor(std::span<const uint8_t> raw, ffa::Version version,
                                          size_t from) {
  const Bytes bytes{raw};
  const bool old = version < ffa::v1_1;
  const uint64_t header = old ? 32 : 48;
  if (!bytes.holds(0, header)) return std::nullopt;
  const uint64_t accesses = old ? 32 : bytes.le(32, 4);
  if (!bytes.holds(accesses, 8)) return std::nullopt;
  const uint64_t access_size = old ? 16 : bytes.le(24, 4);
  const uint64_t access_count = bytes.le(28, 4);
  const uint64_t composite = bytes.le(accesses + 4, 4);
  if (!bytes.holds(composite, 16)) return std::nullopt;

  Descriptor result;
  result.sender = static_cast<uint16_t>(bytes.le(0, 2));
  result.attributes = static_cast<uint16_t>(bytes.le(2, old ? 1 : 2));
  result.flags = static_cast<uint32_t>(bytes.le(4, 4));
  for (uint64_t n = 0; n < access_count; ++n) {
    const uint64_t at = accesses + n * access_size;
    if (access_size < 16 || !bytes.holds(at, 16)) break;
    result.accesses.push_back(
        {static_cast<uint16_t>(bytes.le(at, 2)), static_cast<uint8_t>(bytes.le(at + 2, 1))});
  }
  result.total_pages = static_cast<uint32_t>(bytes.le(composite, 4));
  result.range_count = static_cast<uint32_t>(bytes.le(composite + 4, 4));
  const uint64_t first = composite + 16;
  for (uint64_t n = from > first ? (from - first) / 16 : 0; n < result.range_count; ++n) {
    const uint64_t at = first + n * 16;
    if (!bytes.holds(at, 16)) break;
    result.ranges.push_back({bytes.le(at, 8), bytes.le(at + 8, 4)});
  }
  return result;
}

bool asks_to_zero(std::span<const uint8_t> bytes) {
  return Bytes{bytes}.holds(4, 4) && (Bytes{bytes}.le(4, 4) & zero_flag) != 0;
}

bool is_zeroing_reclaim(const ffa::Regs& in) {
  return ffa::is_function(in, ffa::Fid::mem_reclaim) && (in.w(3) & zero_flag) != 0;
}

std::vector<PageRun> joined(const std::vector<PageRun>& runs) {
  std::vector<PageRun> result;
  for (const PageRun& run : runs) {
    if (run.pages == 0) continue;
    if (!result.empty() &&
        result.back().address + result.back().pages * ffa::page_size == run.address) {
      result.back().pages += run.pages;
    } else {
      result.push_back(run);
    }
  }
  return result;
}

}  // namespace sim::check
