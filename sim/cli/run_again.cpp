// SPDX-License-Identifier: BSD-3-Clause
#include "sim/cli/run_again.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <utility>

#include "sim/cli/child.hpp"
#include "sim/cli/swept_case.hpp"
#include "sim/engine/input_error.hpp"
#include "sim/report/timeline.hpp"
#include "sim/scenario/judge.hpp"

namespace sim::cli {
namespace {

/// Before what a child says: text, or why there is none.
constexpr char said_text = '+';
constexpr char said_error = '-';

/// The decisions of a run that ended its process, and then no further: its last decision is not
/// taken again.
class UntilDeath final : public ChoiceSource {
 public:
  UntilDeath(const std::string& choices, uint64_t end, std::string how)
      : recorded_(recorded_choices(choices, "choices")), end_(end), how_(std::move(how)) {}
  uint32_t choose(uint32_t n, const char* label) override {
    if (++asked_ == end_) throw MediatorFault(how_, false);
    return recorded_->choose(n, label);
  }

 private:
  std::unique_ptr<ChoiceSource> recorded_;
  uint64_t end_;
  std::string how_;
  uint64_t asked_ = 0;
};

std::string draw(const ReadyCase& ready, const RunRecord& record, const std::string& file) {
  const auto failures = scenario::judge(ready.compiled, record);
  const report::Timeline timeline =
      report::timeline_of(record, report::remarks_of(ready.compiled, record, failures),
                          report::names_of(ready.compiled));
  if (file.ends_with(".mmd")) return report::sequence_mermaid(timeline);
  return fmt::format("{}\n{}\n{}", ready.loaded.data.name, report::aligned_lines(timeline),
                     report::sequence_text(timeline));
}

FromChild write_in_child(const ReadyCase& ready, CaseRunner& runner, const ChoiceMaker& maker,
                         const Writer& write) {
  return ask_child([&] {
    try {
      Choices choices{maker()};
      return said_text + write(runner.run_once(ready.compiled, choices));
    } catch (const std::exception& error) {
      return said_error + std::string(error.what());
    }
  });
}

}  // namespace

std::string written_of(const ReadyCase& ready, const std::string& choices, CaseRunner& runner,
                       const std::string& place, const Writer& write) {
  const std::string& name = ready.loaded.data.name;
  FromChild answer =
      write_in_child(ready, runner, [&] { return recorded_choices(choices, "choices"); }, write);
  if (!answer.said) {
    const Death death = answer.death;
    if (death.decisions == 0) {
      throw InputError(place, name + ": nothing was left to choose before " + death.text());
    }
    const std::string how = fmt::format("behind choice {} the mediator ended its process: {}",
                                        death.decisions - 1, death.text());
    answer = write_in_child(
        ready, runner, [&] { return std::make_unique<UntilDeath>(choices, death.decisions, how); },
        write);
  }
  if (!answer.said) throw InputError(place, name + ": " + answer.death.text());
  if (answer.said->front() == said_error)
    throw InputError(place, name + ": " + answer.said->substr(1));
  return answer.said->substr(1);
}

std::string diagram_of(const ReadyCase& ready, const std::string& choices, CaseRunner& runner,
                       const std::string& file) {
  return written_of(ready, choices, runner, file,
                    [&](const RunRecord& record) { return draw(ready, record, file); });
}

DiagramFile::DiagramFile(const std::string& file, size_t cases)
    : file_(file), one_case_(cases == 1) {
  if (!file.empty() && file != "-") output_ = std::make_unique<trace::AtomicFile>(file);
}

void DiagramFile::offer(const ReadyCase& ready, const report::Outcome& outcome,
                        CaseRunner& runner) {
  const bool failed = outcome.result == report::Result::failed;
  const bool ran = failed || outcome.result != report::Result::skipped;
  if (file_.empty() || drawn_ || !ran || !(failed || one_case_)) return;
  try {
    const auto one_run = swept_case(ready, outcome.where);
    text_ = diagram_of(one_run ? *one_run : ready, outcome.choices, runner, file_);
    drawn_ = true;
  } catch (const InputError& error) {
    fmt::print(stderr, "{}\n", error.what());
  }
}

void DiagramFile::commit() {
  if (!drawn_) return;
  if (output_) {
    output_->commit(text_);
  } else {
    fmt::print("{}", text_);
    (void)std::fflush(stdout);
  }
}

}  // namespace sim::cli
