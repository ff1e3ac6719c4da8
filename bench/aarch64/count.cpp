// SPDX-License-Identifier: BSD-3-Clause
// count-aarch64 [--json | --profile [TEXT]]: what calls cost the mediator's AArch64 image, in
// instructions and in operations of the platform; where the instructions of each call whose name
// holds TEXT lie, by function. Two runs on one image give the same figures. bench/README.md.
#include <cxxabi.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/descriptor.hpp"
#include "core/vm_memory.hpp"
#include "ports/unicorn/image_abi.hpp"
#include "sim/engine/program_end.hpp"
#include "sim/engine/simulation.hpp"
#include "sim/unicorn/image.hpp"
#include "sim/unicorn/unicorn_mediator.hpp"

namespace {

using ports::unicorn::Op;
using sim::unicorn::CallCounts;

constexpr uint16_t sps = 6;
constexpr uint16_t most_live = 1024;
constexpr uint64_t success = 0x84000061;
constexpr size_t first_range = 96;  // of bench::share_of()

sim::WorldSpec world_spec() {
  sim::WorldSpec spec;
  for (uint16_t n = 0; n < sps; ++n) {
    sim::SpSpec sp;
    sp.name = fmt::format("sp{}", n + 1);
    sp.id = static_cast<uint16_t>(bench::sp_id + n);
    sp.uuid = ffa::Uuid::from_words(0x11121314, 0x15161718, 0x191a1b1c, 0x1d1e1f10U + n);
    sp.properties = 0x7c3;  // direct messages of both kinds
    spec.sps.push_back(sp);
  }
  spec.spmc.max_shares = most_live + 1;
  sim::VmSpec vm;
  vm.name = "vm1";
  vm.config.id = ffa::EndpointId{bench::vm_id};
  vm.config.max_shares = most_live + 1;
  sim::RegionSpec ram;
  ram.ipa = bench::ram_ipa;
  ram.size = 4 * bench::ram_pages * ffa::page_size;
  vm.memory.push_back(ram);
  spec.vms.push_back(vm);
  return spec;
}

/// Instructions of each basic block, by its address.
using Blocks = std::map<uint64_t, uint64_t>;

struct Row {
  std::string name;
  CallCounts counts;
  Blocks blocks;
};

class Table {
 public:
  Table()
      : factory_(sim::unicorn_mediator(
            sim::find_unicorn_image(), sim::unicorn::Monitoring::none,
            [this](uint64_t /*fid*/, const CallCounts& counts) { last_ = counts; },
            [this](uint64_t address, uint64_t instructions) { blocks_[address] += instructions; })),
        choices_(sim::seeded_choices(0)),
        simulation_(world_spec(), *factory_, choices_) {}

  /// Throws std::runtime_error where a call is not answered as it has to be.
  std::vector<Row> fill() {
    (void)simulation_.boot();
    (void)simulation_.create_vm(bench::vm_id);
    // An exception must not leave its fiber.
    std::string wrong;
    const bool done = simulation_.run({{"vm1.0", [&] {
                                          try {
                                            messages();
                                            shares();
                                            live_shares();
                                          } catch (const std::exception& error) {
                                            wrong = error.what();
                                          }
                                        }}});
    if (wrong.empty() && !simulation_.violations().empty())
      wrong = simulation_.violations().front().text;
    if (!done || !wrong.empty()) throw std::runtime_error("not measured: " + wrong);
    return rows_;
  }

 private:
  ffa::Regs call(std::initializer_list<uint64_t> values, uint64_t answer) {
    ffa::Regs regs;
    std::copy(values.begin(), values.end(), regs.x.begin());
    const uint64_t fid = regs.x[0];
    blocks_.clear();
    simulation_.guest_call(bench::vm_id, 0, FFA_SIM_SMC, regs);
    simulation_.forget_events();
    if (regs.x[0] != answer)
      throw std::runtime_error(fmt::format("{:#x} is answered {:#x}", fid, regs.x[0]));
    return regs;
  }
  void keep(std::string name) { rows_.push_back({std::move(name), last_, blocks_}); }
  void measure(std::string name, std::initializer_list<uint64_t> values,
               uint64_t answer = success) {
    (void)call(values, answer);
    keep(std::move(name));
  }

  void messages() {
    constexpr uint64_t ids = uint64_t{bench::vm_id} << 16 | bench::sp_id;
    (void)call({0x84000063, ffa::v1_2.raw()}, ffa::v1_2.raw());
    measure("FFA_ID_GET, which freezes the version", {0x84000069});
    measure("FFA_ID_GET", {0x84000069});
    measure("FFA_FEATURES of FFA_MEM_SHARE", {0x84000064, 0x84000073});
    measure("FFA_RXTX_MAP of 1 page each", {0xc4000066, bench::tx_ipa, bench::rx_ipa, 1});
    measure("FFA_RXTX_UNMAP", {0x84000067});
    (void)call({0xc4000066, bench::tx_ipa, bench::rx_ipa, 1}, success);
    measure("FFA_PARTITION_INFO_GET, 6 entries", {0x84000068});
    measure("FFA_RX_RELEASE", {0x84000065});
    measure("FFA_MSG_SEND_DIRECT_REQ, 32 bits", {0x8400006f, ids, 0, 0x55}, 0x84000070);
    measure("FFA_MSG_SEND_DIRECT_REQ2", {0xc400008d, ids, 0, 0, 0x55}, 0xc400008e);
  }

  ffa::Regs share(const std::vector<std::byte>& image) {
    (void)simulation_.machine().write_ipa(bench::vm_id, bench::tx_ipa, image);
    return call({0xc4000073, image.size(), image.size()}, success);
  }
  void reclaim(const ffa::Regs& shared) {
    (void)call({0x84000077, shared.x[2], shared.x[3]}, success);
  }
  void share_and_reclaim(const std::string& what, const std::vector<std::byte>& image) {
    const ffa::Regs shared = share(image);
    keep("FFA_MEM_SHARE of " + what);
    reclaim(shared);
    keep("FFA_MEM_RECLAIM of " + what);
  }

  void shares() {
    const std::pair<const char*, bench::Shape> shapes[] = {{"1 page", bench::one_page},
                                                           {"16 contiguous pages", {1, 16}},
                                                           {"256 contiguous pages", {1, 256}},
                                                           {"125 scattered ranges", {125, 1}},
                                                           {"250 scattered ranges", {250, 1}}};
    reclaim(share(bench::share_of(bench::one_page)));  // the first one finds all lists untouched
    for (const auto& [what, shape] : shapes) share_and_reclaim(what, bench::share_of(shape));
  }

  /// The last of many shares, each of a page of its own with a hole behind it.
  void live_shares() {
    std::vector<std::byte> image = bench::share_of(bench::one_page);
    std::vector<ffa::Regs> live;
    while (live.size() < most_live) {
      bench::put(image, first_range, bench::shared_ipa + 2 * live.size() * ffa::page_size, 8);
      const size_t number = live.size() + 1;
      if (number == 32 || number == most_live)
        share_and_reclaim(fmt::format("1 page, the last of {} live", number), image);
      live.push_back(share(image));
    }
    for (const ffa::Regs& shared : live) reclaim(shared);
  }

  CallCounts last_;
  Blocks blocks_;
  std::unique_ptr<sim::MediatorFactory> factory_;
  sim::Choices choices_;
  sim::Simulation simulation_;
  std::vector<Row> rows_;
};

/// Kinds of operations, as columns.
struct Column {
  const char* name;
  std::vector<Op> ops;
};
const std::vector<Column>& columns() {
  static const std::vector<Column> all = {
      {"translate", {Op::translate}},
      {"pin", {Op::pin, Op::unpin}},
      {"map", {Op::map, Op::unmap}},
      {"copy", {Op::copy_in, Op::copy_out, Op::clear}},
      {"lock", {Op::lock_acquire, Op::lock_release}},
      {"atomic", {Op::atomic_access}},
      {"smc", {Op::returned}},
  };
  return all;
}

uint64_t count_of(const CallCounts& counts, const Column& column) {
  uint64_t sum = 0;
  for (const Op op : column.ops) sum += counts.operations[static_cast<size_t>(op)];
  return sum;
}

uint64_t others(const CallCounts& counts) {
  uint64_t sum = counts.all_operations();
  for (const Column& column : columns()) sum -= count_of(counts, column);
  return sum;
}

/// Instructions of `more` beyond those of `less`, for each of `units`.
struct Slope {
  const char* name;
  const char* less;
  const char* more;
  double units;
};
constexpr Slope slopes[] = {
    {"share, a further contiguous page", "FFA_MEM_SHARE of 16 contiguous pages",
     "FFA_MEM_SHARE of 256 contiguous pages", 240},
    {"share, a further range", "FFA_MEM_SHARE of 125 scattered ranges",
     "FFA_MEM_SHARE of 250 scattered ranges", 125},
    {"reclaim, a further range", "FFA_MEM_RECLAIM of 125 scattered ranges",
     "FFA_MEM_RECLAIM of 250 scattered ranges", 125},
    {"share, a further live share up to 32", "FFA_MEM_SHARE of 1 page",
     "FFA_MEM_SHARE of 1 page, the last of 32 live", 31},
    {"reclaim, a further live share up to 32", "FFA_MEM_RECLAIM of 1 page",
     "FFA_MEM_RECLAIM of 1 page, the last of 32 live", 31},
    {"share, a further live share up to 1024", "FFA_MEM_SHARE of 1 page, the last of 32 live",
     "FFA_MEM_SHARE of 1 page, the last of 1024 live", 992},
    {"reclaim, a further live share up to 1024", "FFA_MEM_RECLAIM of 1 page, the last of 32 live",
     "FFA_MEM_RECLAIM of 1 page, the last of 1024 live", 992}};

double value_of(const Slope& slope, const std::vector<Row>& rows) {
  const auto instructions = [&rows](const char* name) {
    for (const Row& row : rows) {
      if (row.name == name) return static_cast<double>(row.counts.instructions);
    }
    throw std::logic_error(name);
  };
  return (instructions(slope.more) - instructions(slope.less)) / slope.units;
}

struct Size {
  const char* name;
  uint64_t bytes;
};

/// Of a VM's memory, what one more live share of so many ranges needs.
uint64_t share_bytes(uint32_t ranges) {
  constexpr uint16_t shares = 1024;  // a power of two: the index of handles has such sizes only
  mediator::VmConfig vm;
  vm.max_shares = shares;
  vm.max_ranges = shares * ranges;
  const size_t less = mediator::VmMemory::bytes(vm);
  vm.max_shares *= 2;
  vm.max_ranges *= 2;
  return (mediator::VmMemory::bytes(vm) - less) / shares;
}

std::vector<Size> sizes() {
  const sim::unicorn::Image image{sim::find_unicorn_image()};
  return {{".text", image.symbol("image_text_end") - image.symbol("image_text_start")},
          {"in use for a share of 256 contiguous pages", share_bytes(1)},
          {"in use for a share of 256 scattered pages", share_bytes(256)}};
}

void print_table(const std::vector<Row>& rows) {
  fmt::print("| call | instructions |");
  for (const Column& column : columns()) fmt::print(" {} |", column.name);
  fmt::print(" others | bytes |\n|---|--:|{}--:|--:|\n",
             fmt::join(std::vector<std::string>(columns().size(), "--:|"), ""));
  for (const Row& row : rows) {
    fmt::print("| {} | {} |", row.name, row.counts.instructions);
    for (const Column& column : columns()) fmt::print(" {} |", count_of(row.counts, column));
    fmt::print(" {} | {} |\n", others(row.counts), row.counts.bytes);
  }
  fmt::print("\n| slope | instructions |\n|---|--:|\n");
  for (const Slope& slope : slopes)
    fmt::print("| {} | {:.2f} |\n", slope.name, value_of(slope, rows));
  fmt::print("\n| size | bytes |\n|---|--:|\n");
  for (const Size& size : sizes()) fmt::print("| {} | {} |\n", size.name, size.bytes);
  fmt::print("\nThe vectors keep and bring back the guest's registers in {} instructions.\n",
             rows.front().counts.vectors);
}

void print_json(const std::vector<Row>& rows) {
  fmt::print("{{\"calls\":[");
  const char* comma = "";
  for (const Row& row : rows) {
    fmt::print("{}\n  {{\"call\":\"{}\",\"instructions\":{}", comma, row.name,
               row.counts.instructions);
    for (const Column& column : columns())
      fmt::print(",\"{}\":{}", column.name, count_of(row.counts, column));
    fmt::print(",\"others\":{},\"bytes\":{}}}", others(row.counts), row.counts.bytes);
    comma = ",";
  }
  fmt::print("],\n \"slopes\":{{");
  comma = "";
  for (const Slope& slope : slopes) {
    fmt::print("{}\n  \"{}\":{:.4f}", comma, slope.name, value_of(slope, rows));
    comma = ",";
  }
  fmt::print("}},\n \"bytes\":{{");
  comma = "";
  for (const Size& size : sizes()) {
    fmt::print("{}\n  \"{}\":{}", comma, size.name, size.bytes);
    comma = ",";
  }
  fmt::print("}},\n \"vectors\":{}}}\n", rows.front().counts.vectors);
}

std::string readable(const std::string& symbol) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name{
      abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status), &std::free};
  return status == 0 ? name.get() : symbol;
}

/// Each call's functions, the most expensive one first.
void print_profile(const std::vector<Row>& rows, std::string_view text) {
  const sim::unicorn::Image image{sim::find_unicorn_image()};
  for (const Row& row : rows) {
    if (row.name.find(text) == std::string::npos) continue;
    std::map<std::string, uint64_t> sums;
    for (const auto& [address, instructions] : row.blocks) {
      const std::string place = image.describe(address);
      sums[place.substr(0, place.rfind('+'))] += instructions;
    }
    std::vector<std::pair<uint64_t, std::string>> functions;
    for (const auto& [name, sum] : sums) functions.emplace_back(sum, readable(name));
    std::sort(functions.begin(), functions.end(), std::greater<>{});
    fmt::print("{}: {}\n", row.name, row.counts.instructions);
    for (const auto& [sum, name] : functions) fmt::print("  {:>6} {}\n", sum, name);
  }
}

int usage() {
  fmt::print(stderr, "usage: count-aarch64 [--json | --profile [TEXT]]\n");
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  const std::string_view option = arguments.empty() ? "" : arguments[0];
  const bool profile = option == "--profile";
  const bool known = option.empty() || option == "--json" || profile;
  if (!known || arguments.size() > (profile ? 2 : 1)) return usage();
  return sim::run_program("count-aarch64", [&] {
    const std::vector<Row> rows = Table{}.fill();
    if (profile) {
      print_profile(rows, arguments.size() == 2 ? arguments[1] : "");
    } else {
      option == "--json" ? print_json(rows) : print_table(rows);
    }
    return 0;
  });
}
