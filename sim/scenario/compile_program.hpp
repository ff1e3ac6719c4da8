// SPDX-License-Identifier: BSD-3-Clause
// Writes byte code: the host's side of guest/program.hpp. Used by the compiler, one builder a vCPU
// and one for the control program.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "guest/program.hpp"

namespace sim::scenario {

class ProgramBuilder {
 public:
  explicit ProgramBuilder(guest::ProgramKind kind) : kind_(kind) {}

  void write(uint64_t ipa, std::span<const uint8_t> bytes);
  void fill(uint64_t ipa, uint64_t length, uint8_t value);
  void write_operand(uint64_t ipa, uint32_t width, const guest::Operand& value);
  void call(const guest::CallOp& op);
  void save(const guest::SaveOp& op);
  void step(uint32_t step);
  void dump(uint32_t id, uint64_t ipa, uint64_t length);
  void require_reply(uint32_t w0);
  void run(const guest::RunOp& op);
  void host(guest::Opcode code, const guest::HostOp& op);
  void parallel(std::span<const guest::Thread> threads);

  [[nodiscard]] uint32_t ops() const { return ops_; }
  /// The whole program, `end` appended. `slots`: how many saved values the case has.
  [[nodiscard]] std::vector<std::byte> finish(uint16_t slots) const;

 private:
  template <class Put>
  void op(guest::Opcode code, Put put);

  guest::ProgramKind kind_;
  std::vector<std::byte> code_;
  uint32_t ops_ = 0;
};

}  // namespace sim::scenario
