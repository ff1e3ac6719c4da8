// SPDX-License-Identifier: BSD-3-Clause
#include "handle_names.hpp"

#include <fmt/format.h>

#include "ffa/fid.hpp"

namespace property {

using ffa::Fid;

namespace {

constexpr uint64_t nobodys = 0x0badc0de5eed;

bool is_any(uint32_t function, std::initializer_list<Fid> fids) {
  for (const Fid fid : fids) {
    if ((function & ~smc64_bit) == ffa::fid32(fid)) return true;
  }
  return false;
}

bool is_send(const ffa::Regs& in) {
  return is_any(in.w(0), {Fid::mem_share, Fid::mem_lend, Fid::mem_donate});
}

}  // namespace

std::optional<unsigned> handle_in_request(const ffa::Regs& in) {
  if (is_any(in.w(0), {Fid::mem_reclaim, Fid::mem_frag_tx, Fid::mem_frag_rx})) return 1;
  return {};
}

std::optional<unsigned> handle_in_answer(const ffa::Regs& in, const ffa::Regs& out) {
  if (is_any(out.w(0), {Fid::mem_frag_rx, Fid::mem_frag_tx})) return 1;
  const bool sent = is_send(in) || is_any(in.w(0), {Fid::mem_frag_tx});
  if (sent && out.w(0) == ffa::fid32(Fid::success)) return 2;
  return {};
}

uint64_t handle_at(const ffa::Regs& regs, unsigned place) {
  return regs.w(place) | uint64_t{regs.w(place + 1)} << 32;
}

ffa::Regs without_handle(ffa::Regs regs, std::optional<unsigned> place) {
  if (place) regs.x[*place] = regs.x[*place + 1] = 0;
  return regs;
}

std::optional<size_t> HandleNames::find(uint64_t handle) const {
  for (size_t n = given_.size(); n > 0; --n) {
    if (given_[n - 1] == handle) return n - 1;
  }
  return {};
}

std::string HandleNames::name(const ffa::Regs& in, uint64_t handle) {
  if (is_send(in)) given_.push_back(handle);
  const auto number = find(handle);
  return number ? fmt::format("handle {}", *number) : "an unknown handle";
}

uint64_t HandleNames::resolve(const HandleRef& ref, const HandleNames& others) const {
  const bool own = ref.whose == HandleRef::Whose::own;
  const auto& given = own ? given_ : others.given_;
  if (ref.whose == HandleRef::Whose::nobody || ref.age >= given.size()) return nobodys;
  const size_t number = given.size() - 1 - ref.age;
  const uint64_t handle = given[number];
  if (own) return find(handle) == number ? handle : nobodys;
  return find(handle) ? nobodys : handle;
}

}  // namespace property
