// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/descriptor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace ffa_trace {
namespace {

constexpr uint64_t range_bytes = 16;
constexpr uint64_t composite_bytes = 16;
constexpr uint64_t max_receivers = 255;

/// Reads little-endian fields; outside the bytes it reads zero and says so once.
class ByteReader {
 public:
  ByteReader(const std::vector<uint8_t>& bytes, std::vector<std::string>& problems)
      : bytes_(bytes), problems_(problems) {}

  [[nodiscard]] uint64_t size() const { return bytes_.size(); }
  [[nodiscard]] bool holds(uint64_t offset, uint64_t length) const {
    return offset <= bytes_.size() && length <= bytes_.size() - offset;
  }

  uint64_t number(uint64_t offset, uint64_t length) {
    if (!holds(offset, length)) {
      problem(offset, "cut off");
      return 0;
    }
    uint64_t value = 0;
    for (uint64_t i = length; i-- > 0;) value = value << 8 | bytes_[offset + i];
    return value;
  }

  void expect_zero(uint64_t offset, uint64_t length, const char* what) {
    for (uint64_t i = offset; i < offset + length && i < bytes_.size(); ++i) {
      if (bytes_[i] != 0) problem(i, fmt::format("{}, holds {:#04x}", what, bytes_[i]));
    }
  }

  void problem(uint64_t offset, const std::string& text) {
    problems_.push_back(fmt::format("byte {}: {}", offset, text));
  }

  std::vector<uint8_t> slice_unless_zero(uint64_t offset, uint64_t length) {
    if (!holds(offset, length)) return {};
    const auto begin = bytes_.begin() + static_cast<std::ptrdiff_t>(offset);
    std::vector<uint8_t> slice(begin, begin + static_cast<std::ptrdiff_t>(length));
    const bool zero = std::all_of(slice.begin(), slice.end(), [](uint8_t b) { return b == 0; });
    return zero ? std::vector<uint8_t>{} : slice;
  }

 private:
  const std::vector<uint8_t>& bytes_;
  std::vector<std::string>& problems_;
};

/// Where the array of receivers stands.
struct ReceiverArray {
  uint64_t offset = 0;
  uint64_t size = 0;  ///< bytes of one
  uint64_t count = 0;
  [[nodiscard]] uint64_t end() const { return offset + size * count; }
};

ReceiverArray read_header_v1_0(ByteReader& reader, Descriptor& descriptor) {
  descriptor.attributes = static_cast<uint16_t>(reader.number(2, 1));
  reader.expect_zero(3, 1, "reserved");
  reader.expect_zero(24, 4, "reserved");
  return {32, 16, reader.number(28, 4)};
}

ReceiverArray read_header_v1_1(ByteReader& reader, Descriptor& descriptor) {
  descriptor.attributes = static_cast<uint16_t>(reader.number(2, 2));
  ReceiverArray array{reader.number(32, 4), reader.number(24, 4), reader.number(28, 4)};
  reader.expect_zero(36, 12, "reserved");
  if (array.size != 16 && array.size != 32) {
    reader.problem(24, fmt::format("access descriptors of {} bytes", array.size));
    array.size = 16;
  }
  if (array.offset < 48 || array.offset % 16 != 0) {
    reader.problem(32, fmt::format("access descriptors at {}", array.offset));
    array.offset = 48;
  }
  reader.expect_zero(48, array.offset - 48, "before the access descriptors");
  return array;
}

/// Reads the receivers; the result is the offset of the composite descriptor, 0 if there is none.
uint64_t read_receivers(ByteReader& reader, const ReceiverArray& array, Descriptor& descriptor) {
  uint64_t composite = 0;
  for (uint64_t i = 0; i < array.count; ++i) {
    const uint64_t at = array.offset + i * array.size;
    Receiver receiver;
    receiver.id = static_cast<uint16_t>(reader.number(at, 2));
    receiver.permissions = static_cast<uint8_t>(reader.number(at + 2, 1));
    receiver.flags = static_cast<uint8_t>(reader.number(at + 3, 1));
    const uint64_t offset = reader.number(at + 4, 4);
    if (i == 0) composite = offset;
    if (offset != composite) reader.problem(at + 4, "another composite offset than the first");
    if (array.size == 32) receiver.impdef = reader.slice_unless_zero(at + 8, 16);
    reader.expect_zero(at + array.size - 8, 8, "reserved");
    descriptor.receivers.push_back(std::move(receiver));
  }
  return composite;
}

void read_ranges(ByteReader& reader, uint64_t offset, uint64_t count, Descriptor& descriptor) {
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t at = offset + i * range_bytes;
    descriptor.ranges.push_back({reader.number(at, 8), reader.number(at + 8, 4)});
    reader.expect_zero(at + 12, 4, "reserved");
  }
}

void read_composite(ByteReader& reader, uint64_t offset, uint64_t total_bytes,
                    Descriptor& descriptor) {
  descriptor.total_pages = reader.number(offset, 4);
  descriptor.declared_ranges = reader.number(offset + 4, 4);
  reader.expect_zero(offset + 8, 8, "reserved");
  const uint64_t first = offset + composite_bytes;
  const uint64_t end = first + descriptor.declared_ranges * range_bytes;
  if (end != total_bytes) {
    reader.problem(offset + 4, fmt::format("{} ranges end at byte {}, the descriptor at {}",
                                           descriptor.declared_ranges, end, total_bytes));
  }
  const uint64_t room = reader.size() > first ? (reader.size() - first) / range_bytes : 0;
  read_ranges(reader, first, std::min(descriptor.declared_ranges, room), descriptor);
  if (reader.size() < total_bytes) return;  // the other ranges come in later fragments
  uint64_t pages = 0;
  for (const PageRun& range : descriptor.ranges) pages += range.pages;
  if (pages != descriptor.total_pages) {
    reader.problem(
        offset, fmt::format("{} pages declared, {} in the ranges", descriptor.total_pages, pages));
  }
}

}  // namespace

HeaderLayout header_layout(ffa::Version version) {
  return version < ffa::v1_1 ? HeaderLayout::v1_0 : HeaderLayout::v1_1;
}

Descriptor parse_descriptor(const std::vector<uint8_t>& bytes, uint64_t total_bytes,
                            HeaderLayout layout) {
  Descriptor descriptor;
  ByteReader reader(bytes, descriptor.problems);
  const uint64_t header_bytes = layout == HeaderLayout::v1_0 ? 32 : 48;
  if (!reader.holds(0, header_bytes)) {
    reader.problem(bytes.size(), "cut off inside the header");
    return descriptor;
  }
  descriptor.sender = static_cast<uint16_t>(reader.number(0, 2));
  descriptor.flags = static_cast<uint32_t>(reader.number(4, 4));
  descriptor.handle = reader.number(8, 8);
  descriptor.tag = reader.number(16, 8);
  const ReceiverArray array = layout == HeaderLayout::v1_0 ? read_header_v1_0(reader, descriptor)
                                                           : read_header_v1_1(reader, descriptor);
  if (array.count > max_receivers || !reader.holds(array.offset, array.size * array.count)) {
    reader.problem(28, fmt::format("{} receivers do not fit", array.count));
    return descriptor;
  }
  const uint64_t composite = read_receivers(reader, array, descriptor);
  if (composite == 0 || array.count == 0) {
    reader.expect_zero(array.end(), reader.size(), "behind the access descriptors");
    return descriptor;
  }
  if (composite < array.end() || !reader.holds(composite, composite_bytes)) {
    reader.problem(array.offset + 4, fmt::format("composite descriptor at {}", composite));
    return descriptor;
  }
  reader.expect_zero(array.end(), composite - array.end(), "before the composite descriptor");
  read_composite(reader, composite, total_bytes, descriptor);
  return descriptor;
}

Descriptor parse_fragment(const std::vector<uint8_t>& bytes) {
  Descriptor descriptor;
  ByteReader reader(bytes, descriptor.problems);
  if (bytes.size() % range_bytes != 0) reader.problem(bytes.size(), "ends inside a range");
  read_ranges(reader, 0, bytes.size() / range_bytes, descriptor);
  return descriptor;
}

std::vector<Receiver> sorted(std::vector<Receiver> receivers) {
  std::sort(receivers.begin(), receivers.end(), [](const Receiver& a, const Receiver& b) {
    return std::tie(a.id, a.permissions, a.flags, a.impdef) <
           std::tie(b.id, b.permissions, b.flags, b.impdef);
  });
  return receivers;
}

std::vector<PageRun> merged(const std::vector<PageRun>& ranges) {
  std::vector<PageRun> runs;
  for (const PageRun& range : ranges) {
    const bool adjoins =
        !runs.empty() && runs.back().address + runs.back().pages * ffa::page_size == range.address;
    if (adjoins) {
      runs.back().pages += range.pages;
    } else {
      runs.push_back(range);
    }
  }
  return runs;
}

}  // namespace ffa_trace
