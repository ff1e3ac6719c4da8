// SPDX-License-Identifier: BSD-3-Clause
// Random sends: who sends what to whom in which world, and what is wrong with it. A plan names
// addresses only as the VM sees them, so that the same plan can be sent by VMs whose host memory
// lies differently, whole or cut into fragments.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ffa/types.hpp"
#include "mediator/limits.hpp"
#include "sim/engine/world_spec.hpp"
#include "sim/scenario/descriptor.hpp"

namespace property {

/// The same numbers on every machine and in every build.
class Numbers {
 public:
  explicit Numbers(uint64_t seed) : state_(seed) {}
  uint64_t next();
  uint64_t word();  ///< does not look like a byte of anyone's memory
  uint64_t below(uint64_t bound) { return next() % bound; }
  bool one_in(uint64_t n) { return below(n) == 0; }
  template <class T>
  T pick(std::initializer_list<T> list) {
    return list.begin()[below(list.size())];
  }

 private:
  uint64_t state_;
};

/// The world of a case but for its VMs' host memory.
struct Setting {
  std::string personality;
  ffa::Version spmc;
  mediator::FragmentHandles handles;
  uint16_t spmc_buffer_pages;
  ffa::Version guest;
  uint16_t rxtx_pages;
  bool refused_fragment_ends_send;
};

/// That world without SPs and VMs.
sim::WorldSpec empty_world(const Setting& setting);
/// False: the SPMC knows nothing of VMs, or 1.0 has no words for them; no SP asks to be told of
/// one.
bool told_of_vms(const Setting& setting);

/// What is wrong with a plan. Each is found by the mediator, wherever its range stands.
enum class Flaw : uint8_t {
  none,
  hole,
  device_page,
  read_only_page,
  foreign_page,
  buffer_page,
  overlap,
  unaligned,
  empty_range,
  wrapping_range,
  past_the_end,
  shared_already,
  sum_too_large,
  sum_too_small,
  no_total,
  receiver_unknown,
  receiver_vm,
  receiver_twice,
  permissions_none,
  permissions_reserved,
  executable,
  flags_reserved,
  time_slice,
  device_attributes,
  other_sender,
  too_many_pages,
  count
};

enum class Kind : uint8_t { share, lend, donate };

struct Plan {
  Kind kind = Kind::share;
  Flaw flaw = Flaw::none;
  sim::scenario::DescriptorPlan descriptor;  ///< its sender is the VM that sends it

  /// The bytes that `sender` writes into TX.
  [[nodiscard]] std::vector<uint8_t> build(uint16_t sender) const;
  /// Where the ranges begin.
  [[nodiscard]] uint64_t ranges_offset() const;
  [[nodiscard]] uint64_t pages() const;
};

// The addresses that every VM of a case has.
inline constexpr uint64_t page = 4096;
inline constexpr uint64_t ram_ipa = 0x40000000;  ///< read-write; as many bytes as ram_bytes
inline constexpr uint64_t ram_bytes = 10U << 20;
inline constexpr uint64_t hole_ipa = 0x10000000;
inline constexpr uint64_t read_only_ipa = 0x90000000;  ///< 8 pages
inline constexpr uint64_t device_ipa = 0x91000000;     ///< 2 pages
inline constexpr uint64_t foreign_ipa = 0x92000000;    ///< 2 pages
inline constexpr uint64_t tx_ipa = 0xa0000000;
inline constexpr uint64_t rx_ipa = 0xa0020000;
/// The last page of the RAM; a live share of it stands behind Flaw::shared_already.
inline constexpr uint64_t taken_ipa = ram_ipa + ram_bytes - page;
inline constexpr uint16_t first_sp = 0x8a01;
inline constexpr uint16_t sps = 3;
inline constexpr uint32_t max_share_pages = 2000;

Setting random_setting(Numbers& numbers);
/// Of a flawed plan, everything but the flaw pleases the SPMC; of others, mostly so.
Plan random_plan(Numbers& numbers, const Setting& setting);
/// Ends of the fragments, the last is the length of the descriptor. None is longer than TX.
std::vector<uint64_t> random_cuts(Numbers& numbers, const Plan& plan, uint64_t tx_bytes);
/// As few fragments as TX allows.
std::vector<uint64_t> fewest_cuts(const Plan& plan, uint64_t tx_bytes);

std::string describe(const Setting& setting);
std::string describe(const Plan& plan);

}  // namespace property
