// SPDX-License-Identifier: BSD-3-Clause
// Builds the argument structures that a guest writes for an OP-TEE-like service, right or wrong on
// purpose. Used by steps_optee.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/scenario/compile_node.hpp"
#include "sim/scenario/compile_program.hpp"
#include "sim/scenario/compile_value.hpp"
#include "sim/scenario/descriptor.hpp"

namespace sim::scenario {

/// What the guest leaves where the service writes.
inline constexpr uint64_t optee_poison = 0xbad0bad1;

/// Bytes for guest memory, and the values that only the guest knows when it runs.
struct OpteeImage {
  struct Patch {
    FieldPlace place;
    guest::Operand value;
  };
  std::vector<uint8_t> bytes;
  std::vector<Patch> patches;

  /// Fails at `node` where the value does not fit, or lies behind the end.
  void put(const FieldPlace& place, const guest::Operand& value, const Node& node);
  /// True if a byte of [from, to) was set to something other than 0.
  [[nodiscard]] bool touches(uint64_t from, uint64_t to) const;
  void drop_front(uint64_t length);
  void write(ProgramBuilder& program, uint64_t ipa) const;
};

/// A structure under construction: fields by their paths, parameters and edits as steps give them.
class OpteeBuilder {
 public:
  /// All zeros. Complaints without a better place are made at `node`.
  OpteeBuilder(const ValueContext& values, const Node& node, uint32_t params);

  /// The path must be one that find_optee_field() knows.
  void set(const std::string& path, const guest::Operand& value);
  void set(const std::string& path, uint64_t value) { set(path, constant_operand(value)); }
  void param(uint32_t index, const Node& node);
  void edits(const Node& list);

  [[nodiscard]] const OpteeImage& image() const { return image_; }

 private:
  void field_of_param(const std::string& at, const std::string& key, const Node& value,
                      bool memory);
  void set_offset(const std::string& at, const Node& offset);
  void apply(const Node& edit);

  const ValueContext& values_;
  const Node& node_;
  uint32_t params_;
  OpteeImage image_;
};

}  // namespace sim::scenario
