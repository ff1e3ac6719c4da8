// SPDX-License-Identifier: BSD-3-Clause
// Steps of discovery and set-up, of raw calls, and of the guest's own memory. [DEN0077A 1.2
// §13.2-13.9]
#include <fmt/format.h>

#include "ffa/fid.hpp"
#include "sim/scenario/compile_names.hpp"
#include "sim/scenario/steps.hpp"

namespace sim::scenario {
namespace {

using ffa::Fid;
using ffa::fid32;

/// The UUID of a step: `uuid`, or that of `sp`, or nil.
ffa::Uuid step_uuid(const GuestStep& step) {
  if (step.node.has("uuid") && step.node.has("sp")) step.node.fail("uuid or sp, not both");
  if (const auto uuid = step.node.find("uuid")) return uuid_of(*uuid);
  if (const auto sp = step.node.find("sp")) return step.world.sp_of(*sp).uuid;
  return {};
}

}  // namespace

uint64_t version_word(const Node& node) {
  const std::string text = node.is_string() ? node.text() : "";
  const size_t dot = text.find('.');
  if (dot == std::string::npos) return node.number(0xffffffff);
  const auto major = parse_number(std::string_view{text}.substr(0, dot));
  const auto minor = parse_number(std::string_view{text}.substr(dot + 1));
  if (!major || !minor || *major > 0xffff || *minor > 0xffff)
    node.fail(fmt::format("'{}' is not a version", text));
  return *major << 16 | *minor;
}

void compile_raw(const GuestStep& step) {
  step.step.judged_by_default = false;
  CallWriter call;
  unsigned reg = 0;
  const auto function = step.node.find("fid");
  const auto list = step.node.find(function ? "args" : "x");
  if (function ? step.node.has("x") : step.node.has("args"))
    step.node.fail("either x, or fid and args");
  if (!function && !list) step.node.fail("x, or fid, is needed");
  if (function) call.set(reg++, function_of(*function));
  if (list) {
    for (const Node& value : list->elements()) {
      if (reg >= guest::register_count) list->fail("a call has the registers x0 to x17");
      call.set(reg++, operand_of(value, step.values));
    }
  }
  call.emit(step, 1);
}

void compile_write(const GuestStep& step) {
  step.step.success = SuccessForm::none;
  const uint64_t ipa = constant_of(step.node.at("ipa"), step.values);
  if (step.node.has("bytes") == step.node.has("value"))
    step.node.fail("either bytes or value is needed");
  if (const auto bytes = step.node.find("bytes")) {
    step.program.write(ipa, bytes->bytes());
    return;
  }
  step.program.write_operand(ipa, static_cast<uint32_t>(step.node.number_or("width", 4, 8)),
                             operand_of(step.node.at("value"), step.values));
}

void compile_fill(const GuestStep& step) {
  step.step.success = SuccessForm::none;
  step.program.fill(constant_of(step.node.at("ipa"), step.values),
                    constant_of(step.node.at("length"), step.values, 1ULL << 30),
                    static_cast<uint8_t>(step.node.at("byte").number(0xff)));
}

void compile_version(const GuestStep& step) {
  step.step.success = SuccessForm::version;
  const auto node = step.node.find("version");
  const uint64_t asked = node ? version_word(*node) : step.guest.layout().raw();
  CallWriter{fid32(Fid::version)}.set(1, asked).emit(step);
}

void compile_features(const GuestStep& step) {
  if (step.node.has("of") == step.node.has("feature"))
    step.node.fail("either of or feature is needed");
  const auto function = step.node.find("of");
  const uint64_t asked =
      function ? function_of(*function) : step.constant("feature", 0, 0xffffffff);
  CallWriter{fid32(Fid::features)}.set(1, asked).set(2, step.operand("w2", 0)).emit(step);
}

void compile_id_get(const GuestStep& step) { CallWriter{fid32(Fid::id_get)}.emit(step); }

void compile_spm_id_get(const GuestStep& step) { CallWriter{fid32(Fid::spm_id_get)}.emit(step); }

void compile_rxtx_map(const GuestStep& step) {
  CallWriter call{function_by_width(step, fid32(Fid::rxtx_map), 64)};
  call.set(1, step.constant("tx", step.guest.tx)).set(2, step.constant("rx", step.guest.rx));
  call.set(3, step.constant("pages", step.guest.buffer_pages)).emit(step);
}

void compile_rxtx_unmap(const GuestStep& step) {
  CallWriter{fid32(Fid::rxtx_unmap)}.set(1, uint64_t{step.endpoint("id", 0)} << 16).emit(step);
}

void compile_rx_release(const GuestStep& step) {
  CallWriter{fid32(Fid::rx_release)}.set(1, step.endpoint("id", 0)).emit(step);
}

void compile_partition_info(const GuestStep& step) {
  const ffa::Uuid uuid = step_uuid(step);
  CallWriter call{fid32(Fid::partition_info_get)};
  for (unsigned n = 0; n < 4; ++n) call.set(1 + n, uuid.word(n));
  if (step.node.has("count") && step.node.has("flags")) step.node.fail("count or flags, not both");
  const uint64_t flags = step.node.flag_or("count", false) ? 1 : step.constant("flags", 0);
  call.set(5, flags).emit(step);
}

void compile_partition_info_regs(const GuestStep& step) {
  step.step.regs_entries = true;
  const ffa::Uuid uuid = step_uuid(step);
  guest::Operand start = step.operand("start", 0);
  const guest::Operand tag = step.operand("tag", 0);
  if (!is_constant(start) && !is_constant(tag))
    step.node.fail("only one of start and tag can be a saved value");
  if (is_constant(start) && is_constant(tag)) {
    start.constant |= tag.constant << 16;
  } else if (is_constant(start)) {
    const uint64_t low = start.constant;
    start = tag;
    if (tag.shift != 0 || tag.constant != 0)
      step.node.fail_at("tag", "a plain saved value is expected");
    start.shift = 16;
    start.constant = low;
    start.combine = guest::Combine::bit_or;
  } else if (start.combine == guest::Combine::add && tag.constant != 0) {
    start.constant += tag.constant << 16;
  } else {
    start.constant |= tag.constant << 16;
  }
  CallWriter call{fid32(Fid::partition_info_get_regs)};
  call.set(1, uuid.dword(0)).set(2, uuid.dword(1)).set(3, start).emit(step);
}

}  // namespace sim::scenario
