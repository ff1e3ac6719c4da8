// SPDX-License-Identifier: BSD-3-Clause
#include "tests/fuzz/spmc_world.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "ffa/fid.hpp"
#include "spmc-model/personality.hpp"
#include "tests/fuzz/target.hpp"

namespace fuzz {

namespace {

using ffa::Fid;
using ffa::fid32;
using ffa::fid64;
using ffa::Regs;
using spmc_model::SpKind;

static_assert(SpmcWorld::ram_pages == 64);  // written_ has a bit for each

constexpr std::array<std::string_view, 4> personalities = {"op-tee", "hafnium", "tf-a-el3",
                                                           "op-tee-single"};
constexpr uint32_t ranges = 256;

std::array<spmc_model::SpConfig, 4> configs() {
  std::array<spmc_model::SpConfig, 4> all;
  constexpr std::array<SpKind, 4> kinds = {SpKind::echo, SpKind::memory_user, SpKind::notifier,
                                           SpKind::optee};
  for (size_t n = 0; n < all.size(); ++n) {
    all[n].id = ffa::EndpointId{SpmcWorld::sps[n]};
    all[n].kind = kinds[n];
    for (uint8_t& byte : all[n].uuid.bytes) byte = static_cast<uint8_t>(0x10 * (n + 1));
    all[n].contexts = 2;
    all[n].properties = spmc_model::default_properties | 0x600;
  }
  all[3].uuid = spmc_model::optee::service_uuid;
  return all;
}

/// What may stand in w0 of an answer to the normal world.
bool is_answer(uint32_t function) {
  constexpr std::array<Fid, 7> of_both = {
      Fid::success,           Fid::error,     Fid::msg_send_direct_resp, Fid::mem_frag_rx,
      Fid::mem_retrieve_resp, Fid::interrupt, Fid::mem_frag_tx};
  const auto is = [function](Fid fid) { return function == fid32(fid) || function == fid64(fid); };
  return std::any_of(of_both.begin(), of_both.end(), is) || function == fid32(Fid::yield) ||
         function == fid64(Fid::msg_send_direct_resp2) || function == fid32(Fid::msg_wait);
}

void must_be_well_formed(const Regs& in, const Regs& out) {
  const uint32_t function = out.w(0);
  if (!ffa::FunctionId{in.x[0]}.in_ffa_range()) {
    must(function == 0xffffffff, "what is no call of FF-A is unknown to the SMCCC");
    return;
  }
  if (in.w(0) == fid32(Fid::version)) {
    must(function >> 31 == 0 || function == 0xffffffff, "a version, or there is none");
    return;
  }
  if (!is_answer(function)) {
    fail(fmt::format("{:#x} is answered with {:#x}, which is no answer", in.w(0), function));
  }
  if (function != fid32(Fid::error)) return;
  const auto status = static_cast<int32_t>(out.w(2));
  must(status >= -9 && status <= -1, "an error has a status of FF-A");
  for (const unsigned n : {1U, 3U, 4U, 5U, 6U, 7U}) must(out.x[n] == 0, "an error is all it says");
}

}  // namespace

bool SpmcWorld::Memory::reachable(uint64_t at, size_t length) {
  constexpr uint64_t all = ram_pages * ffa::page_size;
  return at >= ram && at - ram <= all && length <= all - (at - ram);
}

bool SpmcWorld::Memory::read(ffa::Pa from, std::span<std::byte> to) {
  if (!reachable(from.raw(), to.size())) return false;
  if (!to.empty()) std::memcpy(to.data(), bytes_.data() + (from.raw() - ram), to.size());
  return true;
}

bool SpmcWorld::Memory::write(ffa::Pa to, std::span<const std::byte> from) {
  if (!reachable(to.raw(), from.size())) return false;
  if (from.empty()) return true;
  const uint64_t at = to.raw() - ram;
  std::memcpy(bytes_.data() + at, from.data(), from.size());
  for (uint64_t page = at / ffa::page_size; page * ffa::page_size < at + from.size(); ++page) {
    written_ |= uint64_t{1} << page;
  }
  return true;
}

bool SpmcWorld::Memory::is_normal_ram(ffa::Pa page) { return reachable(page.raw(), 1); }

void SpmcWorld::Memory::clear() {
  for (uint64_t page = 0; page < ram_pages; ++page) {
    if ((written_ >> page & 1) == 0) continue;
    std::fill_n(bytes_.begin() + static_cast<long>(page * ffa::page_size), ffa::page_size,
                std::byte{0});
  }
  written_ = 0;
}

SpmcWorld::SpmcWorld() : storage_(spmc_model::Spmc::storage_bytes(ranges)) {}

void SpmcWorld::begin(unsigned personality, ffa::Version version) {
  memory_.clear();
  version_ = version;
  const auto sp_configs = configs();
  const auto known = spmc_model::find_personality(personalities.at(personality));
  spmc_ = spmc_model::Spmc::create(
      storage_,
      {.personality = known.value(), .sps = sp_configs, .missing_functions = {}, .ranges = ranges},
      memory_);
  must(spmc_ != nullptr, "the SPMC begins");
  Regs in;
  in.x = {fid32(Fid::version), version.raw()};
  smc(in);
  in.x = {fid64(Fid::rxtx_map), tx, rx, 1};
  smc(in);
  for (const uint16_t vm : vms) {
    for (const uint16_t sp : sps) {
      constexpr uint32_t created = 0x80000004;
      in.x = {fid32(Fid::msg_send_direct_req), sp, created, ~0U, ~0U, vm};
      smc(in);
    }
  }
}

void SpmcWorld::put(uint64_t address, std::span<const uint8_t> bytes) {
  constexpr uint64_t end = ram + ram_pages * ffa::page_size;
  const size_t room = address < end ? end - address : 0;
  (void)memory_.write(ffa::Pa{address}, std::as_bytes(bytes.first(std::min(room, bytes.size()))));
}

Regs SpmcWorld::smc(const Regs& in) {
  const Regs out = spmc_->smc(in);
  must_be_well_formed(in, out);
  must_be_consistent();
  return out;
}

void SpmcWorld::must_be_consistent() const {
  std::array<uint64_t, spmc_model::max_regions> handles;
  size_t live = 0;
  must(spmc_->regions() <= spmc_model::max_regions, "regions have room");
  for (size_t n = 0; n < spmc_->regions(); ++n) {
    const spmc_model::RegionFacts facts = spmc_->region(n);
    if (!facts.owner_gone) handles[live++] = facts.handle.raw();
    must(!facts.sender.is_secure(), "no SP sends memory");
    must(facts.complete || facts.retrieved_by == 0, "what is not there yet is not retrieved");
    // Some personalities look at ranges only when all are there.
    if (!facts.complete) continue;
    uint64_t sum = 0;
    for (uint32_t range = 0; range < facts.ranges; ++range) {
      ffa::Pa pa;
      ffa::PageCount pages;
      spmc_->region_range(n, range, pa, pages);
      // Some personalities take an address inside a page.
      const uint64_t first = pa.raw() & ~ffa::page_mask;
      must(pages.raw() <= ram_pages && first >= ram &&
               first + pages.raw() * ffa::page_size <= ram + ram_pages * ffa::page_size,
           "a range of normal memory");
      sum += pages.raw();
    }
    must(sum == facts.pages, "ranges make the pages");
  }
  std::sort(handles.begin(), handles.begin() + static_cast<long>(live));
  must(std::adjacent_find(handles.begin(), handles.begin() + static_cast<long>(live)) ==
           handles.begin() + static_cast<long>(live),
       "each handle is one region's");
}

/// A handle may be given out again once its owner is gone: it is the new region's then.
bool SpmcWorld::is_named_by_its_handle(const spmc_model::RegionFacts& facts) const {
  for (size_t n = 0; facts.owner_gone && n < spmc_->regions(); ++n) {
    const spmc_model::RegionFacts other = spmc_->region(n);
    if (!other.owner_gone && other.handle == facts.handle) return false;
  }
  return true;
}

void SpmcWorld::reclaim_all() {
  for (size_t n = spmc_->regions(); n-- > 0;) {
    const spmc_model::RegionFacts facts = spmc_->region(n);
    if (!is_named_by_its_handle(facts)) continue;
    if (!facts.complete) {
      spmc_->drop_send(facts.handle);
      continue;
    }
    const uint64_t handle = facts.handle.raw();
    Regs in;
    in.x = {fid32(Fid::mem_reclaim), static_cast<uint32_t>(handle), handle >> 32};
    const Regs out = smc(in);
    const bool held = facts.retrieved_by != 0;
    must((out.w(0) == fid32(Fid::success)) != held, "what nobody holds, and no more, is reclaimed");
  }
}

}  // namespace fuzz
