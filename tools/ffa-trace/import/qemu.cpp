// SPDX-License-Identifier: BSD-3-Clause
// QEMU's -d int,cpu with one instruction a block: the registers before the SMC or HVC, the
// exception that it takes, and the registers when the next instruction is reached. A return is
// known by its address and by the registers that a call preserves (SP, x19-x30).
#include <fmt/format.h>

#include <array>
#include <map>
#include <set>
#include <utility>

#include "tools/ffa-trace/import/call_log.hpp"
#include "tools/ffa-trace/import/format.hpp"
#include "tools/ffa-trace/import/text.hpp"

namespace ffa_trace {
namespace {

constexpr unsigned program_counter = 32;
constexpr unsigned stack_pointer = 31;

/// x0-x30, SP, PC of one dump.
struct Dump {
  std::array<uint64_t, 33> values{};
  uint64_t seen = 0;
  [[nodiscard]] bool complete() const { return seen == (uint64_t{1} << 33) - 1; }
  [[nodiscard]] uint64_t pc() const { return values[program_counter]; }
};

std::optional<unsigned> register_name(std::string_view name) {
  if (name == "PC") return program_counter;
  if (name == "SP") return stack_pointer;
  Cursor at(name);
  if (!at.skip("X")) return {};
  const auto n = at.decimal();
  if (!n || *n > 30 || !at.at_end()) return {};
  return static_cast<unsigned>(*n);
}

/// `X02=0000000000000000 X03=…`; false for anything else.
bool take_values(std::string_view text, Dump& dump) {
  Cursor at(text);
  for (at.skip_blanks(); !at.at_end(); at.skip_blanks()) {
    const std::string_view word = at.word();
    const size_t equals = word.find('=');
    if (equals == std::string_view::npos) return false;
    const auto n = register_name(word.substr(0, equals));
    Cursor value(word.substr(equals + 1));
    const bool long_enough = value.rest().size() == 16;
    const auto number = value.hex();
    if (!n || !number || !long_enough || (dump.seen >> *n & 1U) != 0) return false;
    dump.values[*n] = *number;
    dump.seen |= uint64_t{1} << *n;
  }
  return true;
}

/// Who waits for the answer: the return address and what the caller keeps across the call.
std::string waiter(const Dump& dump, uint64_t address) {
  std::string key = fmt::format("{:x} {:x}", address, dump.values[stack_pointer]);
  for (unsigned n = 19; n <= 30; ++n) key += fmt::format(" {:x}", dump.values[n]);
  return key;
}

Row row_of(const Dump& dump, Direction direction) {
  Row row;
  row.direction = direction;
  for (unsigned n = 0; n < row.regs.x.size(); ++n) row.set(n, dump.values[n]);
  return row;
}

class Qemu : public Format {
 public:
  Reading take(const LogLine& line) override {
    Cursor at(line.text);
    at.skip_blanks();
    const std::string_view text = at.rest();
    if (text.starts_with("PC=")) return begin_dump(text);
    if (text.starts_with("PSTATE=")) return end_dump();
    if (text.starts_with("SP=") || (text.starts_with("X") && text.find('=') == 3)) {
      return more_of_dump(text);
    }
    if (text.find("Taking exception ") != std::string_view::npos) return exception(text);
    if (text.find("with ELR ") != std::string_view::npos) return return_address(text);
    if (state_ == State::inside) return give_up();
    return {};
  }

  /// The log may end inside the dump that has the last answer.
  Reading finish() override {
    if (state_ != State::inside) return {};
    constexpr uint64_t first_eight = 0xff;
    const auto waits = waiting_.find(dump_.pc());
    const bool certain = waits != waiting_.end() && waits->second.size() == 1;
    if (!certain || (dump_.seen & first_eight) != first_eight) return Reading::broken();
    Row row;
    row.direction = Direction::answer;
    row.task = *waits->second.begin();
    for (unsigned n = 0; n < row.regs.x.size(); ++n) {
      if ((dump_.seen >> n & 1U) != 0) row.set(n, dump_.values[n]);
    }
    return Reading::of(std::move(row));
  }

 private:
  enum class State : uint8_t { outside, inside, damaged };

  Reading begin_dump(std::string_view text) {
    const bool cut = state_ == State::inside;
    dump_ = {};
    last_.reset();
    state_ = State::inside;
    if (!take_values(text, dump_)) return give_up();
    return cut ? Reading::broken() : Reading{};
  }

  Reading more_of_dump(std::string_view text) {
    if (state_ == State::damaged) return {};
    if (state_ == State::outside || !take_values(text, dump_)) return give_up();
    return {};
  }

  Reading end_dump() {
    const State state = std::exchange(state_, State::outside);
    if (state == State::damaged) return {};
    if (state == State::outside || !dump_.complete()) {
      (void)give_up();
      state_ = State::outside;
      return Reading::broken();
    }
    last_ = dump_;
    const auto waits = waiting_.find(dump_.pc());
    if (waits == waiting_.end()) return {};
    Row row = row_of(dump_, Direction::answer);
    row.task = waiter(dump_, dump_.pc());
    waiters_ -= waits->second.erase(row.task);
    return Reading::of(std::move(row));
  }

  void forget_waiters() {
    if (waiting_.size() == CallLog::window) waiting_.clear();
    for (auto& [address, waiters] : waiting_) waiters.clear();
    waiters_ = 0;
  }

  /// The dump can't be read: what follows of it is skipped.
  Reading give_up() {
    state_ = State::damaged;
    forget_waiters();
    last_.reset();
    return Reading::broken();
  }

  /// `Taking exception 13 [Secure Monitor Call] on CPU 0`
  Reading exception(std::string_view text) {
    const bool cut = std::exchange(state_, State::outside) == State::inside;
    conduit_.clear();
    if (text.find("[Secure Monitor Call]") != std::string_view::npos) conduit_ = "smc";
    if (text.find("[Hypervisor Call]") != std::string_view::npos) conduit_ = "hvc";
    static constexpr std::string_view on_cpu = " on CPU ";
    const size_t found = text.find(on_cpu);
    cpu_.reset();
    if (found != std::string_view::npos) {
      cpu_ = cpu_number(Cursor(text.substr(found + on_cpu.size())).decimal());
    }
    return cut ? Reading::broken() : Reading{};
  }

  /// `...with ELR 0xffff80008001b094`: the call of the dump before it, if it is the SMC's.
  Reading return_address(std::string_view text) {
    if (conduit_.empty() || !last_) return {};
    static constexpr std::string_view mark = "with ELR ";
    Cursor at(text.substr(text.find(mark) + mark.size()));
    const auto address = at.hex();
    if (!address || !at.at_end()) return Reading::broken();
    if (*address != last_->pc() + 4) return {};
    Row row = row_of(*last_, Direction::call);
    row.cpu = cpu_;
    row.conduit = conduit_;
    row.task = waiter(*last_, *address);
    if (waiters_ == CallLog::window || waiting_.size() == CallLog::window) forget_waiters();
    waiters_ += waiting_[*address].insert(row.task).second ? 1 : 0;
    last_.reset();
    conduit_.clear();
    return Reading::of(std::move(row));
  }

  State state_ = State::outside;
  Dump dump_;
  std::optional<Dump> last_;  ///< the dump before the exception
  std::optional<uint16_t> cpu_;
  std::string conduit_;  ///< of the exception that is being told, if it is a call
  std::map<uint64_t, std::set<std::string>> waiting_;  ///< by the address that a call returns to
  size_t waiters_ = 0;
};

}  // namespace

std::unique_ptr<Format> make_qemu() { return std::make_unique<Qemu>(); }

}  // namespace ffa_trace
