// SPDX-License-Identifier: BSD-3-Clause
// Extents mean pages: runs that are merged, and functions of pages that are kept in pieces, against
// the pages themselves.
#include <map>
#include <numeric>
#include <set>

#include "core/descriptor_writer.hpp"
#include "laws.hpp"
#include "sim/machine/pieces.hpp"

namespace mediator {

inline void showValue(const PhysicalRun& run, std::ostream& out) {
  out << fmt::format("[{:#x}, {} pages]", run.pa.raw(), run.pages.raw());
}

}  // namespace mediator

namespace laws::extents {
namespace {

using mediator::PhysicalRun;
using Runs = std::vector<PhysicalRun>;

PhysicalRun run_of(uint64_t page, uint64_t pages) {
  return {ffa::Pa{page * ffa::page_size}, ffa::PageCount{pages}};
}

/// So few pages that runs often follow each other.
rc::Gen<Runs> runs() {
  return list_of<PhysicalRun>(
      0, 30,
      rc::gen::apply(run_of, rc::gen::inRange<uint64_t>(0, 12), rc::gen::inRange<uint64_t>(1, 5)));
}

Runs merged(const Runs& runs) {
  mediator::RunMerger merger;
  Runs result;
  const auto take = [&result](const std::optional<PhysicalRun>& run) {
    if (run) result.push_back(*run);
  };
  for (const PhysicalRun& run : runs) take(merger.add(run));
  take(merger.finish());
  RC_ASSERT_FALSE(merger.is_open());
  return result;
}

std::vector<uint64_t> pages_of(const Runs& runs) {
  std::vector<uint64_t> pages;
  for (const PhysicalRun& run : runs) {
    for (uint64_t n = 0; n < run.pages.raw(); ++n) {
      pages.push_back(run.pa.raw() + n * ffa::page_size);
    }
  }
  return pages;
}

RC_GTEST_PROP(MergedRuns, AreTheSamePagesInTheSameOrder, ()) {
  const Runs some = *runs();
  RC_ASSERT(pages_of(merged(some)) == pages_of(some));
}

RC_GTEST_PROP(MergedRuns, AreAsFewAsCanBeAndStaySo, ()) {
  const Runs once = merged(*runs());
  for (size_t n = 1; n < once.size(); ++n) {
    RC_ASSERT(once[n - 1].pa.raw() + once[n - 1].pages.raw() * ffa::page_size != once[n].pa.raw());
  }
  RC_ASSERT(merged(once) == once);
}

RC_GTEST_PROP(MergedRuns, DoNotDependOnHowRunsWereCut, ()) {
  const Runs some = *runs();
  Runs cut;
  for (const PhysicalRun& run : some) {
    const uint64_t first = *rc::gen::inRange<uint64_t>(0, run.pages.raw());
    const uint64_t page = run.pa.raw() / ffa::page_size;
    if (first != 0) cut.push_back(run_of(page, first));
    cut.push_back(run_of(page + first, run.pages.raw() - first));
  }
  RC_ASSERT(merged(cut) == merged(some));
}

/// One change of a function of pages: [begin, end) becomes `value`, or grows by it.
struct Change {
  uint64_t begin = 0;
  uint64_t end = 0;
  int value = 0;
  bool add = false;
};

void showValue(const Change& change, std::ostream& out) {
  out << fmt::format("[{}, {}) {} {}", change.begin, change.end, change.add ? "+=" : "=",
                     change.value);
}

constexpr uint64_t space = 40;

rc::Gen<std::vector<Change>> changes() {
  const auto make = [](uint64_t begin, uint64_t length, int value, bool add) {
    return Change{begin, std::min(begin + length, space), value, add};
  };
  return list_of<Change>(
      0, 30,
      rc::gen::apply(make, rc::gen::inRange<uint64_t>(0, space), rc::gen::inRange<uint64_t>(0, 12),
                     rc::gen::inRange(0, 3), rc::gen::arbitrary<bool>()));
}

constexpr int outside = 7;

void make(sim::Pieces<int>& pieces, const Change& change) {
  if (change.add) {
    pieces.update(change.begin, change.end, [&](int value) { return value + change.value; });
  } else {
    pieces.assign(change.begin, change.end, change.value);
  }
}

using Walk = std::vector<std::tuple<uint64_t, uint64_t, int>>;

Walk walk(const sim::Pieces<int>& pieces, uint64_t begin, uint64_t end) {
  Walk all;
  pieces.for_each(begin, end, [&](uint64_t b, uint64_t e, int v) { all.emplace_back(b, e, v); });
  return all;
}

RC_GTEST_PROP(Pieces, AreAFunctionOfPages, ()) {
  sim::Pieces<int> pieces{outside};
  std::vector<int> model(space, outside);
  for (const Change& change : *changes()) {
    make(pieces, change);
    for (uint64_t page = change.begin; page < change.end; ++page) {
      model[page] = change.add ? model[page] + change.value : change.value;
    }
  }
  for (uint64_t page = 0; page < space; ++page) RC_ASSERT(pieces.at(page) == model[page]);
  const uint64_t begin = *rc::gen::inRange<uint64_t>(0, space);
  const uint64_t end = *rc::gen::inRange<uint64_t>(begin, space + 1);
  uint64_t expected = begin;
  for (const auto& [from, to, value] : walk(pieces, begin, end)) {
    RC_ASSERT(from == expected);
    RC_ASSERT(from < to);
    for (uint64_t page = from; page < to; ++page) RC_ASSERT(model[page] == value);
    expected = to;
  }
  RC_ASSERT(expected == end);
  const int bound = *rc::gen::inRange(0, 9);
  const auto small = [bound](int value) { return value < bound; };
  RC_ASSERT(pieces.all_of(begin, end, small) ==
            std::all_of(model.begin() + static_cast<ptrdiff_t>(begin),
                        model.begin() + static_cast<ptrdiff_t>(end), small));
}

RC_GTEST_PROP(Pieces, HaveOneFormForOneFunction, ()) {
  sim::Pieces<int> pieces{outside};
  for (const Change& change : *changes()) make(pieces, change);
  const Walk before = walk(pieces, 0, space);
  for (size_t n = 1; n < before.size(); ++n) {
    RC_ASSERT(std::get<2>(before[n - 1]) != std::get<2>(before[n]));
  }
  // There and back is the way it was.
  Change more = *rc::gen::map(changes(), [](const std::vector<Change>& all) {
    return all.empty() ? Change{} : all.front();
  });
  more.add = true;
  make(pieces, more);
  more.value = -more.value;
  make(pieces, more);
  RC_ASSERT(walk(pieces, 0, space) == before);
}

}  // namespace
}  // namespace laws::extents
