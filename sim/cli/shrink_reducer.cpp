// SPDX-License-Identifier: BSD-3-Clause
#include "sim/cli/shrink_reducer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace sim::cli {
namespace {

using nlohmann::json;

/// More preemptions than a search can go through.
constexpr uint32_t max_preemptions = 3;

std::vector<std::string> step_lists(const json& doc) {
  std::vector<std::string> lists;
  for (const char* list : {"after", "setup", "steps"}) {
    if (doc.contains(list)) lists.push_back(fmt::format("/{}", list));
  }
  if (doc.contains("threads")) {
    for (const auto& [actor, steps] : doc.at("threads").items()) {
      lists.push_back("/threads/" + actor);
    }
  }
  return lists;
}

json& at(json& doc, const std::string& pointer) { return doc[json::json_pointer(pointer)]; }
const json& at(const json& doc, const std::string& pointer) {
  return doc.at(json::json_pointer(pointer));
}

/// Other decisions than the scheduler's that are not 0.
uint32_t faults_in(const std::string& choices) {
  uint32_t faults = 0;
  for (size_t at = 0; at < choices.size();) {
    const size_t end = std::min(choices.find(',', at), choices.size());
    const std::string entry = choices.substr(at, end - at);
    if (entry.find(":schedule=") == std::string::npos && !entry.ends_with("=0")) ++faults;
    at = end + 1;
  }
  return faults;
}

std::vector<std::string> split(const std::string& choices) {
  std::vector<std::string> entries;
  for (size_t at = 0; at < choices.size();) {
    const size_t end = std::min(choices.find(',', at), choices.size());
    entries.push_back(choices.substr(at, end - at));
    at = end + 1;
  }
  return entries;
}

/// Places where a fault is looked for that the choices let strike somewhere.
constexpr uint64_t max_nth = 64;

bool let_strike(const std::string& choices, const std::string& kind) {
  const std::string mark = fmt::format(":fault_{}=", kind);
  const size_t at = choices.find(mark);
  return at != std::string::npos && choices.compare(at + mark.size(), 1, "0") != 0;
}

/// What a fault whose answer is chosen may answer; else what it does answer, null if it is silent.
json answers_of(const json& fault) {
  const json own = fault.value("answer", json{});
  if (own != "chosen") return json::array({own});
  json answers = json::array();
  for (const char* name : {"NO_MEMORY", "BUSY", "DENIED", "RETRY", "INTERRUPTED", "ABORTED",
                           "INVALID_PARAMETERS", "NOT_SUPPORTED", "NO_DATA"}) {
    answers.push_back(name);
  }
  return answers;
}

/// One place made simpler: a value, or nothing for a member or an element that goes.
struct Edit {
  std::string pointer;
  std::optional<json> value;
};

void add_numbers(const json& node, const std::string& pointer, std::vector<Edit>& edits) {
  const auto value = node.get<uint64_t>();
  std::set<uint64_t> smaller{0, 1, value / 2};
  for (const uint64_t number : smaller) {
    if (number < value) edits.push_back({pointer, number});
  }
}

/// Hexadecimal bytes get shorter; other words have no order.
void add_bytes(const json& node, const std::string& pointer, std::vector<Edit>& edits) {
  const auto& text = node.get_ref<const std::string&>();
  const bool hex = std::ranges::all_of(text, [](char c) { return std::isxdigit(c & 0x7f) != 0; });
  if (hex && text.size() % 2 == 0 && text.size() > 2) {
    edits.push_back({pointer, text.substr(0, text.size() / 4 * 2)});
  }
}

/// What a step expects stays, so that the case still holds where it should.
void add_edits(const json& node, const std::string& pointer, std::vector<Edit>& edits) {
  if (node.is_object()) {
    for (const auto& [key, member] : node.items()) {
      if (key == "do" || key == "expect" || key == "save") continue;
      const std::string place = pointer + "/" + key;
      edits.push_back({place, {}});
      add_edits(member, place, edits);
    }
  } else if (node.is_array()) {
    for (size_t n = node.size(); n-- > 0;) {
      const std::string place = fmt::format("{}/{}", pointer, n);
      edits.push_back({place, {}});
      add_edits(node[n], place, edits);
    }
  } else if (node.is_number_unsigned()) {
    add_numbers(node, pointer, edits);
  } else if (node.is_string()) {
    add_bytes(node, pointer, edits);
  }
}

std::vector<Edit> edits_of(const json& doc) {
  std::vector<Edit> edits;
  for (const std::string& list : step_lists(doc)) {
    const json& steps = at(doc, list);
    for (size_t n = 0; n < steps.size(); ++n) {
      add_edits(steps[n], fmt::format("{}/{}", list, n), edits);
    }
  }
  if (doc.contains("world")) add_edits(doc.at("world"), "/world", edits);
  return edits;
}

void make(const Edit& edit, json& doc) {
  const json::json_pointer pointer(edit.pointer);
  if (edit.value) {
    doc[pointer] = *edit.value;
    return;
  }
  json& parent = doc[pointer.parent_pointer()];
  if (parent.is_array()) {
    parent.erase(std::stoul(pointer.back()));
  } else {
    parent.erase(pointer.back());
  }
}

}  // namespace

size_t count_steps(const json& doc) {
  size_t count = 0;
  for (const std::string& list : step_lists(doc)) count += at(doc, list).size();
  return count;
}

Candidate whole_candidate(const json& doc) {
  Candidate candidate{doc, {}};
  for (const char* key : {"choices", "explore"}) candidate.doc.erase(key);
  candidate.doc["covers"] = json::array();
  for (const std::string& list : step_lists(doc)) {
    std::vector<size_t>& kept = candidate.kept[list];
    for (size_t n = 0; n < at(doc, list).size(); ++n) kept.push_back(n);
  }
  return candidate;
}

Reducer::Reducer(Oracle& oracle, Candidate original, Found found)
    : oracle_(oracle), best_(std::move(original)), found_(std::move(found)) {}

void Reducer::run() {
  shorten_schedule();
  for (bool smaller = true; smaller && !oracle_.out_of_time();) {
    smaller = drop_steps();
    smaller = shorten_schedule() || smaller;
    smaller = simplify_values() || smaller;
  }
  fix_faults();
}

/// What the choices let strike strikes by itself, so that no decision has to say where.
void Reducer::fix_faults() {
  const json::json_pointer list("/world/faults");
  for (size_t n = best_.doc.contains(list) ? best_.doc.at(list).size() : 0; n-- > 0;) {
    const json fault = best_.doc.at(list).at(n);
    if (fault.value("nth", json{}) != "chosen") continue;
    const std::string kind = fault.at("op");
    Candidate without = best_;
    without.doc.at(list).erase(n);
    if (let_strike(found_.choices, kind)) {
      fix_fault(n, fault);
    } else {
      take(without, Effort::search);
    }
  }
}

void Reducer::fix_fault(size_t number, const json& fault) {
  for (uint64_t nth = 1; nth <= max_nth; ++nth) {
    for (const json& answer : answers_of(fault)) {
      Candidate candidate = best_;
      json& own = candidate.doc["world"]["faults"][number];
      own["nth"] = nth;
      if (!answer.is_null()) own["answer"] = answer;
      // Where no decision was needed to make it fail, it does not hold any more.
      if (oracle_.fits_schema(candidate.doc) && take_if_it_fails(candidate, Effort::search)) return;
      if (oracle_.out_of_time()) return;
    }
  }
}

/// The smaller one, if it fails as it should and is no worse than the original where that holds.
bool Reducer::take(const Candidate& candidate, Effort effort) {
  return !oracle_.out_of_time() && oracle_.sound(candidate) && take_if_it_fails(candidate, effort);
}

bool Reducer::take_if_it_fails(const Candidate& candidate, Effort effort) {
  const explore::Bounds bounds{std::min(found_.preemptions, max_preemptions),
                               faults_in(found_.choices)};
  std::optional<Found> found = oracle_.replay(candidate, found_.choices);
  if (!found && effort == Effort::search) found = oracle_.search(candidate, bounds);
  if (!found || !oracle_.holds_in_reference(candidate, bounds)) return false;
  best_ = candidate;
  found_ = std::move(*found);
  return true;
}

/// One with fewer preemptions; where there are too many for a search, without some decisions.
bool Reducer::shorten_schedule() {
  bool shorter = false;
  if (found_.preemptions > 0) {
    const explore::Bounds fewer{std::min(found_.preemptions - 1, max_preemptions),
                                faults_in(found_.choices)};
    if (auto found = oracle_.search(best_, fewer)) {
      found_ = std::move(*found);
      shorter = true;
    }
  }
  return drop_decisions() || shorter;
}

bool Reducer::drop_decisions() {
  bool shorter = false;
  std::vector<std::string> entries = split(found_.choices);
  for (size_t count = std::max<size_t>(entries.size() / 2, 1); count > 0; count /= 2) {
    for (size_t first = 0; first < entries.size() && entries.size() > 1;) {
      std::vector<std::string> fewer = entries;
      const auto begin = fewer.begin() + static_cast<ptrdiff_t>(first);
      fewer.erase(begin, begin + static_cast<ptrdiff_t>(std::min(count, fewer.size() - first)));
      std::optional<Found> found;
      if (!fewer.empty() && !oracle_.out_of_time()) {
        found = oracle_.replay(best_, fmt::format("{}", fmt::join(fewer, ",")));
      }
      if (!found) {
        first += count;
        continue;
      }
      found_ = std::move(*found);
      entries = split(found_.choices);
      shorter = true;
    }
  }
  return shorter;
}

bool Reducer::drop_steps() {
  bool dropped = drop_expectations();
  for (const std::string& list : step_lists(best_.doc)) dropped = drop_from(list) || dropped;
  return dropped;
}

/// Of the end; those of a step go with it.
bool Reducer::drop_expectations() {
  if (!best_.doc.contains("expect") || oracle_.place().starts_with("/expect")) return false;
  Candidate without = best_;
  without.doc.erase("expect");
  return take(without, Effort::replay);
}

/// Large pieces first, from the end: what a step saves is used behind it.
bool Reducer::drop_from(const std::string& list) {
  bool dropped = false;
  const auto size = [&] {
    const json::json_pointer pointer(list);
    return best_.doc.contains(pointer) ? best_.doc.at(pointer).size() : 0;
  };
  for (size_t count = size(); count > 0; count /= 2) {
    for (size_t end = size(); end > 0;) {
      const size_t first = end > count ? end - count : 0;
      dropped = drop_chunk(list, first, end - first) || dropped;
      end = std::min(first, size());
    }
  }
  return dropped;
}

bool Reducer::drop_chunk(const std::string& list, size_t first, size_t count) {
  Candidate without = best_;
  json& steps = at(without.doc, list);
  std::vector<size_t>& kept = without.kept.at(list);
  const auto from = static_cast<ptrdiff_t>(first);
  const auto to = static_cast<ptrdiff_t>(first + count);
  steps.erase(steps.begin() + from, steps.begin() + to);
  kept.erase(kept.begin() + from, kept.begin() + to);
  if (steps.empty()) make({list, {}}, without.doc);
  return take(without, Effort::search);
}

bool Reducer::simplify_values() {
  bool simpler = false;
  std::vector<Edit> edits = edits_of(best_.doc);
  for (size_t n = 0; n < edits.size() && !oracle_.out_of_time();) {
    Candidate candidate = best_;
    make(edits[n], candidate.doc);
    if (!take(candidate, Effort::replay)) {
      ++n;
      continue;
    }
    simpler = true;
    edits = edits_of(best_.doc);
  }
  return simpler;
}

}  // namespace sim::cli
