// SPDX-License-Identifier: BSD-3-Clause
// Non-interference: what two VMs that know each other see is the same with and without a third one
// that neither knows, whatever that one does. Random programs x versions x SPMCs, each run twice.
// FFASIM_CASES says how many (else 500), FFASIM_SEED the first one's seed (else 1),
// FFASIM_MEDIATOR a plug-in to be tried. What a failure prints is made short before.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>

#include "environment.hpp"
#include "vm_world.hpp"

namespace property {
namespace {

/// The first thing that differs.
struct Difference {
  size_t step = 0;
  std::string with;
  std::string without;
  std::string excuse;  ///< of what VMs share by right; empty: there is none
};

/// True if what differs is the list of partitions, and nothing of it but the SPs that have crashed.
bool lacks_crashed(const Entry& with, const Entry& without) {
  if (!with.lists_sps || with.crashed.empty() || with.step != without.step) return false;
  if (!with.listed || !without.listed) return true;
  std::vector<uint16_t> left = *without.listed;
  std::erase_if(left, [&](uint16_t id) { return with.crashed.contains(id); });
  // In registers there is place for more then.
  const auto& listed = *with.listed;
  return listed.size() <= without.listed->size() && left.size() <= listed.size() &&
         std::equal(left.begin(), left.end(), listed.begin());
}

/// The secure world is the same for all VMs: an SP serves one at a time and remembers what it was
/// told; that the SPMC has room for all is what the mediator's quotas are for. Only that may be the
/// reason: the mediator asked it the same, and it answered otherwise. And when one VM has
/// notifications, the list that the mediator gets may name all who have: a call of another that
/// waits is interrupted again, and it is listed again. An SP that has crashed, whoever it served,
/// is no longer listed.
std::string excuse(const Entry& with, const Entry& without, const Run& run) {
  if (with.told_again) return "the SPMC tells a VM again of what it has not asked for yet";
  // What an SP is told of a VM that ends or begins, it is told later where it serves another.
  const bool waits = std::ranges::any_of(with.relayed, [&](const Relayed& one) {
    return one.too_busy && one.sp && run.sps_of_intruder.contains(*one.sp);
  });
  if (waits) return "an SP serves the intruder, too";
  const size_t both = std::min(with.relayed.size(), without.relayed.size());
  for (size_t n = 0; n < both; ++n) {
    const Relayed& one = with.relayed[n];
    const Relayed& other = without.relayed[n];
    if (one.asked != other.asked) return "";
    if (one.answered == other.answered) continue;
    if (one.sp && run.sps_of_intruder.contains(*one.sp)) return "an SP serves the intruder, too";
    return "";
  }
  return lacks_crashed(with, without) ? "an SP that crashed is gone" : "";
}

std::optional<Difference> compare(const Run& with, const Run& without) {
  const size_t both = std::min(with.entries.size(), without.entries.size());
  for (size_t n = 0; n < both; ++n) {
    const Entry& one = with.entries[n];
    const Entry& other = without.entries[n];
    if (one.step == other.step && one.text == other.text) continue;
    return Difference{one.step, fmt::format("at {}: {}", one.step, one.text),
                      fmt::format("at {}: {}", other.step, other.text), excuse(one, other, with)};
  }
  Entry end;
  end.step = ~size_t{0};
  end.text = "nothing more";
  if (with.entries.size() != without.entries.size()) {
    const Entry& one = both < with.entries.size() ? with.entries[both] : end;
    const Entry& other = both < without.entries.size() ? without.entries[both] : end;
    return Difference{std::min(one.step, other.step), one.text, other.text,
                      excuse(one, other, with)};
  }
  if (with.remains == without.remains) return {};
  return Difference{~size_t{0}, fmt::format("{}", fmt::join(with.remains, "\n    ")),
                    fmt::format("{}", fmt::join(without.remains, "\n    ")), ""};
}

struct Tally {
  uint64_t entries = 0;
  uint64_t intruder_calls = 0;
  std::map<std::string, uint64_t> excused;
  std::map<std::string, uint64_t> served;
  std::map<std::string, uint64_t> errors;
};

class Pairs {
 public:
  explicit Pairs(sim::MediatorFactory& factory) : factory_(factory) {}

  /// What is wrong with a program; nothing: all is well.
  std::optional<Difference> judge(const Program& program, Tally* tally = nullptr) {
    const Run with = run_program(program, true, factory_);
    const Run without = run_program(program, false, factory_);
    for (const Run* run : {&with, &without}) {
      if (!run->violations.empty()) return Difference{0, run->violations, "", ""};
    }
    auto difference = compare(with, without);
    if (tally != nullptr) {
      tally->entries += with.entries.size();
      tally->intruder_calls += with.intruder_calls;
      for (const auto& [function, count] : without.served) tally->served[function] += count;
      for (const auto& [status, count] : without.errors) tally->errors[status] += count;
      if (difference && !difference->excuse.empty()) ++tally->excused[difference->excuse];
    }
    if (difference && !difference->excuse.empty()) return {};
    return difference;
  }

  /// Without every step that it goes wrong without, too.
  Program shorten(Program program) {
    for (size_t n = program.steps.size(); n > 0; --n) {
      Program shorter = program;
      shorter.steps.erase(shorter.steps.begin() + static_cast<ptrdiff_t>(n - 1));
      if (judge(shorter)) program = std::move(shorter);
    }
    return program;
  }

 private:
  sim::MediatorFactory& factory_;
};

std::string describe(const Program& program, const Difference& difference) {
  std::string text = describe(program.household) + "\n";
  for (size_t n = 0; n < program.steps.size(); ++n) {
    text += fmt::format("  {:3} {}\n", n, describe(program.steps[n]));
  }
  return text + fmt::format("with the intruder:    {}\nwithout the intruder: {}\n", difference.with,
                            difference.without);
}

using Counts = std::map<std::string, uint64_t>;

uint64_t sum(const Counts& counts) {
  uint64_t all = 0;
  for (const auto& [what, count] : counts) all += count;
  return all;
}

void print(const char* title, const Counts& counts) {
  std::string text;
  for (const auto& [what, count] : counts) text += fmt::format("; {} {}", count, what);
  fmt::print("  {}: {}{}\n", title, sum(counts), text);
}

/// How often each call of the family must succeed in 1,000 pairs, at least: programs that never get
/// that far would show nothing. FFA_MSG_WAIT and the like come back where another VM acts; FFA_RUN
/// where an SP was stopped.
const Counts served_at_least = {{"FFA_FEATURES", 200},
                                {"FFA_ID_GET", 150},
                                {"FFA_MEM_DONATE", 15},
                                {"FFA_MEM_FRAG_TX", 200},
                                {"FFA_MEM_LEND", 300},
                                {"FFA_MEM_RECLAIM", 400},
                                {"FFA_MEM_RELINQUISH", 40},
                                {"FFA_MEM_RETRIEVE_REQ", 80},
                                {"FFA_MEM_SHARE", 800},
                                {"FFA_MSG_SEND2", 150},
                                {"FFA_MSG_SEND_DIRECT_REQ", 2000},
                                {"FFA_MSG_SEND_DIRECT_REQ2", 40},
                                {"FFA_MSG_SEND_DIRECT_RESP", 200},
                                {"FFA_MSG_SEND_DIRECT_RESP2", 10},
                                {"FFA_MSG_WAIT", 500},
                                {"FFA_NOTIFICATION_BIND", 300},
                                {"FFA_NOTIFICATION_GET", 700},
                                {"FFA_NOTIFICATION_INFO_GET", 80},
                                {"FFA_NOTIFICATION_SET", 150},
                                {"FFA_NOTIFICATION_UNBIND", 100},
                                {"FFA_PARTITION_INFO_GET", 300},
                                {"FFA_PARTITION_INFO_GET_REGS", 40},
                                {"FFA_RUN", 300},
                                {"FFA_RXTX_MAP", 1000},
                                {"FFA_RXTX_UNMAP", 70},
                                {"FFA_RX_RELEASE", 400},
                                {"FFA_SPM_ID_GET", 120},
                                {"FFA_VERSION", 1500},
                                {"FFA_YIELD", 80}};

std::unique_ptr<sim::MediatorFactory> mediator() {
  const char* const file = std::getenv("FFASIM_MEDIATOR");
  return file == nullptr ? sim::built_in_mediator() : sim::load_mediator(file);
}

TEST(Interference, NoVmSeesThatAnotherIsThere) {
  const uint64_t cases = from_environment("FFASIM_CASES", 500);
  const uint64_t first = from_environment("FFASIM_SEED", 1);
  const auto factory = mediator();
  Pairs pairs{*factory};
  Tally tally;
  for (uint64_t seed = first; seed < first + cases; ++seed) {
    const Program program = random_program(seed);
    if (!pairs.judge(program, &tally)) continue;
    const Program shorter = pairs.shorten(program);
    FAIL() << describe(shorter, *pairs.judge(shorter)) << "REPRO: FFASIM_SEED=" << seed
           << " FFASIM_CASES=1 " << program_invocation_name;
  }
  fmt::print("{} pairs, the family saw {} things, the intruder made {} calls\n", cases,
             tally.entries, tally.intruder_calls);
  print("shared by right", tally.excused);
  print("served", tally.served);
  print("errors", tally.errors);
  if (cases < 500) return;
  EXPECT_LT(sum(tally.excused), cases / 6);
  for (const auto& [function, floor] : served_at_least) {
    EXPECT_GE(tally.served[function], floor * cases / 1000) << function;
  }
  EXPECT_GE(tally.errors.size(), 6U);
}

}  // namespace
}  // namespace property
