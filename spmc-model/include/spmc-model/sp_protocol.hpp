// SPDX-License-Identifier: BSD-3-Clause
// The little protocols of the SPs `memory_user` and `notifier`, in the five payload words of a
// direct request: w3-w7, the low halves of x3-x7, or of x4-x8 in DIRECT_REQ2. The scenario compiler
// and guest programs build requests from these numbers; docs/software-sps.md describes them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace spmc_model::sp_protocol {

/// Payload words of a request and of its answer.
inline constexpr unsigned operation_word = 0;    ///< request: Operation
inline constexpr unsigned handle_low_word = 1;   ///< request
inline constexpr unsigned handle_high_word = 2;  ///< request
inline constexpr unsigned offset_word = 3;       ///< read, write: byte offset; else see Operation
inline constexpr unsigned value_word = 4;        ///< write: the 32-bit word
inline constexpr unsigned status_word = 0;       ///< answer: 0, or an FF-A status, 32 bits
inline constexpr unsigned result_low_word = 1;   ///< answer: the value, low 32 bits
inline constexpr unsigned result_high_word = 2;  ///< answer: the value, high 32 bits
inline constexpr unsigned payload_words = 5;

/// First payload word of an SP that was made to leave a request (StopKind::managed_exit), of any
/// kind.
inline constexpr uint32_t managed_exit = 0x6d657869;

/// None is 0 and none looks like a status, so that a lost register is seen.
enum class Operation : uint32_t {
  retrieve = 0x11,      ///< take hold of the region; `Access` says with which rights
  relinquish = 0x12,    ///< let go of it
  read_word = 0x13,     ///< the 32-bit little-endian word at the offset, a multiple of 4
  write_word = 0x14,    ///< write it; needs write access
  checksum = 0x15,      ///< xor of all 64-bit little-endian words of all pages
  count_pages = 0x16,   ///< pages of the region
  count_ranges = 0x17,  ///< address ranges of the region as the SPMC was told them
  prepare = 0x18,   ///< the handle words are what field `offset` (Field) of the next request says
  response = 0x19,  ///< what the last FFA_MEM_RETRIEVE_RESP said, see Response
  speak = 0x1a,     ///< FFA_VERSION to the SPMC, with `offset`
  rx = 0x1b,        ///< `offset` is an RxAction
  refuse = 0x1c,    ///< answers the next `offset` requests with DENIED
  crash = 0x1d,     ///< FFA_ABORT: the SPMC lets go of what it held, nobody answers any more
  message_size = 0x21,     ///< bytes of the indirect message in RX, header and all; 0: none
  message_word = 0x22,     ///< the 32-bit little-endian word of it at the offset
  release_message = 0x23,  ///< RX is free again
};

/// Fields of the SP's next request to the SPMC that can be made wrong. Those of
/// FFA_MEM_RELINQUISH are `flags`, `entries` and `own_id`.
enum class Field : uint32_t {
  total_length = 1,  ///< w1
  fragment_length,   ///< w2
  handle,
  sender,
  tag,
  attributes,
  flags,
  entries,      ///< how many borrowers are named; more than there are: the SP itself again
  own_only,     ///< other than 0: no other borrower than the SP itself is named
  own_id,       ///< of the SP's own entry
  permissions,  ///< of the SP's own entry
  entry_flags,  ///< of the SP's own entry
  composite,    ///< offset in the SP's own entry
  impdef,       ///< first word of the SP's own entry
  keep_rx,      ///< other than 0: the SP does not give RX back when it has read it
  frag_offset,  ///< w3 of its first FFA_MEM_FRAG_RX
  frag_handle,  ///< of its first FFA_MEM_FRAG_RX
  first_only,   ///< other than 0: the SP does not ask for the rest of a response
};
inline constexpr Field last_field = Field::first_only;
inline constexpr size_t max_prepared = 4;  ///< fields of one request

enum class RxAction : uint32_t { release = 0, unmap = 1, map = 2 };

/// `response` in the answer's value: attributes in bits 15:0, permission byte in 23:16, bytes of an
/// access entry in 31:24, flags in 47:32, fragments in 63:48.
namespace response_shift {
inline constexpr unsigned permissions = 16;
inline constexpr unsigned entry_bytes = 24;
inline constexpr unsigned flags = 32;
inline constexpr unsigned fragments = 48;
}  // namespace response_shift

/// What a `notifier` does. The bitmap stands where a handle stands, its answer's value likewise.
enum class NotifierOperation : uint32_t {
  notify = 0x31,  ///< sets notifications of the VM that asks, or of the one in `vm_word`
  bind = 0x32,    ///< binds notifications of its own to the VM that asks
  unbind = 0x33,  ///< undoes that
  fetch = 0x34,   ///< what VMs have set, global and for context `target_word`; no longer pending
  send = 0x35,    ///< an indirect message of the bitmap's 8 bytes to the VM that asks, or `vm_word`
};
inline constexpr unsigned target_word = 3;  ///< per_vcpu_bit and a vCPU or context; 0: global
inline constexpr unsigned vm_word = 4;      ///< notify, send: 0, or a VM
inline constexpr uint32_t per_vcpu_bit = 1U << 16;

/// Rights asked for by `retrieve`.
enum class Access : uint32_t {
  granted = 0,  ///< whatever the owner gave
  read_only = 1,
  read_write = 2,
};

}  // namespace spmc_model::sp_protocol
