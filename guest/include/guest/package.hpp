// SPDX-License-Identifier: BSD-3-Clause
// A compiled case in one block of bytes, for machines that have neither JSON nor a heap: the world,
// where its pages lie, the guest programs and the control program. Written by sim/qemu, read by the
// images under ports/qemu-virt. docs/qemu.md has the layout.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "ffa/regs.hpp"
#include "ffa/result.hpp"
#include "ffa/types.hpp"

namespace guest {

inline constexpr uint64_t package_magic = 0x0045534143414646;  // "FFACASE", the lowest byte first
inline constexpr uint64_t package_version = 6;

inline constexpr size_t package_max_sps = 16;
inline constexpr size_t package_max_missing = 64;
inline constexpr size_t package_max_vms = 8;
inline constexpr size_t package_max_layouts = 64;
inline constexpr size_t package_max_programs = 32;
inline constexpr size_t package_max_faults = 16;
inline constexpr size_t package_max_files = 4;

enum class PackageError : uint8_t {
  none,
  truncated,  ///< a number, a list or a text reaches past the end
  bad_magic,
  bad_version,
  bad_field,    ///< a number out of its range, or padding that is not zero
  too_many,     ///< a list longer than package_max_…
  bad_program,  ///< Program::open() refuses one of the programs
  left_over,    ///< bytes behind the end
};

/// Of the mediator, field by field as in mediator::MediatorConfig.
struct PackedMediator {
  uint16_t max_vms = 0, max_partitions = 0, spmc_buffer_pages = 0;
  uint32_t max_version = 0, npi_id = 0, sri_id = 0;
  uint64_t vm_message_handle = 0;
  uint16_t vm_message_retries = 0, reclaim_retries = 0;
  bool allow_hvc = true;
  uint16_t fragment_retries = 0;
  uint8_t fragment_handles = 0;  ///< as mediator::FragmentHandles
  bool refused_fragment_ends_send = true;
};

/// One SP of the SPMC model.
struct PackedSp {
  uint16_t id = 0;
  uint8_t kind = 0;  ///< 0 echo, 1 memory_user, 2 optee
  ffa::Uuid uuid{};
  uint16_t contexts = 1;
  uint32_t properties = 0;
  uint16_t threads = 0, sessions = 0;  ///< optee, of one VM; 0: as the model has it
};

struct PackedSpmc {
  bool absent = false;
  std::span<const std::byte> personality;  ///< its name, without an end mark
  uint32_t version = 0;
  uint32_t max_shares = 0;  ///< 0: what the personality says
  uint16_t max_vms = 0;     ///< the same
  bool per_vcpu_notifications = false;
  size_t missing_count = 0;
  std::array<uint32_t, package_max_missing> missing{};
  size_t sp_count = 0;
  std::array<PackedSp, package_max_sps> sps{};
};

/// One VM, field by field as in mediator::VmConfig.
struct PackedVm {
  uint16_t id = 0;
  uint8_t tee = 0;  ///< 0 none, 1 ffa
  uint16_t vcpus = 1;
  bool aarch64 = true, visible_to_vms = false, overlapping_shares = false;
  uint32_t max_version = 0;
  uint16_t max_shares = 0;
  uint32_t max_share_pages = 0, max_ranges = 0;
  uint16_t max_rxtx_pages = 0;
  uint8_t max_borrowers = 0;
  uint16_t max_transfers = 0;
  bool lends = true;
  uint64_t borrow_base = 0, borrow_pages = 0;
  bool reaches_sps = true;
  ffa::Uuid uuid{};
  std::array<uint16_t, 8> peers{};
};

/// `pages` pages of one kind, contiguous in IPA and PA. `kind` as mediator::MemoryKind, 1 to 4.
struct PackedRun {
  uint64_t ipa = 0;
  uint64_t pa = 0;
  uint64_t pages = 0;
  uint8_t kind = 0;
  uint64_t block =
      4096;  ///< largest stage-2 mapping, bytes; 0: pages, and look-ups tell of longer runs
  friend constexpr bool operator==(const PackedRun&, const PackedRun&) = default;
};

/// The pages of one creation of a VM. The n-th `create_vm` of a VM takes its n-th layout.
struct PackedLayout {
  uint16_t vm = 0;
  std::span<const std::byte> words;  ///< the runs, as they lie in the package
  [[nodiscard]] size_t runs() const;
  [[nodiscard]] PackedRun run(size_t index) const;  ///< `index` < runs()
};

struct PackedProgram {
  uint16_t vm = 0;
  uint16_t vcpu = 0;
  std::span<const std::byte> code;  ///< Program::open() takes it
};

/// Bytes that a guest of its own finds in its memory.
struct PackedFile {
  uint64_t ipa = 0;
  std::span<const std::byte> bytes;
};

/// A VM that boots a guest of its own, which no step of the scenario moves: vCPU 0 begins at
/// `entry`, with the address in `x0` as arm64's boot protocol has it.
struct PackedBoot {
  uint16_t vm = 0;  ///< 0: none does
  uint64_t entry = 0;
  uint64_t x0 = 0;
  size_t file_count = 0;
  std::array<PackedFile, package_max_files> files{};
};

/// The operations that a fault can strike.
enum class FaultOp : uint8_t {
  smc,
  pin,
  map,
  translate,
  memory,
  budget,
  vm_get,
  set_access,
  map_into
};

/// An operation that gets another answer: the n-th one that matches.
struct PackedFault {
  FaultOp op = FaultOp::smc;
  bool matches_function = false;
  uint32_t function = 0;  ///< of an SMC, either width
  uint64_t nth = 1;       ///< 0: every one
  bool has_status = false;
  int32_t status = 0;
  bool has_regs = false;  ///< the answer is `regs`
  ffa::Regs regs{};
  bool execute = false;  ///< of an SMC: the SPMC handles the call first
  bool armed = true;     ///< false: neither counts nor strikes until it is armed
};

/// A package whose every field has been checked. Spans point into the bytes handed to open().
struct Package {
  uint16_t pcpus = 1;
  uint64_t ram_base = 0, ram_size = 0;
  uint64_t own_tx_pa = 0, own_rx_pa = 0;
  PackedMediator mediator{};
  PackedSpmc spmc{};
  size_t vm_count = 0;
  std::array<PackedVm, package_max_vms> vms{};
  size_t layout_count = 0;
  std::array<PackedLayout, package_max_layouts> layouts{};
  size_t fault_count = 0;
  std::array<PackedFault, package_max_faults> faults{};
  size_t program_count = 0;
  std::array<PackedProgram, package_max_programs> programs{};
  std::span<const std::byte> control;
  PackedBoot boot{};

  /// Never reads outside `bytes`. Runs lie in the RAM of the world, devices excepted.
  static ffa::Result<void, PackageError> open(std::span<const std::byte> bytes, Package& to);
};

}  // namespace guest
