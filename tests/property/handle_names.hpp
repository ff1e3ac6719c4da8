// SPDX-License-Identifier: BSD-3-Clause
// Handles by name: an SPMC may number those of all VMs together, so that a number tells how many
// others there are. Where they stand in registers is told by the function.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ffa/regs.hpp"
#include "vm_program.hpp"

namespace property {

inline constexpr uint32_t smc64_bit = 0x40000000;  ///< of a function id

/// The register of a handle's low word, the high one in the next; nothing: the registers hold none.
std::optional<unsigned> handle_in_request(const ffa::Regs& in);
std::optional<unsigned> handle_in_answer(const ffa::Regs& in, const ffa::Regs& out);
uint64_t handle_at(const ffa::Regs& regs, unsigned place);
ffa::Regs without_handle(ffa::Regs regs, std::optional<unsigned> place);

/// The handles that one side was given, in the order in which they came.
class HandleNames {
 public:
  /// The name of a handle in an answer. That of a send gets a new one.
  std::string name(const ffa::Regs& in, uint64_t handle);
  /// The number of a handle that a step names. One that was given once more since names nothing
  /// any more, and neither does another side's number that is one of these.
  [[nodiscard]] uint64_t resolve(const HandleRef& ref, const HandleNames& others) const;

 private:
  [[nodiscard]] std::optional<size_t> find(uint64_t handle) const;
  std::vector<uint64_t> given_;
};

}  // namespace property
