// SPDX-License-Identifier: BSD-3-Clause
// Writes the steps of one side of a program: short stories, such as a send, its use by an SP and
// its reclaim, each step of which may go wrong.
#pragma once

#include <vector>

#include "ffa/fid.hpp"
#include "vm_program.hpp"

namespace property {

class Stories {
 public:
  /// Of the family, or of the intruder.
  Stories(Numbers& numbers, const Household& household, bool of_intruder);
  /// At least so many steps.
  std::vector<Step> write(size_t steps);

 private:
  void begin(uint16_t vm);
  void tell(uint16_t vm);
  void versions(uint16_t vm);
  void buffers(uint16_t vm);
  void discovery(uint16_t vm);
  void partitions(uint16_t vm);
  void send_to_sp(uint16_t vm);
  void send_to_vm(uint16_t vm);
  void direct(uint16_t vm);
  void preempted(uint16_t vm);
  void dialogue(uint16_t vm);
  void indirect(uint16_t vm);
  void notifications(uint16_t vm);
  void notify_vm(uint16_t vm);
  void memory(uint16_t vm);
  void fragments(uint16_t vm);
  void garbage(uint16_t vm);
  void life(uint16_t vm);

  Step& call(uint16_t vm, uint64_t function, std::vector<uint64_t> arguments = {});
  Step& host(uint16_t vm, Action action);
  /// Its tag.
  uint64_t send(uint16_t vm, std::vector<uint16_t> receivers, Kind kind);
  void reclaim(uint16_t vm);
  void ask_sp(uint16_t vm, uint32_t operation, uint64_t offset, uint64_t value);
  void spoil(Step& step);

  [[nodiscard]] ffa::Version spoken(uint16_t vm) const;
  uint16_t any_endpoint(uint16_t vm);
  uint16_t peer(uint16_t vm);
  uint16_t user_sp() const;
  uint16_t echo() const;
  HandleRef handle();

  Numbers& numbers_;
  const Household& household_;
  bool of_intruder_;
  std::vector<Step> steps_;
};

}  // namespace property
