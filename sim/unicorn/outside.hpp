// SPDX-License-Identifier: BSD-3-Clause
// What the image asks for by HVC and SMC, forwarded to the world operations of the plug-in ABI: the
// same ones that a mediator on the host calls.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>

#include "sim/platform/ffa_sim_mediator.h"
#include "sim/unicorn/cpu.hpp"
#include "sim/unicorn/memory.hpp"

namespace sim::unicorn {

/// The image asked for something that it may not.
class BadOperation : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

using FactSink = std::function<void(const ffa_sim_fact&)>;

class Outside {
 public:
  Outside(const ffa_sim_world_ops& ops, void* world, Memory& memory)
      : ops_(ops), world_(world), memory_(memory) {}

  /// Performs the operation in x0 for a call; the answer goes into the registers. May switch
  /// fibers. Throws BadOperation.
  void hvc(CallRegisters& x, Activation& call);
  /// x0-x17 to the secure world and back, on behalf of the VM in x18. May switch fibers.
  void smc(CallRegisters& x, Activation& call);

  /// Where the facts of an observation go; empty: none is under way.
  void set_fact_sink(FactSink sink) { sink_ = std::move(sink); }

 private:
  void addresses(CallRegisters& x);
  void rights(CallRegisters& x);
  void buffers(CallRegisters& x, Windows& windows);
  void life(CallRegisters& x);
  void words(const CallRegisters& x);
  void facts(const CallRegisters& x);
  std::byte* bytes_at(uint64_t address, uint64_t bytes, bool writable) const;
  uint32_t* lock_at(uint64_t address) const;

  const ffa_sim_world_ops& ops_;
  void* world_;
  Memory& memory_;
  FactSink sink_;
  std::optional<uint32_t> own_rx_;  ///< the mediator's, once the image has asked for it
  uint16_t fact_vm_ = 0;
  uint64_t fact_handle_ = 0;
};

}  // namespace sim::unicorn
