// SPDX-License-Identifier: BSD-3-Clause
// How the translations of one call become the `p2m` runs of its event: one run a range of the
// guest's, or several where the host pages are not contiguous; what was translated before in the
// same call is not repeated. Used by every back end's recorder.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
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
    // More than were noted here: from before this recorder took the event up.
    while (noted_ < runs.size()) note(runs[noted_++]);
    if (is_covered({ipa, pa, pages})) return;
    if (same_range && !runs.empty()) {
      P2mRun& last = runs.back();
      const uint64_t bytes = last.pages * ffa::page_size;
      if (last.ipa + bytes == ipa && last.pa + bytes == pa) {
        last.pages += pages;
        note(last);
        return;
      }
    }
    runs.push_back({ipa, pa, pages});
  }

 private:
  static uint64_t end_of(const P2mRun& run) { return run.ipa + run.pages * ffa::page_size; }

  [[nodiscard]] bool is_covered(const P2mRun& run) const {
    const auto shift = covered_.find(run.pa - run.ipa);
    if (shift == covered_.end()) return false;
    const auto after = shift->second.upper_bound(run.ipa);
    return after != shift->second.begin() && end_of(run) <= std::prev(after)->second;
  }

  void note(const P2mRun& run) {
    if (is_covered(run)) return;
    Ends& ends = covered_[run.pa - run.ipa];
    const auto here = ends.insert_or_assign(run.ipa, end_of(run)).first;
    auto inside = std::next(here);
    while (inside != ends.end() && inside->second <= here->second) inside = ends.erase(inside);
  }

  // Runs by PA less IPA, each with its end, by its IPA. None lies within another, so that of those
  // that begin at or before an address the last one reaches furthest.
  using Ends = std::map<uint64_t, uint64_t>;
  std::map<uint64_t, Ends> covered_;
  size_t noted_ = 0;  ///< how many of the event's runs are in there
  // Of the last translation, to tell a range that goes on from a new one.
  uint64_t next_ipa_ = 0;
  uint64_t left_ = 0;
};

}  // namespace sim::trace
