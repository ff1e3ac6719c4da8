// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/diff/align.hpp"

#include <algorithm>
#include <dtl/dtl.hpp>
#include <map>

namespace ffa_trace {
namespace {

using Sequence = std::vector<uint32_t>;
using IndexPairs = std::vector<std::pair<size_t, size_t>>;

/// Two stretches: [a_begin, a_end) and [b_begin, b_end).
struct Block {
  size_t a_begin, a_end, b_begin, b_end;
  [[nodiscard]] size_t a_size() const { return a_end - a_begin; }
  [[nodiscard]] size_t b_size() const { return b_end - b_begin; }
};

class Aligner {
 public:
  Aligner(const Sequence& a, const Sequence& b) : a_(a), b_(b) {}

  void align(Block block) {
    trim(block);
    if (block.a_size() == 0 || block.b_size() == 0) return;
    if (block.a_size() <= align_window && block.b_size() <= align_window) {
      shortest(block);
      return;
    }
    const IndexPairs anchors = anchors_of(block);
    if (anchors.empty()) {
      in_windows(block);
      return;
    }
    Block rest = block;
    for (const auto& [i, j] : anchors) {  // each stretch is shorter: the recursion ends
      pairs_.emplace_back(i, j);
      align({rest.a_begin, i, rest.b_begin, j});
      rest.a_begin = i + 1;
      rest.b_begin = j + 1;
    }
    align(rest);
  }

  IndexPairs take() {
    std::sort(pairs_.begin(), pairs_.end());
    return std::move(pairs_);
  }

 private:
  void trim(Block& block) {
    while (block.a_size() != 0 && block.b_size() != 0 && a_[block.a_begin] == b_[block.b_begin]) {
      pairs_.emplace_back(block.a_begin++, block.b_begin++);
    }
    while (block.a_size() != 0 && block.b_size() != 0 &&
           a_[block.a_end - 1] == b_[block.b_end - 1]) {
      pairs_.emplace_back(--block.a_end, --block.b_end);
    }
  }

  /// The shortest edit script. Returns where the last pair ended, or the block's ends.
  std::pair<size_t, size_t> shortest(const Block& block) {
    const auto at = [](const Sequence& s, size_t begin, size_t end) {
      return Sequence(s.begin() + static_cast<std::ptrdiff_t>(begin),
                      s.begin() + static_cast<std::ptrdiff_t>(end));
    };
    dtl::Diff<uint32_t, Sequence> diff(at(a_, block.a_begin, block.a_end),
                                       at(b_, block.b_begin, block.b_end));
    diff.compose();
    std::pair<size_t, size_t> last{block.a_end, block.b_end};
    for (const auto& [element, info] : diff.getSes().getSequence()) {
      if (info.type != dtl::SES_COMMON) continue;
      const size_t i = block.a_begin + static_cast<size_t>(info.beforeIdx) - 1;
      const size_t j = block.b_begin + static_cast<size_t>(info.afterIdx) - 1;
      pairs_.emplace_back(i, j);
      last = {i + 1, j + 1};
    }
    return last;
  }

  /// Window by window; the next one begins behind the last pair, so that a shift is carried on.
  void in_windows(Block block) {
    while (block.a_size() != 0 && block.b_size() != 0) {
      const Block window{block.a_begin, std::min(block.a_end, block.a_begin + align_window),
                         block.b_begin, std::min(block.b_end, block.b_begin + align_window)};
      const auto [i, j] = shortest(window);
      block.a_begin = i;
      block.b_begin = j;
      trim(block);
    }
  }

  static std::map<uint32_t, size_t> unique_in(const Sequence& s, size_t begin, size_t end) {
    constexpr size_t several = SIZE_MAX;
    std::map<uint32_t, size_t> places;
    for (size_t i = begin; i < end; ++i) {
      const auto [place, first] = places.try_emplace(s[i], i);
      if (!first) place->second = several;
    }
    std::erase_if(places, [](const auto& place) { return place.second == several; });
    return places;
  }

  /// Elements that stand once in each stretch, as many as come in the same order in both.
  IndexPairs anchors_of(const Block& block) const {
    const auto in_a = unique_in(a_, block.a_begin, block.a_end);
    const auto in_b = unique_in(b_, block.b_begin, block.b_end);
    IndexPairs both;
    for (const auto& [element, i] : in_a) {
      const auto found = in_b.find(element);
      if (found != in_b.end()) both.emplace_back(i, found->second);
    }
    std::sort(both.begin(), both.end());
    return longest_increasing(both);
  }

  /// Patience sorting by the second position.
  static IndexPairs longest_increasing(const IndexPairs& pairs) {
    constexpr size_t none = SIZE_MAX;
    std::vector<size_t> tops;
    std::vector<size_t> before(pairs.size(), none);
    for (size_t n = 0; n < pairs.size(); ++n) {
      const auto pile =
          std::lower_bound(tops.begin(), tops.end(), pairs[n].second,
                           [&](size_t top, size_t second) { return pairs[top].second < second; });
      if (pile != tops.begin()) before[n] = *std::prev(pile);
      if (pile == tops.end()) {
        tops.push_back(n);
      } else {
        *pile = n;
      }
    }
    IndexPairs chosen;
    for (size_t n = tops.empty() ? none : tops.back(); n != none; n = before[n]) {
      chosen.push_back(pairs[n]);
    }
    std::reverse(chosen.begin(), chosen.end());
    return chosen;
  }

  const Sequence& a_;
  const Sequence& b_;
  IndexPairs pairs_;
};

}  // namespace

IndexPairs align(const Sequence& a, const Sequence& b) {
  Aligner aligner(a, b);
  aligner.align({0, a.size(), 0, b.size()});
  return aligner.take();
}

}  // namespace ffa_trace
