// SPDX-License-Identifier: BSD-3-Clause
// Single changed bits in captures, and replays that share what comes before them: when the replay
// reads the record that is to change, the process forks, and each child goes on with its own
// change.
#pragma once

#include <fmt/format.h>
#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sim/engine/input_error.hpp"
#include "sim/sched/sanitizers.hpp"
#include "tools/ffa-trace/event_source.hpp"
#include "tools/ffa-trace/replay/replayer.hpp"

namespace test {

/// A bit to flip, and a name for it. `event`: index in the capture.
struct Flip {
  size_t event;
  std::string name;
  std::function<void(sim::trace::Event&)> apply;
};

// Every so many-th field is tried: in the night each, with sanitizers, which make a replay thirty
// times slower, few.
#if defined(FFASIM_NIGHTLY)
inline constexpr size_t flip_stride = 1;
#elif defined(FFASIM_ASAN)
inline constexpr size_t flip_stride = 241;
#else
inline constexpr size_t flip_stride = 4;
#endif
inline constexpr bool few_flips = flip_stride > 4;

/// Another bit for each field, so that over a capture every position has its turn.
inline unsigned bit_of(size_t event, size_t field, unsigned bits) {
  return static_cast<unsigned>((event * 7 + field * 11) % bits);
}

inline Flip flip_register(size_t event, const char* name, ffa::Regs sim::trace::Event::* regs,
                          size_t reg) {
  const unsigned bit = bit_of(event, reg, 64);
  return {event, fmt::format("{}.x{} bit {}", name, reg, bit),
          [=](sim::trace::Event& e) { (e.*regs).x[reg] ^= uint64_t{1} << bit; }};
}

/// One bit of the `size` bytes at `at`.
inline Flip flip_bytes(size_t event, const char* name, size_t at, size_t size,
                       std::vector<uint8_t> sim::trace::Event::* bytes) {
  const unsigned bit = bit_of(event, at, static_cast<unsigned>(8 * size));
  const size_t byte = at + bit / 8;
  return {event, fmt::format("{}[{}] bit {}", name, byte, bit % 8), [=](sim::trace::Event& e) {
            (e.*bytes)[byte] = static_cast<uint8_t>((e.*bytes)[byte] ^ (1U << bit % 8));
          }};
}

/// Where the fields of a descriptor towards an SPMC of 1.1 or later begin: `size` bytes, the last
/// field ends there. [DEN0140 §1.11]
inline std::vector<size_t> fields_of_descriptor(const std::vector<uint8_t>& bytes) {
  std::vector<size_t> at = {0, 2, 4, 8, 16, 24, 28, 32, 36};
  const auto word = [&bytes](size_t from) {
    return bytes[from] | bytes[from + 1] << 8 | static_cast<uint32_t>(bytes[from + 2]) << 16;
  };
  const size_t entry = word(24);
  size_t place = 48;
  for (size_t n = 0; n < word(28); ++n, place += entry) {
    for (const size_t field : {0, 2, 3, 4}) at.push_back(place + field);
    if (entry == 32) at.push_back(place + 8);
    at.push_back(place + entry - 8);
  }
  for (const size_t field : {0, 4, 8}) at.push_back(place + field);
  for (place += 16; place + 16 <= bytes.size(); place += 16) {
    for (const size_t field : {0, 8, 12}) at.push_back(place + field);
  }
  at.push_back(bytes.size());
  return at;
}

/// Gives the events as they are, and to forked children each with one flip. The survey, which reads
/// the source first, sees none.
class ForkingSource : public ffa_trace::EventSource {
 public:
  ForkingSource(const std::vector<sim::trace::Event>& events, const std::vector<Flip>& flips)
      : events_(events) {
    for (const Flip& flip : flips) flips_[flip.event].push_back(&flip);
  }
  [[nodiscard]] std::string name() const override { return "flipped"; }
  [[nodiscard]] const std::optional<sim::trace::Header>& header() const override { return none_; }
  [[nodiscard]] std::string place() const override { return fmt::format("flipped:{}", at_); }
  void rewind() override { at_ = 0; }
  std::optional<sim::trace::Event> next() override {
    if (at_ == events_.size()) {
      surveyed_ = true;
      return std::nullopt;
    }
    sim::trace::Event event = events_[at_];
    const auto flips = flips_.find(at_++);
    if (!surveyed_ || is_child_ || flips == flips_.end()) return event;
    for (const Flip* const flip : flips->second) {
      const pid_t child = fork();
      if (child == 0) {
        is_child_ = true;
        flip->apply(event);
        return event;
      }
      int status = 0;
      const bool found = child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
                         WEXITSTATUS(status) == 0;
      if (!found) missed_.push_back(fmt::format("seq {} {}", event.seq, flip->name));
    }
    return event;
  }

  [[nodiscard]] bool is_child() const { return is_child_; }
  [[nodiscard]] const std::vector<std::string>& missed() const { return missed_; }

 private:
  const std::vector<sim::trace::Event>& events_;
  std::map<size_t, std::vector<const Flip*>> flips_;
  std::optional<sim::trace::Header> none_;
  std::vector<std::string> missed_;
  size_t at_ = 0;
  bool surveyed_ = false;  ///< it was read to its end once
  bool is_child_ = false;
};

/// Replays the events with each flip in turn; a process each. Returns what was not found: neither a
/// divergence, nor another number of explained differences, nor a refusal.
inline std::vector<std::string> not_found(const std::vector<sim::trace::Event>& events,
                                          const std::vector<Flip>& flips,
                                          const ffa_trace::ReplaySettings& settings) {
  malloc_trim(0);  // what is not there need not be copied by each fork
  ForkingSource source(events, flips);
  const auto factory = sim::built_in_mediator();
  const auto explained = [&] {
    const auto untouched = ffa_trace::vector_source("untouched", events);
    return ffa_trace::replay_trace(*untouched, *factory, settings).counts.explained;
  }();
  bool found = true;
  try {
    const auto result = ffa_trace::replay_trace(source, *factory, settings);
    found = result.counts.divergences != 0 || result.counts.explained != explained;
  } catch (const sim::InputError&) {
    found = true;
  }
  if (source.is_child()) _exit(found ? 0 : 1);
  return source.missed();
}

}  // namespace test
