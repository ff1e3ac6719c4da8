// SPDX-License-Identifier: BSD-3-Clause
// The parts of an event beside its registers, in words: descriptors, RX contents, translations.
#include <fmt/format.h>

#include "ffa/memory_attributes.hpp"
#include "sim/trace/writer.hpp"
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

/// The answer of PARTITION_INFO_GET: entries of 8 bytes (1.0) or more.
void add_partitions(std::vector<std::string>& lines, const sim::trace::Event& event) {
  const auto& rx = event.rx;
  const uint64_t count = event.out.w(2);
  const uint64_t step = event.out.w(3) != 0 ? event.out.w(3) : 8;
  if (step < 8 || count > rx.size() / step) {
    lines.push_back(fmt::format("rx {}", sim::trace::to_hex(rx)));
    return;
  }
  for (uint64_t i = 0; i < count; ++i) {
    const size_t at = i * step;
    std::string line =
        fmt::format("partition {:#06x}, {} contexts, properties {:#x}", little_endian(rx, at, 2),
                    little_endian(rx, at + 2, 2), little_endian(rx, at + 4, 4));
    if (step >= 24) {
      const auto begin = rx.begin() + static_cast<std::ptrdiff_t>(at) + 8;
      line += fmt::format(", UUID {}", sim::trace::to_hex({begin, begin + 16}));
    }
    lines.push_back(line);
  }
}

bool is_number(const ffa::Regs& regs, uint32_t number) {
  const ffa::FunctionId id{regs.x[0]};
  return id.in_ffa_range() && id.number() == number;
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

std::vector<std::string> detail_words(const sim::trace::Event& event, HeaderLayout layout) {
  std::vector<std::string> lines;
  if (!event.tx.empty()) {
    const ffa::FunctionId id{event.in.x[0]};
    if (id.in_ffa_range() && id.number() >= 0x71 && id.number() <= 0x74) {
      lines = descriptor_words(parse_descriptor(event.tx, event.in.w(1), layout));
    } else if (is_number(event.in, 0x7b)) {
      const Descriptor fragment = parse_fragment(event.tx);
      lines.push_back(fmt::format("fragment: {} ranges", fragment.ranges.size()));
      add_ranges(lines, fragment.ranges);
    } else {
      lines.push_back(fmt::format("tx {}", sim::trace::to_hex(event.tx)));
    }
  }
  for (const sim::trace::P2mRun& run : event.p2m) {
    lines.push_back(fmt::format("translated {:#x} to {:#x}, {} page{}", run.ipa, run.pa, run.pages,
                                run.pages == 1 ? "" : "s"));
  }
  if (!event.rx.empty()) {
    if (is_number(event.in, 0x68)) {
      add_partitions(lines, event);
    } else {
      lines.push_back(fmt::format("rx {}", sim::trace::to_hex(event.rx)));
    }
  }
  if (!event.rule.empty()) lines.push_back("rejected by rule " + event.rule);
  if (!event.stimulus.empty()) lines.push_back("stimulus: " + event.stimulus);
  return lines;
}

}  // namespace ffa_trace
