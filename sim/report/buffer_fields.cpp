// SPDX-License-Identifier: BSD-3-Clause
// Layouts: [DEN0140 1.2 §1.11, DEN0077A 1.2 §6.2, §7.3, §13.6, DEN0077A 1.0 §5.12]
#include "sim/report/buffer_fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "ffa/memory_attributes.hpp"
#include "ffa/reply.hpp"

namespace sim::report {
namespace {

using Fields = std::vector<BufferField>;
using Bytes = std::vector<uint8_t>;

/// Nobody reads more of them; the dump is cut before.
constexpr uint64_t max_listed = 64;

class Reader {
 public:
  explicit Reader(const Bytes& bytes) : bytes_(bytes) {}

  [[nodiscard]] bool holds(uint64_t offset, uint64_t size) const {
    return offset <= bytes_.size() && size <= bytes_.size() - offset;
  }
  [[nodiscard]] uint64_t peek(uint64_t offset, uint64_t size) const {
    uint64_t value = 0;
    if (!holds(offset, size)) return 0;
    for (uint64_t i = size; i-- > 0;) value = value << 8 | bytes_[offset + i];
    return value;
  }
  /// A field that is wholly there; `words` are put behind its value.
  uint64_t add(uint64_t offset, uint64_t size, std::string name, const std::string& words = {}) {
    const uint64_t value = peek(offset, size);
    if (!holds(offset, size)) return value;
    std::string text = fmt::format("{:#x}", value);
    if (!words.empty()) text += ", " + words;
    fields_.push_back({offset, size, std::move(name), std::move(text), false});
    return value;
  }
  uint64_t count(uint64_t offset, uint64_t size, std::string name) {
    const uint64_t value = add(offset, size, std::move(name));
    if (holds(offset, size)) fields_.back().value = std::to_string(value);
    return value;
  }
  /// Must or should be zero.
  void reserved(uint64_t offset, uint64_t size) {
    if (!holds(offset, size)) return;
    const auto begin = bytes_.begin() + static_cast<std::ptrdiff_t>(offset);
    const bool zero = std::all_of(begin, begin + static_cast<std::ptrdiff_t>(size),
                                  [](uint8_t byte) { return byte == 0; });
    fields_.push_back({offset, size, "reserved", zero ? "0" : "not zero", !zero});
  }
  void uuid(uint64_t offset, const std::string& name) {
    if (!holds(offset, 16)) return;
    std::string text;
    for (uint64_t i = 0; i < 16; ++i) {
      if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
      text += fmt::format("{:02x}", bytes_[offset + i]);
    }
    fields_.push_back({offset, 16, name, text, false});
  }
  /// The field that came last leads out of the buffer, or into what is before it.
  void blame() {
    if (!fields_.empty()) fields_.back().wrong = true;
  }
  Fields take() { return std::move(fields_); }

 private:
  const Bytes& bytes_;
  Fields fields_;
};

std::string attribute_words(uint64_t raw) {
  const ffa::MemoryAttributes attributes{static_cast<uint16_t>(raw)};
  constexpr const char* shareability[] = {"non-shareable", "reserved", "outer shareable",
                                          "inner shareable"};
  constexpr const char* cache[] = {"reserved", "non-cacheable", "reserved", "write-back"};
  constexpr const char* device[] = {"nGnRnE", "nGnRE", "nGRE", "GRE"};
  std::string words = attributes.ns() ? "NS, " : "";
  switch (attributes.type()) {
    case ffa::MemoryType::not_specified:
      return words + "type not specified";
    case ffa::MemoryType::device:
      return words + "device " + device[static_cast<size_t>(attributes.device_type())];
    case ffa::MemoryType::normal:
      return words + fmt::format("normal {}, {}",
                                 cache[static_cast<size_t>(attributes.cacheability())],
                                 shareability[static_cast<size_t>(attributes.shareability())]);
    case ffa::MemoryType::reserved:
      break;
  }
  return words + "reserved type";
}

std::string permission_words(uint64_t raw) {
  const ffa::AccessPermissions permissions{static_cast<uint8_t>(raw)};
  constexpr const char* data[] = {"access not specified", "read-only", "read-write",
                                  "reserved access"};
  constexpr const char* code[] = {"", ", not executable", ", executable", ", reserved execution"};
  return fmt::format("{}{}", data[static_cast<size_t>(permissions.data())],
                     code[static_cast<size_t>(permissions.instruction())]);
}

std::string flag_words(uint64_t raw) {
  const ffa::MemoryFlags flags{static_cast<uint32_t>(raw)};
  constexpr const char* types[] = {"", "share", "lend", "donate"};
  std::vector<std::string> words;
  if (flags.type() != ffa::TransactionType::any) {
    words.emplace_back(types[static_cast<size_t>(flags.type())]);
  }
  if (flags.zero()) words.emplace_back("zero");
  if (flags.time_slice()) words.emplace_back("time slice");
  if (flags.zero_after_relinquish()) words.emplace_back("zero after relinquish");
  if (flags.bypass_borrower_check()) words.emplace_back("bypass borrower check");
  if (flags.alignment_hint_valid()) {
    words.push_back(fmt::format("alignment {:#x}", uint64_t{4096} << flags.alignment_hint()));
  }
  return fmt::format("{}", fmt::join(words, ", "));
}

void add_ranges(Reader& reader, uint64_t offset, uint64_t count) {
  for (uint64_t i = 0; i < std::min(count, max_listed) && reader.holds(offset, 16); ++i) {
    reader.add(offset, 8, fmt::format("range {}: address", i));
    reader.count(offset + 8, 4, fmt::format("range {}: pages", i));
    reader.reserved(offset + 12, 4);
    offset += 16;
  }
}

void add_composite(Reader& reader, uint64_t offset) {
  reader.count(offset, 4, "composite: total pages");
  const uint64_t ranges = reader.count(offset + 4, 4, "composite: ranges");
  reader.reserved(offset + 8, 8);
  add_ranges(reader, offset + 16, ranges);
}

/// One endpoint memory access descriptor; where its composite descriptor is.
uint64_t add_access(Reader& reader, uint64_t offset, uint64_t size, uint64_t number) {
  const std::string name = fmt::format("access {}: ", number);
  reader.add(offset, 2, name + "receiver");
  reader.add(offset + 2, 1, name + "permissions", permission_words(reader.peek(offset + 2, 1)));
  reader.add(offset + 3, 1, name + "flags");
  const uint64_t composite = reader.count(offset + 4, 4, name + "composite at");
  if (composite != 0 && !reader.holds(composite, 16)) reader.blame();
  if (size == 32) {
    reader.add(offset + 8, 8, name + "impdef 0");
    reader.add(offset + 16, 8, name + "impdef 1");
  }
  reader.reserved(offset + size - 8, 8);
  return composite;
}

Fields transaction(const Bytes& bytes, ffa::Version spoken) {
  Reader reader(bytes);
  uint64_t at = 32, size = 16, count = 0;
  reader.add(0, 2, "sender");
  if (spoken < ffa::v1_1) {
    reader.add(2, 1, "attributes", attribute_words(reader.peek(2, 1)));
    reader.reserved(3, 1);
  } else {
    reader.add(2, 2, "attributes", attribute_words(reader.peek(2, 2)));
  }
  reader.add(4, 4, "flags", flag_words(reader.peek(4, 4)));
  reader.add(8, 8, "handle");
  reader.add(16, 8, "tag");
  if (spoken < ffa::v1_1) {
    reader.reserved(24, 4);
    count = reader.count(28, 4, "accesses");
  } else {
    size = reader.count(24, 4, "access size");
    if (size != 16 && size != 32) reader.blame();
    count = reader.count(28, 4, "accesses");
    at = reader.count(32, 4, "accesses at");
    if (at < 48 || !reader.holds(at, 16)) reader.blame();
    reader.reserved(36, 12);
  }
  if (size != 16 && size != 32) return reader.take();
  uint64_t composite = 0;
  for (uint64_t i = 0; i < std::min(count, max_listed) && reader.holds(at, size); ++i) {
    const uint64_t its = add_access(reader, at, size, i);
    if (i == 0) composite = its;
    at += size;
  }
  if (composite != 0 && reader.holds(composite, 16)) add_composite(reader, composite);
  return reader.take();
}

Fields ranges(const Bytes& bytes) {
  Reader reader(bytes);
  add_ranges(reader, 0, bytes.size() / 16);
  return reader.take();
}

Fields relinquish(const Bytes& bytes) {
  Reader reader(bytes);
  reader.add(0, 8, "handle");
  reader.add(8, 4, "flags", flag_words(reader.peek(8, 4)));
  const uint64_t count = reader.count(12, 4, "endpoints");
  for (uint64_t i = 0; i < std::min(count, max_listed); ++i) {
    reader.add(16 + 2 * i, 2, fmt::format("endpoint {}", i));
  }
  return reader.take();
}

Fields endpoint_buffers(const Bytes& bytes) {
  Reader reader(bytes);
  reader.add(0, 2, "endpoint");
  reader.reserved(2, 2);
  const uint64_t rx = reader.count(4, 4, "RX composite at");
  const uint64_t tx = reader.count(8, 4, "TX composite at");
  for (const uint64_t at : {rx, tx}) {
    if (at >= 12 && reader.holds(at, 16)) add_composite(reader, at);
  }
  return reader.take();
}

Fields message(const Bytes& bytes) {
  Reader reader(bytes);
  reader.add(0, 4, "flags");
  reader.reserved(4, 4);
  const uint64_t at = reader.count(8, 4, "message at");
  reader.add(12, 2, "receiver");
  reader.add(14, 2, "sender");
  reader.count(16, 4, "message size");
  if (at < 40) return reader.take();
  reader.reserved(20, 4);
  reader.uuid(24, "UUID");
  return reader.take();
}

Fields partitions(const Bytes& bytes, uint64_t count, uint64_t size) {
  Reader reader(bytes);
  if (size != 8 && size != 24 && size != 48) return {};
  for (uint64_t i = 0; i < std::min(count, max_listed) && reader.holds(i * size, size); ++i) {
    const std::string name = fmt::format("partition {}: ", i);
    reader.add(i * size, 2, name + "id");
    reader.count(i * size + 2, 2, name + "execution contexts");
    reader.add(i * size + 4, 4, name + "properties");
    if (size >= 24) reader.uuid(i * size + 8, name + "UUID");
  }
  return reader.take();
}

bool is_any(const ffa::Regs& regs, std::initializer_list<ffa::Fid> functions) {
  return std::any_of(functions.begin(), functions.end(),
                     [&](ffa::Fid fid) { return ffa::is_function(regs, fid); });
}

}  // namespace

std::vector<BufferField> tx_fields(const trace::Event& event, ffa::Version spoken) {
  using ffa::Fid;
  if (is_any(event.in, {Fid::mem_donate, Fid::mem_lend, Fid::mem_share, Fid::mem_retrieve_req})) {
    return transaction(event.tx, spoken);
  }
  if (ffa::is_function(event.in, Fid::mem_frag_tx)) return ranges(event.tx);
  if (ffa::is_function(event.in, Fid::mem_relinquish)) return relinquish(event.tx);
  if (ffa::is_function(event.in, Fid::rxtx_map)) return endpoint_buffers(event.tx);
  if (ffa::is_function(event.in, Fid::msg_send2)) return message(event.tx);
  return {};
}

std::vector<BufferField> rx_fields(const trace::Event& event, ffa::Version spoken) {
  using ffa::Fid;
  if (ffa::is_function(event.out, Fid::mem_retrieve_resp)) return transaction(event.rx, spoken);
  if (ffa::is_function(event.out, Fid::mem_frag_tx)) return ranges(event.rx);
  if (ffa::is_function(event.in, Fid::partition_info_get) && ffa::is_success(event.out)) {
    // Before 1.1 w3 says nothing. [DEN0077A 1.1 §13.8]
    const uint64_t size = spoken < ffa::v1_1 ? 8 : event.out.w(3);
    return partitions(event.rx, event.out.w(2), size);
  }
  return {};
}

}  // namespace sim::report
