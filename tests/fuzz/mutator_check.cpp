// SPDX-License-Identifier: BSD-3-Clause
// The mutator of `calls`: what it takes apart it puts together again, and a change of an operation
// shifts no other, nor the decisions.
#include <algorithm>
#include <cstdio>
#include <vector>

#include "tests/fuzz/call_mutator.hpp"
#include "tests/fuzz/call_plan.hpp"
#include "tests/fuzz/target.hpp"

namespace {

using fuzz::CallBytes;
using fuzz::must;

std::vector<std::vector<uint8_t>> all_operations(const CallBytes& parts) {
  auto all = parts.ordered;
  all.insert(all.end(), parts.unordered.begin(), parts.unordered.end());
  return all;
}

/// How many operations of one are not in the other.
size_t foreign(const CallBytes& one, const CallBytes& other) {
  const auto known = all_operations(other);
  size_t count = 0;
  for (const auto& operation : all_operations(one)) {
    if (std::find(known.begin(), known.end(), operation) == known.end()) ++count;
  }
  return count;
}

void must_be_the_same(const CallBytes& one, const CallBytes& other) {
  must(one.world == other.world && one.ordered == other.ordered &&
           one.unordered == other.unordered && one.decisions == other.decisions,
       "what was put together is taken apart alike");
}

}  // namespace

int main() {
  fuzz::Random random{20};
  CallBytes parts;
  parts.decisions = {1, 2, 3};
  size_t most_operations = 0;
  size_t changed = 0;
  for (unsigned round = 0; round < 20000; ++round) {
    const CallBytes before = parts;
    fuzz::mutate(parts, random);
    must(foreign(parts, before) <= 1 && foreign(before, parts) <= 1, "one operation changes");
    must(foreign(parts, before) == 0 || parts.decisions == before.decisions,
         "an operation changes, or a decision");
    must_be_the_same(parts, fuzz::take_apart(fuzz::put_together(parts)));
    const CallBytes crossed = fuzz::cross(parts, before, random);
    must_be_the_same(crossed, fuzz::take_apart(fuzz::put_together(crossed)));
    const fuzz::Plan plan = fuzz::read_plan(fuzz::put_together(parts));
    must(plan.decisions == parts.decisions, "the target reads the same decisions");
    changed += foreign(parts, before);
    most_operations = std::max(most_operations, all_operations(parts).size());
  }
  std::printf("%zu operations were changed, at most %zu at a time\n", changed, most_operations);
  must(most_operations > 20 && changed > 1000, "there was something to change");
  return 0;
}
