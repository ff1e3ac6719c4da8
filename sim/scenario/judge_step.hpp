// SPDX-License-Identifier: BSD-3-Clause
// The inside of judge(): one step with its events, and the parts that judge it. Included by
// judge*.cpp only.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "sim/scenario/judge.hpp"

namespace sim::scenario {

/// The record with look-ups by dump id.
class Evidence {
 public:
  explicit Evidence(const RunRecord& record);
  [[nodiscard]] const MemoryDump* memory(uint32_t id) const;
  [[nodiscard]] const StateDump* state(uint32_t id) const;
  [[nodiscard]] const TranslationDump* translation(uint32_t id) const;
  [[nodiscard]] const RunRecord& record() const { return record_; }
  [[nodiscard]] bool any_fault_fired() const;

 private:
  const RunRecord& record_;
  std::map<uint32_t, const MemoryDump*> memory_;
  std::map<uint32_t, const StateDump*> states_;
  std::map<uint32_t, const TranslationDump*> translations_;
};

/// A step that was done, and what happened in it.
struct JudgedStep {
  const CompiledCase& compiled;
  const CompiledStep& step;
  const StepRecord& record;
  const Evidence& evidence;
  std::vector<const trace::Event*> calls;  ///< of the guest, in order
  std::vector<const trace::Event*>
      smcs;  ///< of the mediator within them, or within the host's step
  std::vector<const trace::Event*> irqs;  ///< injected

  /// The call that expectations speak of: the last.
  [[nodiscard]] const trace::Event* call() const { return calls.empty() ? nullptr : calls.back(); }
};

/// Collects failures of one step or of the end.
class Verdict {
 public:
  /// nullptr: of the end. Who it is about is put into words where something failed.
  Verdict(std::vector<Failure>& failures, const CompiledStep* step)
      : failures_(failures), step_(step) {}
  void add(const std::string& pointer, const std::string& expected, const std::string& actual,
           const std::string& rule = {});
  void set_rule(const std::string& rule) { rule_ = rule; }

 private:
  std::vector<Failure>& failures_;
  const CompiledStep* step_;
  std::string rule_;
};

// The parts. Each adds what is not as expected.
void judge_reply(const JudgedStep& step, const Expectation& expect, Verdict& verdict);
void judge_tee(const JudgedStep& step, const Expectation& expect, Verdict& verdict);
void judge_lists(const JudgedStep& step, const Expectation& expect, Verdict& verdict);
void judge_smcs(const JudgedStep& step, const Expectation& expect, Verdict& verdict);
void judge_image(const JudgedStep& step, const Expectation& expect, const std::string& endpoint,
                 Verdict& verdict);
void judge_console(const ExpectedConsole& expected, const RunRecord& record, Verdict& verdict);
void judge_memory(const Evidence& evidence, const std::vector<ExpectedMemory>& list,
                  Verdict& verdict);
void judge_state(const Evidence& evidence, const ExpectedState& expected, Verdict& verdict);
void judge_irqs(const std::vector<const trace::Event*>& irqs,
                const std::vector<ExpectedIrq>& expected, const std::string& pointer,
                Verdict& verdict);

/// How a reply reads to people: "FFA_ERROR DENIED", "FFA_SUCCESS", "0x10002".
std::string reply_text(const ffa::Regs& regs, SuccessForm form);
/// "FFA_VERSION, FFA_ID_GET": the functions that were called, or "none".
std::string names_of(const std::vector<const trace::Event*>& calls);
/// "c0ffee…": at most so many bytes.
std::string hex_text(std::span<const uint8_t> bytes, size_t limit = 32);

}  // namespace sim::scenario
