// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/diff/difference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "tools/ffa-trace/diff/align.hpp"

namespace ffa_trace {
namespace {

using sim::trace::Event;
using sim::trace::Side;
using Found = TraceDifference::Kind;

bool has_side(const std::vector<Event>& events, std::initializer_list<Side> sides) {
  return std::any_of(events.begin(), events.end(), [&](const Event& event) {
    return std::find(sides.begin(), sides.end(), event.side) != sides.end();
  });
}

/// What endpoint 0 of `linux` records stands for: the first VM of the other trace's guests.
uint16_t kernel_id(const std::vector<Event>& events, const std::vector<Event>& other) {
  if (!has_side(events, {Side::linux_})) return 0;
  uint16_t lowest = 0;
  for (const Event& event : other) {
    if (event.side == Side::guest && (lowest == 0 || event.vm < lowest)) lowest = event.vm;
  }
  return lowest;
}

/// A side that only one of two traces has says nothing about the other.
void leave_out_lonely_sides(const std::vector<Event>& a, const std::vector<Event>& b,
                            Ignored& ignored, std::vector<std::string>& not_compared) {
  const auto lonely = [&](std::initializer_list<Side> sides, bool& flag, const char* name) {
    const bool in_a = has_side(a, sides);
    if (flag || in_a == has_side(b, sides)) return;
    flag = true;
    not_compared.push_back(fmt::format("{} is in {} only", name, in_a ? "A" : "B"));
  };
  const std::initializer_list<Side> calls{Side::guest, Side::linux_};
  if (has_side(a, calls) && has_side(b, calls)) lonely({Side::spmc}, ignored.spmc, "side spmc");
  lonely({Side::lifecycle, Side::irq}, ignored.host, "what the host does");
}

/// Handles and tags of A and what they are called in B, one to one.
class Binding {
 public:
  bool bind_or_check(uint64_t a, uint64_t b) {
    const auto forth = to_b_.find(a);
    const auto back = to_a_.find(b);
    if (forth == to_b_.end() && back == to_a_.end()) {
      to_b_[a] = b;
      to_a_[b] = a;
      return true;
    }
    return forth != to_b_.end() && back != to_a_.end() && forth->second == b && back->second == a;
  }
  /// The number is given anew: what it stood for before is over.
  void bind_anew(uint64_t a, uint64_t b) {
    forget_a(a);
    const auto back = to_a_.find(b);
    if (back != to_a_.end()) forget_a(back->second);
    to_b_[a] = b;
    to_a_[b] = a;
  }
  void forget_a(uint64_t a) {
    const auto forth = to_b_.find(a);
    if (forth == to_b_.end()) return;
    to_a_.erase(forth->second);
    to_b_.erase(forth);
  }

 private:
  std::map<uint64_t, uint64_t> to_b_;
  std::map<uint64_t, uint64_t> to_a_;
};

std::string who_of(const Meaning& meaning) {
  switch (meaning.side) {
    case Side::guest:
    case Side::linux_:
      return fmt::format("vm{}", meaning.vm);
    case Side::spmc:
      return fmt::format("spmc for {}", meaning.vm == 0 ? "host" : fmt::format("vm{}", meaning.vm));
    default:
      return "host";
  }
}

/// A register that is not listed holds zero.
std::string absent(const std::string& name) {
  const bool is_register = name.size() > 1 && name[0] == 'x' && name[1] >= '0' && name[1] <= '9';
  return is_register ? "0x0" : "nothing";
}

std::string shown(const MeantField& field) {
  return field.value.empty() ? absent(field.name) : field.value;
}

class Comparer {
 public:
  Comparer(const std::vector<Meaning>& a, const std::vector<Meaning>& b, DiffResult& result)
      : a_(a), b_(b), b_first_(is_before(b, a)), result_(result) {}

  void run() {
    for (const Lane& lane : lanes()) align_lane(lane);
    compare_pairs();
    place_differences();
  }

 private:
  /// The calls of one VM on one side: between lanes, order is timing.
  struct Lane {
    std::vector<size_t> a;
    std::vector<size_t> b;
  };
  struct Pair {
    size_t a, b;
    std::vector<TraceDifference::FieldPair> fields;
  };
  struct Placed {
    uint64_t place;  ///< `seq` in A of it, or of what comes before it
    TraceDifference difference;
  };

  /// An order of traces by what they say. Of several ways to align two traces, which one is taken
  /// depends on it and not on which trace is called A: a comparison finds the same from either
  /// side.
  static bool is_before(const std::vector<Meaning>& one, const std::vector<Meaning>& other) {
    const auto key = [](const Meaning& meaning) {
      return std::tie(meaning.function, meaning.words, meaning.seq);
    };
    return std::lexicographical_compare(
        one.begin(), one.end(), other.begin(), other.end(),
        [&](const Meaning& left, const Meaning& right) { return key(left) < key(right); });
  }
  std::vector<std::pair<size_t, size_t>> aligned(const std::vector<uint32_t>& a,
                                                 const std::vector<uint32_t>& b) const {
    if (!b_first_) return align(a, b);
    auto pairs = align(b, a);
    for (auto& [of_a, of_b] : pairs) std::swap(of_a, of_b);
    return pairs;
  }

  std::vector<Lane> lanes() const {
    std::map<std::pair<Side, uint16_t>, Lane> by_who;
    for (size_t i = 0; i < a_.size(); ++i) by_who[{a_[i].side, a_[i].vm}].a.push_back(i);
    for (size_t j = 0; j < b_.size(); ++j) by_who[{b_[j].side, b_[j].vm}].b.push_back(j);
    std::vector<Lane> lanes;
    for (auto& [_, lane] : by_who) lanes.push_back(std::move(lane));
    return lanes;
  }

  void align_lane(const Lane& lane) {
    std::vector<uint32_t> keys_a;
    std::vector<uint32_t> keys_b;
    for (const size_t i : lane.a) keys_a.push_back(a_[i].key);
    for (const size_t j : lane.b) keys_b.push_back(b_[j].key);
    size_t i = 0;
    size_t j = 0;
    auto pairs = aligned(keys_a, keys_b);
    pairs.emplace_back(lane.a.size(), lane.b.size());
    for (const auto& [next_i, next_j] : pairs) {
      pair_up_gap({lane.a.begin() + static_cast<std::ptrdiff_t>(i),
                   lane.a.begin() + static_cast<std::ptrdiff_t>(next_i)},
                  {lane.b.begin() + static_cast<std::ptrdiff_t>(j),
                   lane.b.begin() + static_cast<std::ptrdiff_t>(next_j)});
      if (next_i == lane.a.size() || next_j == lane.b.size()) break;
      pairs_.push_back({lane.a[next_i], lane.b[next_j], {}});
      last_a_ = a_[lane.a[next_i]].seq;
      i = next_i + 1;
      j = next_j + 1;
    }
    last_a_ = 0;
  }

  /// Between two calls that are the same in both: the same function with other arguments is the
  /// same call changed; the rest stands in one trace only.
  void pair_up_gap(const std::vector<size_t>& gap_a, const std::vector<size_t>& gap_b) {
    std::vector<uint32_t> functions_a;
    std::vector<uint32_t> functions_b;
    for (const size_t i : gap_a) functions_a.push_back(functions_.of(a_[i].function));
    for (const size_t j : gap_b) functions_b.push_back(functions_.of(b_[j].function));
    std::set<size_t> taken_a;
    std::set<size_t> taken_b;
    for (const auto& [i, j] : aligned(functions_a, functions_b)) {
      pairs_.push_back({gap_a[i], gap_b[j], {}});
      taken_a.insert(i);
      taken_b.insert(j);
    }
    for (size_t i = 0; i < gap_a.size(); ++i) {
      if (!taken_a.contains(i)) only(Found::only_a, a_[gap_a[i]], a_[gap_a[i]].seq);
      if (!taken_a.contains(i)) lonely_a_.push_back(gap_a[i]);
    }
    for (size_t j = 0; j < gap_b.size(); ++j) {
      const uint64_t place = gap_a.empty() ? last_a_ : a_[gap_a.back()].seq;
      if (!taken_b.contains(j)) only(Found::only_b, b_[gap_b[j]], place);
    }
  }

  void only(Found kind, const Meaning& meaning, uint64_t place) {
    TraceDifference difference{kind, who_of(meaning), meaning.function, meaning.words, 0, 0, {}};
    (kind == Found::only_a ? difference.seq_a : difference.seq_b) = meaning.seq;
    placed_.push_back({place, std::move(difference)});
  }

  /// In the order of A's counter: what a call says when it is made, what its reply says when it
  /// returns. Handles are bound in that order.
  void compare_pairs() {
    enum Phase : uint8_t { call, reply, lonely };
    std::vector<std::tuple<uint64_t, Phase, size_t>> moments;
    for (size_t n = 0; n < pairs_.size(); ++n) {
      moments.emplace_back(a_[pairs_[n].a].seq, call, n);
      moments.emplace_back(a_[pairs_[n].a].seq_ret, reply, n);
    }
    for (const size_t i : lonely_a_) moments.emplace_back(a_[i].seq_ret, lonely, i);
    std::sort(moments.begin(), moments.end());
    for (const auto& [_, phase, n] : moments) {
      if (phase == lonely) {
        if (a_[n].new_handle) handles_.forget_a(*a_[n].new_handle);
        continue;
      }
      Pair& pair = pairs_[n];
      const Meaning& a = a_[pair.a];
      const Meaning& b = b_[pair.b];
      if (phase == reply && a.new_handle && b.new_handle) {
        handles_.bind_anew(*a.new_handle, *b.new_handle);
      }
      compare_fields(pair, phase == call ? a.call : a.reply, phase == call ? b.call : b.reply);
    }
  }

  void compare_fields(Pair& pair, const std::vector<MeantField>& a,
                      const std::vector<MeantField>& b) {
    std::map<std::string, const MeantField*> of_b;
    for (const MeantField& field : b) of_b[field.name] = &field;
    for (const MeantField& field : a) {
      const auto found = of_b.find(field.name);
      if (found == of_b.end()) {
        if (!field.value.empty()) {
          pair.fields.push_back({field.name, field.value, absent(field.name)});
        }
        continue;
      }
      if (!agree(field, *found->second)) {
        pair.fields.push_back({field.name, shown(field), shown(*found->second)});
      }
      of_b.erase(found);
    }
    for (const MeantField& field : b) {
      if (!of_b.contains(field.name) || field.value.empty()) continue;
      pair.fields.push_back({field.name, absent(field.name), field.value});
    }
  }

  bool agree(const MeantField& a, const MeantField& b) {
    if (a.kind != b.kind) return false;
    if (a.kind == MeantField::Kind::text) return a.value == b.value;
    // 0 is "none", not a free value.
    if (a.number == 0 || b.number == 0) return a.number == b.number;
    return (a.kind == MeantField::Kind::handle ? handles_ : tags_)
        .bind_or_check(a.number, b.number);
  }

  void place_differences() {
    for (Pair& pair : pairs_) {
      if (pair.fields.empty()) {
        ++result_.same;
        continue;
      }
      const Meaning& a = a_[pair.a];
      placed_.push_back({a.seq,
                         {Found::changed, who_of(a), a.function, a.words, a.seq, b_[pair.b].seq,
                          std::move(pair.fields)}});
    }
    const auto key = [](const Placed& placed) {
      const TraceDifference& difference = placed.difference;
      return std::tie(placed.place, difference.seq_b, difference.seq_a, difference.who);
    };
    std::sort(placed_.begin(), placed_.end(),
              [&](const Placed& one, const Placed& other) { return key(one) < key(other); });
    for (Placed& placed : placed_) result_.differences.push_back(std::move(placed.difference));
  }

  const std::vector<Meaning>& a_;
  const std::vector<Meaning>& b_;
  const bool b_first_;
  DiffResult& result_;
  Interner functions_;
  std::vector<Pair> pairs_;
  std::vector<size_t> lonely_a_;
  std::vector<Placed> placed_;
  uint64_t last_a_ = 0;
  Binding handles_;
  Binding tags_;
};

std::vector<Meaning> meanings_of(const std::vector<Event>& events, const Ignored& ignored,
                                 uint16_t kernel_as, Interner& keys) {
  MeaningReader reader(ignored, kernel_as, keys);
  for (const Event& event : events) reader.note(event);
  return reader.finish();
}

}  // namespace

DiffResult compare_traces(const std::vector<Event>& a, const std::vector<Event>& b,
                          Ignored ignored) {
  DiffResult result;
  result.events_a = a.size();
  result.events_b = b.size();
  leave_out_lonely_sides(a, b, ignored, result.not_compared);
  Interner keys;
  const auto meanings_a = meanings_of(a, ignored, kernel_id(a, b), keys);
  const auto meanings_b = meanings_of(b, ignored, kernel_id(b, a), keys);
  Comparer(meanings_a, meanings_b, result).run();
  return result;
}

}  // namespace ffa_trace
