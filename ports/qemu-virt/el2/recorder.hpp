// SPDX-License-Identifier: BSD-3-Clause
// The record of the run: events with their registers and buffer bytes, steps, dumps. What an event
// holds is what the simulator's recorder puts there, so that the trace hash can be the same.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "ffa/regs.hpp"
#include "guest/record.hpp"
#include "mediator/platform.hpp"

namespace ports::qemu {

enum class Side : uint64_t { guest = 0, spmc = 1, lifecycle = 2, irq = 3 };

/// How an event begins.
struct EventBegin {
  Side side = Side::guest;
  uint16_t vm = 0;
  uint16_t vcpu = 0;
  uint16_t pcpu = 0;
  uint64_t conduit = 0;  ///< 0 none, 1 smc, 2 hvc
  std::string_view op{};
  ffa::Regs in{};
};

/// How it ends.
struct EventEnd {
  ffa::Regs out{};
  int64_t result = 0;
  const mediator::RuleTrace* rules = nullptr;
};

class Recorder {
 public:
  explicit Recorder(std::span<std::byte> room) : writer_(room) {}

  /// The names of the mediator's rules; first of all.
  void rules();
  /// `copy_tx` fills the bytes of TX that the event holds, `tx_bytes` of them.
  template <class Copy>
  uint64_t begin(const EventBegin& event, size_t tx_bytes, Copy copy_tx) {
    begin_fields(event);
    copy_tx(writer_.reserve(tx_bytes));
    writer_.end();
    return events_++;
  }
  uint64_t begin(const EventBegin& event) {
    return begin(event, 0, [](std::span<std::byte>) {});
  }
  template <class Copy>
  void end(uint64_t event, const EventEnd& end, size_t rx_bytes, Copy copy_rx) {
    writer_.begin(guest::RecordTag::event_end);
    writer_.word(event);
    writer_.regs(end.out);
    copy_rx(writer_.reserve(rx_bytes));
    end_fields(end);
  }
  void end(uint64_t event, const EventEnd& how) {
    end(event, how, 0, [](std::span<std::byte>) {});
  }

  /// What is read of an event's TX behind what it holds; `copy` fills the bytes.
  template <class Copy>
  void tx_read(uint64_t event, size_t bytes, Copy copy) {
    writer_.begin(guest::RecordTag::tx_read);
    writer_.word(event);
    copy(writer_.reserve(bytes));
    writer_.end();
  }
  void words(guest::RecordTag tag, std::initializer_list<uint64_t> words);
  void step_end(uint32_t step, std::span<const uint64_t> slots);
  void step_result(uint32_t step, std::string_view text);
  void log(uint64_t level, std::string_view text);
  /// Something that must never happen and did; begins with "I05: " where an invariant is broken.
  void violation(std::string_view text);
  /// Ends the machine if the record has no room left.
  guest::RecordWriter& writer() { return writer_; }

 private:
  void begin_fields(const EventBegin& event);
  void end_fields(const EventEnd& end);

  guest::RecordWriter writer_;
  uint64_t events_ = 0;
};

}  // namespace ports::qemu
