// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/words.hpp"

#include <fmt/format.h>

#include <bitset>

#include "ffa/names.hpp"
#include "ffa/reply.hpp"
#include "tools/ffa-trace/optee_words.hpp"
#include "tools/ffa-trace/word_tables.hpp"

namespace ffa_trace {
namespace {

/// Which of x1-x17 have been put into words, and which were captured at all.
class Told : public std::bitset<18> {
 public:
  explicit Told(sim::trace::RegisterSet known) : known_(known) {}
  [[nodiscard]] bool known(unsigned reg) const { return (known_ >> reg & 1U) != 0; }

 private:
  sim::trace::RegisterSet known_;
};

uint32_t number_of(const ffa::Regs& regs) {
  const ffa::FunctionId id{regs.x[0]};
  return id.in_ffa_range() ? id.number() : 0;
}

void add(std::string& words, const std::string& word) {
  if (word.empty()) return;
  if (!words.empty()) words += ", ";
  words += word;
}

std::string labelled(const char* label, const std::string& value) {
  return *label == '\0' ? value : fmt::format("{} {}", label, value);
}

uint64_t dword(const ffa::Regs& regs, unsigned n) {
  return static_cast<uint64_t>(regs.w(n + 1)) << 32 | regs.w(n);
}

std::string endpoint_name(uint32_t id) {
  if (id == 0) return "hypervisor";
  return id < 0x8000 ? fmt::format("{}", id) : fmt::format("{:#06x}", id);
}

std::string uuid_text(const ffa::Uuid& uuid) {
  if (uuid.is_nil()) return "nil";
  std::string text;
  for (unsigned i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += fmt::format("{:02x}", uuid.bytes[i]);
  }
  return text;
}

std::string query_words(uint32_t query) {
  if ((query & 0x80000000U) != 0) return function_name(query);
  const char* const feature = ffa::feature_name(static_cast<ffa::FeatureId>(query));
  return feature != nullptr ? feature : fmt::format("feature {:#x}", query);
}

std::string characters_of(const ffa::Regs& regs) {
  const bool wide = ffa::FunctionId{regs.x[0]}.is_smc64();
  const unsigned in_register = wide ? 8 : 4;
  const unsigned most = wide ? 128 : 24;
  const unsigned count = std::min<unsigned>(static_cast<uint8_t>(regs.w(1)), most);
  std::string text = "\"";
  for (unsigned i = 0; i < count; ++i) {
    const auto c =
        static_cast<unsigned char>(regs.x[2 + i / in_register] >> (8 * (i % in_register)));
    if (c >= 0x20 && c < 0x7f) {
      text += static_cast<char>(c);
    } else {
      text += fmt::format("\\x{:02x}", c);
    }
  }
  return text + '"';
}

/// Registers that a field takes up.
unsigned width_of(Kind kind, const ffa::Regs& regs) {
  switch (kind) {
    case Kind::handle:
    case Kind::bitmap:
    case Kind::bitmap_if_set:
    case Kind::uuid_dwords:
      return 2;
    case Kind::uuid_words:
      return 4;
    case Kind::characters:
      return ffa::FunctionId{regs.x[0]}.is_smc64() ? 16 : 6;
    default:
      return 1;
  }
}

std::string pair_words(const Field& field, uint32_t word) {
  const uint32_t high = word >> 16;
  const uint32_t low = word & 0xffff;
  if (field.kind == Kind::sender_receiver) {
    return fmt::format("{} to {}", endpoint_name(high), endpoint_name(low));
  }
  if (field.kind == Kind::endpoint_vcpu) {
    return fmt::format("{} vCPU {}", endpoint_name(high), low);
  }
  if (field.kind == Kind::start_index_tag) {
    return fmt::format("from index {}{}", low, high != 0 ? fmt::format(", tag {:#x}", high) : "");
  }
  return fmt::format("{} vCPU {}", endpoint_name(low), high);
}

std::string optional_words(const Field& field, const ffa::Regs& regs) {
  const uint64_t x = regs.x[field.reg];
  switch (field.kind) {
    case Kind::decimal_if_set:
      return x == 0 ? "" : labelled(field.label, fmt::format("{}", x));
    case Kind::hex_if_set:
    case Kind::address_if_set:
      return x == 0 ? "" : labelled(field.label, fmt::format("{:#x}", x));
    case Kind::endpoint_if_set:
      return x == 0 ? "" : labelled(field.label, endpoint_name(regs.w(field.reg) & 0xffff));
    case Kind::high_endpoint_if_set:
      return x == 0 ? "" : labelled(field.label, endpoint_name(regs.w(field.reg) >> 16));
    default: {
      const uint64_t bitmap = dword(regs, field.reg);
      return bitmap == 0 ? "" : labelled(field.label, fmt::format("{:#x}", bitmap));
    }
  }
}

std::string field_words(const Field& field, const ffa::Regs& regs) {
  const uint64_t x = regs.x[field.reg];
  const uint32_t w = regs.w(field.reg);
  switch (field.kind) {
    case Kind::version:
      return labelled(field.label, fmt::format("{}.{}", w >> 16, w & 0xffff));
    case Kind::query:
      return labelled(field.label, query_words(w));
    case Kind::decimal:
      return labelled(field.label, fmt::format("{}", x));
    case Kind::bytes:
      return labelled(field.label, fmt::format("{} B", x));
    case Kind::hex:
    case Kind::address:
      return labelled(field.label, fmt::format("{:#x}", x));
    case Kind::endpoint:
      return labelled(field.label, endpoint_name(w & 0xffff));
    case Kind::sender_receiver:
    case Kind::endpoint_vcpu:
    case Kind::vcpu_endpoint:
    case Kind::start_index_tag:
      return labelled(field.label, pair_words(field, w));
    case Kind::handle:
    case Kind::bitmap:
      return labelled(field.label, fmt::format("{:#x}", dword(regs, field.reg)));
    case Kind::uuid_words:
      return labelled(field.label,
                      uuid_text(ffa::Uuid::from_words(regs.w(1), regs.w(2), regs.w(3), regs.w(4))));
    case Kind::uuid_dwords:
      return labelled(field.label,
                      uuid_text(ffa::Uuid::from_dwords(regs.x[field.reg], regs.x[field.reg + 1U])));
    case Kind::status: {
      const auto status = static_cast<ffa::Status>(static_cast<int32_t>(w));
      return labelled(field.label, ffa::status_name(status));
    }
    case Kind::characters:
      return characters_of(regs);
    default:
      return optional_words(field, regs);
  }
}

/// A field in a register that was not captured.
std::string absent_field(const Field& field) {
  if (*field.label != '\0') return fmt::format("{} absent", field.label);
  if (field.kind == Kind::status) return "status absent";
  return fmt::format("x{} absent", field.reg);
}

std::string fields_words(std::span<const Field> fields, const ffa::Regs& regs, Told& told) {
  std::string words;
  for (const Field& field : fields) {
    bool known = true;
    for (unsigned i = 0; i < width_of(field.kind, regs); ++i) {
      told.set(field.reg + i);
      known = known && told.known(field.reg + i);
    }
    add(words, known ? field_words(field, regs) : absent_field(field));
  }
  return words;
}

/// Calls that pass something in x8-x17.
bool uses_all_registers(const ffa::Regs& regs) {
  const uint32_t number = number_of(regs);
  return number == 0x8b || number == 0x8d || number == 0x8e || (number == 0x8a && regs.w(1) > 48);
}

/// The registers that hold something and that nothing was said about, and those of x1-x7 that were
/// not captured; of x8-x17 only a range, where the call passes something in them.
std::string raw_words(const ffa::Regs& regs, const Told& told) {
  std::string words;
  const auto put = [&](const std::string& word) {
    if (!words.empty()) words += ' ';
    words += word;
  };
  const unsigned last = uses_all_registers(regs) ? 17 : 7;
  const auto absent = [&](unsigned i) { return i <= last && !told.test(i) && !told.known(i); };
  for (unsigned i = 1; i < regs.x.size(); ++i) {
    if (told.test(i)) continue;
    if (regs.x[i] != 0) put(fmt::format("x{}={:#x}", i, regs.x[i]));
    if (!absent(i)) continue;
    const unsigned first = i;
    while (absent(i + 1)) ++i;
    put(first == i ? fmt::format("x{} absent", i) : fmt::format("x{}-x{} absent", first, i));
  }
  return words;
}

bool is_direct(uint32_t number) { return number == 0x6f || number == 0x70; }

/// w2 of a direct message: nothing for a partition message, else the framework's.
std::string framework_words(const ffa::Regs& regs, Told& told) {
  const uint32_t word = regs.w(2);
  if ((word & ffa::framework_message_bit) == 0) return {};
  told.set(2);
  const auto type = static_cast<ffa::FrameworkMessage>(word & ~ffa::framework_message_bit);
  const char* const name = ffa::framework_message_name(type);
  if (name == nullptr) return fmt::format("framework message {:#x}", word);
  std::string words = fmt::format("framework {}", name);
  using enum ffa::FrameworkMessage;
  if (type == vm_created_request || type == vm_destroyed_request) {
    add(words, fmt::format("VM {}, handle {:#x}", regs.w(5) & 0xffff, dword(regs, 3)));
    told.set(3).set(4).set(5);
  } else if (type == vm_created_response || type == vm_destroyed_response) {
    const auto status = static_cast<ffa::Status>(static_cast<int32_t>(regs.w(3)));
    add(words, ffa::status_name(status));
    told.set(3);
  } else if (type == version_request || type == version_response) {
    add(words, fmt::format("{}.{}", regs.w(3) >> 16, regs.w(3) & 0xffff));
    told.set(3);
  }
  return words;
}

/// A direct message's payload, and in brackets what OP-TEE means by it.
std::string payload_words(const ffa::Regs& regs, const std::string& reading, Told& told) {
  std::string words = framework_words(regs, told);
  const bool framework = !words.empty();
  bool whole = true;  // OP-TEE's protocol needs all of w3-w7
  for (unsigned i = 3; i <= 7; ++i) whole = whole && told.known(i);
  const std::string raw = raw_words(regs, told);
  add(words, raw);
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
      add(words, n == 0 ? fmt::format("pending for {}", endpoint_name(value))
                        : fmt::format("vCPU {}", value));
    }
  }
  if ((out.x[2] & 1) != 0) add(words, "more pending");
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
      add(words, fmt::format("x{} and further absent", told.known(reg) ? 8 : reg));
      break;
    }
    if (out.x[reg] == 0) break;
    const uint64_t head = out.x[reg];
    add(words, fmt::format("{} ({} contexts, properties {:#x}, UUID {})",
                           endpoint_name(head & 0xffff), head >> 16 & 0xffff, head >> 32,
                           uuid_text(ffa::Uuid::from_dwords(out.x[reg + 1], out.x[reg + 2]))));
    for (unsigned i = 0; i < step; ++i) told.set(reg + i);
  }
  return words;
}

std::string success_words(const ffa::Regs& in, const ffa::Regs& out, Told& told) {
  const uint32_t number = number_of(in);
  if (number == 0x83) return info_get_words(out, told);
  if (number == 0x8b) return info_regs_words(out, told);
  return fields_words(success_fields(number), out, told);
}

}  // namespace

std::string function_name(uint64_t x0) {
  const ffa::FunctionId id{x0};
  const char* const name = (x0 >> 32) == 0 ? ffa::fid_name(id.raw) : nullptr;
  if (name == nullptr) return fmt::format("{:#x}", x0);
  const ffa::FidInfo* const info = ffa::find_fid(id.number());
  const bool both = info->has32 && info->has64;
  return fmt::format("{}{}{}", name, both ? (id.is_smc64() ? "_64" : "_32") : "",
                     id.raw != x0 ? "+SVE" : "");
}

std::string call_words(const ffa::Regs& in, sim::trace::RegisterSet known) {
  Told told(known);
  const uint32_t number = number_of(in);
  std::string words = fields_words(call_fields(number), in, told);
  if (is_direct(number)) {
    add(words, payload_words(in, optee_request_words(in), told));
  } else {
    add(words, raw_words(in, told));
  }
  return words;
}

bool is_failure(const ffa::Regs& in, const ffa::Regs& out) {
  if (number_of(in) == 0x63) return (out.w(0) >> 31) != 0;
  return ffa::is_error(out) || out.w(0) == 0xffffffffU;
}

std::string reply_words(const ffa::Regs& in, const ffa::Regs& out, sim::trace::RegisterSet known) {
  if (known == 0) return "no return seen";
  Told told(known);
  if (number_of(in) == 0x63 && (out.w(0) >> 31) == 0) {
    std::string words = fmt::format("{}.{}", out.w(0) >> 16, out.w(0) & 0xffff);
    add(words, raw_words(out, told));
    return words;
  }
  if (out.x[0] == 0xffffffffU || out.x[0] == UINT64_MAX) {
    std::string words = "SMCCC NOT_SUPPORTED";
    add(words, raw_words(out, told));
    return words;
  }
  std::string name = function_name(out.x[0]);
  if (name.starts_with("FFA_")) name.erase(0, 4);
  if (name == "SUCCESS_32") name = "SUCCESS";
  std::string words;
  const uint32_t number = number_of(out);
  if (ffa::is_success(out)) {
    words = success_words(in, out, told);
    add(words, raw_words(out, told));
  } else if (is_direct(number)) {
    words = fields_words(call_fields(number), out, told);
    add(words, payload_words(out, optee_response_words(in, out), told));
  } else {
    words = fields_words(call_fields(number), out, told);
    add(words, raw_words(out, told));
  }
  return words.empty() ? name : name + ' ' + words;
}

}  // namespace ffa_trace
