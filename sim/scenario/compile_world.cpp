// SPDX-License-Identifier: BSD-3-Clause
#include "sim/scenario/compile_world.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/engine/input_error.hpp"
#include "sim/machine/machine.hpp"
#include "sim/scenario/compile_image.hpp"
#include "sim/scenario/compile_names.hpp"
#include "spmc-model/limits.hpp"
#include "spmc-model/personality.hpp"
#include "spmc-model/spmc.hpp"

namespace sim::scenario {
namespace {

constexpr uint64_t default_base = 0x40000000;
constexpr uint64_t default_size = 16ULL << 20;
/// Where buffers have no place of their own, each has room for 16 pages, or for all its pages.
constexpr uint64_t buffer_room = 0x10000;
constexpr uint64_t largest_ram = 1ULL << 40;
constexpr uint64_t most_spmc_buffer_pages = 32;

template <class T>
T pick(const Node& node, std::initializer_list<std::pair<const char*, T>> words) {
  const std::string text = node.text();
  for (const auto& [word, value] : words) {
    if (text == word) return value;
  }
  node.fail(fmt::format("'{}' is not known here", text));
}

uint64_t page_multiple(const Node& node) {
  const uint64_t value = node.number();
  if (value % ffa::page_size != 0) node.fail("not a multiple of 4 KiB");
  return value;
}

/// "vm12" → 12, "guest" → 0.
uint16_t trailing_number(const std::string& name) {
  const size_t digits = name.find_last_not_of("0123456789") + 1;
  const auto number = parse_number(std::string_view{name}.substr(digits));
  return number && *number < 0x7fff ? static_cast<uint16_t>(*number) : uint16_t{0};
}

RegionSpec region(const Node& node) {
  RegionSpec spec;
  spec.ipa = page_multiple(node.at("ipa"));
  spec.size = page_multiple(node.at("size"));
  if (spec.size == 0) node.fail_at("size", "a region has at least one page");
  if (spec.ipa + spec.size < spec.ipa)
    node.fail_at("size", "the region reaches past the end of the address space");
  if (const auto kind = node.find("kind")) {
    spec.kind = pick<RegionKind>(*kind, {{"none", RegionKind::none},
                                         {"ram_rw", RegionKind::ram_rw},
                                         {"ram_ro", RegionKind::ram_ro},
                                         {"device", RegionKind::device},
                                         {"foreign", RegionKind::foreign}});
  }
  if (const auto backing = node.find("backing")) {
    spec.backing = pick<Backing>(*backing, {{"contiguous", Backing::contiguous},
                                            {"scattered", Backing::scattered},
                                            {"reversed", Backing::reversed}});
  }
  if (const auto pa = node.find("pa")) spec.pa = page_multiple(*pa);
  if (const auto block = node.find("block")) {
    spec.block = pick<uint64_t>(*block, {{"4K", 4096}, {"2M", 2ULL << 20}, {"1G", 1ULL << 30}});
  }
  return spec;
}

std::vector<RegionSpec> regions(const Node& vm, uint64_t page_size) {
  const auto list = vm.find("memory");
  std::vector<RegionSpec> out;
  if (!list) {
    out.emplace_back();
    out.back().ipa = default_base;
    out.back().size = default_size;
    return out;
  }
  for (const Node& node : list->elements()) {
    const RegionSpec next = region(node);
    if (next.ipa % page_size != 0 || next.size % page_size != 0) {
      node.fail(fmt::format("not whole pages of {} KiB, as the VM has", page_size >> 10));
    }
    for (size_t i = 0; i < out.size(); ++i) {
      if (next.ipa < out[i].ipa + out[i].size && out[i].ipa < next.ipa + next.size) {
        node.fail(fmt::format("overlaps region {} at {:#x}", i, out[i].ipa));
      }
    }
    out.push_back(next);
  }
  return out;
}

mediator::BorrowWindow borrow_window(const Node& node, const std::vector<RegionSpec>& memory) {
  const uint64_t base = page_multiple(node.at("base"));
  const uint64_t pages = node.at("pages").number();
  if (pages > (UINT64_MAX - base) / ffa::page_size) {
    node.fail_at("pages", "the window reaches past the end of the address space");
  }
  for (size_t i = 0; i < memory.size(); ++i) {
    const RegionSpec& region = memory[i];
    if (base < region.ipa + region.size && region.ipa < base + pages * ffa::page_size) {
      node.fail(fmt::format("overlaps region {} at {:#x}", i, region.ipa));
    }
  }
  return {ffa::Ipa{base}, ffa::PageCount{pages}};
}

void limits(const Node& vm, mediator::VmConfig& config) {
  const auto node = vm.find("limits");
  if (!node) return;
  if (const auto version = node->find("version")) config.max_version = version_of(*version);
  for (const char* const key : {"shares", "share_pages", "ranges"}) {
    // The plug-in ABI reads 0 as "the mediator's default".
    if (node->find(key) && node->at(key).number(0xffffffff) == 0) node->fail_at(key, "is 0");
  }
  config.max_shares = static_cast<uint16_t>(node->number_or("shares", config.max_shares, 0xffff));
  config.max_share_pages =
      static_cast<uint32_t>(node->number_or("share_pages", config.max_share_pages, 0xffffffff));
  config.max_ranges =
      static_cast<uint32_t>(node->number_or("ranges", config.max_ranges, 0xffffffff));
  config.max_rxtx_pages =
      static_cast<uint16_t>(node->number_or("rxtx_pages", config.max_rxtx_pages, 0xffff));
  config.max_borrowers =
      static_cast<uint8_t>(node->number_or("borrowers", config.max_borrowers, 0xff));
  config.max_transfers =
      static_cast<uint16_t>(node->number_or("transfers", config.max_transfers, 0xfffe));
  config.lends = node->flag_or("lends", config.lends);
}

void setup(const Node& vm, GuestFacts& facts) {
  const auto version = vm.find("version");
  facts.version = ffa::v1_1;
  if (version) {
    facts.version = version->json().is_null() ? std::nullopt : std::optional{version_of(*version)};
  }
  if (!facts.version) facts.setup = GuestSetup::none;
  const auto node = vm.find("setup");
  if (!node) return;
  if (!node->is_string()) {
    facts.setup = node->flag() ? GuestSetup::all : GuestSetup::none;
  } else if (node->text() == "version") {
    facts.setup = GuestSetup::version_only;
  } else if (node->text() == "try") {
    facts.setup = GuestSetup::all;
    facts.setup_judged = false;
  } else {
    node->fail(fmt::format("'{}' is not known here", node->text()));
  }
  if (!facts.version && facts.setup != GuestSetup::none) {
    node->fail("a VM that does not negotiate a version can't be set up");
  }
}

void buffers(const Node& vm, const VmSpec& spec, GuestFacts& facts) {
  uint64_t end = default_base + default_size;
  if (!spec.memory.empty()) {
    facts.base = spec.memory.front().ipa;
    end = facts.base + spec.memory.front().size;
  }
  facts.buffer_pages = facts.page_size / ffa::page_size;
  const auto rxtx = vm.find("rxtx");
  if (rxtx) facts.buffer_pages = rxtx->number_or("pages", facts.buffer_pages, 64);
  const uint64_t length = facts.buffer_pages * ffa::page_size;
  const uint64_t room = (length + buffer_room - 1) / buffer_room * buffer_room;
  facts.tx = end - 2 * room;
  facts.rx = end - room;
  if (rxtx) {
    facts.tx = rxtx->number_or("tx", facts.tx);
    facts.rx = rxtx->number_or("rx", facts.rx);
    if (rxtx->has("tx") && rxtx->has("rx")) return;
  }
  const bool fits = !spec.memory.empty() && spec.memory.front().kind == RegionKind::ram_rw &&
                    spec.memory.front().size >= 2 * room;
  if (!fits && facts.setup == GuestSetup::all) {
    vm.fail(
        "no room for RX and TX at the end of the first region: give rxtx.tx and rxtx.rx, or setup "
        "false");
  }
}

class WorldCompiler {
 public:
  explicit WorldCompiler(const Node& document) : empty_(nlohmann::json::object()) {
    const auto given = document.find("world");
    const Node node = given ? *given : Node{empty_, document.file(), "/world"};
    spec().pcpus = static_cast<uint16_t>(node.number_or("pcpus", 1, 64));
    if (const auto ram = node.find("ram")) {
      spec().ram_size = page_multiple(*ram);
      if (spec().ram_size > largest_ram) ram->fail("more than 1024G");
    }
    if (const auto found = node.find("mediator")) mediator_config(*found);
    if (const auto found = node.find("spmc")) spmc(*found);
    fragment_rules(node);
    if (const auto found = node.find("sps")) {
      for (const auto& [name, sp] : found->members()) add_sp(name, sp);
    } else {
      add_sp("sp1", Node{empty_, document.file(), "/world/sps/sp1"});
    }
    if (const auto found = node.find("vms")) {
      for (const auto& [name, vm] : found->members()) add_vm(name, vm);
    } else {
      add_vm("vm1", Node{empty_, document.file(), "/world/vms/vm1"});
    }
    if (world_.guests.empty()) node.fail_at("vms", "a world has at least one VM");
    resolve_peers();
    if (const auto found = node.find("faults")) {
      for (const Node& fault : found->elements()) add_fault(world_, fault);
    }
    check_fit(node);
  }

  CompiledWorld take() { return std::move(world_); }

 private:
  /// What only the machine knows: whether all regions find a place in RAM.
  void check_fit(const Node& node) {
    if (spec().sps.size() > spmc_model::Spmc::max_sps) {
      node.fail_at("sps", fmt::format("at most {} SPs", spmc_model::Spmc::max_sps));
    }
    try {
      const Machine machine{spec(), [](const std::string&) {}};
    } catch (const InputError& error) {
      node.fail(error.what());
    }
  }

  WorldSpec& spec() { return world_.spec; }

  void mediator_config(const Node& node) {
    mediator::MediatorConfig& config = spec().mediator;
    config.max_vms = static_cast<uint16_t>(node.number_or("max_vms", config.max_vms, 64));
    config.max_partitions =
        static_cast<uint16_t>(node.number_or("max_partitions", config.max_partitions, 0xffff));
    config.spmc_buffer_pages = static_cast<uint16_t>(
        node.number_or("spmc_buffer_pages", config.spmc_buffer_pages, most_spmc_buffer_pages));
    // Two large buffers need more room between them than is otherwise left.
    const uint64_t tx_end = spec().own_tx_pa + config.spmc_buffer_pages * ffa::page_size;
    spec().own_rx_pa = std::max(spec().own_rx_pa, tx_end);
    if (const auto version = node.find("max_version")) config.max_version = version_of(*version);
    config.npi_id = static_cast<uint32_t>(node.number_or("npi_id", config.npi_id, 0xffffffff));
    config.sri_id = static_cast<uint32_t>(node.number_or("sri_id", config.sri_id, 0xffffffff));
    config.vm_message_handle =
        ffa::Handle{node.number_or("vm_message_handle", config.vm_message_handle.raw())};
    config.vm_message_retries = static_cast<uint16_t>(
        node.number_or("vm_message_retries", config.vm_message_retries, 0xffff));
    config.reclaim_retries =
        static_cast<uint16_t>(node.number_or("reclaim_retries", config.reclaim_retries, 0xffff));
    config.fragment_retries =
        static_cast<uint16_t>(node.number_or("fragment_retries", config.fragment_retries, 0xffff));
    config.refused_fragment_ends_send =
        node.flag_or("refused_fragment_ends_send", config.refused_fragment_ends_send);
    if (const auto fragments = node.find("fragments")) {
      using mediator::FragmentHandles;
      config.fragment_handles =
          pick<FragmentHandles>(*fragments, {{"none", FragmentHandles::none},
                                             {"streamed", FragmentHandles::streamed},
                                             {"preset", FragmentHandles::preset}});
    }
    config.allow_hvc = node.flag_or("allow_hvc", config.allow_hvc);
  }

  /// What is silent suits the SPMC: OP-TEE takes a handle of ours over, Hafnium keeps a send whose
  /// fragment it refused.
  void fragment_rules(const Node& world) {
    using mediator::FragmentHandles;
    const auto mediator = world.find("mediator");
    const auto is_open = [&](const char* key) { return !mediator || !mediator->has(key); };
    const std::string& personality = spec().spmc.personality;
    if (is_open("fragments")) {
      spec().mediator.fragment_handles =
          personality == "op-tee" ? FragmentHandles::preset : FragmentHandles::streamed;
    }
    if (is_open("refused_fragment_ends_send")) {
      spec().mediator.refused_fragment_ends_send = personality != "hafnium";
    }
  }

  void spmc(const Node& node) {
    SpmcSpec& to = spec().spmc;
    if (const auto personality = node.find("personality")) {
      to.personality = personality->text();
      if (!spmc_model::find_personality(to.personality)) {
        personality->fail(
            fmt::format("no personality '{}'; known: op-tee, op-tee-single, hafnium, tf-a-el3",
                        to.personality));
      }
    }
    if (const auto version = node.find("version")) to.version = version_of(*version);
    to.absent = node.flag_or("absent", false);
    if (const auto missing = node.find("missing")) {
      for (const Node& function : missing->elements()) to.missing.push_back(function_of(function));
      if (to.missing.size() > spmc_model::max_missing_functions) {
        missing->fail(fmt::format("at most {} functions", spmc_model::max_missing_functions));
      }
    }
    if (node.has("max_shares"))
      to.max_shares = static_cast<uint32_t>(node.at("max_shares").number(0xffff));
    if (const auto vms = node.find("max_vms")) {
      to.max_vms = static_cast<uint16_t>(vms->number(spmc_model::max_vms));
      if (*to.max_vms == 0) vms->fail("at least one VM");
    }
    to.per_vcpu_notifications = node.flag_or("per_vcpu_notifications", false);
  }

  /// The id of a partition, which no other has.
  uint16_t unique_id(const Node& node, uint16_t fallback, uint16_t last) {
    const auto id = static_cast<uint16_t>(node.number_or("id", fallback, last));
    const auto sp = std::find_if(spec().sps.begin(), spec().sps.end(),
                                 [&](const auto& s) { return s.id == id; });
    if (sp != spec().sps.end()) node.fail(fmt::format("id {:#x} is {}'s already", id, sp->name));
    const auto vm = std::find_if(world_.guests.begin(), world_.guests.end(),
                                 [&](const auto& g) { return g.id == id; });
    if (vm != world_.guests.end()) node.fail(fmt::format("id {:#x} is {}'s already", id, vm->name));
    if (id == 0) node.fail("id 0 is the hypervisor's");
    return id;
  }

  /// How many threads or sessions a service has for each VM.
  static std::optional<uint16_t> service_size(const Node& node, const char* key, const SpSpec& sp,
                                              size_t most) {
    const auto size = node.find(key);
    if (!size) return {};
    if (sp.kind != SpKind::optee) size->fail("goes with an SP of kind optee only");
    if (size->number(most) == 0) size->fail("is 0");
    return static_cast<uint16_t>(size->number(most));
  }

  void add_sp(const std::string& name, const Node& node) {
    SpSpec sp;
    sp.name = name;
    const uint16_t number = trailing_number(name);
    const size_t order = number != 0 ? number : spec().sps.size() + 1;
    sp.id = unique_id(node, static_cast<uint16_t>(0x8000 + order), 0xfffe);
    if (sp.id < 0x8000) node.fail_at("id", "the id of an SP has bit 15 set");
    if (sp.id == 0x8000) node.fail_at("id", "id 0x8000 is the SPMC's");
    if (const auto kind = node.find("kind")) {
      sp.kind = pick<SpKind>(*kind, {{"echo", SpKind::echo},
                                     {"memory_user", SpKind::memory_user},
                                     {"optee", SpKind::optee},
                                     {"notifier", SpKind::notifier}});
    }
    sp.image = sp_image(node);
    if (const auto uuid = node.find("uuid")) {
      sp.uuid = uuid_of(*uuid);
    } else if (sp.kind == SpKind::optee) {
      sp.uuid = spmc_model::optee::service_uuid;
    } else {
      for (uint8_t i = 0; i < 14; ++i) sp.uuid.bytes[i] = static_cast<uint8_t>(0xa0 + i);
      sp.uuid.bytes[14] = static_cast<uint8_t>(sp.id >> 8);
      sp.uuid.bytes[15] = static_cast<uint8_t>(sp.id);
    }
    sp.contexts = static_cast<uint16_t>(node.number_or("contexts", 1, 0xffff));
    if (sp.image && sp.contexts != 1) node.fail_at("contexts", "an image has one");
    sp.threads = service_size(node, "threads", sp, spmc_model::optee::max_threads);
    sp.sessions = service_size(node, "sessions", sp, spmc_model::optee::max_sessions);
    if (node.has("properties")) {
      sp.properties = static_cast<uint32_t>(node.at("properties").number(0xffffffff));
    }
    spec().sps.push_back(sp);
  }

  /// Whom the VM may know by name. SPs stand before VMs in a world, other VMs may follow: so their
  /// names are resolved when all are there.
  void peers(const Node& node, mediator::VmConfig& config) {
    config.reaches_sps = node.flag_or("reaches_sps", true);
    const auto list = node.find("peers");
    if (!list) return;
    if (list->size() > config.peers.size()) {
      list->fail(fmt::format("at most {} peers", config.peers.size()));
    }
    peers_.emplace_back(spec().vms.size(), *list);
  }

  void resolve_peers() {
    for (const auto& [vm, list] : peers_) {
      size_t place = 0;
      for (const Node& peer : list.elements()) {
        spec().vms[vm].config.peers[place++] = ffa::EndpointId{world_.endpoint_of(peer)};
      }
    }
  }

  void add_vm(const std::string& name, const Node& node) {
    VmSpec vm;
    GuestFacts facts;
    vm.name = facts.name = name;
    const uint16_t number = trailing_number(name);
    const size_t order = number != 0 ? number : world_.guests.size() + 1;
    facts.id = unique_id(node, static_cast<uint16_t>(order), 0x7fff);
    vm.config.id = ffa::EndpointId{facts.id};
    if (const auto tee = node.find("tee")) {
      vm.config.tee = pick<mediator::TeeType>(
          *tee, {{"none", mediator::TeeType::none}, {"ffa", mediator::TeeType::ffa}});
    }
    facts.vcpus = vm.config.vcpus = static_cast<uint16_t>(node.number_or("vcpus", 1, 64));
    vm.config.aarch64 = node.flag_or("aarch64", true);
    vm.config.visible_to_vms = node.flag_or("visible_to_vms", false);
    vm.config.overlapping_shares = node.flag_or("overlapping_shares", false);
    if (const auto uuid = node.find("uuid")) vm.config.uuid = uuid_of(*uuid);
    peers(node, vm.config);
    vm.create_at_boot = facts.create_at_boot = node.flag_or("create_at_boot", true);
    limits(node, vm.config);
    if (const auto size = node.find("page_size")) {
      facts.page_size = pick<uint64_t>(*size, {{"4K", 4096}, {"16K", 16384}, {"64K", 65536}});
    }
    vm.memory = regions(node, facts.page_size);
    if (const auto window = node.find("borrow_window"))
      vm.config.borrow_window = borrow_window(*window, vm.memory);
    vm.image = vm_image(node, vm);
    facts.runs_image = vm.image && !vm.image->runs_steps;
    setup(node, facts);
    if (!node.has("setup") && facts.runs_image) facts.setup = GuestSetup::none;
    if (facts.runs_image && facts.setup != GuestSetup::none) {
      node.fail_at("setup", "a program from outside sets itself up");
    }
    const bool no_ffa = vm.config.tee == mediator::TeeType::none || spec().spmc.absent;
    if (!node.has("setup") && no_ffa) facts.setup = GuestSetup::none;
    if (!facts.create_at_boot) facts.setup = GuestSetup::none;
    buffers(node, vm, facts);
    spec().vms.push_back(vm);
    world_.guests.push_back(facts);
  }

  nlohmann::json empty_;
  CompiledWorld world_;
  std::vector<std::pair<size_t, Node>> peers_;  // of which VM
};

}  // namespace

const GuestFacts* CompiledWorld::guest(const std::string& name) const {
  const auto found = std::find_if(guests.begin(), guests.end(),
                                  [&](const auto& facts) { return facts.name == name; });
  return found == guests.end() ? nullptr : &*found;
}

const GuestFacts& CompiledWorld::guest_of(const Node& node) const {
  if (const GuestFacts* facts = guest(node.text())) return *facts;
  node.fail(fmt::format("no VM '{}' in this world", node.text()));
}

const SpSpec& CompiledWorld::sp_of(const Node& node) const {
  for (const SpSpec& sp : spec.sps) {
    if (sp.name == node.text()) return sp;
  }
  node.fail(fmt::format("no SP '{}' in this world", node.text()));
}

const SpSpec& CompiledWorld::first_sp(const Node& complain_at) const {
  if (spec.sps.empty()) complain_at.fail("this world has no SP");
  return spec.sps.front();
}

uint16_t CompiledWorld::endpoint_of(const Node& node) const {
  if (!node.is_string() || parse_number(node.text()))
    return static_cast<uint16_t>(node.number(0xffff));
  if (const GuestFacts* facts = guest(node.text())) return facts->id;
  for (const SpSpec& sp : spec.sps) {
    if (sp.name == node.text()) return sp.id;
  }
  node.fail(fmt::format("no SP or VM '{}' in this world", node.text()));
}

CompiledWorld compile_world(const Node& document) { return WorldCompiler{document}.take(); }

}  // namespace sim::scenario
