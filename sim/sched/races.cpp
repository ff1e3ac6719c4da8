// SPDX-License-Identifier: BSD-3-Clause
#include "sim/sched/races.hpp"

#include <algorithm>

namespace sim {

void Races::clear() {
  active_ = false;
  tasks_.clear();
  objects_.clear();
  bytes_.clear();
}

Races::Clock& Races::clock(size_t task) {
  if (tasks_.size() <= task) tasks_.resize(task + 1);
  Clock& mine = tasks_[task];
  if (mine.size() <= task) mine.resize(task + 1);
  if (mine[task] == 0) mine[task] = 1;
  return mine;
}

void Races::join(Clock& into, const Clock& from) {
  if (into.size() < from.size()) into.resize(from.size());
  for (size_t n = 0; n < from.size(); ++n) into[n] = std::max(into[n], from[n]);
}

void Races::order(size_t task, const Operation& operation) {
  using enum OperationKind;
  const OperationKind kind = operation.kind;
  if (kind != lock_acquire && kind != lock_release && kind != atomic && kind != interrupt &&
      kind != life) {
    return;
  }
  Clock& mine = clock(task);
  Clock& object = objects_[operation.object << 4 | static_cast<uint64_t>(space_of(kind))];
  if (kind != lock_release) join(mine, object);
  if (kind == lock_acquire) return;
  join(object, mine);
  ++mine[task];
}

std::optional<Races::Other> Races::access(size_t task, const Access& access) {
  active_ = true;
  const Clock& mine = clock(task);
  const auto seen = [&mine](size_t other, const Done& done) {
    return done.when == 0 || (other < mine.size() && mine[other] >= done.when);
  };
  Byte& byte = bytes_[access.at];
  std::optional<Other> other;
  if (byte.writer != none && byte.writer != task && !seen(byte.writer, byte.written)) {
    other = Other{byte.writer, true, byte.written.code};
  }
  for (size_t n = 0; access.write && n < byte.reads.size(); ++n) {
    if (n != task && !seen(n, byte.reads[n])) other = Other{n, false, byte.reads[n].code};
  }
  const Done now{mine[task], access.code};
  if (access.write) {
    byte.writer = task;
    byte.written = now;
    byte.reads.clear();
  } else {
    if (byte.reads.size() <= task) byte.reads.resize(task + 1);
    byte.reads[task] = now;
  }
  if (byte.told) return std::nullopt;
  byte.told = other.has_value();
  return other;
}

}  // namespace sim
