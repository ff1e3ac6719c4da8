// SPDX-License-Identifier: BSD-3-Clause
#include "sim/explore/agenda.hpp"

#include <algorithm>

#include "sim/explore/excuses.hpp"

namespace sim::explore {

Agenda::Agenda(const History& history, bool splits)
    : history_(history), splits_(splits), places_(history.threads().size()) {
  for (size_t thread = 0; thread < places_.size(); ++thread) skip_between(thread);
}

void Agenda::skip_between(size_t thread) {
  if (splits_) return;
  const std::vector<size_t>& entries = history_.threads()[thread];
  size_t& done = places_[thread].done;
  while (done != entries.size() && history_.entries()[entries[done]].between_calls) ++done;
}

const HistoryEntry* Agenda::next(size_t thread) const {
  const std::vector<size_t>& entries = history_.threads().at(thread);
  const size_t done = places_[thread].done;
  return done == entries.size() ? nullptr : &history_.entries()[entries[done]];
}

void Agenda::finish(size_t thread) {
  places_.at(thread).waits = false;
  ++places_[thread].done;
  skip_between(thread);
}

/// What others have still to do was not over when this began.
bool Agenda::may_begin(size_t thread) const {
  const uint64_t begin = next(thread)->begin;
  for (size_t other = 0; other < places_.size(); ++other) {
    const HistoryEntry* const pending = next(other);
    if (pending == nullptr || other == thread) continue;
    if (pending->end != 0 && pending->end < begin) return false;
  }
  return true;
}

bool Agenda::excusable(const HistoryEntry& entry) const {
  const auto& entries = history_.entries();
  return std::any_of(entries.begin(), entries.end(), [&](const HistoryEntry& other) {
    return &other != &entry && is_excused(entry, other);
  });
}

std::vector<Turn> Agenda::options() const {
  std::vector<Turn> turns;
  for (size_t thread = 0; thread < places_.size(); ++thread) {
    const HistoryEntry* const entry = next(thread);
    if (entry == nullptr) continue;
    // A call that never returned has no end to be brought to.
    if (places_[thread].waits ? entry->end != 0 : may_begin(thread)) turns.push_back({thread});
  }
  std::sort(turns.begin(), turns.end(), [this](const Turn& one, const Turn& other) {
    // 0, no end, is behind all others.
    const uint64_t ends = next(one.thread)->end - 1;
    const uint64_t other_ends = next(other.thread)->end - 1;
    return ends != other_ends ? ends < other_ends : one.thread < other.thread;
  });
  const size_t made = turns.size();
  for (size_t n = 0; n < made; ++n) {
    const size_t thread = turns[n].thread;
    if (places_[thread].waits || !excusable(*next(thread))) continue;
    turns.push_back({thread, Done::not_made});
    turns.push_back({thread, Done::refused_otherwise});
  }
  return turns;
}

bool Agenda::over() const {
  for (size_t thread = 0; thread < places_.size(); ++thread) {
    const HistoryEntry* const entry = next(thread);
    if (entry == nullptr) continue;
    if (entry->end != 0 || !places_[thread].waits) return false;
  }
  return true;
}

bool agrees(const Order& order, const History& history) {
  Agenda agenda{history, order.splits};
  for (const Turn& turn : order.turns) {
    const std::vector<Turn> options = agenda.options();
    const bool possible = std::any_of(options.begin(), options.end(), [&](const Turn& option) {
      return option.thread == turn.thread && option.done == turn.done;
    });
    if (!possible) return false;
    if (turn.waits) {
      agenda.wait(turn.thread);
    } else {
      agenda.finish(turn.thread);
    }
  }
  return agenda.over();
}

}  // namespace sim::explore
