// SPDX-License-Identifier: BSD-3-Clause
#include "sim/trace/writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <iterator>
#include <string_view>

#include "sim/trace/atomic_file.hpp"

namespace sim::trace {
namespace {

using Out = std::back_insert_iterator<std::string>;

void put_quoted(std::string& line, std::string_view text) {
  line += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      line += '\\';
      line += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(Out(line), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      line += c;
    }
  }
  line += '"';
}

void put_string(std::string& line, const char* key, const std::string& text) {
  fmt::format_to(Out(line), ",\"{}\":", key);
  put_quoted(line, text);
}

void put_text(std::string& line, const char* key, const std::string& text) {
  if (!text.empty()) put_string(line, key, text);
}

void put_bytes(std::string& line, const char* key, const std::vector<uint8_t>& bytes) {
  if (!bytes.empty()) fmt::format_to(Out(line), ",\"{}\":\"{}\"", key, to_hex(bytes));
}

/// How many registers of a list stand there: up to the last one that was captured; of a complete
/// one 8 where the others are zero.
size_t listed(const ffa::Regs& regs, RegisterSet known) {
  if (known != all_registers) return static_cast<size_t>(std::bit_width(known));
  const bool extended =
      std::any_of(regs.x.begin() + 8, regs.x.end(), [](uint64_t x) { return x != 0; });
  return extended ? regs.x.size() : 8;
}

void put_registers(std::string& line, const char* key, const ffa::Regs& regs, RegisterSet known) {
  if (known == 0) return;
  const size_t count = listed(regs, known);
  fmt::format_to(Out(line), ",\"{}\":[", key);
  for (size_t i = 0; i < count; ++i) {
    if (i != 0) line += ',';
    if ((known >> i & 1U) != 0) {
      fmt::format_to(Out(line), "\"{:#x}\"", regs.x[i]);
    } else {
      line += "null";
    }
  }
  if (known != all_registers && count < regs.x.size()) line += ",null";
  line += ']';
}

void put_p2m(std::string& line, const std::vector<P2mRun>& runs) {
  if (runs.empty()) return;
  line += ",\"p2m\":[";
  for (size_t i = 0; i < runs.size(); ++i) {
    fmt::format_to(Out(line), "{}[\"{:#x}\",\"{:#x}\",{}]", i == 0 ? "" : ",", runs[i].ipa,
                   runs[i].pa, runs[i].pages);
  }
  line += ']';
}

void put_accepted(std::string& line, const NameList& rules) {
  if (rules.empty()) return;
  line += ",\"accepted\":[";
  for (size_t i = 0; i < rules.size(); ++i) {
    if (i != 0) line += ',';
    put_quoted(line, rules[i]);
  }
  line += ']';
}

}  // namespace

const char* side_name(Side side) {
  switch (side) {
    case Side::guest:
      return "guest";
    case Side::spmc:
      return "spmc";
    case Side::lifecycle:
      return "lifecycle";
    case Side::irq:
      return "irq";
    case Side::linux_:
      return "linux";
  }
  return "unknown";
}

std::string to_hex(const std::vector<uint8_t>& bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const uint8_t byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

std::string to_line(const Header& header) {
  std::string line = fmt::format("{{\"format\":{}", header.format);
  put_string(line, "source", header.source);
  put_text(line, "name", header.name);
  put_text(line, "profile", header.profile);
  put_text(line, "seed", header.seed);
  if (!header.world.empty()) line += ",\"world\":" + header.world;
  return line + '}';
}

std::string to_line(const Event& event) {
  const bool is_call = event.side != Side::lifecycle && event.side != Side::irq;
  const bool is_linux = event.side == Side::linux_;
  std::string line = fmt::format("{{\"seq\":{},\"side\":\"{}\"", event.seq, side_name(event.side));
  if (!is_linux) fmt::format_to(Out(line), ",\"vm\":{}", event.vm);
  if (event.has_vcpu) fmt::format_to(Out(line), ",\"vcpu\":{}", event.vcpu);
  if (!is_linux) fmt::format_to(Out(line), ",\"pcpu\":{}", event.pcpu);
  put_text(line, "conduit", event.conduit);
  put_text(line, "world", event.world);
  put_text(line, "op", event.op);
  if (is_call) put_registers(line, "in", event.in, event.in_known);
  put_bytes(line, "tx", event.tx);
  put_p2m(line, event.p2m);
  if (event.returned()) fmt::format_to(Out(line), ",\"seq_ret\":{}", event.seq_ret);
  if (event.vcpu_ret) fmt::format_to(Out(line), ",\"vcpu_ret\":{}", *event.vcpu_ret);
  if (is_call) put_registers(line, "out", event.out, event.out_known);
  put_bytes(line, "rx", event.rx);
  put_text(line, "rule", event.rule);
  put_accepted(line, event.accepted);
  if (!is_call) fmt::format_to(Out(line), ",\"result\":{}", event.result);
  put_text(line, "stimulus", event.stimulus);
  return line + '}';
}

void write_trace(const std::string& file, const Trace& trace) {
  std::vector<const Event*> order;
  for (const Event& event : trace.events) order.push_back(&event);
  std::sort(order.begin(), order.end(),
            [](const Event* a, const Event* b) { return a->seq < b->seq; });

  AtomicFile out(file);
  if (trace.header) out.write(to_line(*trace.header) + '\n');
  for (const Event* event : order) out.write(to_line(*event) + '\n');
  out.commit();
}

}  // namespace sim::trace
