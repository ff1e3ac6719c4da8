// SPDX-License-Identifier: BSD-3-Clause
// Damaged logs: every sample cut at many places, with junk in it, and with bits flipped. Nothing
// crashes, and no pair comes out that the whole log doesn't have.
#include <gtest/gtest.h>

#include <map>

#include "sim/trace/reader.hpp"
#include "sim/trace/writer.hpp"
#include "tests/unit/trace/flips.hpp"
#include "tests/unit/trace/import_logs.hpp"

namespace {

using sim::trace::Event;
using test::import_text;
using test::Imported;
using test::sample;

/// Damaged logs of each sample.
constexpr int rounds = test::few_flips ? 4 : 24;

/// The same numbers on every machine.
class Numbers {
 public:
  explicit Numbers(uint64_t seed) : state_(seed) {}
  size_t below(size_t bound) {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<size_t>(state_ >> 33) % bound;
  }

 private:
  uint64_t state_;
};

std::string pair_of(const Event& event) {
  std::string text;
  for (const uint64_t x : event.in.x) text += fmt::format("{:x} ", x);
  for (const uint64_t x : event.out.x) text += fmt::format("{:x} ", x);
  return text;
}

using PairCounts = std::map<std::string, int>;

PairCounts pairs_of(const Imported& imported) {
  PairCounts pairs;
  for (const Event& event : imported.events) {
    if (event.returned()) ++pairs[pair_of(event)];
  }
  return pairs;
}

/// The first pair of `damaged` that `whole` has not, or has not as often.
std::string invented(const PairCounts& whole, const Imported& damaged) {
  for (const auto& [text, count] : pairs_of(damaged)) {
    const auto found = whole.find(text);
    if (found == whole.end() || found->second < count) return text;
  }
  return {};
}

/// Counts agree with the events, and each event is a line that a trace reader takes.
void expect_consistent(const Imported& imported) {
  uint64_t returned = 0;
  for (const Event& event : imported.events) {
    returned += event.returned() ? 1 : 0;
    ASSERT_TRUE(test::same(event, sim::trace::parse_event(to_line(event), "line")));
  }
  if (!imported.error.empty()) return;
  EXPECT_EQ(imported.events.size(), imported.counts.calls);
  EXPECT_EQ(returned, imported.counts.pairs);
}

TEST(ImportFuzz, ACutLogHasNoOtherPairs) {
  for (const char* const name : test::samples_with_calls) {
    const std::string text = sample(name);
    const PairCounts whole = pairs_of(import_text(text));
    Numbers numbers(1);
    for (int i = 0; i < rounds; ++i) {
      const size_t length = numbers.below(text.size());
      // The last register of a cut row is not believed: the row is given a line end here, so that
      // only what was cut away is missing.
      const size_t end = i % 2 == 0 ? text.rfind('\n', length) + 1 : length;
      const Imported cut = import_text(text.substr(0, end));
      expect_consistent(cut);
      if (i % 2 == 0) {
        EXPECT_EQ(invented(whole, cut), "") << name << " cut at " << end;
      }
    }
  }
}

TEST(ImportFuzz, ALogCutInsideARowInventsNoValue) {
  const std::string text = "T > 84000066 1000 2000 1\nT < 84000061 1234 5678";
  for (size_t length = 0; length <= text.size(); ++length) {
    const Imported cut =
        import_text(text.substr(0, length), {.format = "", .pattern = R"(^T [<>] (?<regs>.*))"});
    for (const Event& event : cut.events) {
      EXPECT_TRUE((event.in_known & 2U) == 0 || event.in.x[1] == 0x1000) << length;
      EXPECT_TRUE((event.out_known & 2U) == 0 || event.out.x[1] == 0x1234) << length;
    }
  }
}

TEST(ImportFuzz, JunkInALogInventsNoPair) {
  for (const char* const name : test::samples_with_calls) {
    const std::string text = sample(name);
    const PairCounts whole = pairs_of(import_text(text));
    Numbers numbers(2);
    for (int i = 0; i < rounds; ++i) {
      std::string damaged = text;
      for (size_t n = 1 + numbers.below(12); n != 0; --n) {
        damaged[numbers.below(damaged.size())] = "#\xff\0"[numbers.below(3)];
      }
      const Imported imported = import_text(damaged);
      expect_consistent(imported);
      EXPECT_EQ(invented(whole, imported), "") << name << ", run " << i;
    }
  }
}

TEST(ImportFuzz, FlippedBitsCrashNothing) {
  for (const char* const name : test::samples_with_calls) {
    const std::string text = sample(name).substr(0, 60000);
    Numbers numbers(3);
    for (int i = 0; i < rounds; ++i) {
      std::string damaged = text;
      for (int n = 0; n < 40; ++n) {
        damaged[numbers.below(damaged.size())] ^= static_cast<char>(1U << numbers.below(8));
      }
      expect_consistent(import_text(damaged));
    }
  }
}

TEST(ImportFuzz, EveryFormatSurvivesEveryLog) {
  for (const char* const name : test::samples_with_calls) {
    for (const ffa_trace::FormatInfo& info : ffa_trace::all_formats()) {
      expect_consistent(import_text(sample(name), {.format = info.name, .pattern = ""}));
    }
  }
}

}  // namespace
