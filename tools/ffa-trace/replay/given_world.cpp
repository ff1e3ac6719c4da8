// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/replay/given_world.hpp"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <string_view>

#include "sim/engine/input_error.hpp"
#include "sim/platform/faults.hpp"
#include "sim/scenario/compile_world.hpp"

namespace ffa_trace {
namespace {

/// Takes a number off the front of `text`, and the blank behind it.
template <class T>
bool take_number(std::string_view& text, T& into) {
  const bool hex = text.starts_with("0x");
  const char* const begin = text.data() + (hex ? 2 : 0);
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(begin, end, into, hex ? 16 : 10);
  if (error != std::errc{} || (stop != end && *stop != ' ')) return false;
  text.remove_prefix(static_cast<size_t>(stop - text.data()) + (stop != end ? 1 : 0));
  return true;
}

bool take_word(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

bool take_fault(std::string_view text, sim::FaultSpec& fault) {
  fault.op = text.substr(0, text.find(' '));
  text.remove_prefix(std::min(text.size(), fault.op.size() + 1));
  if (!sim::Faults::is_of_the_machine(fault.op)) return false;
  if (!take_number(text, fault.nth) || fault.nth == 0) return false;
  return text.empty() || (take_number(text, fault.status.emplace()) && text.empty());
}

bool take_turn(std::string_view text, StepStimulus::Turn& turn) {
  if (!take_number(text, turn.switch_point) || !take_number(text, turn.event)) return false;
  return text.empty() || (take_number(text, turn.reached) && text.empty());
}

bool take_one(std::string_view one, StepStimulus& stimulus) {
  if (take_word(one, "budget ")) return take_number(one, stimulus.budget) && one.empty();
  if (take_word(one, "fault ")) return take_fault(one, stimulus.faults.emplace_back());
  if (take_word(one, "turn ")) return take_turn(one, stimulus.turns.emplace_back());
  if (take_word(one, "woken ")) return take_turn(one, stimulus.woken.emplace_back());
  if (take_word(one, "interrupted ")) {
    StepStimulus::Turn& turn = stimulus.woken.emplace_back();
    turn.interrupted = true;
    return take_turn(one, turn);
  }
  uint64_t switch_point = 0;
  if (take_word(one, "at ") && !take_number(one, switch_point)) return false;
  const bool online = take_word(one, "online ");
  if (online || take_word(one, "offline ")) {
    StepStimulus::Vcpu& of = stimulus.vcpus.emplace_back();
    of.online = online;
    of.switch_point = switch_point;
    return take_number(one, of.vm) && take_number(one, of.vcpu) && one.empty();
  }
  StepStimulus::Page& page = stimulus.removed.emplace_back();
  page.switch_point = switch_point;
  if (!take_word(one, "remove ")) return false;
  return take_number(one, page.vm) && take_number(one, page.ipa) && one.empty();
}

}  // namespace

std::optional<sim::WorldSpec> given_world(const std::optional<sim::trace::Header>& header,
                                          const std::string& file) {
  if (!header || header->world.empty()) return std::nullopt;
  nlohmann::json document = nlohmann::json::object();
  document["world"] = nlohmann::json::parse(header->world, nullptr, false);
  const std::string place = file + ": header";
  if (!document["world"].is_object()) throw sim::InputError(place, "\"world\": not an object");
  auto world = sim::scenario::compile_world(sim::scenario::Node{document, place, ""}).spec;
  world.faults.clear();  // what they did stands in the trace
  return world;
}

StepStimulus parse_stimulus(const std::string& text, const std::string& place) {
  StepStimulus stimulus;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string_view one = rest.substr(0, rest.find("; "));
    rest.remove_prefix(std::min(rest.size(), one.size() + 2));
    if (!take_one(one, stimulus)) {
      throw sim::InputError(place, fmt::format("\"stimulus\": \"{}\" is not known", text));
    }
  }
  return stimulus;
}

}  // namespace ffa_trace
