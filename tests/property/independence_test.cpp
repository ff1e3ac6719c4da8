// SPDX-License-Identifier: BSD-3-Clause
// What becomes of a send depends neither on how the guest cut its descriptor nor on how host memory
// lies: random plans x random cuts x host layouts x versions x SPMCs. A case is one plan in one
// world, sent by a VM of each host layout. FFASIM_CASES says how many (else 2,000), FFASIM_SEED the
// first one's seed (else 1); a failure names the one that it needs.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <map>

#include "environment.hpp"
#include "ffa/fid.hpp"
#include "send_world.hpp"

namespace property {
namespace {

using mediator::FragmentHandles;

/// Why a send in fragments may fail where the whole does not: what the SPMC, or how it is told, has
/// room for. Empty: for no good reason.
std::string limit_met(const Setting& setting, const Outcome& outcome, size_t fragments) {
  constexpr auto no_memory = static_cast<uint32_t>(ffa::Status::no_memory);
  if (outcome.ok) return "";
  if (fragments > 1 && setting.handles == FragmentHandles::none &&
      outcome.rule == "mem_send_one_fragment") {
    return "no fragments from guests";
  }
  const bool honours_preset = setting.personality.starts_with("op-tee");
  if (fragments > 1 && setting.handles == FragmentHandles::preset && !honours_preset &&
      outcome.rule == "mem_answer_same_handle") {
    return "the SPMC takes no handle of ours";
  }
  const auto personality = spmc_model::find_personality(setting.personality);
  const uint32_t most = personality->max_fragments;
  if (most != 0 && outcome.spmc_fragments > most && outcome.spmc_error == no_memory &&
      outcome.status == no_memory) {
    return "more fragments than the SPMC takes";
  }
  return "";
}

/// What must not depend on cuts and host memory: the answer; of a success, what the SPMC was told.
std::string result(const Outcome& outcome) {
  if (!outcome.ok) return fmt::format("error {:#x} {}", outcome.status, outcome.rule);
  return fmt::format("success\n    {}", fmt::join(outcome.head, "\n    "));
}

std::string text(const Outcome& outcome) {
  const std::string spmc =
      outcome.spmc_error ? fmt::format(", SPMC says {:#x}", *outcome.spmc_error) : "";
  return fmt::format("{}; {} fragments to the SPMC{}", result(outcome), outcome.spmc_fragments,
                     spmc);
}

/// How often a case went which way.
struct Tally {
  uint64_t succeeded = 0;
  uint64_t refused_by_spmc = 0;
  uint64_t rejected = 0;
  uint64_t fragmented = 0;
  std::map<std::string, uint64_t> limits;
};

class Case {
 public:
  explicit Case(uint64_t seed, Tally& tally)
      : numbers_(seed),
        setting_(random_setting(numbers_)),
        plan_(random_plan(numbers_, setting_)),
        world_(setting_, host_layouts()),
        tally_(tally) {}

  void run() {
    if (plan_.flaw == Flaw::shared_already) {
      for (const HostLayout& layout : host_layouts()) world_.take_page(layout.vm);
    }
    before_ = world_.state();
    for (const HostLayout& layout : host_layouts()) {
      const bool whole = layout.vm == host_layouts().front().vm;
      const auto ends = whole ? fewest_cuts(plan_, world_.tx_bytes())
                              : random_cuts(numbers_, plan_, world_.tx_bytes());
      send(layout, ends);
      if (testing::Test::HasFatalFailure()) return;
    }
    ASSERT_EQ(world_.violations(), "");
  }
  [[nodiscard]] std::string describe() const {
    return property::describe(setting_) + "\n  " + property::describe(plan_);
  }

 private:
  void send(const HostLayout& layout, const std::vector<uint64_t>& ends) {
    SCOPED_TRACE(
        fmt::format("host memory: {}; fragments end at {}", layout.name, fmt::join(ends, " ")));
    const Outcome outcome = world_.send(plan_, layout.vm, ends);
    tally_.fragmented += ends.size() > 1 ? 1 : 0;
    ASSERT_EQ(outcome.wrong, "");
    const std::string limit = limit_met(setting_, outcome, ends.size());
    if (!limit.empty()) {
      ++tally_.limits[limit];
    } else {
      judge(outcome);
      if (testing::Test::HasFatalFailure()) return;
    }
    if (outcome.ok) {
      ASSERT_EQ(outcome.told, world_.pages_of(plan_, layout.vm));
      ASSERT_EQ(world_.reclaim(layout.vm, outcome.handle).w(0), ffa::fid32(ffa::Fid::success));
    }
    ASSERT_EQ(world_.state(), before_) << text(outcome);
  }
  void judge(const Outcome& outcome) {
    if (plan_.flaw != Flaw::none) {
      ++tally_.rejected;
      ASSERT_FALSE(outcome.rule.empty()) << text(outcome);
    } else if (!outcome.ok) {
      // FFA_FEATURES says that there is no such call, or the SPMC does not want it.
      ++tally_.refused_by_spmc;
      ASSERT_TRUE(outcome.spmc_error == outcome.status || not_offered(outcome)) << text(outcome);
    } else {
      ++tally_.succeeded;
    }
    if (!first_) first_ = outcome;
    ASSERT_EQ(result(outcome), result(*first_)) << text(outcome);
  }
  static bool not_offered(const Outcome& outcome) {
    return outcome.status == static_cast<uint32_t>(ffa::Status::not_supported) &&
           outcome.spmc_fragments == 0;
  }

  Numbers numbers_;
  Setting setting_;
  Plan plan_;
  SendWorld world_;
  State before_;
  std::optional<Outcome> first_;
  Tally& tally_;
};

TEST(Sends, DependNeitherOnCutsNorOnHostMemory) {
  const uint64_t cases = from_environment("FFASIM_CASES", 2000);
  const uint64_t first = from_environment("FFASIM_SEED", 1);
  Tally tally;
  for (uint64_t seed = first; seed < first + cases; ++seed) {
    Case one{seed, tally};
    one.run();
    ASSERT_FALSE(HasFatalFailure())
        << one.describe() << "\nREPRO: FFASIM_SEED=" << seed << " FFASIM_CASES=1 "
        << program_invocation_name << " --gtest_filter='Sends.Depend*'";
  }
  std::string limits;
  for (const auto& [why, count] : tally.limits) limits += fmt::format("; {}: {}", why, count);
  fmt::print(
      "{} cases: {} sends succeeded, {} rejected, {} refused by the SPMC, {} in fragments{}\n",
      cases, tally.succeeded, tally.rejected, tally.refused_by_spmc, tally.fragmented, limits);
  if (cases < 2000) return;
  EXPECT_GT(tally.succeeded, 2 * cases);
  EXPECT_GT(tally.rejected, 2 * cases);
  EXPECT_GT(tally.refused_by_spmc, cases / 10);
  EXPECT_GT(tally.fragmented, 2 * cases);
  EXPECT_EQ(tally.limits.size(), 3U);
}

}  // namespace
}  // namespace property
