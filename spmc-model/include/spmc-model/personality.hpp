// SPDX-License-Identifier: BSD-3-Clause
// How real SPMCs differ, one knob a field. A personality is a value of this struct; the numbers in
// the comments are the stable row numbers of docs/spmc-personalities.md.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "ffa/status.hpp"
#include "ffa/types.hpp"

namespace spmc_model {

/// Row 5, 6: one query that FFA_FEATURES answers with SUCCESS; everything else is NOT_SUPPORTED.
struct FeatureAnswer {
  uint32_t id;  ///< function id or feature id in w1
  uint32_t w2;
  ffa::Version since;  ///< version that the caller must have negotiated
};

/// Row 2: what FFA_VERSION does about a version that the SPMC does not know.
enum class IncompatibleVersion : uint8_t { answers_own, not_supported };

/// Row 3: what FFA_VERSION does after another call.
enum class LateVersion : uint8_t { renegotiates, not_supported_unless_same, answers_negotiated };

/// Row 9: bits above 5:0 of RXTX_MAP's page count.
enum class HighCountBits : uint8_t { rejected, ignored };

/// Row 32: how handles are numbered.
struct HandleScheme {
  uint64_t base = uint64_t{1} << 44;  ///< or-ed (indexed) or added (counting) into each handle
  bool guest_in_handle = true;        ///< the owner's id in bits 31:16, indices counted per owner
  bool counting = false;              ///< never reused; else the lowest free index
  uint32_t live_limit =
      64;  ///< live handles per owner (guest_in_handle) or in all; more is NO_MEMORY
};

/// Row 42: what a hypervisor is told that retrieves a region by its handle.
enum class HypervisorRetrieve : uint8_t {
  none,       ///< NOT_SUPPORTED, and so is its FRAG_RX (row 43)
  as_sent,    ///< every borrower's entry
  one_entry,  ///< one entry without an endpoint
};

/// What the parser of memory transaction descriptors takes. Larger values are INVALID_PARAMETERS.
struct DescriptorLimits {
  uint32_t attributes = 0xff;
  uint32_t flags = 0xff;
  uint32_t access_size = 0xff;
  uint32_t access_count = 0xff;
  uint32_t access_offset = 0xffff;
  uint32_t access_alignment = 16;
};

/// The defaults are op-tee's. A status in an optional is the answer to a violation; empty: not
/// checked.
struct Personality {
  std::string_view name = "op-tee";
  ffa::Version max_version = ffa::v1_2;                                         // 1
  IncompatibleVersion incompatible_version = IncompatibleVersion::answers_own;  // 2
  LateVersion late_version = LateVersion::renegotiates;                         // 3
  bool version_comes_first = false;                                             // 4
  std::span<const FeatureAnswer> features;                                      // 5, 6
  std::span<const FeatureAnswer> more_features;                                 // 5, 6, besides
  bool dynamic_buffer = true;                                                   // 7
  bool same_buffer_for_rx_and_tx = true;                                        // 8
  HighCountBits high_count_bits = HighCountBits::rejected;                      // 9
  ffa::Status bad_buffer_memory = ffa::Status::no_memory;                       // 10
  bool vm_buffers = false;                                                      // 11, RX_ACQUIRE
  bool unmap_checks_id = false;                                                 // 12
  ffa::Status unmap_while_rx_owned = ffa::Status::busy;  // 12, success: unmaps
  std::optional<ffa::Status> unknown_uuid;               // 14
  bool rx_owned_after_error = true;                      // 15
  std::optional<ffa::Status> reserved_info_flags;        // 17
  uint32_t v1_0_info_size_reported = 0;                  // 18, w3 for a 1.0 caller
  bool info_get_regs = false;                            // 19
  ffa::Status no_rx_mapped = ffa::Status::busy;          // 20
  ffa::Status tx_unusable = ffa::Status::denied;         // 21
  bool donate = false;                                   // 22
  bool lend = true;                                      // 23
  std::optional<ffa::Status> unknown_borrower;           // 24, empty: not looked at
  uint32_t max_borrowers = 0;                            // 24, 0: as many as there are SPs
  DescriptorLimits descriptor{};                         // 25
  std::optional<uint16_t> share_attributes = 0x2f;       // 25
  std::optional<uint16_t> lend_attributes = 0;           // 25
  ffa::Status wrong_attributes = ffa::Status::invalid_parameters;                // 25
  std::optional<uint8_t> permissions = 2;                                        // 26, exact value
  ffa::Status unknown_sender = ffa::Status::denied;                              // 27
  std::optional<ffa::Status> unaligned_range;                                    // 28
  std::optional<ffa::Status> overlap_in_transaction;                             // 29
  std::optional<ffa::Status> page_shared_twice;                                  // 30
  std::optional<ffa::Status> page_lent_twice = ffa::Status::invalid_parameters;  // 30
  bool page_in_any_object = false;            // 30, other transactions count whatever their kind
  bool exact_length = false;                  // 31
  HandleScheme handles{};                     // 32
  bool preset_handle = true;                  // 33, with bit 63
  uint32_t max_fragments = 0;                 // 34, more are NO_MEMORY; 0: without limit
  bool ranges_checked_when_complete = false;  // 34, else as they come
  bool fragment_names_sender = true;          // 35, w4 bits 31:16
  bool request_names_sender = false;          // 35, w4 of FRAG_RX
  bool partial_range_asked_again = true;      // 36, else INVALID_PARAMETERS
  bool surplus_ignored = true;                // 37, else INVALID_PARAMETERS
  bool surplus_never_completes = false;       // 37, rather: asked on until row 34 ends it
  bool bad_fragment_frees = true;             // 38
  bool too_long_fragment_frees = false;       // 38
  bool reclaim_zeroes = false;                // 40, flag bit 0 is served
  HypervisorRetrieve hypervisor_retrieve = HypervisorRetrieve::none;  // 42, 43
  bool busy_in_payload = true;                                        // 44, else FFA_ERROR(BUSY)
  bool guests_tracked = true;                                 // 45, 47: built for several VMs
  bool vm_messages_delivered = true;                          // 47, to the SP
  ffa::Status out_of_vms = ffa::Status::denied;               // 47
  uint16_t vms = 16;                                          // 47, slots; at most max_vms
  bool notifications = true;                                  // 48
  bool set_from_vms = false;                                  // 48, VMs can notify SPs
  bool per_vcpu_notifications = false;                        // 49, else per_vcpu_bind
  ffa::Status per_vcpu_bind = ffa::Status::denied;            // 49
  std::optional<ffa::Status> empty_bind;                      // 50
  bool bind_checks_sender = false;                            // 50
  std::optional<ffa::Status> unbind_of_unbound;               // 51
  std::optional<ffa::Status> destroy_without_bitmap;          // 52
  std::optional<ffa::Status> foreign_notification_flags;      // 54
  bool info_get_32 = true;                                    // 55
  bool keeps_x8_to_x17 = true;                                // 56, else zero
  ffa::Status sp_rx_full = ffa::Status::busy;                 // 57
  ffa::Status sp_rx_unmapped = ffa::Status::busy;             // 57
  ffa::Status wrong_owner_in_retrieve = ffa::Status::denied;  // 58
  bool instruction_access_judged = true;  // 59, else sent and given back as it is
  uint8_t retrieve_limit = 1;             // 60, of one SP at once
  bool relinquish_zeroes = true;          // 61, else any flag is INVALID_PARAMETERS
  bool fragment_given_again = false;      // 62, FRAG_RX at the offset of the last fragment
  bool indirect_messages = false;         // 63, MSG_SEND2
};

/// The personality of that name, or nothing. Known: "op-tee", built for several VMs,
/// "op-tee-single", built without virtualization, "hafnium", "tf-a-el3".
std::optional<Personality> find_personality(std::string_view name);

}  // namespace spmc_model
