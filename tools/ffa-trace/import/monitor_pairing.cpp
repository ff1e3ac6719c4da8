// SPDX-License-Identifier: BSD-3-Clause
// Rows at EL3. A forwarded call shows up to four times:
//
//   normal world    EL3             secure world
//     request  ──►  entry row
//                   exit row   ──►  request           stage forwarded
//                   entry row  ◄──  answer            stage answered
//     answer   ◄──  exit row
//
// One that EL3 answers itself has the first and the last row only. A log without exit rows has the
// entry rows; one without CPUs mixes the calls of all.
#include <algorithm>
#include <map>
#include <vector>

#include "tools/ffa-trace/import/answers.hpp"
#include "tools/ffa-trace/import/pairing.hpp"

namespace ffa_trace {
namespace {

enum class Stage : uint8_t { requested, forwarded, answered };

struct Open {
  CallLog::Id id = 0;
  Row in;
  Stage stage = Stage::requested;
  Row out;
};

/// The calls that are open on one CPU, or on all where rows don't name it.
struct Lane {
  std::vector<Open> open;
  Row last;
};

constexpr int no_cpu = -1;
constexpr size_t most_open = 16;

bool is_secure(const Open& open) { return open.in.world == World::secure; }

bool same_registers(const Row& a, const Row& b) { return a.regs == b.regs && a.known == b.known; }

class MonitorPairing : public Pairing {
 public:
  MonitorPairing(Pairs pairs, CallLog& log, ImportCounts& counts)
      : pairs_(pairs), log_(log), counts_(counts) {}

  void take(const Row& row) override {
    Lane& lane = lanes_[row.cpu ? *row.cpu : no_cpu];
    if (pairs_ == Pairs::as_they_come) {
      const bool again = lane.last.known != 0 && lane.last.direction == row.direction &&
                         same_registers(lane.last, row);
      lane.last = row;
      if (again) {
        ++counts_.repeats;
        return;
      }
    }
    if (row.direction == Direction::answer) {
      exits_seen_ = true;
      take_exit(lane, row);
    } else {
      take_entry(lane, row);
    }
  }

  void restart(std::optional<uint16_t> cpu) override {
    for (auto& [key, lane] : lanes_) {
      if (cpu && key != no_cpu && key != *cpu) continue;
      drop(lane, [](const Open&) { return true; });
      lane.last = {};
    }
  }

 private:
  /// True if a call shows at exit, too. Words in front of rows may only look like a direction: a
  /// log that says `smc` of every row has no exits.
  [[nodiscard]] bool has_exits(const Row& row) const {
    const bool by_words =
        pairs_ == Pairs::as_they_come || (pairs_ == Pairs::as_named && row.world == World::unknown);
    return row.direction != Direction::unknown && (!by_words || exits_seen_);
  }

  /// Gives up the calls of a lane that `which` takes.
  template <class Which>
  void drop(Lane& lane, Which which) {
    std::erase_if(lane.open, [&](const Open& open) {
      if (!which(open)) return false;
      if (open.stage != Stage::answered) log_.give_up(open.id);
      return true;
    });
  }

  template <class Which>
  static std::vector<Open*> all(Lane& lane, Which which) {
    std::vector<Open*> found;
    for (Open& open : lane.open) {
      if (which(open)) found.push_back(&open);
    }
    return found;
  }

  static void erase(Lane& lane, const Open* open) {
    lane.open.erase(lane.open.begin() + (open - lane.open.data()));
  }

  /// An answer that no call can be found for, or several: those that it may belong to are given up.
  void unplaced(Lane& lane, const Row& row) {
    ++counts_.orphans;
    drop(lane, [&](const Open& open) {
      return open.stage != Stage::answered && could_answer(open.in, row);
    });
  }

  /// Registers that arrive at EL3.
  void take_entry(Lane& lane, const Row& row) {
    if (row.world != World::normal) {
      const bool exits = has_exits(row);
      const auto fitting = all(lane, [&](const Open& open) {
        const bool ready = open.stage == Stage::forwarded || is_version_response(row) ||
                           (!exits && open.stage == Stage::requested);
        return ready && !is_secure(open) && could_answer(open.in, row);
      });
      if (fitting.size() == 1) return answer_at_entry(lane, *fitting.front(), row, exits);
      if (fitting.size() > 1 || is_only_answer(row)) return unplaced(lane, row);
    }
    if (!is_ffa(row)) {
      ++counts_.others;
      return;
    }
    if (is_farewell(row)) {
      Row farewell = row;
      farewell.world = World::secure;
      log_.give_up(log_.open(farewell));
      return;
    }
    if (pairs_ == Pairs::undirected && is_answered_by_spmd(row)) {
      log_.give_up(log_.open(row));
      return;
    }
    begin(lane, row, Stage::requested);
  }

  void answer_at_entry(Lane& lane, Open& open, const Row& row, bool exits) {
    if (is_version(open.in) && is_version_response(row)) {
      if (exits) return;  // what the caller gets is in the exit row
      Row version;        // w3 is what the SPMD hands on in w0; the rest is not in the log
      version.cpu = row.cpu;
      version.set(0, row.regs.w(3));
      (void)log_.answer(open.id, version);
      return erase(lane, &open);
    }
    if (!log_.answer(open.id, row)) ++counts_.orphans;
    if (!exits) return erase(lane, &open);
    open.stage = Stage::answered;
    open.out = row;
  }

  /// Registers that leave EL3.
  void take_exit(Lane& lane, const Row& row) {
    for (Open& open : lane.open) {
      if (row.world != World::secure && open.stage == Stage::answered &&
          same_registers(open.out, row)) {
        return erase(lane, &open);
      }
    }
    for (Open& open : lane.open) {
      if (row.world != World::normal && !is_secure(open) && open.stage == Stage::requested &&
          same_registers(open.in, row)) {
        open.stage = Stage::forwarded;
        return;
      }
    }
    const auto fitting = all(lane, [&](const Open& open) {
      const bool world_fits =
          row.world == World::unknown || is_secure(open) == (row.world == World::secure);
      return world_fits && open.stage == Stage::requested && could_answer(open.in, row);
    });
    if (fitting.size() == 1) {
      if (!log_.answer(fitting.front()->id, row)) ++counts_.orphans;
      return erase(lane, fitting.front());
    }
    const bool request = is_ffa(row) && !is_only_answer(row) && row.world != World::normal;
    const bool at_monitor = pairs_ == Pairs::at_monitor || pairs_ == Pairs::as_named;
    if (fitting.empty() && request && at_monitor) {
      // The row of its arrival is missing, but this one has the same registers.
      Row in = row;
      in.world = row.world == World::secure ? World::normal : World::unknown;
      return begin(lane, in, Stage::forwarded);
    }
    unplaced(lane, row);
  }

  void begin(Lane& lane, const Row& row, Stage stage) {
    if (row.cpu) {
      const bool secure = row.world == World::secure;
      drop(lane, [&](const Open& open) { return is_secure(open) == secure; });
    } else if (lane.open.size() >= most_open) {
      const CallLog::Id oldest = lane.open.front().id;
      drop(lane, [&](const Open& open) { return open.id == oldest; });
    }
    lane.open.push_back({.id = log_.open(row), .in = row, .stage = stage, .out = {}});
  }

  Pairs pairs_;
  CallLog& log_;
  ImportCounts& counts_;
  bool exits_seen_ = false;
  std::map<int, Lane> lanes_;
};

}  // namespace

std::unique_ptr<Pairing> make_monitor_pairing(Pairs pairs, CallLog& log, ImportCounts& counts) {
  return std::make_unique<MonitorPairing>(pairs, log, counts);
}

}  // namespace ffa_trace
