// SPDX-License-Identifier: BSD-3-Clause
// Random programs of two VMs that know each other, the family, and of a third one that neither
// wants to know, the intruder: every call that VMs can make, in sequences that make sense, nearly
// right and as garbage, with what happens to a VM besides. A handle is named by its age, so that
// the same program can be run where handles are numbered otherwise.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ffa/regs.hpp"
#include "send_plan.hpp"
#include "spmc-model/spmc.hpp"

namespace property {

inline constexpr std::array<uint16_t, 2> family = {0x2101, 0x2203};
inline constexpr uint16_t intruder = 0x2305;
inline constexpr uint16_t vcpus = 2;

// The secure partitions, and what each VM has at which address.
inline constexpr uint16_t echo_sp = 0x8a01;
inline constexpr uint16_t family_sp = 0x8a02;    ///< memory_user
inline constexpr uint16_t intruder_sp = 0x8a03;  ///< memory_user
inline constexpr uint16_t intruder_echo_sp = 0x8a04;
inline constexpr uint64_t own_ram_ipa = 0x40000000;
inline constexpr uint64_t own_ram_pages = 24;
inline constexpr uint64_t own_tx_ipa = 0x50000000;  ///< 2 pages; RX is at own_rx_ipa
inline constexpr uint64_t own_rx_ipa = 0x50002000;
inline constexpr uint64_t window_ipa = 0x70000000;
inline constexpr uint64_t window_pages = 32;
inline constexpr uint64_t tx_image_bytes = 2 * page;

/// What is the same in every run of a program but for the intruder.
struct Household {
  Setting setting;
  std::array<ffa::Version, 3> spoken;  ///< by each of the family, and the intruder
  uint16_t sp_contexts;                ///< requests that an SP serves at once
  bool shared_sps;                     ///< every VM reaches every SP; else the intruder has its own
  bool intruder_knocks;                ///< it names the family as its peers, and is visible
  uint64_t schedule;  ///< seed of how steps of the intruder interleave with the family's
};

/// A handle that some send of the same side was given, by age; or one of the other side's. Where
/// there is none, a handle that nobody has.
struct HandleRef {
  enum class Whose : uint8_t { nobody, own, others };
  Whose whose = Whose::nobody;
  uint32_t age = 0;  ///< 0: the newest
};

enum class Action : uint8_t {
  call,
  write_memory,  ///< `value` to `address`
  read_memory,
  destroy,  ///< family: to the end; intruder: one round of `value` operations
  create,
  notify,     ///< the SP `sp` sets the bits `value` for the VM
  interrupt,  ///< of the vCPU
  preempt,    ///< the next request to `sp` is stopped `value` times, as `stop` says
};

struct Step {
  uint16_t vm = 0;
  uint16_t vcpu = 0;
  Action action = Action::call;
  bool together = false;  ///< of the intruder: at the same time as the family's next step
  bool hvc = false;
  ffa::Regs in;
  HandleRef handle;              ///< its words stand in two registers
  unsigned handle_register = 0;  ///< the lower one; 0: none
  std::vector<uint8_t> tx;       ///< written into TX before; empty: nothing is
  HandleRef tx_handle;
  std::optional<size_t> tx_handle_at;  ///< byte offset in `tx`
  uint16_t sp = 0;
  spmc_model::StopKind stop{};
  uint64_t address = 0;
  uint64_t value = 0;
};

struct Program {
  Household household;
  std::vector<Step> steps;
};

/// Some 60 steps of the family and as many of the intruder.
Program random_program(uint64_t seed);

std::string describe(const Household& household);
std::string describe(const Step& step);

}  // namespace property
