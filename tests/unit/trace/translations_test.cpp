// SPDX-License-Identifier: BSD-3-Clause
// Translations are looked up in an index; a search through all runs must say the same.
#include "sim/trace/translations.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace {

using sim::trace::P2mRun;
using sim::trace::Translations;

/// By search: is this run told already?
bool is_told(const std::vector<P2mRun>& runs, const P2mRun& run) {
  return std::any_of(runs.begin(), runs.end(), [&](const P2mRun& other) {
    const bool inside =
        other.ipa <= run.ipa && run.ipa + run.pages * 4096 <= other.ipa + other.pages * 4096;
    return inside && other.pa + (run.ipa - other.ipa) == run.pa;
  });
}

bool same(const std::vector<P2mRun>& a, const std::vector<P2mRun>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const P2mRun& x, const P2mRun& y) {
    return x.ipa == y.ipa && x.pa == y.pa && x.pages == y.pages;
  });
}

TEST(Translations, WhatWasToldIsNotToldAgain) {
  uint64_t state = 0x7a11;
  const auto below = [&state](uint64_t n) {
    state = state * 6364136223846793005 + 1442695040888963407;
    return (state >> 33) % n;
  };
  unsigned told = 0;
  unsigned fresh = 0;
  for (unsigned round = 0; round < 200; ++round) {
    std::vector<P2mRun> runs;
    std::vector<P2mRun> expected;
    Translations translations;
    for (unsigned n = 0; n < 60; ++n) {
      const uint64_t ipa = 0x40000000 + below(24) * 4096;
      const P2mRun run{ipa, ipa + (below(3) << 32), 1 + below(6)};
      // Nothing asked for: no range goes on.
      const bool known = is_told(expected, run);
      if (!known) expected.push_back(run);
      ++(known ? told : fresh);
      translations.add(runs, run.ipa, 0, run.pa, run.pages);
      ASSERT_TRUE(same(runs, expected)) << round << ", " << n;
      // Another recorder takes the event up.
      if (below(50) == 0) translations = {};
    }
  }
  EXPECT_GT(told, 1000U);
  EXPECT_GT(fresh, 1000U);
}

TEST(Translations, ARunThatGrewIsKnownWhole) {
  std::vector<P2mRun> runs;
  Translations translations;
  translations.add(runs, 0x2000, 3, 0x82000, 1);
  translations.add(runs, 0x3000, 2, 0x83000, 2);
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_EQ(runs[0].pages, 3U);
  translations.add(runs, 0x2000, 3, 0x82000, 3);
  translations.add(runs, 0x4000, 1, 0x84000, 1);
  EXPECT_EQ(runs.size(), 1U);
  translations.add(runs, 0x4000, 1, 0x94000, 1);
  EXPECT_EQ(runs.size(), 2U);
}

}  // namespace
