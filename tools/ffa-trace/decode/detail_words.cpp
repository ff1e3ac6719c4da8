// SPDX-License-Identifier: BSD-3-Clause
// The parts of an event beside its registers, in words: descriptors, RX contents, translations.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ffa/memory_attributes.hpp"
#include "sim/trace/writer.hpp"
#include "tools/ffa-trace/field_words.hpp"
#include "tools/ffa-trace/partitions.hpp"
#include "tools/ffa-trace/words.hpp"

namespace ffa_trace {
namespace {

std::string attribute_words(uint16_t raw) {
  const ffa::MemoryAttributes attributes{raw};
  static const char* const shareability[] = {"non-shareable", "reserved", "outer shareable",
                                             "inner shareable"};
  static const char* const cache[] = {"reserved", "non-cacheable", "reserved", "write-back"};
  static const char* const device[] = {"nGnRnE", "nGnRE", "nGRE", "GRE"};
  std::string words;
  switch (attributes.type()) {
    case ffa::MemoryType::not_specified:
      words = "type not specified";
      break;
    case ffa::MemoryType::device:
      words = fmt::format("device {}", device[raw >> 2 & 3]);
      break;
    case ffa::MemoryType::normal:
      words = fmt::format("normal, {}, {}", cache[raw >> 2 & 3], shareability[raw & 3]);
      break;
    case ffa::MemoryType::reserved:
      words = "reserved type";
      break;
  }
  if (attributes.ns()) words += ", NS";
  if (attributes.has_reserved_bits()) words += ", reserved bits";
  return words;
}

std::string permission_words(uint8_t raw) {
  static const char* const data[] = {"access not specified", "read-only", "read-write",
                                     "reserved access"};
  static const char* const instruction[] = {"", ", not executable", ", executable",
                                            ", reserved execution"};
  return fmt::format("{}{}", data[raw & 3], instruction[raw >> 2 & 3]);
}

std::string flag_words(uint32_t raw) {
  const ffa::MemoryFlags flags{raw};
  static const char* const types[] = {"", "share", "lend", "donate"};
  std::string words;
  const auto add = [&words](const char* word) { words += fmt::format(" {}", word); };
  if (flags.zero()) add("zero");
  if (flags.time_slice()) add("time-slice");
  if (flags.zero_after_relinquish()) add("zero-after-relinquish");
  if (flags.type() != ffa::TransactionType::any) add(types[raw >> 3 & 3]);
  if (flags.bypass_borrower_check()) add("bypass-borrower-check");
  if (flags.alignment_hint_valid()) {
    words += fmt::format(" alignment {:#x}", uint64_t{4096} << flags.alignment_hint());
  }
  if (flags.has_reserved_bits()) add("reserved-bits");
  return words;
}

void add_ranges(std::vector<std::string>& lines, const std::vector<PageRun>& ranges) {
  for (const PageRun& range : ranges) {
    lines.push_back(fmt::format("range {:#x}, {} page{}", range.address, range.pages,
                                range.pages == 1 ? "" : "s"));
  }
}

uint64_t little_endian(const std::vector<uint8_t>& bytes, size_t offset, size_t length) {
  uint64_t value = 0;
  for (size_t i = length; i-- > 0;) value = value << 8 | bytes[offset + i];
  return value;
}

}  // namespace

std::vector<std::string> descriptor_words(const Descriptor& descriptor) {
  std::vector<std::string> lines;
  lines.push_back(
      fmt::format("descriptor: sender {}, attributes {:#x} ({}), flags {:#x}{}, tag {:#x}",
                  descriptor.sender, descriptor.attributes, attribute_words(descriptor.attributes),
                  descriptor.flags, flag_words(descriptor.flags), descriptor.tag));
  if (descriptor.handle != 0) lines.push_back(fmt::format("handle {:#x}", descriptor.handle));
  for (const Receiver& receiver : descriptor.receivers) {
    std::string line =
        fmt::format("receiver {:#06x}, {}", receiver.id, permission_words(receiver.permissions));
    if (receiver.flags != 0) line += fmt::format(", flags {:#x}", receiver.flags);
    if (!receiver.impdef.empty()) line += ", impdef " + sim::trace::to_hex(receiver.impdef);
    lines.push_back(line);
  }
  lines.push_back(fmt::format("{} page{} in {} range{}", descriptor.total_pages,
                              descriptor.total_pages == 1 ? "" : "s", descriptor.declared_ranges,
                              descriptor.declared_ranges == 1 ? "" : "s"));
  add_ranges(lines, descriptor.ranges);
  for (const std::string& problem : descriptor.problems) lines.push_back("problem: " + problem);
  return lines;
}

namespace {

/// Where a fragment stands in its descriptor, and what has been said with it. `ranges`: of this
/// fragment.
std::string progress_words(const SentFragment& sent, const Descriptor& so_far, size_t ranges) {
  uint64_t pages = 0;
  for (const PageRun& range : so_far.ranges) pages += range.pages;
  const size_t all = so_far.ranges.size();
  std::string words = "fragment: " + place_words(sent);
  if (ranges != 0) {
    words += fmt::format(", ranges {} to {} of {}", all - ranges, all - 1, so_far.declared_ranges);
  }
  return words + fmt::format(", {} of {} pages so far", pages, so_far.total_pages);
}

std::vector<std::string> fragment_words(const SentFragment& sent, const std::vector<uint8_t>& tx) {
  const Descriptor fragment = parse_fragment(tx);
  std::vector<std::string> lines;
  if (sent.unknown) {
    lines.push_back(fmt::format("fragment: {} bytes of a transaction whose beginning is not here",
                                sent.length));
    add_ranges(lines, fragment.ranges);
    return lines;
  }
  if (!sent.has_bytes()) {
    lines.push_back(fmt::format("fragment: {}, not all recorded", place_words(sent)));
    add_ranges(lines, fragment.ranges);
    return lines;
  }
  const Descriptor so_far = whole_descriptor(sent);
  lines.push_back(progress_words(sent, so_far, fragment.ranges.size()));
  add_ranges(lines, fragment.ranges);
  for (const std::string& problem : fragment.problems) lines.push_back("problem: " + problem);
  if (!sent.complete) return lines;
  lines.push_back(fmt::format("complete: {} pages in {} ranges, in {} fragments",
                              so_far.total_pages, so_far.declared_ranges, sent.fragments));
  for (const std::string& problem : so_far.problems) lines.push_back("problem: " + problem);
  return lines;
}

/// A send or a retrieve request; of the first of several fragments also how far it goes.
std::vector<std::string> send_words(const sim::trace::Event& event, HeaderLayout layout,
                                    const std::optional<SentFragment>& sent) {
  const Descriptor descriptor = parse_descriptor(event.tx, event.in.w(1), layout);
  std::vector<std::string> lines = descriptor_words(descriptor);
  if (sent && sent->length < sent->total && sent->has_bytes()) {
    lines.push_back(progress_words(*sent, descriptor, descriptor.ranges.size()));
  }
  return lines;
}

/// The descriptor of FFA_MEM_RELINQUISH. [DEN0140 §1.11.4]
std::vector<std::string> relinquish_words(const std::vector<uint8_t>& tx) {
  constexpr size_t header_bytes = 16;
  if (tx.size() < header_bytes) return {fmt::format("tx {}", sim::trace::to_hex(tx))};
  const uint64_t count = little_endian(tx, 12, 4);
  std::vector<std::string> lines{fmt::format(
      "relinquish: handle {:#x}, flags {:#x}{}", little_endian(tx, 0, 8), little_endian(tx, 8, 4),
      flag_words(static_cast<uint32_t>(little_endian(tx, 8, 4))))};
  for (uint64_t i = 0; i < count && header_bytes + 2 * i + 2 <= tx.size(); ++i) {
    lines.push_back(fmt::format("borrower {}", endpoint_name(static_cast<uint32_t>(
                                                   little_endian(tx, header_bytes + 2 * i, 2)))));
  }
  if (header_bytes + 2 * count > tx.size()) {
    lines.push_back(fmt::format("problem: byte 12: {} borrowers do not fit", count));
  }
  return lines;
}

/// The endpoint RX/TX descriptor of an FFA_RXTX_MAP for a VM. [DEN0077A 1.2 table 13.23]
std::vector<std::string> rxtx_words(const std::vector<uint8_t>& tx) {
  if (tx.size() < 12) return {fmt::format("tx {}", sim::trace::to_hex(tx))};
  std::vector<std::string> lines{fmt::format(
      "buffers of endpoint {}", endpoint_name(static_cast<uint32_t>(little_endian(tx, 0, 2))))};
  for (const auto& [name, field] : {std::pair{"RX", 4}, std::pair{"TX", 8}}) {
    constexpr uint64_t composite_bytes = 16, range_bytes = 16;
    const uint64_t at = little_endian(tx, static_cast<size_t>(field), 4);
    if (at > tx.size() || tx.size() - at < composite_bytes) {
      lines.push_back(fmt::format("problem: byte {}: {} buffer at {}", field, name, at));
      continue;
    }
    const uint64_t room = (tx.size() - at - composite_bytes) / range_bytes;
    const uint64_t count = std::min(little_endian(tx, at + 4, 4), room);
    for (uint64_t n = 0; n < count; ++n) {
      const uint64_t range = at + composite_bytes + n * range_bytes;
      lines.push_back(fmt::format("{} at {:#x}, {} pages", name, little_endian(tx, range, 8),
                                  little_endian(tx, range + 8, 4)));
    }
  }
  return lines;
}

/// The header of FFA_MSG_SEND2's message, of 20 bytes or, since 1.2, 40. [DEN0077A 1.2 table 7.1]
std::vector<std::string> message_words(const std::vector<uint8_t>& tx) {
  if (tx.size() < 20) return {fmt::format("tx {}", sim::trace::to_hex(tx))};
  const uint64_t offset = little_endian(tx, 8, 4);
  std::string line = fmt::format("message: {} to {}, {} B at byte {}",
                                 endpoint_name(static_cast<uint32_t>(little_endian(tx, 14, 2))),
                                 endpoint_name(static_cast<uint32_t>(little_endian(tx, 12, 2))),
                                 little_endian(tx, 16, 4), offset);
  if (offset >= 40 && tx.size() >= 40) {
    add_word(line,
             fmt::format("UUID {}", uuid_text(ffa::Uuid::from_dwords(little_endian(tx, 24, 8),
                                                                     little_endian(tx, 32, 8)))));
  }
  return {line, fmt::format("tx {}", sim::trace::to_hex(tx))};
}

void add_tx(std::vector<std::string>& lines, const sim::trace::Event& event, HeaderLayout layout,
            const std::optional<SentFragment>& sent) {
  if (event.tx.empty()) return;
  const uint32_t number = call_number(event.in);
  if (number >= 0x71 && number <= 0x74) {
    lines = send_words(event, layout, sent);
  } else if (sent) {
    lines = fragment_words(*sent, event.tx);
  } else if (number == 0x76) {
    lines = relinquish_words(event.tx);
  } else if (number == 0x66) {
    lines = rxtx_words(event.tx);
  } else if (number == 0x86) {
    lines = message_words(event.tx);
  } else {
    lines.push_back(fmt::format("tx {}", sim::trace::to_hex(event.tx)));
  }
}

void add_rx(std::vector<std::string>& lines, const sim::trace::Event& event, HeaderLayout layout) {
  const std::vector<ListedPartition> partitions = partitions_of(event);
  for (const ListedPartition& partition : partitions) lines.push_back(partition_words(partition));
  if (event.rx.empty() || !partitions.empty()) return;
  const uint32_t answer = call_number(event.out);
  if (answer == 0x75) {
    const auto retrieved = descriptor_words(parse_descriptor(event.rx, event.out.w(1), layout));
    lines.insert(lines.end(), retrieved.begin(), retrieved.end());
  } else if (answer == 0x7b) {
    const Descriptor fragment = parse_fragment(event.rx);
    lines.push_back(fmt::format("received fragment: {} ranges", fragment.ranges.size()));
    add_ranges(lines, fragment.ranges);
  } else {
    lines.push_back(fmt::format("rx {}", sim::trace::to_hex(event.rx)));
  }
}

}  // namespace

std::vector<std::string> detail_words(const sim::trace::Event& event, HeaderLayout layout,
                                      const std::optional<SentFragment>& sent) {
  std::vector<std::string> lines;
  add_tx(lines, event, layout, sent);
  for (const sim::trace::P2mRun& run : event.p2m) {
    lines.push_back(fmt::format("translated {:#x} to {:#x}, {} page{}", run.ipa, run.pa, run.pages,
                                run.pages == 1 ? "" : "s"));
  }
  add_rx(lines, event, layout);
  if (!event.rule.empty()) lines.push_back("rejected by rule " + event.rule);
  if (!event.stimulus.empty()) lines.push_back("stimulus: " + event.stimulus);
  return lines;
}

}  // namespace ffa_trace
