// SPDX-License-Identifier: BSD-3-Clause
// Sizes and switches of a mediator and of each of its VMs. Configuration, not constants in the
// code: the caller fills these structs; memory_needed() says what they cost.
#pragma once

#include <array>
#include <cstdint>

#include "ffa/types.hpp"

namespace mediator {

/// Which TEE mediator serves a VM, as in its configuration.
enum class TeeType : uint8_t { none, ffa };

/// Where the handle comes from that a guest gets with the first FFA_MEM_FRAG_RX of a send: the SPMC
/// must know it, since the guest hands it to SPs. [DEN0077A 1.0 §12.2]
enum class FragmentHandles : uint8_t {
  none,      ///< no fragments from guests: NOT_SUPPORTED
  streamed,  ///< the SPMC's: its transaction begins with the guest's first fragment
  preset     ///< ours, with bit 63: the whole send is collected first. For SPMCs that take it over
};

/// Of the whole mediator.
struct MediatorConfig {
  uint16_t max_vms = 8;                  ///< VMs that exist at once
  uint16_t max_partitions = 64;          ///< partitions that the SPMC may report
  uint16_t spmc_buffer_pages = 1;        ///< pages of each of the mediator's own RX and TX buffers
  ffa::Version max_version = ffa::v1_2;  ///< highest version offered to VMs and to the SPMC
  uint32_t npi_id = 8;                   ///< virtual interrupt injected for a pending notification
  uint32_t sri_id = 9;  ///< virtual id reported for the schedule receiver interrupt
  ffa::Handle vm_message_handle = ffa::invalid_handle;  ///< handle words of VM_CREATED/VM_DESTROYED
  uint16_t vm_message_retries =
      10;  ///< RETRY, BUSY, INTERRUPTED answered to one VM_CREATED before giving up; of a VM that
           ///< ends every refusal of VM_DESTROYED, the bitmap's end or FFA_RUN that can be repeated
  uint16_t reclaim_retries =
      10;  ///< refused reclaims of one share at teardown before it is quarantined
  uint16_t fragment_retries = 10;  ///< fragments that the SPMC may ask for again in one send
  FragmentHandles fragment_handles = FragmentHandles::streamed;
  /// False: an SPMC that keeps a send whose fragment it refused.
  bool refused_fragment_ends_send = true;
  bool allow_hvc = true;  ///< FF-A calls by HVC are served as by SMC
};

/// The IPA space of a VM in which it gets at what it borrows from other VMs; nothing else is ever
/// mapped there. Without pages it can't borrow. `base` is a multiple of 4 KiB.
struct BorrowWindow {
  ffa::Ipa base{};
  ffa::PageCount pages{};
};

/// Of one VM.
struct VmConfig {
  ffa::EndpointId id{};  ///< 1..0x7fff, unique while the VM exists
  TeeType tee = TeeType::ffa;
  uint16_t vcpus = 1;
  bool aarch64 = true;  ///< false: a 32-bit guest, which may use SMC32 ids only
  /// Sees and reaches every VM that names this one too, by this flag or in `peers`. Two VMs know of
  /// each other only where both say so.
  bool visible_to_vms = false;
  /// A page may be in several live shares at once. Linux does that with small buffers in one page;
  /// the spec does not want it. Each share holds the page; it is free when the last one goes.
  bool overlapping_shares = false;
  ffa::Version max_version = ffa::v1_2;
  uint16_t max_shares = 64;           ///< live memory transactions
  uint32_t max_share_pages = 262144;  ///< pages of one transaction (1 GiB)
  uint32_t max_ranges = 4096;         ///< address ranges over all live transactions
  /// Pages of each RX/TX buffer. Guests with pages of 64 KiB register 16; each vCPU has as much
  /// memory for a copy of a message.
  uint16_t max_rxtx_pages = 32;
  uint8_t max_borrowers = 4;   ///< receivers in one transaction
  uint16_t max_transfers = 4;  ///< sends in fragments under way; 0: fragments are refused
  /// Has FFA_MEM_LEND and FFA_MEM_DONATE where the SPMC has them; never with overlapping_shares:
  /// what is shared must not be lent besides.
  bool lends = true;
  bool reaches_sps = true;  ///< sees and reaches every SP; else those in `peers`
  /// Endpoints named one by one; 0 names nobody.
  std::array<ffa::EndpointId, 8> peers{};
  /// Where it borrows: as many regions at once as max_shares, in as many pieces as max_ranges.
  BorrowWindow borrow_window{};

  [[nodiscard]] constexpr bool borrows() const { return borrow_window.pages.raw() != 0; }
};

}  // namespace mediator
