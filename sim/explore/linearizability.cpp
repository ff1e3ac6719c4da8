// SPDX-License-Identifier: BSD-3-Clause
#include "sim/explore/linearizability.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ffa/reply.hpp"

namespace sim::explore {
namespace {

/// A history of so many calls that this does not do has no place in an exploration.
constexpr uint64_t max_orders = 2000;
/// The SPMC may refuse so often what the mediator then asks again.
constexpr uint32_t max_laters = 1000;

scenario::CompiledCase without_coverage(scenario::CompiledCase compiled) {
  compiled.world.coverage.reset();
  return compiled;
}

}  // namespace

/// Has the calls made one by one, in an order that it goes on with from where the last one was
/// left.
class Linearizability::OneByOne final : public CallWatch {
 public:
  explicit OneByOne(const History& wanted) : wanted_(wanted) {}

  /// A new search.
  void clear(bool splits) {
    splits_ = splits;
    levels_.clear();
    nearest_.clear();
    farthest_ = 0;
  }
  /// Before each order.
  void begin() {
    agenda_.emplace(wanted_, splits_);
    names_.clear();
    depth_ = 0;
    alone_ = 0;
    phase_ = 0;
    laters_ = 0;
    left_ = false;
    made_.clear();
    choose();
  }
  /// After it. True: it explains the history.
  bool explains(const RunRecord& record) {
    if (record.no_progress || record.stopped) leave("the calls don't come to an end");
    if (!left_ && !agenda_->over()) leave("there are fewer calls");
    return !left_;
  }
  /// The next order; false: there is none.
  bool next_order() {
    while (!levels_.empty() && ++levels_.back().taken == levels_.back().options.size()) {
      levels_.pop_back();
    }
    return !levels_.empty();
  }
  [[nodiscard]] Order order() const {
    Order order{splits_, {}};
    for (const Level& level : levels_) order.turns.push_back(level.options[level.taken]);
    return order;
  }
  /// Where the order that came farthest was left, in words.
  [[nodiscard]] const std::string& nearest() const { return nearest_; }

  void phase_begins(Simulation& simulation, size_t /*threads*/) override {
    simulation_ = &simulation;
  }
  void guest_goes_on(size_t thread) override {
    if (left_) return;
    const HistoryEntry* const next = agenda_->next(thread);
    // No call follows: it does nothing that anybody answers.
    if (next == nullptr && !splits_) return;
    wait_for_turn(thread);
    if (left_ || !splits_) return;
    if (!next->between_calls) return leave("a vCPU makes fewer calls");
    finish(thread);
  }
  std::optional<ffa::Regs> call_begins(const WatchedCall& call) override {
    if (left_) return {};
    const HistoryEntry* const entry = next_of(call.thread);
    if (entry == nullptr || entry->between_calls || entry->call.in.x[0] != call.in.x[0]) {
      leave("there are other calls");
      return {};
    }
    if (call.thread == WatchedCall::none) return {};
    wait_for_turn(call.thread);
    if (left_ || turn().done != Done::not_made) return {};
    finish(call.thread);
    return entry->out;
  }
  void call_ends(size_t thread, const WatchedAnswer& answer) override {
    if (left_) return;
    // Nobody else has begun anything: so it will be told again and again.
    if (answer.later && ++laters_ == max_laters) leave("the host is told to wait for nobody");
    if (answer.later) return;
    laters_ = 0;
    const HistoryEntry& entry = *next_of(thread);
    const bool alone = thread == WatchedCall::none;
    const uint64_t number = (alone ? alone_ : agenda_->number(thread)) + 1;
    HistoryEntry now = entry;
    now.answer = names_.digest(entry.call, number, answer);
    if (answer.event != nullptr) now.out = answer.event->out;
    const bool otherwise = !alone && turn().done == Done::refused_otherwise &&
                           answer.event != nullptr && ffa::is_error(now.out);
    if ((!agree(now.answer, entry.answer) && !otherwise) || entry.end == 0) {
      now.text = answer.text;
      now.end = 1;
      return leave(told_otherwise(entry, now));
    }
    if (alone) {
      ++alone_;
    } else {
      finish(thread);
    }
  }
  void call_waits(size_t thread) override {
    if (left_) return;
    levels_[depth_ - 1].options[levels_[depth_ - 1].taken].waits = true;
    agenda_->wait(thread);
    choose();
  }
  void call_goes_on(size_t thread) override {
    if (!left_) wait_for_turn(thread);
  }
  void phase_ends(Simulation& simulation) override {
    if (left_) return;
    const WorldState& then = wanted_.phases().at(phase_++).end;
    const WorldState now = state_of(simulation);
    for (size_t n = 0; n < now.size(); ++n) {
      if (now[n] == then.at(n)) continue;
      return leave(fmt::format("at the end {} differs", name_of(now[n])));
    }
  }

 private:
  struct Level {
    std::vector<Turn> options;
    size_t taken = 0;
  };

  static std::string told_otherwise(const HistoryEntry& then, const HistoryEntry& now) {
    const std::string was = answer_text(then);
    const std::string is = answer_text(now);
    if (was != is) {
      return fmt::format("{} answers {} instead of {}", who_does_what(then), is, was);
    }
    for (size_t n = 0; n < then.out.x.size(); ++n) {
      if (then.out.x[n] == now.out.x[n]) continue;
      return fmt::format("{} answers {} with x{} {:#x} instead of {:#x}", who_does_what(then), is,
                         n, now.out.x[n], then.out.x[n]);
    }
    return fmt::format("{} answers {} with other bytes in RX", who_does_what(then), is);
  }

  const HistoryEntry* next_of(size_t thread) const {
    if (thread != WatchedCall::none) return agenda_->next(thread);
    const auto& alone = wanted_.alone();
    return alone_ == alone.size() ? nullptr : &wanted_.entries()[alone[alone_]];
  }

  const Turn& turn() const { return levels_[depth_ - 1].options[levels_[depth_ - 1].taken]; }

  void wait_for_turn(size_t thread) {
    simulation_->wait_until([this, thread] { return left_ || turn_ == thread; });
  }

  void finish(size_t thread) {
    made_.push_back(agenda_->next(thread));
    agenda_->finish(thread);
    choose();
  }

  void choose() {
    turn_ = WatchedCall::none;
    if (depth_ == levels_.size()) {
      Level level{agenda_->options()};
      if (level.options.empty()) return;
      levels_.push_back(std::move(level));
    }
    ++depth_;
    turn_ = turn().thread;
  }

  /// The order is none; all go on as they like to the end of the run.
  void leave(const std::string& why) {
    left_ = true;
    levels_.resize(std::min(levels_.size(), depth_));
    if (depth_ + phase_ < farthest_ || (depth_ + phase_ == farthest_ && !nearest_.empty())) return;
    farthest_ = depth_ + phase_;
    nearest_.clear();
    for (const HistoryEntry* entry : made_) {
      if (!entry->between_calls) nearest_ += who_does_what(*entry) + ", ";
    }
    nearest_ += why;
  }

  const History& wanted_;
  bool splits_ = false;
  std::vector<Level> levels_;
  std::string nearest_;
  size_t farthest_ = 0;

  std::optional<Agenda> agenda_;
  HandleNames names_;
  Simulation* simulation_ = nullptr;
  std::vector<const HistoryEntry*> made_;
  size_t depth_ = 0;
  size_t alone_ = 0;
  size_t phase_ = 0;
  size_t turn_ = WatchedCall::none;
  uint32_t laters_ = 0;
  bool left_ = false;
};

Linearizability::Linearizability(const scenario::CompiledCase& compiled, MediatorFactory& factory)
    : compiled_(without_coverage(compiled)),
      one_by_one_(std::make_unique<OneByOne>(history_)),
      world_(compiled_, factory, CaseWorld::Keeps::second_run, one_by_one_.get()) {}

Linearizability::~Linearizability() = default;

bool Linearizability::is_known() const {
  const auto known = known_.find(history_.outcome());
  if (known == known_.end()) return false;
  return std::any_of(known->second.begin(), known->second.end(),
                     [this](const Order& order) { return agrees(order, history_); });
}

Linearizability::Verdict Linearizability::search(bool splits) {
  one_by_one_->clear(splits);
  uint64_t orders = 0;
  do {
    one_by_one_->begin();
    Choices choices{recorded_choices("", "one by one")};
    const RunRecord& record = world_.run(choices);
    ++orders;
    ++orders_run_;
    if (one_by_one_->explains(record)) {
      known_[history_.outcome()].push_back(one_by_one_->order());
      return Verdict::explained;
    }
    if (!one_by_one_->next_order()) return Verdict::unexplained;
  } while (orders < max_orders);
  return Verdict::undecided;
}

std::optional<Violation> Linearizability::judge() {
  undecided_ = false;
  if (history_.phases().empty() || is_known()) return {};
  Verdict verdict = search(false);
  const std::string nearest = one_by_one_->nearest();
  if (verdict == Verdict::unexplained) verdict = search(true);
  undecided_ = verdict == Verdict::undecided;
  if (verdict != Verdict::unexplained) return {};
  std::string text = "no order of these calls, one by one, gives what they gave at once:";
  for (const HistoryEntry& entry : history_.entries()) {
    if (entry.between_calls || entry.call.thread == WatchedCall::none) continue;
    text += fmt::format(" {}: {};", who_does_what(entry), answer_text(entry));
  }
  text += fmt::format(" the nearest: {}", nearest);
  return Violation{"I32", std::move(text), 0};
}

}  // namespace sim::explore
