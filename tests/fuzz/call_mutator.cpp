// SPDX-License-Identifier: BSD-3-Clause
#include "tests/fuzz/call_mutator.hpp"

#include <algorithm>
#include <utility>

#include "tests/fuzz/call_plan.hpp"

namespace fuzz {

namespace {

using Operation = std::vector<uint8_t>;
using Operations = std::vector<Operation>;

constexpr size_t most = 15;  // operations of a kind: what a count in the input can say

/// The operation that begins with these bytes, as long as it is; what it lacks is zero.
Operation whole(Operation bytes) {
  const size_t longest = bytes.size() + longest_operation;
  bytes.resize(longest);
  bytes.resize(operation_bytes(bytes));
  return bytes;
}

Operation make_operation(Random& random) {
  Operation bytes(1 + random.below(12));
  for (uint8_t& byte : bytes) {
    byte = static_cast<uint8_t>(random.below(random.below(3) == 0 ? 256 : 8));
  }
  // Half of them are vm1's, whose handles the first ones saved.
  bytes[0] = static_cast<uint8_t>(random.below(16) | (random.below(2) << 6 | random.below(2) << 7));
  return whole(bytes);
}

void change_operation(Operation& operation, Random& random) {
  const size_t at = random.below(operation.size());
  switch (random.below(3)) {
    case 0:
      operation[at] ^= static_cast<uint8_t>(1U << random.below(8));
      break;
    case 1:
      operation[at] = static_cast<uint8_t>(operation[at] + (random.below(2) == 0 ? 1 : -1));
      break;
    default:
      operation[at] = static_cast<uint8_t>(random.next());
      break;
  }
  operation = whole(operation);
}

void change_decisions(std::vector<uint8_t>& decisions, Random& random) {
  const size_t at = random.below(decisions.size() + 1);
  const auto place = decisions.begin() + static_cast<long>(at);
  const auto value = static_cast<uint8_t>(random.below(4));
  if (at == decisions.size() || random.below(3) == 0) {
    decisions.insert(place, value);
  } else if (random.below(2) == 0) {
    decisions.erase(place);
  } else {
    *place = value;
  }
}

void change_list(Operations& list, Random& random) {
  const size_t at = random.below(list.size());
  const auto place = list.begin() + static_cast<long>(at);
  const bool room = list.size() < most;
  switch (list.empty() ? 0 : random.below(5)) {
    case 0:
      if (room) list.insert(place, make_operation(random));
      break;
    case 1:
      list.erase(place);
      break;
    case 2:
      if (room) {
        const Operation again = *place;
        list.insert(list.begin() + static_cast<long>(random.below(list.size() + 1)), again);
      }
      break;
    case 3:
      std::swap(*place, list[random.below(list.size())]);
      break;
    default:
      change_operation(*place, random);
      break;
  }
}

/// What was in order goes on beside the others, or the other way round.
void move_boundary(CallBytes& parts, Random& random) {
  if (random.below(2) == 0 && !parts.ordered.empty() && parts.unordered.size() < most) {
    parts.unordered.insert(parts.unordered.begin(), std::move(parts.ordered.back()));
    parts.ordered.pop_back();
  } else if (!parts.unordered.empty() && parts.ordered.size() < most) {
    parts.ordered.push_back(std::move(parts.unordered.front()));
    parts.unordered.erase(parts.unordered.begin());
  }
}

}  // namespace

uint64_t Random::next() {
  uint64_t z = state_ += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

CallBytes take_apart(std::span<const uint8_t> input) {
  CallBytes parts;
  if (input.size() < 3) return parts;
  parts.world = input[0];
  const size_t ordered = input[1] % (most + 1);
  const size_t all = ordered + input[2] % (most + 1);
  input = input.subspan(3);
  for (size_t n = 0; n < all && !input.empty(); ++n) {
    Operation rest = whole({input.begin(), input.end()});
    input = input.subspan(std::min(rest.size(), input.size()));
    (n < ordered ? parts.ordered : parts.unordered).push_back(std::move(rest));
  }
  parts.decisions.assign(input.begin(), input.end());
  return parts;
}

std::vector<uint8_t> put_together(const CallBytes& parts) {
  std::vector<uint8_t> input = {parts.world, static_cast<uint8_t>(parts.ordered.size()),
                                static_cast<uint8_t>(parts.unordered.size())};
  for (const Operations* list : {&parts.ordered, &parts.unordered}) {
    for (const Operation& operation : *list) {
      input.insert(input.end(), operation.begin(), operation.end());
    }
  }
  input.insert(input.end(), parts.decisions.begin(), parts.decisions.end());
  return input;
}

void mutate(CallBytes& parts, Random& random) {
  switch (random.below(8)) {
    case 0:
      parts.world ^= static_cast<uint8_t>(random.below(3) == 0 ? 0x80 : 1 + random.below(3));
      break;
    case 1:
      change_decisions(parts.decisions, random);
      break;
    case 2:
      move_boundary(parts, random);
      break;
    default:
      change_list(random.below(2) == 0 ? parts.ordered : parts.unordered, random);
      break;
  }
}

CallBytes cross(const CallBytes& one, const CallBytes& other, Random& random) {
  CallBytes made = one;
  const auto splice = [&random](Operations& to, const Operations& from) {
    to.resize(random.below(to.size() + 1));
    for (size_t n = random.below(from.size() + 1); n < from.size() && to.size() < most; ++n) {
      to.push_back(from[n]);
    }
  };
  splice(made.ordered, other.ordered);
  splice(made.unordered, other.unordered);
  if (random.below(2) == 0) made.decisions = other.decisions;
  return made;
}

}  // namespace fuzz
