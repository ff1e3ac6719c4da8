// SPDX-License-Identifier: BSD-3-Clause
// Logs of one world that tell calls from answers: the next answer of whoever called is the answer.
#include <fmt/format.h>

#include <map>
#include <string>
#include <utility>

#include "tools/ffa-trace/import/answers.hpp"
#include "tools/ffa-trace/import/pairing.hpp"

namespace ffa_trace {
namespace {

class TaskPairing : public Pairing {
 public:
  TaskPairing(CallLog& log, ImportCounts& counts) : log_(log), counts_(counts) {}

  void take(const Row& row) override {
    const std::string key = !row.task.empty() ? row.task
                            : row.cpu         ? fmt::format("cpu {}", *row.cpu)
                                              : std::string();
    const auto found = open_.find(key);
    const bool waits = found != open_.end();
    bool is_call = row.direction == Direction::call;
    if (row.direction == Direction::unknown) {
      is_call = !(waits && could_answer(found->second.row, row)) && !is_only_answer(row);
    }
    if (is_call) {
      begin(key, row);
    } else if (!waits) {
      ++counts_.orphans;
    } else {
      end(found, row);
    }
  }

  void restart(std::optional<uint16_t> cpu) override {
    std::erase_if(open_, [&](const auto& entry) {
      const Open& open = entry.second;
      if (cpu && open.row.cpu && *open.row.cpu != *cpu) return false;
      if (open.id) log_.give_up(*open.id);
      return true;
    });
  }

 private:
  struct Open {
    std::optional<CallLog::Id> id;  ///< none: a call of another service
    Row row;
  };

  void begin(const std::string& key, const Row& row) {
    if (const auto old = open_.find(key); old != open_.end() && old->second.id) {
      log_.give_up(*old->second.id);
    }
    Open open{.id = {}, .row = row};
    if (is_ffa(row)) {
      open.id = log_.open(row);
    } else {
      ++counts_.others;
    }
    open_.insert_or_assign(key, std::move(open));
    if (open_.size() > 2 * CallLog::window) forget_decided();
  }

  /// Tasks come and go, and some never answer: of calls that are decided nothing is kept.
  void forget_decided() {
    std::erase_if(open_, [&](const auto& entry) {
      return !entry.second.id || !log_.is_open(*entry.second.id);
    });
  }

  void end(std::map<std::string, Open>::iterator found, const Row& row) {
    const Open open = std::move(found->second);
    open_.erase(found);
    if (!open.id) return;
    if (!could_answer(open.row, row) || !log_.answer(*open.id, row)) {
      log_.give_up(*open.id);
      ++counts_.orphans;
    }
  }

  CallLog& log_;
  ImportCounts& counts_;
  std::map<std::string, Open> open_;
};

}  // namespace

std::unique_ptr<Pairing> make_task_pairing(CallLog& log, ImportCounts& counts) {
  return std::make_unique<TaskPairing>(log, counts);
}

std::unique_ptr<Pairing> make_pairing(Pairs pairs, CallLog& log, ImportCounts& counts) {
  if (pairs == Pairs::by_task) return make_task_pairing(log, counts);
  return make_monitor_pairing(pairs, log, counts);
}

}  // namespace ffa_trace
