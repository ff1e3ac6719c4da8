// SPDX-License-Identifier: BSD-3-Clause
#include "sim/scenario/pack.hpp"

#include <cstring>

#include "sim/scenario/pack_stream.hpp"

namespace sim {

constexpr RegionKind last_of(RegionKind) { return RegionKind::foreign; }
constexpr Backing last_of(Backing) { return Backing::reversed; }
constexpr SpKind last_of(SpKind) { return SpKind::notifier; }

}  // namespace sim

namespace mediator {

constexpr TeeType last_of(TeeType) { return TeeType::ffa; }
constexpr FragmentHandles last_of(FragmentHandles) { return FragmentHandles::preset; }

}  // namespace mediator

namespace sim::scenario {

constexpr SuccessForm last_of(SuccessForm) { return SuccessForm::none; }

// Not in an unnamed namespace: the streams find these by their arguments.
namespace pack {

constexpr uint64_t magic = 0x4b41504146;  // "FAPAK", the lowest byte first
constexpr uint64_t version = 5;

template <class T, class U>
concept Is = std::is_same_v<std::remove_const_t<T>, U>;

template <class Stream>
void each(Stream& stream, Is<ffa::Uuid> auto& uuid) {
  for (auto& byte : uuid.bytes) stream.items(byte);
}

template <class Stream>
void each(Stream& stream, Is<mediator::MediatorConfig> auto& config) {
  auto& [max_vms, max_partitions, buffer_pages, max_version, npi, sri, handle, message_retries,
         reclaim_retries, fragment_retries, fragment_handles, refused_ends, allow_hvc] = config;
  stream.items(max_vms, max_partitions, buffer_pages, max_version, npi, sri, handle,
               message_retries, reclaim_retries, fragment_retries, fragment_handles, refused_ends,
               allow_hvc);
}

template <class Stream>
void each(Stream& stream, Is<mediator::VmConfig> auto& config) {
  auto& [id, tee, vcpus, aarch64, visible, overlapping, max_version, shares, share_pages, ranges,
         rxtx_pages, borrowers, transfers, lends, reaches_sps, peers, window, uuid] = config;
  stream.items(id, tee, vcpus, aarch64, visible, overlapping, max_version, shares, share_pages,
               ranges, rxtx_pages, borrowers, transfers, lends, reaches_sps, window.base,
               window.pages, uuid);
  for (auto& peer : peers) stream.items(peer);
}

template <class Stream>
void each(Stream& stream, Is<RegionSpec> auto& region) {
  auto& [ipa, size, kind, backing, pa, block] = region;
  stream.items(ipa, size, kind, backing, pa, block);
}

template <class Stream>
void each(Stream& stream, Is<VmSpec> auto& vm) {
  auto& [name, config, memory, create_at_boot, image] = vm;
  (void)image;  // cases with images are not packed
  stream.items(name, config, memory, create_at_boot);
}

template <class Stream>
void each(Stream& stream, Is<SpSpec> auto& sp) {
  auto& [name, id, kind, uuid, contexts, properties, threads, sessions, image] = sp;
  (void)image;
  stream.items(name, id, kind, uuid, contexts, properties, threads, sessions);
}

template <class Stream>
void each(Stream& stream, Is<SpmcSpec> auto& spmc) {
  auto& [personality, spmc_version, absent, missing, max_shares, spmc_vms, per_vcpu] = spmc;
  stream.items(personality, spmc_version, absent, missing, max_shares, spmc_vms, per_vcpu);
}

template <class Stream>
void each(Stream& stream, Is<FaultSpec> auto& fault) {
  auto& [op, match, nth, sweep, status, regs, execute, armed, chosen, chosen_status] = fault;
  stream.items(op, match, nth, sweep, status, regs, execute, armed, chosen, chosen_status);
}

template <class Stream>
void each(Stream& stream, Is<WorldSpec> auto& world) {
  auto& [config, spmc, sps, vms, faults, pcpus, ram_base, ram_size, own_tx, own_rx, sparse,
         break_at, coverage] = world;
  (void)break_at;  // of the process at hand
  (void)coverage;
  stream.items(config, spmc, sps, vms, faults, pcpus, ram_base, ram_size, own_tx, own_rx, sparse);
}

template <class Stream>
void each(Stream& stream, Is<Actor> auto& actor) {
  auto& [host, vm, vcpu, name] = actor;
  stream.items(host, vm, vcpu, name);
}

template <class Stream>
void each(Stream& stream, Is<CompiledStep> auto& step) {
  auto& [pointer, what, actor, repetition, success, regs_entries, asks_sp, judged, image, expect] =
      step;
  stream.items(pointer, what, actor, repetition, success, regs_entries, asks_sp);
  (void)judged;  // a pack is run for its hashes; nothing is judged
  (void)image;
  (void)expect;
}

template <class Stream>
void each(Stream& stream, Is<VcpuProgram> auto& program) {
  auto& [vm, vcpu, code] = program;
  stream.items(vm, vcpu, code);
}

template <class Stream>
void each(Stream& stream, Is<CompiledCase> auto& compiled) {
  auto& [name, file, covers, world, programs, control, steps, expect, backends, portable, why,
         choices, sweeps, each_status, only_invariants, lacks] = compiled;
  stream.items(name, file, world, programs, control, steps, choices, sweeps, each_status,
               only_invariants);
  (void)covers;
  (void)lacks;
  (void)expect;
  (void)backends;
  (void)portable;
  (void)why;
}

}  // namespace pack

std::vector<std::byte> pack_cases(const std::vector<CompiledCase>& cases) {
  pack::Writer writer;
  writer.integer(pack::magic);
  writer.integer(pack::version);
  writer.items(cases);
  return writer.take();
}

std::vector<CompiledCase> unpack_cases(std::span<const std::byte> bytes, const std::string& file) {
  pack::Reader reader(bytes, file);
  constexpr uint64_t any = ~uint64_t{0};
  if (reader.integer(any) != pack::magic) reader.fail("no pack of cases");
  if (reader.integer(any) != pack::version) reader.fail("a pack of another version");
  std::vector<CompiledCase> cases;
  reader.items(cases);
  reader.expect_end();
  for (CompiledCase& compiled : cases) {
    for (CompiledStep& step : compiled.steps) step.judged_by_default = false;
  }
  return cases;
}

}  // namespace sim::scenario
