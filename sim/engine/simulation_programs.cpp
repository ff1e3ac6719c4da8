// SPDX-License-Identifier: BSD-3-Clause
#include "sim/engine/simulation_programs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "ffa/fid.hpp"
#include "sim/endpoint/cpu.hpp"
#include "sim/endpoint/image.hpp"
#include "sim/endpoint/private_pages.hpp"
#include "sim/engine/input_error.hpp"

namespace sim {
namespace {

constexpr uint64_t ffa_abort = 0x84000090;
/// An SP that is busy for so long without a call will never answer, nor come up.
constexpr uint64_t max_instructions = 100'000'000;

/// Its board's memory; and of normal memory, at its physical addresses, what it has retrieved.
class SpMemory final : public endpoint::AddressSpace {
 public:
  SpMemory(Machine& machine, ffa::EndpointId sp, const std::vector<PrivateMemory>& own)
      : machine_(machine), sp_(sp), own_(own) {}

  std::optional<Page> page(uint64_t address) override {
    if (std::byte* const own = own_.find(address)) return Page{own, true};
    const unsigned access = model == nullptr ? 0 : model->sp_access(sp_, ffa::Pa{address});
    if (access == 0) return {};
    const auto view = machine_.view_frame(address);
    if (!view) return {};
    constexpr unsigned may_write = 2;
    return Page{view->bytes, access == may_write};
  }
  uint64_t changes() const override { return machine_.page_views() + calls; }
  void wrote(const std::vector<uint64_t>& pages) override {
    written_.clear();
    for (const uint64_t address : pages) {
      if (own_.find(address) == nullptr) written_.push_back(address);
    }
    machine_.wrote_pages(written_);
  }
  std::byte* own(uint64_t address) { return own_.find(address); }

  const spmc_model::Spmc* model = nullptr;
  uint64_t calls = 0;  ///< each may change what it has retrieved

 private:
  Machine& machine_;
  ffa::EndpointId sp_;
  endpoint::PrivatePages own_;
  std::vector<uint64_t> written_;
};

}  // namespace

struct SpImages::Sp {
  Sp(Machine& machine, const SpSpec& spec, Events& events)
      : name(spec.name),
        image(*spec.image),
        slice(spec.image->slice),
        console_call(spec.image->console_call),
        memory(machine, ffa::EndpointId{spec.id}, spec.image->memory),
        cpu(memory, {spec.image->uart, 0, [this, &events](char c) { events.print(name, c); }}) {
    for (const endpoint::Piece& piece : image.pieces()) {
      if (!put(piece.address, piece.bytes)) {
        throw InputError(image.file(), fmt::format("{} at {:#x} finds no memory of {} there",
                                                   piece.name, piece.address, name));
      }
    }
    std::array<uint64_t, 31> registers{};
    for (const auto& [reg, value] : spec.image->registers) registers.at(reg) = value;
    cpu.reset(image.entry(), registers);
  }
  bool put(uint64_t address, std::span<const std::byte> bytes) {
    return endpoint::each_page(
        address, bytes, [this](uint64_t at) { return memory.own(at); },
        [](std::byte* to, auto from) { std::memcpy(to, from.data(), from.size()); });
  }

  std::string name;
  endpoint::Image image;
  uint64_t slice;
  std::optional<uint32_t> console_call;
  SpMemory memory;
  endpoint::Cpu cpu;
};

SpImages::SpImages(const WorldSpec& spec, Machine& machine, Events events)
    : machine_(machine), events_(std::move(events)) {
  if (!events_.print) events_.print = [](const std::string&, char) {};
  if (!events_.report) events_.report = [](const std::string&) {};
  for (const SpSpec& sp : spec.sps) {
    if (sp.image) sps_.emplace(sp.id, std::make_unique<Sp>(machine_, sp, events_));
  }
}

SpImages::~SpImages() = default;

void SpImages::set_model(const spmc_model::Spmc& model) {
  for (auto& [id, sp] : sps_) sp->memory.model = &model;
}

void SpImages::end_boot() { booting_ = false; }

SpImages::Sp& SpImages::sp_of(ffa::EndpointId sp) { return *sps_.at(sp.raw()); }

ffa::Regs SpImages::run(ffa::EndpointId id, const ffa::Regs* in) {
  Sp& sp = sp_of(id);
  ++sp.memory.calls;
  if (in != nullptr) sp.cpu.set_call_registers(*in);
  const bool preempts = sp.slice != 0 && !booting_;
  ffa::Regs answer;
  while (true) {
    const endpoint::Stop stop = sp.cpu.run(preempts ? sp.slice : max_instructions);
    if (stop == endpoint::Stop::spent && preempts) {
      answer.x[0] = ffa::fid32(ffa::Fid::interrupt);
      return answer;
    }
    if (stop == endpoint::Stop::spent || stop == endpoint::Stop::fault) {
      events_.report(
          fmt::format("the image of {} can't go on: {}", sp.name,
                      stop == endpoint::Stop::fault
                          ? sp.cpu.fault()
                          : fmt::format("no call for {} instructions", max_instructions)));
      answer.x[0] = ffa_abort;
      return answer;
    }
    const ffa::Regs regs = sp.cpu.call_registers();
    if (!sp.console_call || static_cast<uint32_t>(regs.x[0]) != *sp.console_call) return regs;
    events_.print(sp.name, static_cast<char>(regs.x[1]));
    ffa::Regs done = regs;
    done.x[0] = 0;
    sp.cpu.set_call_registers(done);
  }
}

bool SpImages::read(ffa::EndpointId sp, uint64_t from, std::span<std::byte> to) {
  return endpoint::each_page(
      from, to, [&](uint64_t at) { return sp_of(sp).memory.own(at); },
      [](const std::byte* page, auto part) { std::memcpy(part.data(), page, part.size()); });
}

bool SpImages::write(ffa::EndpointId sp, uint64_t to, std::span<const std::byte> from) {
  return sp_of(sp).put(to, from);
}

void SpImages::print(ffa::EndpointId sp, char c) { events_.print(sp_of(sp).name, c); }

}  // namespace sim
