// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/words.hpp"

#include <fmt/format.h>

#include "ffa/names.hpp"
#include "ffa/reply.hpp"
#include "tools/ffa-trace/field_words.hpp"
#include "tools/ffa-trace/optee_words.hpp"
#include "tools/ffa-trace/word_tables.hpp"

namespace ffa_trace {
namespace {

bool is_direct(uint32_t number) { return number == 0x6f || number == 0x70; }

std::string status_text(uint32_t word) {
  return ffa::status_name(static_cast<ffa::Status>(static_cast<int32_t>(word)));
}

/// Of a power management message: "CPU_OFF", "CPU_ON, x4=0x1".
std::string psci_words(const ffa::Regs& regs) {
  static constexpr struct {
    uint8_t number;
    const char* name;
  } functions[] = {{1, "CPU_SUSPEND"}, {2, "CPU_OFF"},         {3, "CPU_ON"},
                   {8, "SYSTEM_OFF"},  {14, "SYSTEM_SUSPEND"}, {9, "SYSTEM_RESET"}};
  const uint32_t word = regs.w(3);
  if ((word & 0xbfffff00U) == 0x84000000U) {
    for (const auto& function : functions) {
      if (function.number == (word & 0xff)) return function.name;
    }
  }
  return fmt::format("PSCI {:#x}", word);
}

/// PSCI has status words of its own. [DEN0022 §5.2]
std::string psci_status(uint32_t word) {
  static const char* const names[] = {"SUCCESS", "NOT_SUPPORTED", "INVALID_PARAMETERS", "DENIED"};
  const uint32_t n = -word;
  return n < std::size(names) ? names[n] : fmt::format("status {}", static_cast<int32_t>(word));
}

/// w2 of a direct message: nothing for a partition message, else the framework's.
std::string framework_words(const ffa::Regs& regs, Told& told) {
  const uint32_t word = regs.w(2);
  if ((word & ffa::framework_message_bit) == 0) return {};
  told.set(2);
  const auto type = static_cast<ffa::FrameworkMessage>(word & ~ffa::framework_message_bit);
  const char* const name = ffa::framework_message_name(type);
  if (name == nullptr) return fmt::format("framework message {:#x}", word);
  std::string words = fmt::format("framework {}", name);
  told.set(3);
  switch (type) {
    using enum ffa::FrameworkMessage;
    case psci_request:
      add_word(words, psci_words(regs));
      break;
    case warm_boot_request:
      add_word(words, regs.w(3) == 0 ? "from suspend to RAM" : "from a shallower state");
      break;
    case psci_response:
      add_word(words, psci_status(regs.w(3)));
      break;
    case vm_created_request:
    case vm_destroyed_request:
      add_word(words, fmt::format("VM {}, handle {:#x}", regs.w(5) & 0xffff, dword(regs, 3)));
      told.set(4).set(5);
      break;
    case vm_created_response:
    case vm_destroyed_response:
      add_word(words, status_text(regs.w(3)));
      break;
    case version_request:
    case version_response:
      add_word(words, regs.w(3) >> 31 != 0
                          ? status_text(regs.w(3))
                          : fmt::format("{}.{}", regs.w(3) >> 16, regs.w(3) & 0xffff));
      break;
  }
  return words;
}

/// A direct message's payload, and in brackets what OP-TEE means by it.
std::string payload_words(const ffa::Regs& regs, const std::string& reading, Told& told) {
  std::string words = framework_words(regs, told);
  const bool framework = !words.empty();
  bool whole = true;  // OP-TEE's protocol needs all of w3-w7
  for (unsigned i = 3; i <= 7; ++i) whole = whole && told.known(i);
  add_word(words, raw_words(regs, told));
  if (!framework && whole && !reading.empty()) {
    words += fmt::format("{}[OP-TEE: {}]", words.empty() ? "" : " ", reading);
  }
  return words;
}

std::string info_get_words(const ffa::Regs& out, Told& told) {
  const bool wide = ffa::FunctionId{out.x[0]}.is_smc64();
  const unsigned in_register = wide ? 4 : 2;
  const unsigned lists = (out.w(2) >> 7) & 0x1f;
  std::string words;
  unsigned id = 0;
  for (unsigned list = 0; list < lists; ++list) {
    const unsigned vcpus = static_cast<unsigned>(out.x[2] >> (12 + 2 * list)) & 3U;
    for (unsigned n = 0; n <= vcpus; ++n, ++id) {
      const unsigned reg = 3 + id / in_register;
      if (reg > 7) return words + ", more ids than registers";
      if (!told.known(reg)) return words + (words.empty() ? "ids absent" : ", further ids absent");
      const auto value = static_cast<uint16_t>(out.x[reg] >> (16 * (id % in_register)));
      told.set(reg);
      add_word(words, n == 0 ? fmt::format("pending for {}", endpoint_name(value))
                             : fmt::format("vCPU {}", value));
    }
  }
  if ((out.x[2] & 1) != 0) add_word(words, "more pending");
  told.set(2);
  return words;
}

std::string info_regs_words(const ffa::Regs& out, Told& told) {
  const uint64_t x2 = out.x[2];
  std::string words = fmt::format("index {} of {}, tag {:#x}, {} B each", x2 >> 16 & 0xffff,
                                  x2 & 0xffff, x2 >> 32 & 0xffff, x2 >> 48);
  told.set(2);
  const unsigned step = static_cast<unsigned>(x2 >> 48) / 8;
  for (unsigned reg = 3; step >= 3 && reg + step <= 18; reg += step) {
    if (!told.known(reg + step - 1)) {
      add_word(words, fmt::format("x{} and further absent", told.known(reg) ? 8 : reg));
      break;
    }
    if (out.x[reg] == 0) break;
    const uint64_t head = out.x[reg];
    add_word(words, fmt::format("{} ({} contexts, properties {:#x}, UUID {})",
                                endpoint_name(head & 0xffff), head >> 16 & 0xffff, head >> 32,
                                uuid_text(ffa::Uuid::from_dwords(out.x[reg + 1], out.x[reg + 2]))));
    for (unsigned i = 0; i < step; ++i) told.set(reg + i);
  }
  return words;
}

std::string success_words(const ffa::Regs& in, const ffa::Regs& out, Told& told) {
  switch (const uint32_t number = call_number(in)) {
    case 0x64:
      return features_words(in, out, told);
    case 0x83:
      return info_get_words(out, told);
    case 0x8b:
      return info_regs_words(out, told);
    default:
      return fields_words(success_fields(number), out, told);
  }
}

}  // namespace

std::string features_words(const ffa::Regs& in, const ffa::Regs& out, Told& told) {
  const uint32_t query = in.w(1);
  const uint32_t properties = out.w(2);
  if (query >= 1 && query <= 3) {
    told.set(2);
    return fmt::format("interrupt {}", properties);
  }
  const ffa::FunctionId id{query};
  if ((query >> 31) == 0 || !id.in_ffa_range() || id.number() != 0x66) {
    return fields_words(success_fields(0x64), out, told);
  }
  static const char* const sizes[] = {"4 KiB", "64 KiB", "16 KiB", "a reserved size"};
  told.set(2);
  std::string words = fmt::format("buffers from {}", sizes[properties & 3]);
  if (properties >> 16 != 0) add_word(words, fmt::format("at most {} pages", properties >> 16));
  if ((properties & 0xfffc) != 0) add_word(words, fmt::format("properties {:#x}", properties));
  return words;
}

uint32_t call_number(const ffa::Regs& regs) {
  const ffa::FunctionId id{regs.x[0]};
  return id.in_ffa_range() ? id.number() : 0;
}

std::string function_name(uint64_t x0) {
  const ffa::FunctionId id{x0};
  const char* const name = (x0 >> 32) == 0 ? ffa::fid_name(id.raw) : nullptr;
  if (name == nullptr) return fmt::format("{:#x}", x0);
  const ffa::FidInfo* const info = ffa::find_fid(id.number());
  const bool both = info->has32 && info->has64;
  return fmt::format("{}{}{}", name, both ? (id.is_smc64() ? "_64" : "_32") : "",
                     id.raw != x0 ? "+SVE" : "");
}

std::string call_words(const ffa::Regs& in, sim::trace::RegisterSet known, bool optee) {
  Told told(known);
  const uint32_t number = call_number(in);
  std::string words = fields_words(call_fields(number), in, told);
  if (is_direct(number)) {
    add_word(words, payload_words(in, optee ? optee_request_words(in) : "", told));
  } else {
    add_word(words, raw_words(in, told));
  }
  return words;
}

bool is_failure(const ffa::Regs& in, const ffa::Regs& out) {
  if (call_number(in) == 0x63) return (out.w(0) >> 31) != 0;
  return ffa::is_error(out) || out.w(0) == 0xffffffffU;
}

std::string reply_words(const ffa::Regs& in, const ffa::Regs& out, sim::trace::RegisterSet known,
                        bool optee) {
  if (known == 0) return "no return seen";
  Told told(known);
  if (call_number(in) == 0x63 && (out.w(0) >> 31) == 0) {
    std::string words = fmt::format("{}.{}", out.w(0) >> 16, out.w(0) & 0xffff);
    add_word(words, raw_words(out, told));
    return words;
  }
  if (out.x[0] == 0xffffffffU || out.x[0] == UINT64_MAX) {
    std::string words = "SMCCC NOT_SUPPORTED";
    add_word(words, raw_words(out, told));
    return words;
  }
  std::string name = function_name(out.x[0]);
  if (name.starts_with("FFA_")) name.erase(0, 4);
  if (name == "SUCCESS_32") name = "SUCCESS";
  std::string words;
  const uint32_t number = call_number(out);
  if (ffa::is_success(out)) {
    words = success_words(in, out, told);
    add_word(words, raw_words(out, told));
  } else if (is_direct(number)) {
    words = fields_words(call_fields(number), out, told);
    add_word(words, payload_words(out, optee ? optee_response_words(in, out) : "", told));
  } else {
    words = fields_words(call_fields(number), out, told);
    add_word(words, raw_words(out, told));
  }
  return words.empty() ? name : name + ' ' + words;
}

}  // namespace ffa_trace
