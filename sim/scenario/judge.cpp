// SPDX-License-Identifier: BSD-3-Clause
#include "sim/scenario/judge.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/scenario/compile_names.hpp"
#include "sim/scenario/judge_step.hpp"

namespace sim::scenario {
namespace {

using trace::Event;
using trace::Side;

/// What a step of the host says when all went well; empty: anything.
std::string good_result(const std::string& what) {
  if (what == "create" || what == "notify") return "SUCCESS";
  if (what == "destroy" || what == "answer_vm_messages" || what == "preempt") return "done";
  if (what == "interrupt" || what == "offline" || what == "online") return "done";
  if (what == "migrate") return "moved";
  if (what == "balloon") return "removed";
  return "";
}

/// The events of a step: its own by VM and vCPU, the SMCs within them by their place in time.
void collect(JudgedStep& step) {
  const auto& events = step.evidence.record().events;
  const size_t end = std::min(step.record.end_event, events.size());
  std::vector<const Event*> own;
  for (size_t n = step.record.first_event; n < end; ++n) {
    const Event& event = events[n];
    const bool mine =
        step.step.actor.host
            ? event.side == Side::lifecycle || (event.side == Side::irq && event.op == "sri")
            : event.side == Side::guest && event.vm == step.step.actor.vm &&
                  event.vcpu == step.step.actor.vcpu;
    if (mine) own.push_back(&event);
  }
  const auto within = [&own](const Event& event) {
    return std::any_of(own.begin(), own.end(), [&](const Event* outer) {
      return outer->seq < event.seq && event.seq_ret < outer->seq_ret;
    });
  };
  for (size_t n = step.record.first_event; n < end; ++n) {
    const Event& event = events[n];
    // An SMC in the hypervisor's own context carries VM 0.
    const bool same_vcpu =
        step.step.actor.host ||
        ((event.vm == step.step.actor.vm || event.vm == 0) && event.vcpu == step.step.actor.vcpu);
    if (event.side == Side::spmc && same_vcpu && within(event)) step.smcs.push_back(&event);
    if (event.side == Side::irq && event.op == "inject" && within(event))
      step.irqs.push_back(&event);
  }
  if (!step.step.actor.host) step.calls = std::move(own);
}

/// The first entry that fits this run; nullptr if none does.
template <class T>
const T* pick(const std::vector<T>& list, const Evidence& evidence) {
  for (const T& entry : list) {
    if (!entry.when_fault_fired || *entry.when_fault_fired == evidence.any_fault_fired())
      return &entry;
  }
  return nullptr;
}

/// Where nothing is said about the reply, the call must have succeeded.
Expectation with_defaults(const JudgedStep& step, Expectation expect) {
  const bool says_w0 = std::any_of(expect.registers.begin(), expect.registers.end(),
                                   [](const ExpectedRegister& reg) { return reg.reg == 0; });
  const bool says_reply = !expect.replies.empty() || says_w0;
  const bool fault = expect.fault.value_or(false);
  const bool judged = step.step.judged_by_default && !fault;
  if (judged && !says_reply && step.step.success != SuccessForm::none) {
    expect.replies.push_back({.kind = ExpectedReply::Kind::success});
  }
  const bool only_success =
      expect.replies.size() == 1 && expect.replies[0].kind == ExpectedReply::Kind::success;
  if (judged && step.step.asks_sp && only_success && !expect.sp_status) expect.sp_status = 0;
  if (judged && step.step.actor.host && !expect.result) {
    const std::string good = good_result(step.step.what);
    if (!good.empty()) expect.result = good;
  }
  return expect;
}

/// "vm1.0" → "vm1"
std::string endpoint_of(const Actor& actor) { return actor.name.substr(0, actor.name.find('.')); }

void judge_step(const JudgedStep& step, std::vector<Failure>& failures) {
  Verdict verdict{failures, &step.step};
  const Expectation* chosen = pick(step.step.expect, step.evidence);
  if (chosen == nullptr && !step.step.expect.empty()) {
    verdict.add(step.step.pointer + "/expect", "an entry whose conditions fit",
                step.evidence.any_fault_fired() ? "none for a fault that fired"
                                                : "none for a fault that did not fire");
    return;
  }
  Expectation empty;
  empty.pointer = step.step.pointer;
  const Expectation expect = with_defaults(step, chosen != nullptr ? *chosen : empty);
  if (const Event* call = step.call()) verdict.set_rule(call->rule);
  const bool faulted = step.record.fault_ipa.has_value();
  if (!expect.any_fault && faulted != expect.fault.value_or(false)) {
    verdict.add(
        expect.pointer,
        faulted ? "no fault of the guest's own" : "a fault of the guest's own access",
        faulted ? fmt::format("a stage-2 fault at {:#x}", *step.record.fault_ipa) : "no fault");
    if (faulted) return;
  }
  const bool waits = step.record.waits;
  if (waits != expect.waits.value_or(waits && !step.step.judged_by_default)) {
    verdict.add(expect.pointer + "/waits", waits ? "a call that comes back" : "a call that waits",
                waits ? "it still waits" : "it came back");
    return;
  }
  if (!waits) judge_reply(step, expect, verdict);
  if (step.step.image && !waits) judge_image(step, expect, endpoint_of(step.step.actor), verdict);
  judge_tee(step, expect, verdict);
  judge_lists(step, expect, verdict);
  judge_smcs(step, expect, verdict);
  if (expect.irqs) judge_irqs(step.irqs, *expect.irqs, expect.pointer + "/irq", verdict);
  judge_memory(step.evidence, expect.memory, verdict);
  if (expect.state) judge_state(step.evidence, *expect.state, verdict);
}

void judge_end(const CompiledCase& compiled, const Evidence& evidence,
               std::vector<Failure>& failures) {
  const FinalExpectation* expect = pick(compiled.expect, evidence);
  Verdict verdict{failures, nullptr};
  if (expect == nullptr) {
    if (!compiled.expect.empty()) verdict.add("/expect", "an entry whose conditions fit", "none");
    return;
  }
  judge_memory(evidence, expect->memory, verdict);
  if (expect->state) judge_state(evidence, *expect->state, verdict);
  for (const ExpectedConsole& console : expect->consoles) {
    judge_console(console, evidence.record(), verdict);
  }
  const size_t lines = evidence.record().log.size();
  if (expect->max_log_lines && lines > *expect->max_log_lines) {
    verdict.add(expect->pointer + "/max_log_lines",
                fmt::format("at most {} log lines", *expect->max_log_lines), std::to_string(lines));
  }
  if (!expect->irqs) return;
  std::vector<const Event*> irqs;
  for (const Event& event : evidence.record().events) {
    if (event.side == Side::irq && event.op == "inject") irqs.push_back(&event);
  }
  judge_irqs(irqs, *expect->irqs, expect->pointer + "/irq", verdict);
}

bool invariant_counts(const CompiledCase& compiled, const Evidence& evidence,
                      const std::string& name) {
  const FinalExpectation* expect = pick(compiled.expect, evidence);
  if (expect == nullptr || expect->all_invariants) return true;
  const auto& list = expect->invariants;
  return std::find(list.begin(), list.end(), name) != list.end();
}

void judge_violations(const CompiledCase& compiled, const Evidence& evidence,
                      std::vector<Failure>& failures) {
  const RunRecord& record = evidence.record();
  for (const Violation& violation : record.violations) {
    const bool stuck = record.no_progress && violation.invariant == "I33";
    if (!stuck && !invariant_counts(compiled, evidence, violation.invariant)) continue;
    Failure failure;
    failure.expected = fmt::format("{} holds", violation.invariant);
    failure.actual = violation.text;
    failure.rule = violation.invariant;
    failure.text =
        fmt::format("{} broken at {}: {}", violation.invariant, violation.seq, violation.text);
    failure.no_progress = stuck;
    failures.push_back(failure);
  }
  if (record.no_progress && record.violations.empty()) {
    failures.push_back(
        {.expected = "progress", .actual = "none", .text = "no progress", .no_progress = true});
  }
}

}  // namespace

Evidence::Evidence(const RunRecord& record) : record_(record) {
  for (const MemoryDump& dump : record.memory) memory_[dump.id] = &dump;
  for (const StateDump& dump : record.states) states_[dump.id] = &dump;
  for (const TranslationDump& dump : record.translations) translations_[dump.id] = &dump;
}

namespace {
template <class T>
const T* find_dump(const std::map<uint32_t, const T*>& dumps, uint32_t id) {
  const auto found = dumps.find(id);
  return found == dumps.end() ? nullptr : found->second;
}
}  // namespace

const MemoryDump* Evidence::memory(uint32_t id) const { return find_dump(memory_, id); }
const StateDump* Evidence::state(uint32_t id) const { return find_dump(states_, id); }
const TranslationDump* Evidence::translation(uint32_t id) const {
  return find_dump(translations_, id);
}

bool Evidence::any_fault_fired() const {
  return std::find(record_.fault_fired.begin(), record_.fault_fired.end(), true) !=
         record_.fault_fired.end();
}

namespace {
std::string text_of(const CompiledStep* step) {
  if (step == nullptr) return "at the end";
  std::string text = fmt::format("step {} ({} on {})", step->pointer, step->what, step->actor.name);
  if (step->repetition != 0) text += fmt::format(", repetition {}", step->repetition);
  return text;
}
}  // namespace

void Verdict::add(const std::string& pointer, const std::string& expected,
                  const std::string& actual, const std::string& rule) {
  Failure failure;
  failure.pointer = pointer;
  failure.expected = expected;
  failure.actual = actual;
  failure.rule = rule.empty() ? rule_ : rule;
  failure.text = fmt::format("{}: expected {}, got {}", text_of(step_), expected, actual);
  if (!failure.rule.empty()) failure.text += fmt::format(" (rule {})", failure.rule);
  failures_.push_back(failure);
}

std::vector<Failure> judge(const CompiledCase& compiled, const RunRecord& record) {
  // Whatever else is missing or wrong then is a consequence.
  if (record.stopped)
    return {{.expected = "a mediator that goes on",
             .actual = "it stopped",
             .text = *record.stopped,
             .no_progress = record.no_progress}};
  const Evidence evidence{record};
  std::vector<Failure> failures;
  if (compiled.only_invariants) {
    judge_violations(compiled, evidence, failures);
    return failures;
  }
  for (size_t n = 0; n < compiled.steps.size(); ++n) {
    const CompiledStep& compiled_step = compiled.steps[n];
    const StepRecord missing;
    const StepRecord& done = n < record.steps.size() ? record.steps[n] : missing;
    const bool leaves_trace = compiled_step.what != "check" && compiled_step.what != "faults";
    if (!done.ran && leaves_trace) {
      if (record.no_progress) continue;
      Verdict{failures, &compiled_step}.add(compiled_step.pointer, "the step to be done",
                                            "it was not reached");
      continue;
    }
    if (done.vm_ended) continue;
    JudgedStep step{compiled, compiled_step, done, evidence, {}, {}, {}};
    collect(step);
    judge_step(step, failures);
  }
  if (!record.no_progress) judge_end(compiled, evidence, failures);
  judge_violations(compiled, evidence, failures);
  return failures;
}

}  // namespace sim::scenario
