// SPDX-License-Identifier: BSD-3-Clause
// The world that a scenario or a replay runs in: plain data, filled by the scenario compiler or by
// replay, consumed by sim/machine, sim/platform and sim/engine. What is silent has a default, so
// that a small case is small.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ffa/types.hpp"
#include "mediator/limits.hpp"

namespace sim {

/// What backs a region of a VM's IPA space. `none`: a hole. `foreign`: another owner's page mapped
/// here (a grant).
enum class RegionKind : uint8_t { none, ram_rw, ram_ro, device, foreign };
/// How the region's host pages lie. `scattered`: no two neighbours adjacent, order from a fixed
/// permutation.
enum class Backing : uint8_t { contiguous, scattered, reversed };

struct RegionSpec {
  uint64_t ipa = 0;
  uint64_t size = 0;  ///< bytes, a multiple of 4 KiB
  RegionKind kind = RegionKind::ram_rw;
  Backing backing = Backing::contiguous;
  std::optional<uint64_t> pa;  ///< fixed host address; else allocated by the machine
  /// Largest stage-2 mapping to use: 4096, 2 MiB or 1 GiB. A look-up gives one mapping at most;
  /// 0: 4 KiB pages, and a look-up gives all that is contiguous.
  uint64_t block = 0;
};

/// A stretch of memory of a board's own, which is nobody else's. Whole pages.
struct PrivateMemory {
  uint64_t address = 0;
  uint64_t size = 0;
};

/// An AArch64 program from outside that an endpoint runs, and the board that it finds itself on.
/// docs/endpoint-images.md
struct ImageSpec {
  std::string file;               ///< a path; or "built:NAME": of the `aarch64` tree beside ours
  std::optional<uint64_t> load;   ///< a raw image is loaded there; nothing: it is an ELF file
  std::optional<uint64_t> entry;  ///< else the ELF file's, or where the raw image begins
  std::vector<std::pair<uint8_t, uint64_t>> registers;  ///< x0-x30 at the entry; the others are 0
  std::string manifest;  ///< a file that lies in memory at the entry, a device tree; may be empty
  uint64_t manifest_at = 0;
  std::vector<PrivateMemory> memory;     ///< beside what the world gives the endpoint
  std::optional<uint64_t> uart;          ///< of a PL011's registers
  std::optional<uint32_t> console_call;  ///< function whose x1 is a character to be printed
  uint64_t burst = 10000;                ///< instructions until others may go on
  bool runs_steps = false;  ///< a VM's: it runs the steps of the scenario, as ports/qemu-virt/el1
  uint64_t slice = 0;       ///< an SP's: until an interrupt preempts it in a request; 0: never
};

struct VmSpec {
  std::string name;
  mediator::VmConfig config;  ///< id, tee type, vcpus, limits
  std::vector<RegionSpec> memory;
  bool create_at_boot = true;
  std::optional<ImageSpec> image{};  ///< what its vCPUs run; else the steps of the scenario
};

enum class SpKind : uint8_t { echo, memory_user, optee, notifier };

struct SpSpec {
  std::string name;
  uint16_t id = 0x8001;
  SpKind kind = SpKind::echo;
  ffa::Uuid uuid;
  uint16_t contexts = 1;
  std::optional<uint32_t> properties;  ///< else what the kind implies
  std::optional<uint16_t> threads{};   ///< kind optee, of one VM; else as the model has it
  std::optional<uint16_t> sessions{};
  std::optional<ImageSpec> image{};  ///< what it runs; it may say to be of a kind all the same
};

struct SpmcSpec {
  std::string personality = "op-tee";
  ffa::Version version = ffa::v1_2;
  bool absent = false;            ///< SMCs answer SMCCC NOT_SUPPORTED
  std::vector<uint32_t> missing;  ///< function ids that this SPMC does not implement
  std::optional<uint32_t> max_shares;
  std::optional<uint16_t> max_vms;  ///< slots; else what the personality says
  bool per_vcpu_notifications = false;
};

/// A fault: the n-th operation that matches gets another answer. `nth` 0: every one.
struct FaultSpec {
  std::string op;                     ///< "smc", "pin", …: sim/platform/fault_kinds.hpp
  std::optional<uint32_t> match_fid;  ///< smc: function id, of either width
  uint64_t nth = 1;
  bool sweep = false;  ///< the case is run once for every n until the fault no longer fires
  std::optional<int32_t> status;  ///< answer: FFA_ERROR with this status, or the operation's error
  std::optional<std::vector<uint64_t>> regs;  ///< answer: these registers instead
  bool execute = false;  ///< smc: the SPMC handles the call, then the answer is replaced
  bool armed = true;     ///< false: neither counts nor strikes until Simulation::arm_fault()
  bool chosen = false;   ///< the choice stream says at each operation whether it strikes, not `nth`
  bool chosen_status = false;  ///< and which of the statuses that the operation can have
};

/// A place where a debugger is to stop the process: a yield point of the event with this number;
/// 0: its beginning. What happens in the world does not depend on it.
struct Breakpoint {
  uint64_t event = 0;
  uint64_t point = 0;
  bool reached = false;
};

class Coverage;

struct WorldSpec {
  mediator::MediatorConfig mediator;
  SpmcSpec spmc;
  std::vector<SpSpec> sps;
  std::vector<VmSpec> vms;
  std::vector<FaultSpec> faults;
  uint16_t pcpus = 1;
  uint64_t ram_base = 0x48000000;
  uint64_t ram_size = 256ULL << 20;
  uint64_t own_tx_pa = 0x48000000;  ///< the mediator's own TX buffer towards the SPMC
  uint64_t own_rx_pa = 0x48010000;
  bool sparse_ram = false;  ///< replay: PAs anywhere are RAM
  std::shared_ptr<Breakpoint> break_at{};
  std::shared_ptr<Coverage> coverage{};  ///< is told what runs meet; nothing depends on it
};

}  // namespace sim
