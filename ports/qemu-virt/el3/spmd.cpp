// SPDX-License-Identifier: BSD-3-Clause
#include "ports/qemu-virt/el3/spmd.hpp"

#include <algorithm>

#include "ffa/calls/framework.hpp"
#include "ffa/reply.hpp"
#include "ports/qemu-virt/common/test_control.hpp"

namespace el3 {
namespace {

using ffa::Fid;
using ffa::Regs;
using ports::qemu::TestControl;

constexpr ffa::Version own_version = ffa::v1_2;
constexpr uint32_t not_a_version = uint32_t{1} << 31;

/// x8-x17 stay as the caller has them, as an SPMD leaves them that answers in x0-x7.
void answer(Regs& regs, const Regs& with) {
  std::copy(with.x.begin(), with.x.begin() + 8, regs.x.begin());
}

Regs version_word(uint32_t word) {
  Regs regs;
  regs.x[0] = word;
  return regs;
}

}  // namespace

Next Spmd::from_normal(Regs& regs) {
  if (spmc_.raw() == 0) return Next::other;
  const uint32_t function = ffa::FunctionId{regs.x[0]}.raw;
  switch (function) {
    case ffa::fid32(Fid::version): {
      if ((regs.w(1) & not_a_version) != 0) {
        answer(regs, version_word(ffa::to_word(ffa::Status::not_supported)));
        return Next::caller;
      }
      asked_ = regs;
      const ffa::VersionRequest request{ffa::spmd_id, spmc_, ffa::Version{regs.w(1)}};
      answer(regs, request.encode());
      return Next::other;
    }
    case ffa::fid32(Fid::id_get):
    case ffa::fid32(Fid::spm_id_get):
      if (relays_ids_) return Next::other;
      answer(regs, ffa::success32(function == ffa::fid32(Fid::id_get) ? ffa::hypervisor_id.raw()
                                                                      : spmc_.raw()));
      return Next::caller;
    case ffa::fid32(Fid::msg_send_direct_req):
      if (!ffa::codec::sender_of(regs).is_secure()) return Next::other;
      answer(regs, ffa::reply(ffa::Status::invalid_parameters));
      return Next::caller;
    default:
      return Next::other;
  }
}

Next Spmd::from_secure(Regs& regs) {
  if (asked_) {
    const bool response = ffa::FunctionId{regs.x[0]}.raw == ffa::fid32(Fid::msg_send_direct_resp) &&
                          regs.w(1) == ffa::codec::pair(spmc_.raw(), ffa::spmd_id.raw());
    const auto said = ffa::VersionResponse::decode(regs);
    if (!response || !said.ok()) return Next::nowhere;
    const Regs caller = *asked_;
    asked_.reset();
    const uint32_t word = regs.w(3);
    regs = caller;
    answer(regs, version_word(word));
    return Next::other;
  }
  if (regs.x[0] == static_cast<uint64_t>(TestControl::describe_spmc)) {
    spmc_ = ffa::EndpointId{static_cast<uint16_t>(regs.x[1])};
    relays_ids_ = regs.x[2] != 0;
    return Next::caller;
  }
  switch (ffa::FunctionId{regs.x[0]}.raw) {
    case ffa::fid32(Fid::version):
      answer(regs, version_word(own_version.raw()));
      return Next::caller;
    case ffa::fid32(Fid::id_get):
      answer(regs, ffa::success32(spmc_.raw()));
      return Next::caller;
    case ffa::fid32(Fid::spm_id_get):
      answer(regs, ffa::success32(ffa::spmd_id.raw()));
      return Next::caller;
    default:
      return Next::other;
  }
}

}  // namespace el3
