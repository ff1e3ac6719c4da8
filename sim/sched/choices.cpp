// SPDX-License-Identifier: BSD-3-Clause
#include "sim/sched/choices.hpp"

#include <fmt/format.h>

#include <charconv>
#include <map>
#include <string_view>
#include <utility>

#include "sim/engine/input_error.hpp"

namespace sim {

namespace {

LastChoices* last_choices = nullptr;

/// The memory of a log that nobody needs any more: each schedule has one, of about the same size.
thread_local std::vector<Choice> spare_log;

/// What is being put behind a text in memory of fixed size.
class Appended {
 public:
  explicit Appended(LastChoices& last) : last_(last), end_(last.text + last.length) {}
  void add(std::string_view text) {
    cut_ = cut_ || text.size() > room();
    if (!cut_) end_ += text.copy(end_, text.size());
  }
  void add(uint64_t number) {
    const auto [stop, error] = std::to_chars(end_, end_ + room(), number);
    cut_ = cut_ || error != std::errc{};
    if (!cut_) end_ = stop;
  }
  /// All of it, or nothing.
  void commit() {
    if (cut_) {
      last_.cut = true;
    } else {
      last_.length = static_cast<uint32_t>(end_ - last_.text);
    }
  }

 private:
  [[nodiscard]] size_t room() const {
    return static_cast<size_t>(last_.text + sizeof last_.text - end_);
  }

  LastChoices& last_;
  char* end_;
  bool cut_ = false;
};

}  // namespace

void keep_last_choices(LastChoices& last) { last_choices = &last; }

void keep_last_run(std::string_view which) {
  if (last_choices == nullptr) return;
  const size_t length = which.copy(last_choices->run, sizeof last_choices->run - 1);
  last_choices->run[length] = '\0';
}

Choices::Choices(std::unique_ptr<ChoiceSource> source, bool keep_log)
    : source_(std::move(source)),
      keep_log_(keep_log),
      watched_(source_->watches()),
      log_(std::exchange(spare_log, {})) {
  log_.clear();
  if (!keep_log_ || last_choices == nullptr) return;
  last_choices->decisions = 0;
  last_choices->length = 0;
  last_choices->preemptions = 0;
  last_choices->cut = false;
}

Choices::~Choices() {
  if (log_.capacity() > spare_log.capacity()) spare_log.swap(log_);
}

void Choices::keep(const Choice& choice) {
  if (!keep_log_) return;
  log_.push_back(choice);
  if (last_choices == nullptr) return;
  LastChoices& last = *last_choices;
  last.decisions = log_.size();
  if (choice.taken == 0) return;
  last.preemptions = preemptions_;
  if (last.cut) return;
  Appended text{last};
  if (last.length != 0) text.add(",");
  text.add(log_.size() - 1);
  text.add(":");
  text.add(choice.label);
  text.add("=");
  text.add(choice.taken);
  text.commit();
}

uint32_t Choices::choose(uint32_t n, const char* label) {
  if (n <= 1) return 0;
  ++decisions_;
  const uint32_t taken = source_->choose(n, label);
  keep({n, taken, label});
  return taken;
}

uint32_t Choices::schedule(const SchedulePoint& point) {
  const auto n = static_cast<uint32_t>(point.tasks.size());
  if (n <= 1) return 0;
  ++decisions_;
  const uint32_t taken = source_->schedule(point);
  if (taken != 0 && point.running) ++preemptions_;
  keep({n, taken, schedule_label});
  return taken;
}

std::string Choices::to_text() const {
  std::string text;
  for (size_t at = 0; at < log_.size(); ++at) {
    if (log_[at].taken == 0) continue;
    text += fmt::format("{}{}:{}={}", text.empty() ? "" : ",", at, log_[at].label, log_[at].taken);
  }
  return text;
}

namespace {

class Seeded final : public ChoiceSource {
 public:
  explicit Seeded(uint64_t seed) : state_(seed) {}

  uint32_t choose(uint32_t n, const char* label) override {
    if (is_fault(label)) return below(seldom) == 0 ? 1 : 0;
    return below(n);
  }

 private:
  /// One operation of so many fails: else no call would ever come far.
  static constexpr uint32_t seldom = 16;

  uint32_t below(uint32_t n) {
    // The upper half of n * random: the bias of at most n / 2^32 is the same everywhere, which is
    // what counts.
    return static_cast<uint32_t>((next() >> 32) * n >> 32);
  }

  // SplitMix64.
  uint64_t next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }

  uint64_t state_;
};

class Recorded final : public ChoiceSource {
 public:
  Recorded(std::string_view text, std::string place) : place_(std::move(place)) {
    while (!text.empty()) {
      const size_t comma = text.find(',');
      parse(text.substr(0, comma));
      text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
      if (comma != std::string_view::npos && text.empty()) fail("ends in a comma");
    }
  }

  uint32_t choose(uint32_t n, const char* label) override {
    const auto found = decisions_.find(position_++);
    if (found == decisions_.end()) return 0;
    const Decision& decision = found->second;
    if (decision.label != label) {
      fail(fmt::format("decision {} is about \"{}\", not \"{}\"", found->first, label,
                       decision.label));
    }
    if (decision.taken >= n) {
      fail(fmt::format("decision {} has {} alternatives, {} is none of them", found->first, n,
                       decision.taken));
    }
    return decision.taken;
  }

  void check_all_asked() const override {
    for (auto left = decisions_.lower_bound(position_); left != decisions_.end(); ++left) {
      if (left->second.taken == 0) continue;
      fail(fmt::format("decision {} is never reached: the run had {}", left->first, position_));
    }
  }

 private:
  struct Decision {
    std::string label;
    uint32_t taken;
  };

  [[noreturn]] void fail(const std::string& reason) const {
    throw InputError(place_, "choices: " + reason);
  }

  template <class Number>
  Number number(std::string_view digits, std::string_view entry) const {
    Number value{};
    const char* const end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, value);
    if (error != std::errc{} || stop != end || digits.empty()) {
      fail(fmt::format("\"{}\" is not position:label=number", entry));
    }
    return value;
  }

  void parse(std::string_view entry) {
    const size_t colon = entry.find(':');
    const size_t equals = entry.rfind('=');
    if (colon == std::string_view::npos || equals == std::string_view::npos ||
        equals <= colon + 1) {
      fail(fmt::format("\"{}\" is not position:label=number", entry));
    }
    const auto position = number<uint64_t>(entry.substr(0, colon), entry);
    const auto taken = number<uint32_t>(entry.substr(equals + 1), entry);
    const std::string label{entry.substr(colon + 1, equals - colon - 1)};
    if (!decisions_.emplace(position, Decision{label, taken}).second) {
      fail(fmt::format("position {} stands twice", position));
    }
  }

  std::string place_;
  std::map<uint64_t, Decision> decisions_;
  uint64_t position_ = 0;
};

}  // namespace

std::unique_ptr<ChoiceSource> seeded_choices(uint64_t seed) {
  return std::make_unique<Seeded>(seed);
}

std::unique_ptr<ChoiceSource> recorded_choices(const std::string& text, const std::string& place) {
  return std::make_unique<Recorded>(text, place);
}

}  // namespace sim
