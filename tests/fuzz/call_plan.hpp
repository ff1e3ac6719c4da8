// SPDX-License-Identifier: BSD-3-Clause
// Calls of two VMs and acts of their host, read from the bytes of a fuzzer: a byte code whose every
// input means something. The same steps become byte code for a kept world, and a scenario.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ffa/fid.hpp"
#include "ffa/types.hpp"
#include "guest/program.hpp"

namespace fuzz {

/// Who acts; the order is that of the threads in a scenario.
enum class Actor : uint8_t { host, vm1_0, vm1_1, vm2_0 };
inline constexpr size_t actors = 4;
inline constexpr uint16_t slots = 8;  ///< saved handles

struct PlanStep {
  enum class What : uint8_t { call, write, write_slot, host };
  Actor actor = Actor::vm1_0;
  What what = What::call;
  // call
  bool hvc = false;
  std::array<uint64_t, guest::register_count> x{};
  unsigned handle_register = 0;  ///< it and the next one have the halves of `slot`; 0: neither
  unsigned save_from = 0;        ///< `slot` becomes the pair that begins here; 0: it does not
  uint16_t slot = 0;
  // write: `bytes` at `ipa`; write_slot: 8 bytes
  uint64_t ipa = 0;
  std::vector<uint8_t> bytes{};
  // host
  guest::Opcode code{};
  guest::HostOp op{};

  static PlanStep call_of(Actor actor, uint64_t function) {
    PlanStep step;
    step.actor = actor;
    step.x[0] = function;
    return step;
  }
  static PlanStep write_of(Actor actor, uint64_t ipa, std::vector<uint8_t> bytes) {
    PlanStep step;
    step.actor = actor;
    step.what = What::write;
    step.ipa = ipa;
    step.bytes = std::move(bytes);
    return step;
  }
  static PlanStep write_slot_of(Actor actor, uint64_t ipa, uint16_t slot) {
    PlanStep step;
    step.actor = actor;
    step.what = What::write_slot;
    step.ipa = ipa;
    step.slot = slot;
    return step;
  }
  /// A call that leaves zero in every slot: FFA_ID_GET, of whose answer w16 and w17 are zero.
  static PlanStep begin() { return call_of(Actor::vm1_0, ffa::fid32(ffa::Fid::id_get)); }
};

/// Which world: personality and versions, and whether everything that can go wrong may do so.
struct WorldId {
  static constexpr unsigned settings = 4;
  uint8_t setting = 0;
  bool faults = false;
  [[nodiscard]] size_t index() const { return setting + (faults ? settings : 0); }
  static constexpr size_t count = size_t{2} * settings;
};
struct WorldSetting {
  const char* personality;
  const char* spmc;
  ffa::Version vm1, vm2;
};
const WorldSetting& setting_of(WorldId world);

struct Plan {
  WorldId world;
  std::vector<PlanStep>
      first;  ///< one after the other, the first of them a step that clears the slots
  std::vector<PlanStep> threads;   ///< each actor's in this order, actors in any; never empty
  std::vector<uint8_t> decisions;  ///< for the choice stream
};

// What the worlds have in common.
inline constexpr uint16_t vm1_id = 0x2101;
inline constexpr uint16_t vm2_id = 0x2203;
inline constexpr std::array<uint16_t, 3> sp_ids = {0x8a01, 0x8a02, 0x8a03};
inline constexpr uint64_t ram_ipa = 0x40000000;
inline constexpr uint64_t tx_ipa = 0x40300000;
inline constexpr uint64_t rx_ipa = 0x40310000;

/// What stands in `threads` where there is nothing else: a thread of a scenario has a step.
PlanStep idle_step();
/// Byte 0: world; 1: calls and acts one after the other; 2: unordered ones; then these; the rest
/// are decisions.
Plan read_plan(std::span<const uint8_t> input);
/// How many of the bytes are the operation that begins here; at most `longest_operation`.
size_t operation_bytes(std::span<const uint8_t> input);
inline constexpr size_t longest_operation = 128;
/// One call from registers as they are. Byte 0: world, bit 6: vm2 calls, bit 5: HVC; the function,
/// 2 bytes behind 0x84000000 (bit 15: 0xc4000000); how many bytes of TX; TX; x1 to x17; decisions.
Plan read_single_call(std::span<const uint8_t> input);

/// An input of `descriptor` as a call of vm1, whose id stands where that target has its caller's.
Plan read_descriptor_call(std::span<const uint8_t> input);

/// The plan as text of a scenario; `choices` as Choices::to_text() writes them, may be empty.
std::string scenario_text(const Plan& plan, const std::string& name, const std::string& choices);

}  // namespace fuzz
