// SPDX-License-Identifier: BSD-3-Clause
#include "sim/qemu/record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "guest/record.hpp"
#include "guest/words.hpp"
#include "sim/check/trace_check.hpp"
#include "sim/engine/input_error.hpp"
#include "sim/engine/state_facts.hpp"
#include "sim/trace/hasher.hpp"
#include "sim/trace/translations.hpp"

namespace sim::qemu {
namespace {

using guest::RecordTag;

/// Reads numbers; everything that is not as it should be ends in fail().
class Reader {
 public:
  Reader(std::span<const std::byte> bytes, const std::string& file) : bytes_(bytes), file_(file) {}

  [[noreturn]] void fail(const char* reason) const {
    throw InputError(fmt::format("{}:{}", file_, at_), reason);
  }
  [[nodiscard]] size_t at() const { return at_; }
  [[nodiscard]] bool at_end() const { return at_ == bytes_.size(); }

  std::span<const std::byte> take(uint64_t length) {
    if (length > bytes_.size() - at_) fail("cut off");
    const auto taken = bytes_.subspan(at_, length);
    at_ += length;
    return taken;
  }
  uint64_t word() { return guest::word_at(take(guest::word_bytes), 0); }
  template <class T>
  T number(uint64_t largest = std::numeric_limits<T>::max()) {
    const uint64_t value = word();
    if (value > largest) fail("number out of range");
    return static_cast<T>(value);
  }
  /// Length of a list whose elements take at least `element_bytes` each.
  uint64_t count(uint64_t element_bytes) {
    const uint64_t value = word();
    if (value > (bytes_.size() - at_) / element_bytes) fail("list longer than the record");
    return value;
  }
  std::vector<uint8_t> bytes() {
    const auto taken = take(word());
    take((8 - taken.size() % 8) % 8);
    std::vector<uint8_t> out(taken.size());
    std::transform(taken.begin(), taken.end(), out.begin(),
                   [](std::byte byte) { return std::to_integer<uint8_t>(byte); });
    return out;
  }
  std::string text() {
    const auto taken = bytes();
    return {taken.begin(), taken.end()};
  }
  ffa::Regs regs() {
    ffa::Regs regs;
    for (uint64_t& x : regs.x) x = word();
    return regs;
  }

 private:
  std::span<const std::byte> bytes_;
  const std::string& file_;
  size_t at_ = 0;
};

class RecordBuilder {
 public:
  RecordBuilder(std::span<const std::byte> bytes, const std::string& file,
                const scenario::CompiledCase& compiled)
      : in_(bytes, file), compiled_(compiled) {
    record_.steps.resize(compiled.steps.size());
    for (uint32_t n = 0; n < record_.steps.size(); ++n) record_.steps[n].step = n;
  }

  RunRecord build() {
    if (in_.word() != guest::record_magic) in_.fail("no record of a run");
    if (in_.word() != guest::record_version) in_.fail("a record of another version");
    for (bool more = true; more;) {
      const auto tag = static_cast<RecordTag>(in_.word());
      const uint64_t length = in_.word();
      const size_t start = in_.at();
      more = tag != RecordTag::end;
      entry(tag);
      if (in_.at() - start != length) in_.fail("an entry of another length than it says");
    }
    if (!in_.at_end()) in_.fail("bytes behind the end");
    if (open_ != 0) in_.fail("an event that does not end");
    if (record_.fault_fired.size() != compiled_.world.faults.size()) in_.fail("no list of faults");
    record_.hash = trace::trace_hash(record_.events);
    const bool faulted = std::ranges::find(record_.fault_fired, true) != record_.fault_fired.end();
    for (Violation& one : check_trace(compiled_.world, record_.events, faulted)) {
      record_.violations.push_back(std::move(one));
    }
    return std::move(record_);
  }

 private:
  void entry(RecordTag tag) {
    switch (tag) {
      case RecordTag::rules:
        for (uint64_t left = in_.count(8); left != 0; --left) rules_.push_back(in_.text());
        return;
      case RecordTag::event_begin:
        return event_begin();
      case RecordTag::event_end:
        return event_end();
      case RecordTag::step_begin: {
        StepRecord& one = step();
        if (!one.ran) one.first_event = record_.events.size();
        one.ran = true;
        present_ = one.step;
        return;
      }
      case RecordTag::step_end: {
        StepRecord& one = step();
        one.end_event = record_.events.size();
        one.slots.clear();
        for (uint64_t left = in_.count(8); left != 0; --left) one.slots.push_back(in_.word());
        return;
      }
      case RecordTag::step_fault: {
        StepRecord& one = step();
        one.fault_ipa = in_.word();
        return;
      }
      case RecordTag::step_result: {
        StepRecord& one = step();
        one.result = in_.text();
        return;
      }
      default:
        return dump(tag);
    }
  }

  void dump(RecordTag tag) {
    switch (tag) {
      case RecordTag::memory: {
        MemoryDump one;
        one.id = in_.number<uint32_t>();
        one.ok = in_.number<uint8_t>(1) != 0;
        one.bytes = in_.bytes();
        record_.memory.push_back(std::move(one));
        return;
      }
      case RecordTag::state:
        return state();
      case RecordTag::translation: {
        TranslationDump one;
        one.id = in_.number<uint32_t>();
        for (uint64_t left = in_.count(24); left != 0; --left) {
          const uint64_t ipa = in_.word();
          const uint64_t pa = in_.word();
          one.runs.push_back({ipa, pa, in_.word()});
        }
        record_.translations.push_back(std::move(one));
        return;
      }
      case RecordTag::log: {
        static constexpr const char* levels[] = {"error", "warning", "info", "debug"};
        const auto level = in_.number<uint64_t>(std::size(levels) - 1);
        record_.log.push_back(fmt::format("{}: {}", levels[level], in_.text()));
        return;
      }
      case RecordTag::violation:
        return violation(in_.text());
      case RecordTag::injected: {
        const auto vm = in_.number<uint16_t>();
        const auto vcpu = in_.number<uint16_t>();
        record_.injected.push_back({vm, vcpu, in_.number<uint32_t>()});
        return;
      }
      case RecordTag::translated:
        return translated();
      case RecordTag::tx_read: {
        const uint64_t index = in_.word();
        if (index >= record_.events.size() || record_.events[index].seq_ret != 0) {
          in_.fail("TX of an event that is not under way");
        }
        const auto more = in_.bytes();
        std::vector<uint8_t>& tx = record_.events[index].tx;
        tx.insert(tx.end(), more.begin(), more.end());
        return;
      }
      case RecordTag::quarantined: {
        (void)in_.number<uint16_t>();
        if (present_ >= record_.steps.size()) in_.fail("no step that destroys a VM");
        std::vector<uint64_t>& pages = record_.steps[present_].quarantined;
        for (uint64_t left = in_.count(8); left != 0; --left) pages.push_back(in_.word());
        return;
      }
      case RecordTag::faults: {
        const uint64_t count = in_.count(8);
        if (count != compiled_.world.faults.size() || !record_.fault_fired.empty()) {
          in_.fail("another list of faults");
        }
        for (uint64_t n = 0; n < count; ++n) record_.fault_fired.push_back(in_.word() != 0);
        return;
      }
      case RecordTag::end:
        return;
      default:
        in_.fail("unknown entry");
    }
  }

  StepRecord& step() {
    const uint64_t number = in_.word();
    if (number >= record_.steps.size()) in_.fail("a step that the case does not have");
    return record_.steps[number];
  }

  void event_begin() {
    static constexpr const char* conduits[] = {"", "smc", "hvc"};
    trace::Event event;
    event.side = in_.number<trace::Side>(static_cast<uint64_t>(trace::Side::irq));
    event.vm = in_.number<uint16_t>();
    event.vcpu = in_.number<uint16_t>();
    event.pcpu = in_.number<uint16_t>();
    event.conduit = conduits[in_.number<uint64_t>(std::size(conduits) - 1)];
    event.op = in_.text();
    event.in = in_.regs();
    event.tx = in_.bytes();
    event.seq = next_seq_++;
    record_.events.push_back(std::move(event));
    ++open_;
  }

  void translated() {
    const uint64_t index = in_.word();
    if (index >= record_.events.size()) in_.fail("a translation of no event");
    if (index != translated_event_) translations_ = {};
    translated_event_ = index;
    const uint64_t ipa = in_.word();
    const uint64_t asked = in_.word();
    const uint64_t pa = in_.word();
    translations_.add(record_.events[index].p2m, ipa, asked, pa, in_.word());
  }

  void event_end() {
    const uint64_t index = in_.word();
    if (index >= record_.events.size() || record_.events[index].seq_ret != 0) {
      in_.fail("the end of an event that is not under way");
    }
    trace::Event& event = record_.events[index];
    event.out = in_.regs();
    event.rx = in_.bytes();
    if (const uint64_t rule = in_.word(); rule != 0) event.rule = rule_name(rule);
    const uint64_t words = in_.count(8);
    for (uint64_t word = 0; word < words; ++word) {
      const uint64_t bits = in_.word();
      for (uint64_t n = 0; n < 64; ++n) {
        if ((bits >> n & 1) != 0) event.accepted.add(rule_name(word * 64 + n));
      }
    }
    event.result = static_cast<int64_t>(in_.word());
    event.seq_ret = next_seq_++;
    --open_;
  }

  const std::string& rule_name(uint64_t rule) {
    if (rule >= rules_.size()) in_.fail("a rule that has no name");
    return rules_[rule];
  }

  /// "I05: text" names an invariant; other texts are the machine's own.
  void violation(const std::string& text) {
    const bool named = text.size() > 5 && text[0] == 'I' && text.compare(3, 2, ": ") == 0;
    record_.violations.push_back(
        {named ? text.substr(0, 3) : "machine", named ? text.substr(5) : text, next_seq_});
  }

  void state() {
    StateDump one;
    one.id = in_.number<uint32_t>();
    StateFacts facts;
    const uint64_t vms = in_.count(8 * guest::record_vm_words);
    for (uint64_t n = 0; n < vms; ++n) facts.vms.push_back(vm_facts());
    const bool model = in_.word() != 0;
    SpmcStateFacts spmc;
    spmc.regions = in_.word();
    spmc.pages = in_.word();
    spmc.retrieved = in_.word();
    spmc.owns_rx = in_.word() != 0;
    if (model) facts.spmc = spmc;
    one.facts = in_words(facts);
    record_.states.push_back(std::move(one));
  }

  VmStateFacts vm_facts() {
    VmStateFacts vm;
    const auto id = in_.number<uint16_t>();
    const auto known =
        std::find_if(compiled_.world.vms.begin(), compiled_.world.vms.end(),
                     [id](const VmSpec& spec) { return spec.config.id.raw() == id; });
    if (known == compiled_.world.vms.end()) in_.fail("a VM that the case does not have");
    vm.name = known->name;
    vm.exists = in_.word() != 0;
    ffa_sim_fact fact{};
    fact.rx_state = in_.number<uint8_t>();
    fact.flags = in_.number<uint8_t>();
    fact.version = in_.number<uint32_t>();
    fact.shares = in_.number<uint32_t>();
    fact.quarantined = in_.number<uint32_t>();
    fact.rxtx_pages = in_.word();
    vm.mediator = fact;
    vm.pins = in_.word();
    vm.buffers = in_.word();
    vm.known = in_.word() != 0;
    vm.bitmap = in_.word() != 0;
    return vm;
  }

  Reader in_;
  const scenario::CompiledCase& compiled_;
  RunRecord record_;
  trace::Translations translations_;  ///< of the event `translated_event_`
  uint64_t translated_event_ = ~uint64_t{0};
  uint32_t present_ = 0;  ///< the step under way
  std::vector<std::string> rules_;
  uint64_t next_seq_ = 1;
  uint64_t open_ = 0;
};

}  // namespace

RunRecord read_record(std::span<const std::byte> bytes, const std::string& file,
                      const scenario::CompiledCase& compiled) {
  return RecordBuilder{bytes, file, compiled}.build();
}

}  // namespace sim::qemu
