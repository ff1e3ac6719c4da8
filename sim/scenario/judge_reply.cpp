// SPDX-License-Identifier: BSD-3-Clause
// Registers of a reply, results of host steps, lists of partitions.
#include <fmt/format.h>

#include <algorithm>

#include "ffa/reply.hpp"
#include "guest/interpreter.hpp"
#include "sim/scenario/compile_names.hpp"
#include "sim/scenario/judge_step.hpp"
#include "spmc-model/sp_protocol.hpp"

namespace sim::scenario {
namespace {

using ffa::Fid;
namespace protocol = spmc_model::sp_protocol;

bool succeeded(const ffa::Regs& out, SuccessForm form) {
  switch (form) {
    case SuccessForm::ffa:
      return ffa::is_success(out);
    case SuccessForm::version:
      return (out.x[0] >> 31) == 0;
    case SuccessForm::direct:
      return ffa::is_function(out, Fid::msg_send_direct_resp) ||
             ffa::is_function(out, Fid::msg_send_direct_resp2);
    case SuccessForm::retrieve:
      return ffa::is_function(out, Fid::mem_retrieve_resp);
    case SuccessForm::fragment:
      return ffa::is_function(out, Fid::mem_frag_tx);
    case SuccessForm::none:
      return true;
  }
  return false;
}

/// The status that a reply reports; nothing where it is no error.
std::optional<int32_t> reported_error(const ffa::Regs& out, SuccessForm form) {
  if (form == SuccessForm::version) {
    if ((out.x[0] >> 31) == 0) return {};
    return static_cast<int32_t>(out.w(0));
  }
  if (!ffa::is_error(out)) return {};
  return static_cast<int32_t>(out.w(2));
}

bool fits(const ExpectedReply& expected, const ffa::Regs& out, SuccessForm form) {
  const auto error = reported_error(out, form);
  switch (expected.kind) {
    case ExpectedReply::Kind::success:
      return succeeded(out, form);
    case ExpectedReply::Kind::any_error:
      return error.has_value();
    case ExpectedReply::Kind::status:
      return error == expected.status;
    case ExpectedReply::Kind::function:
      return ffa::FunctionId{out.x[0]}.raw == expected.function;
  }
  return false;
}

const char* success_text(SuccessForm form) {
  switch (form) {
    case SuccessForm::direct:
      return "FFA_MSG_SEND_DIRECT_RESP";
    case SuccessForm::version:
      return "a version";
    case SuccessForm::retrieve:
      return "FFA_MEM_RETRIEVE_RESP";
    case SuccessForm::fragment:
      return "FFA_MEM_FRAG_TX";
    case SuccessForm::ffa:
    case SuccessForm::none:
      break;
  }
  return "FFA_SUCCESS";
}

std::string expected_text(const std::vector<ExpectedReply>& replies, SuccessForm form) {
  std::vector<std::string> words;
  for (const ExpectedReply& reply : replies) {
    switch (reply.kind) {
      case ExpectedReply::Kind::success:
        words.emplace_back(success_text(form));
        break;
      case ExpectedReply::Kind::any_error:
        words.emplace_back("an error");
        break;
      case ExpectedReply::Kind::status:
        words.push_back(status_text(reply.status));
        break;
      case ExpectedReply::Kind::function:
        words.push_back(function_text(reply.function));
        break;
    }
  }
  return fmt::format("{}", fmt::join(words, " or "));
}

/// "0xfffffffa (DENIED)", so that a status in a register can be read.
std::string word_text(uint64_t value) {
  const auto status = static_cast<int32_t>(value);
  const bool is_status = (value >> 32) == 0 && status < 0 && status >= -10;
  return is_status ? fmt::format("{:#x} ({})", value, status_text(status))
                   : fmt::format("{:#x}", value);
}

void judge_number(const ExpectedNumber& expected, uint64_t actual, bool wide,
                  const JudgedStep& step, const std::string& pointer, const std::string& name,
                  Verdict& verdict) {
  if (expected.any) return;
  uint64_t wanted = guest::operand_value(expected.value, step.record.slots);
  if (!wide) {
    wanted &= 0xffffffff;
    actual &= 0xffffffff;
  }
  if (wanted == actual) return;
  verdict.add(pointer, fmt::format("{} {}", name, word_text(wanted)),
              fmt::format("{} {}", name, word_text(actual)));
}

void judge_sp(const JudgedStep& step, const Expectation& expect, const ffa::Regs& out,
              Verdict& verdict) {
  if (!expect.sp_status && !expect.value) return;
  if (!ffa::is_function(out, Fid::msg_send_direct_resp)) {
    verdict.add(expect.pointer, "an answer of the SP", reply_text(out, step.step.success));
    return;
  }
  const auto status = static_cast<int32_t>(out.w(first_payload + protocol::status_word));
  if (expect.sp_status && *expect.sp_status != status) {
    verdict.add(expect.pointer + "/sp", "the SP to report " + status_text(*expect.sp_status),
                status_text(status));
  }
  if (!expect.value) return;
  const uint64_t value = out.w(first_payload + protocol::result_low_word) |
                         uint64_t{out.w(first_payload + protocol::result_high_word)} << 32;
  judge_number(*expect.value, value, true, step, expect.pointer + "/value", "value", verdict);
}

struct Entry {
  uint64_t id = 0;
  uint64_t contexts = 0;
  uint64_t properties = 0;
  std::vector<uint8_t> uuid;
};

uint64_t little_endian(std::span<const uint8_t> bytes, size_t at, size_t width) {
  uint64_t value = 0;
  for (size_t i = 0; i < width && at + i < bytes.size(); ++i)
    value |= uint64_t{bytes[at + i]} << (8 * i);
  return value;
}

Entry entry_at(std::span<const uint8_t> bytes) {
  Entry entry{
      little_endian(bytes, 0, 2), little_endian(bytes, 2, 2), little_endian(bytes, 4, 4), {}};
  if (bytes.size() >= 24) entry.uuid.assign(bytes.begin() + 8, bytes.begin() + 24);
  return entry;
}

/// PARTITION_INFO_GET: entries lie in RX, their size in w3, 8 bytes where that is 0.
std::vector<Entry> entries_in_memory(const ffa::Regs& out, std::span<const uint8_t> rx) {
  const size_t size = out.w(3) == 0 ? 8 : out.w(3);
  std::vector<Entry> entries;
  for (uint32_t n = 0; n < out.w(2) && (n + 1) * size <= rx.size(); ++n) {
    entries.push_back(entry_at(rx.subspan(n * size, size)));
  }
  return entries;
}

/// PARTITION_INFO_GET_REGS: x2 says size and last index, entries stand in x3 and up.
std::vector<Entry> entries_in_registers(const ffa::Regs& in, const ffa::Regs& out) {
  std::vector<uint8_t> bytes;
  for (unsigned reg = 3; reg < 18; ++reg) {
    for (unsigned i = 0; i < 8; ++i) bytes.push_back(static_cast<uint8_t>(out.x[reg] >> (8 * i)));
  }
  const uint64_t first = in.x[3] & 0xffff;
  const uint64_t current = (out.x[2] >> 16) & 0xffff;
  const uint64_t size = out.x[2] >> 48;
  std::vector<Entry> entries;
  for (uint64_t n = first; n <= current && size >= 8 && (n - first + 1) * size <= bytes.size();
       ++n) {
    entries.push_back(entry_at(std::span{bytes}.subspan((n - first) * size, size)));
  }
  return entries;
}

void judge_entry(const ExpectedEntry& expected, const Entry& actual, const std::string& pointer,
                 Verdict& verdict) {
  if (expected.id != actual.id) {
    verdict.add(pointer + "/id", fmt::format("partition {:#x}", expected.id),
                fmt::format("{:#x}", actual.id));
  }
  if (expected.contexts && *expected.contexts != actual.contexts) {
    verdict.add(pointer + "/contexts", fmt::format("{} contexts", *expected.contexts),
                std::to_string(actual.contexts));
  }
  if (expected.properties && *expected.properties != actual.properties) {
    verdict.add(pointer + "/properties", fmt::format("properties {:#x}", *expected.properties),
                fmt::format("{:#x}", actual.properties));
  }
  if (expected.uuid && *expected.uuid != actual.uuid) {
    verdict.add(pointer + "/uuid", "UUID " + hex_text(*expected.uuid), hex_text(actual.uuid));
  }
}

void judge_entries(const JudgedStep& step, const Expectation& expect, Verdict& verdict) {
  const trace::Event* call = step.call();
  if (call == nullptr || !ffa::is_success(call->out)) return;
  std::vector<Entry> entries;
  if (step.step.regs_entries) {
    entries = entries_in_registers(call->in, call->out);
  } else if (const MemoryDump* dump = step.evidence.memory(expect.entries_dump);
             dump != nullptr && dump->ok) {
    entries = entries_in_memory(call->out, dump->bytes);
  }
  const std::string pointer = expect.pointer + "/entries";
  if (entries.size() != expect.entries->size()) {
    verdict.add(pointer, fmt::format("{} partitions", expect.entries->size()),
                std::to_string(entries.size()));
    return;
  }
  for (size_t n = 0; n < entries.size(); ++n) {
    judge_entry((*expect.entries)[n], entries[n], fmt::format("{}/{}", pointer, n), verdict);
  }
}

void judge_rx(const JudgedStep& step, const Expectation& expect, Verdict& verdict) {
  const ExpectedRx& rx = *expect.rx;
  const std::string pointer = expect.pointer + "/rx";
  const MemoryDump* dump = step.evidence.memory(rx.dump);
  if (dump == nullptr || !dump->ok) {
    verdict.add(pointer, "bytes in RX", "no memory there");
    return;
  }
  const std::span<const uint8_t> bytes{dump->bytes};
  if (!std::equal(rx.prefix.begin(), rx.prefix.end(), bytes.begin())) {
    verdict.add(pointer, "RX " + hex_text(rx.prefix), hex_text(bytes.first(rx.prefix.size())));
  }
  if (!rx.zero_from) return;
  for (size_t at = *rx.zero_from; at < bytes.size(); ++at) {
    if (bytes[at] == 0) continue;
    verdict.add(pointer, fmt::format("zeros in RX from {:#x}", *rx.zero_from),
                fmt::format("{:#04x} at {:#x}", bytes[at], at));
    return;
  }
}

}  // namespace

std::string reply_text(const ffa::Regs& regs, SuccessForm form) {
  if (form == SuccessForm::version) {
    if (regs.w(0) >> 31 == 0) return version_text(ffa::Version{regs.w(0)});
    return status_text(static_cast<int32_t>(regs.w(0)));
  }
  const std::string name = function_text(ffa::FunctionId{regs.x[0]}.raw);
  if (!ffa::is_error(regs)) return name;
  return name + " " + status_text(static_cast<int32_t>(regs.w(2)));
}

std::string names_of(const std::vector<const trace::Event*>& calls) {
  std::vector<std::string> names;
  for (const trace::Event* call : calls)
    names.push_back(function_text(ffa::FunctionId{call->in.x[0]}.raw));
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

std::string hex_text(std::span<const uint8_t> bytes, size_t limit) {
  std::string text;
  for (size_t n = 0; n < std::min(bytes.size(), limit); ++n)
    text += fmt::format("{:02x}", bytes[n]);
  if (bytes.size() > limit) text += "…";
  return text.empty() ? "nothing" : text;
}

void judge_reply(const JudgedStep& step, const Expectation& expect, Verdict& verdict) {
  if (expect.result && expect.result != step.record.result) {
    verdict.add(expect.pointer + "/result", *expect.result, step.record.result.value_or("nothing"));
  }
  const bool speaks = !expect.replies.empty() || !expect.registers.empty() || expect.rule ||
                      expect.sp_status || expect.value || expect.count;
  if (!speaks) return;
  const trace::Event* call = step.call();
  if (call == nullptr) {
    verdict.add(expect.pointer, "a call", "none was made");
    return;
  }
  const ffa::Regs& out = call->out;
  const SuccessForm form = step.step.success;
  const bool fitting =
      std::any_of(expect.replies.begin(), expect.replies.end(),
                  [&](const ExpectedReply& reply) { return fits(reply, out, form); });
  if (!expect.replies.empty() && !fitting) {
    verdict.add(expect.pointer, expected_text(expect.replies, form), reply_text(out, form));
    return;
  }
  for (const ExpectedRegister& reg : expect.registers) {
    judge_number(reg.value, out.x.at(reg.reg), reg.wide, step, expect.pointer + "/" + reg.key,
                 reg.key, verdict);
  }
  if (expect.rule && *expect.rule != call->rule) {
    verdict.add(expect.pointer + "/rule",
                expect.rule->empty() ? "no rejecting rule" : "rule " + *expect.rule,
                call->rule.empty() ? "none" : call->rule);
  }
  judge_sp(step, expect, out, verdict);
}

void judge_lists(const JudgedStep& step, const Expectation& expect, Verdict& verdict) {
  const trace::Event* call = step.call();
  if (expect.count && call != nullptr) {
    const uint64_t count = step.step.regs_entries ? (call->out.x[2] & 0xffff) + 1 : call->out.w(2);
    if (ffa::is_success(call->out) && count != *expect.count) {
      verdict.add(expect.pointer + "/count", fmt::format("{} partitions", *expect.count),
                  std::to_string(count));
    }
  }
  if (expect.entries) judge_entries(step, expect, verdict);
  if (expect.rx) judge_rx(step, expect, verdict);
}

}  // namespace sim::scenario
