// SPDX-License-Identifier: BSD-3-Clause
// The table of steps, and what all guest steps share: registers of a call, saved values.
#include "sim/scenario/steps.hpp"

#include <fmt/format.h>

namespace sim::scenario {
namespace {

using guest::SaveOp;
using guest::SaveSource;

/// A value that differs in every register and looks like nothing that belongs there.
uint64_t poison(unsigned reg) {
  return 0xbad0'0000'dead'0000ULL | (uint64_t{reg} << 40) | (0x11ULL * reg);
}

/// "x2[47:32]", "w3" → source of a save. The schema has checked the form.
SaveOp register_save(const Node& node, const std::string& text) {
  SaveOp op;
  const size_t open = text.find('[');
  const auto reg =
      parse_number(std::string_view{text}.substr(1, open == std::string::npos ? open : open - 1));
  if ((text[0] != 'x' && text[0] != 'w') || !reg || *reg > 17) {
    node.fail(fmt::format("'{}' is nothing that can be saved", text));
  }
  op.reg = static_cast<uint8_t>(*reg);
  op.width = text[0] == 'w' ? 32 : 64;
  if (open == std::string::npos) return op;
  const size_t colon = text.find(':');
  const auto high = parse_number(std::string_view{text}.substr(open + 1, colon - open - 1));
  const auto low = parse_number(std::string_view{text}.substr(colon + 1, text.size() - colon - 2));
  if (!high || !low || *high < *low || *high >= op.width)
    node.fail("bits are [high:low] within the register");
  op.right_shift = static_cast<uint8_t>(*low);
  op.width = static_cast<uint8_t>(*high - *low + 1);
  return op;
}

SaveOp save_op(const Node& node, const GuestStep& step) {
  SaveOp op;
  if (node.is_object()) {
    op.source = SaveSource::memory;
    op.ipa = constant_of(node.at("ipa"), step.values);
    op.width = static_cast<uint8_t>(8 * node.number_or("bytes", 8, 8));
    if (op.width == 0) node.fail_at("bytes", "1 to 8 bytes fit a saved value");
    return op;
  }
  const std::string text = node.text();
  if (text == "handle" || text == "frag_handle") {
    op.source = SaveSource::pair;
    op.reg = text == "handle" ? 2 : 1;
    return op;
  }
  if (text.size() < 2) node.fail(fmt::format("'{}' is nothing that can be saved", text));
  return register_save(node, text);
}

}  // namespace

uint64_t GuestStep::constant(const std::string& key, uint64_t fallback, uint64_t max) const {
  const auto found = node.find(key);
  return found ? constant_of(*found, values, max) : fallback;
}

guest::Operand GuestStep::operand(const std::string& key, uint64_t fallback) const {
  const auto found = node.find(key);
  return found ? operand_of(*found, values) : constant_operand(fallback);
}

uint16_t GuestStep::endpoint(const std::string& key, uint16_t fallback) const {
  const auto found = node.find(key);
  return found ? world.endpoint_of(*found) : fallback;
}

CallWriter& CallWriter::set(unsigned reg, const guest::Operand& value) {
  op_.registers.at(reg) = value;
  op_.mask |= 1U << reg;
  return *this;
}

CallWriter& CallWriter::set_pair(unsigned low, const guest::Operand& value,
                                 const Node& complain_at) {
  if (is_constant(value)) {
    return set(low, value.constant & 0xffffffff).set(low + 1, value.constant >> 32);
  }
  if (value.part != guest::SlotPart::full || value.shift != 0 ||
      value.combine == guest::Combine::add) {
    complain_at.fail("a 64-bit value in two registers is a number, or a saved value with | or ^");
  }
  guest::Operand half = value;
  half.part = guest::SlotPart::low;
  half.constant = value.constant & 0xffffffff;
  set(low, half);
  half.part = guest::SlotPart::high;
  half.constant = value.constant >> 32;
  return set(low + 1, half);
}

void CallWriter::emit(const GuestStep& step, unsigned first_rest) const {
  guest::CallOp op = op_;
  if (step.node.text_or("conduit", "smc") == "hvc") op.conduit = guest::Conduit::hvc;
  if (const auto rest = step.node.find("rest")) {
    const bool poisoned = rest->is_string() && rest->text() == "poison";
    const uint64_t value = poisoned ? 0 : constant_of(*rest, step.values);
    for (unsigned reg = first_rest; reg < guest::register_count; ++reg) {
      if (((op.mask >> reg) & 1U) != 0) continue;
      op.registers.at(reg) = constant_operand(poisoned ? poison(reg) : value);
      op.mask |= 1U << reg;
    }
  }
  step.program.call(op);
  const auto save = step.node.find("save");
  if (!save) return;
  for (const auto& [name, node] : save->members()) {
    const auto named = save_names_ && node.is_string() ? save_names_(node.text()) : std::nullopt;
    SaveOp saved = named ? *named : save_op(node, step);
    saved.slot = step.slots.define(slot_name(name, step.values.repetition), node);
    step.program.save(saved);
  }
}

uint32_t function_by_width(const GuestStep& step, uint32_t function, uint64_t fallback_width) {
  const uint64_t width = step.node.number_or("width", fallback_width);
  if (width != 32 && width != 64) step.node.fail_at("width", "32 or 64 is expected");
  return width == 64 ? function | 0x40000000U : function & ~0x40000000U;
}

GuestStepCompiler guest_step(const std::string& name) {
  static const std::map<std::string, GuestStepCompiler> table = {
      {"raw", compile_raw},
      {"write", compile_write},
      {"fill", compile_fill},
      {"version", compile_version},
      {"features", compile_features},
      {"id_get", compile_id_get},
      {"spm_id_get", compile_spm_id_get},
      {"rxtx_map", compile_rxtx_map},
      {"rxtx_unmap", compile_rxtx_unmap},
      {"rx_release", compile_rx_release},
      {"partition_info", compile_partition_info},
      {"partition_info_regs", compile_partition_info_regs},
      {"direct", compile_direct},
      {"direct2", compile_direct2},
      {"respond", compile_respond},
      {"respond2", compile_respond2},
      {"wait", compile_wait},
      {"yield", compile_yield},
      {"send2", compile_send2},
      {"ask", compile_ask},
      {"share", compile_share},
      {"reclaim", compile_reclaim},
      {"retrieve", compile_retrieve},
      {"frag_rx", compile_frag_rx},
      {"relinquish", compile_relinquish},
      {"bind", compile_bind},
      {"unbind", compile_unbind},
      {"set", compile_set},
      {"get", compile_get},
      {"info_get", compile_info_get},
      {"run", compile_run},
      {"optee", compile_optee},
      {"run_image", compile_run_image},
  };
  const auto found = table.find(name);
  return found == table.end() ? nullptr : found->second;
}

}  // namespace sim::scenario
