// SPDX-License-Identifier: BSD-3-Clause
#include "ports/qemu-virt/el2/recorder.hpp"

#include "mediator/rules.hpp"

namespace ports::qemu {

using guest::RecordTag;

void Recorder::rules() {
  constexpr auto count = static_cast<size_t>(mediator::Rule::count);
  writer_.begin(RecordTag::rules);
  writer_.word(count);
  for (size_t n = 0; n < count; ++n) {
    writer_.text(mediator::rule_info(static_cast<mediator::Rule>(n)).id);
  }
  writer_.end();
}

void Recorder::begin_fields(const EventBegin& event) {
  writer_.begin(RecordTag::event_begin);
  writer_.word(static_cast<uint64_t>(event.side));
  writer_.word(event.vm);
  writer_.word(event.vcpu);
  writer_.word(event.pcpu);
  writer_.word(event.conduit);
  writer_.text(event.op);
  writer_.regs(event.in);
}

void Recorder::end_fields(const EventEnd& end) {
  const mediator::RuleTrace none;
  const mediator::RuleTrace& rules = end.rules == nullptr ? none : *end.rules;
  writer_.word(static_cast<uint64_t>(rules.rejected()));
  writer_.word(rules.accepted_words().size());
  for (const uint64_t word : rules.accepted_words()) writer_.word(word);
  writer_.word(static_cast<uint64_t>(end.result));
  writer_.end();
}

void Recorder::words(RecordTag tag, std::initializer_list<uint64_t> words) {
  writer_.begin(tag);
  for (const uint64_t word : words) writer_.word(word);
  writer_.end();
}

void Recorder::step_end(uint32_t step, std::span<const uint64_t> slots) {
  writer_.begin(RecordTag::step_end);
  writer_.word(step);
  writer_.word(slots.size());
  for (const uint64_t slot : slots) writer_.word(slot);
  writer_.end();
}

void Recorder::step_result(uint32_t step, std::string_view text) {
  writer_.begin(RecordTag::step_result);
  writer_.word(step);
  writer_.text(text);
  writer_.end();
}

void Recorder::log(uint64_t level, std::string_view text) {
  writer_.begin(RecordTag::log);
  writer_.word(level);
  writer_.text(text);
  writer_.end();
}

void Recorder::violation(std::string_view text) {
  writer_.begin(RecordTag::violation);
  writer_.text(text);
  writer_.end();
}

}  // namespace ports::qemu
