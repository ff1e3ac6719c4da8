// SPDX-License-Identifier: BSD-3-Clause
// What a scenario that fails is shrunk to fails the same way, is no longer, and does not shrink
// any further.
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "laws.hpp"
#include "sim/cli/case_runner.hpp"
#include "sim/cli/shrink_reducer.hpp"
#include "tests/unit/temp_folder.hpp"

namespace laws::shrinking {
namespace {

using nlohmann::json;
using namespace sim::cli;

/// A step of a scenario in the making: a share of pages of its own, the end of one, or a call that
/// changes nothing.
enum class Kind : uint8_t { id, share, reclaim };

/// Steps that hold, but for the share at `wrong`, of which it is expected that it is refused.
json failing_scenario() {
  const auto kinds = *list_of<Kind>(0, 8, rc::gen::element(Kind::id, Kind::share, Kind::reclaim));
  const size_t wrong = *rc::gen::inRange<size_t>(0, kinds.size() + 1);
  std::vector<std::string> live;
  json steps = json::array();
  for (size_t n = 0; n <= kinds.size(); ++n) {
    const Kind kind = n == wrong ? Kind::share : kinds[n < wrong ? n : n - 1];
    if (kind == Kind::share) {
      const std::string name = fmt::format("h{}", n);
      json step{{"do", "share"}};
      const std::string address = fmt::format("{:#x}", 0x40001000 + n * 0x10000);
      step["ranges"] = json::array({json::array({address, *rc::gen::inRange(1, 4)})});
      if (n == wrong) {
        step["expect"] = {{"error", "DENIED"}};
      } else {
        step["save"] = {{name, "handle"}};
        live.push_back(name);
      }
      steps.push_back(step);
    } else if (kind == Kind::reclaim && !live.empty()) {
      const size_t which = *rc::gen::inRange<size_t>(0, live.size());
      steps.push_back({{"do", "reclaim"}, {"handle", "$" + live[which]}});
      live.erase(live.begin() + static_cast<ptrdiff_t>(which));
    } else {
      steps.push_back({{"do", "id_get"}});
    }
  }
  return {{"$schema", "../schema/scenario.json"}, {"name", "all/law"}, {"steps", steps}};
}

ReadyCase ready_case(const json& doc) {
  const std::string file = test::temp_folder().file("all/law.json");
  std::filesystem::create_directories(std::filesystem::path(file).parent_path());
  std::ofstream(file) << doc;
  Selection selection;
  selection.paths = {file};
  auto suite = load_suite(selection);
  if (!suite || suite->cases.size() != 1) throw std::runtime_error("no case: " + doc.dump());
  return std::move(suite->cases.front());
}

struct Reduced {
  json doc;
  Found found;
};

Reduced reduce(const json& doc) {
  const ReadyCase ready = ready_case(doc);
  const auto runner = chosen_runner(Options{});
  Oracle oracle(ready, *runner, nullptr, Oracle::Clock::now() + std::chrono::minutes(10));
  const Candidate whole = whole_candidate(ready.loaded.data.doc);
  const Found failed = oracle.begin(whole, [] { return sim::recorded_choices("", "choices"); });
  Reducer reducer(oracle, whole, failed);
  reducer.run();
  RC_ASSERT_FALSE(oracle.out_of_time());
  return {reducer.smallest().doc, reducer.found()};
}

void keeps_the_failure() {
  const json doc = failing_scenario();
  RC_LOG(doc.dump(1));
  const Reduced small = reduce(doc);
  RC_LOG(small.doc.dump(1));
  RC_ASSERT(count_steps(small.doc) <= count_steps(doc));
  RC_ASSERT(small.doc.dump().size() <= whole_candidate(doc).doc.dump().size());
  const ReadyCase ready = ready_case(small.doc);
  const auto run = chosen_runner(Options{})->run(
      ready.compiled, [&] { return sim::recorded_choices(small.found.choices, "choices"); });
  RC_ASSERT(run.failures.size() == 1U);
  // One step is enough for it: a share that is not refused.
  RC_ASSERT(count_steps(small.doc) == 1U);
  RC_ASSERT(reduce(small.doc).doc == small.doc);
}

TEST(Shrinking, KeepsTheFailureAndComesToAnEnd) { check_tenth(&keeps_the_failure); }

}  // namespace
}  // namespace laws::shrinking
