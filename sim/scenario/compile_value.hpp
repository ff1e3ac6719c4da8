// SPDX-License-Identifier: BSD-3-Clause
// Numbers as steps write them: "tx+0x10", "base+@i*4K", "$h.lo", "$t<<16|3". Constants are worked
// out here; a saved value stays an operand, which the guest's interpreter evaluates.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "guest/program.hpp"
#include "sim/scenario/compile_node.hpp"

namespace sim::scenario {

/// The names of a case's saved values and their slots.
/// A name with @i in it has a slot for each repetition.
std::string slot_name(const std::string& name, uint32_t repetition);

class SlotTable {
 public:
  /// The slot of a name that a step saves. Fails (at `node`) if there are too many.
  uint16_t define(const std::string& name, const Node& node);
  /// The slot of a name that is used; fails if nothing saves it.
  [[nodiscard]] uint16_t use(const std::string& name, const Node& node) const;
  [[nodiscard]] uint16_t count() const { return static_cast<uint16_t>(slots_.size()); }

 private:
  std::map<std::string, uint16_t> slots_;
};

/// What the words in a number stand for.
struct ValueContext {
  uint64_t base = 0;  ///< first region of the VM
  uint64_t tx = 0;
  uint64_t rx = 0;
  uint32_t repetition = 0;  ///< @i
  const SlotTable* slots = nullptr;
};

/// A number that is known now; fails for a saved value, and above `max`.
uint64_t constant_of(const Node& node, const ValueContext& context, uint64_t max = ~uint64_t{0});
guest::Operand operand_of(const Node& node, const ValueContext& context);
guest::Operand constant_operand(uint64_t value);
[[nodiscard]] bool is_constant(const guest::Operand& operand);

}  // namespace sim::scenario
