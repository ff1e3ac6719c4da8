// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/field_words.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "ffa/names.hpp"
#include "tools/ffa-trace/words.hpp"

namespace ffa_trace {
namespace {

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

bool is_optional(Kind kind) {
  switch (kind) {
    case Kind::decimal_if_set:
    case Kind::hex_if_set:
    case Kind::address_if_set:
    case Kind::endpoint_if_set:
    case Kind::high_endpoint_if_set:
    case Kind::bitmap_if_set:
      return true;
    default:
      return false;
  }
}

/// A field in a register that was not captured.
std::string absent_field(const Field& field) {
  if (*field.label != '\0') return "absent";
  return field.kind == Kind::status ? "status absent" : fmt::format("x{} absent", field.reg);
}

/// Calls that pass something in x8-x17.
bool uses_all_registers(const ffa::Regs& regs) {
  const uint32_t number = call_number(regs);
  return number == 0x8b || number == 0x8d || number == 0x8e || (number == 0x8a && regs.w(1) > 48);
}

bool is_zero(const Field& field, const ffa::Regs& regs) {
  if (field.kind == Kind::bitmap_if_set) return dword(regs, field.reg) == 0;
  return regs.x[field.reg] == 0;
}

}  // namespace

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

std::string bits_text(uint64_t value, std::span<const Bit> bits) {
  std::string names;
  for (const Bit& bit : bits) {
    if ((value >> bit.number & 1) != 0) add_word(names, bit.name);
  }
  return names.empty() ? fmt::format("{:#x}", value) : fmt::format("{:#x} ({})", value, names);
}

void add_word(std::string& words, const std::string& word) {
  if (word.empty()) return;
  if (!words.empty()) words += ", ";
  words += word;
}

std::string field_value(const Field& field, const ffa::Regs& regs) {
  if (is_optional(field.kind) && is_zero(field, regs)) return {};
  const uint64_t x = regs.x[field.reg];
  const uint32_t w = regs.w(field.reg);
  switch (field.kind) {
    case Kind::version:
      return fmt::format("{}.{}", w >> 16, w & 0xffff);
    case Kind::query:
      return query_words(w);
    case Kind::decimal:
    case Kind::decimal_if_set:
      return fmt::format("{}", x);
    case Kind::bytes:
      return fmt::format("{} B", x);
    case Kind::hex:
    case Kind::hex_if_set:
    case Kind::address:
    case Kind::address_if_set:
      return bits_text(x, field.bits);
    case Kind::endpoint:
    case Kind::endpoint_if_set:
      return endpoint_name(w & 0xffff);
    case Kind::high_endpoint_if_set:
      return endpoint_name(w >> 16);
    case Kind::sender_receiver:
    case Kind::endpoint_vcpu:
    case Kind::vcpu_endpoint:
    case Kind::start_index_tag:
      return pair_words(field, w);
    case Kind::handle:
    case Kind::bitmap:
    case Kind::bitmap_if_set:
      return fmt::format("{:#x}", dword(regs, field.reg));
    case Kind::uuid_words:
      return uuid_text(ffa::Uuid::from_words(regs.w(1), regs.w(2), regs.w(3), regs.w(4)));
    case Kind::uuid_dwords:
      return uuid_text(ffa::Uuid::from_dwords(regs.x[field.reg], regs.x[field.reg + 1U]));
    case Kind::status:
      return ffa::status_name(static_cast<ffa::Status>(static_cast<int32_t>(w)));
    case Kind::characters:
      return characters_of(regs);
  }
  return {};
}

unsigned field_width(Kind kind, const ffa::Regs& regs) {
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

std::string fields_words(std::span<const Field> fields, const ffa::Regs& regs, Told& told) {
  std::string words;
  for (const Field& field : fields) {
    bool known = true;
    for (unsigned i = 0; i < field_width(field.kind, regs); ++i) {
      told.set(field.reg + i);
      known = known && told.known(field.reg + i);
    }
    const std::string value = known ? field_value(field, regs) : absent_field(field);
    if (value.empty()) continue;
    add_word(words, *field.label == '\0' ? value : fmt::format("{} {}", field.label, value));
  }
  return words;
}

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

}  // namespace ffa_trace
