// SPDX-License-Identifier: BSD-3-Clause
// How the translations of one call become the `p2m` runs of its event: one run a range of the
// guest's, or several where the host pages are not contiguous; what was translated before in the
// same call is not repeated. Used by every back end's recorder.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "ffa/types.hpp"
#include "sim/trace/event.hpp"

namespace sim::trace {

class Translations {
 public:
  /// `pages` pages at `pa` were found at `ipa`, where `asked` were asked for.
  void add(std::vector<P2mRun>& runs, uint64_t ipa, uint64_t asked, uint64_t pa, uint64_t pages) {
    const bool same_range = ipa == next_ipa_ && asked == left_ && asked != 0;
    next_ipa_ = ipa + pages * ffa::page_size;
    left_ = asked - std::min(asked, pages);
    const auto covers = [&](const P2mRun& run) {
      return run.ipa <= ipa &&
             ipa + pages * ffa::page_size <= run.ipa + run.pages * ffa::page_size &&
             run.pa + (ipa - run.ipa) == pa;
    };
    if (std::any_of(runs.begin(), runs.end(), covers)) return;
    if (same_range && !runs.empty()) {
      P2mRun& last = runs.back();
      const uint64_t bytes = last.pages * ffa::page_size;
      if (last.ipa + bytes == ipa && last.pa + bytes == pa) {
        last.pages += pages;
        return;
      }
    }
    runs.push_back({ipa, pa, pages});
  }

 private:
  // Of the last translation, to tell a range that goes on from a new one.
  uint64_t next_ipa_ = 0;
  uint64_t left_ = 0;
};

}  // namespace sim::trace
