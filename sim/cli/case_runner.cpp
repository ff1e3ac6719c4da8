// SPDX-License-Identifier: BSD-3-Clause
#include "sim/cli/case_runner.hpp"

#include <fmt/format.h>

#include <deque>
#include <map>
#include <string_view>
#include <utility>

#include "sim/cli/bl33_runner.hpp"
#include "sim/cli/linux_runner.hpp"
#include "sim/cli/values.hpp"
#include "sim/endpoint/image.hpp"
#include "sim/engine/built_images.hpp"
#include "sim/engine/case_world.hpp"
#include "sim/engine/input_error.hpp"
#include "sim/engine/mediator_under_test.hpp"
#include "sim/explore/explained_world.hpp"
#include "sim/qemu/bl33.hpp"
#include "sim/qemu/bundle.hpp"
#include "sim/qemu/package.hpp"
#include "sim/qemu/run.hpp"
#include "sim/unicorn/unicorn_mediator.hpp"

namespace sim::cli {
namespace {

/// The simulator with a mediator of its own choice.
class HostRunner final : public CaseRunner {
 public:
  HostRunner(std::unique_ptr<MediatorFactory> factory, bool explain)
      : factory_(std::move(factory)), explain_(explain) {}
  std::string why_not(const scenario::CompiledCase& compiled) const override {
    return endpoint::why_not(compiled.world);
  }
  RunRecord run_once(const scenario::CompiledCase& compiled, Choices& choices) override {
    if (!explains(compiled)) return sim::run(compiled, *factory_, choices);
    explore::ExplainedWorld world{compiled, *factory_};
    world.run(choices);
    return std::move(world).take_record();
  }
  CaseResult run_again(const scenario::CompiledCase& compiled,
                       const ChoiceMaker& choices) override {
    const RunOnce in_used_world = [this](const scenario::CompiledCase& one, Choices& asked) {
      if (!explains(one)) return run_in_used_world(one, *factory_, asked);
      explore::ExplainedWorld world{one, *factory_, CaseWorld::Keeps::first_run};
      Choices others{seeded_choices(~uint64_t{0})};
      world.run(others);
      world.run(asked);
      return std::move(world).take_record();
    };
    return run_case(compiled, in_used_world, choices);
  }
  explore::RunSchedule many_runs(const scenario::CompiledCase& compiled) override {
    if (!explains(compiled)) return schedules_of<CaseWorld>(compiled);
    return schedules_of<explore::ExplainedWorld>(compiled);
  }

 private:
  bool explains(const scenario::CompiledCase& compiled) const {
    return explain_ && explore::can_be_explained(compiled);
  }
  template <class World>
  explore::RunSchedule schedules_of(const scenario::CompiledCase& compiled) {
    const auto world = std::make_shared<World>(compiled, *factory_);
    return [world](Choices& choices) -> const RunRecord& { return world->run(choices); };
  }

  std::unique_ptr<MediatorFactory> factory_;
  bool explain_;
};

/// One machine for all runs. Nothing is left to choose: what runs there runs in order.
class QemuRunner final : public CaseRunner {
 public:
  explicit QemuRunner(qemu::Tools tools) : board_(std::move(tools)) {}
  std::string why_not(const scenario::CompiledCase& compiled) const override {
    return qemu::why_not(compiled);
  }
  RunRecord run_once(const scenario::CompiledCase& compiled, Choices& /*choices*/) override {
    return qemu::run(compiled, board_);
  }

 private:
  qemu::Board board_;
};

/// Runs that are over: a BL33 payload has printed their records.
class LogRunner final : public CaseRunner {
 public:
  explicit LogRunner(std::string file) : file_(std::move(file)) {
    const auto bytes = qemu::read_bytes(file_);
    const std::string_view text{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    for (qemu::LoggedCase& one : qemu::read_uart_log(text, file_)) {
      runs_[one.name].push_back(std::move(one));
    }
  }
  std::string why_not(const scenario::CompiledCase& compiled) const override {
    return runs_.contains(compiled.name) ? "" : "the log does not have it";
  }
  RunRecord run_once(const scenario::CompiledCase& compiled, Choices& /*choices*/) override {
    std::deque<qemu::LoggedCase>& runs = runs_.at(compiled.name);
    if (runs.empty()) throw InputError(file_, compiled.name + ": fewer runs than its faults need");
    const qemu::LoggedCase one = std::move(runs.front());
    runs.pop_front();
    return qemu::record_of(one, file_, compiled);
  }

 private:
  std::string file_;
  std::map<std::string, std::deque<qemu::LoggedCase>> runs_;
};

}  // namespace

CaseResult CaseRunner::run(const scenario::CompiledCase& compiled, const ChoiceMaker& choices) {
  const RunOnce once = [this](const scenario::CompiledCase& one, Choices& source) {
    return run_once(one, source);
  };
  return run_case(compiled, once, choices);
}

explore::RunSchedule CaseRunner::many_runs(const scenario::CompiledCase& compiled) {
  const auto record = std::make_shared<RunRecord>();
  return [this, record, &compiled](Choices& choices) -> const RunRecord& {
    return *record = run_once(compiled, choices);
  };
}

namespace {

std::string find_fine_mediator() {
  const char* const name = "ffa-mediator-fine.so";
  if (const auto library = built_library(name)) return *library;
  throw MissingTool("--fine", fmt::format("build/lib/{} is not built; trees with sanitizers have "
                                          "none",
                                          name));
}

}  // namespace

std::unique_ptr<CaseRunner> chosen_runner(const Options& options) {
  const std::string& backend = options.selection.backend;
  if (!options.run.uart_log.empty()) return std::make_unique<LogRunner>(options.run.uart_log);
  if (backend == "qemu" && options.run.entry == "bl33") return bl33_runner();
  if (!options.run.kernel.empty()) return linux_runner(options.run);
  if (backend == "qemu") return std::make_unique<QemuRunner>(qemu::find_tools());
  if (backend == "unicorn") {
    const auto monitoring = parse_monitoring(options.run.monitors);
    return std::make_unique<HostRunner>(unicorn_mediator(find_unicorn_image(), monitoring),
                                        options.run.explain);
  }
  const std::string mediator = options.run.fine ? find_fine_mediator() : options.run.mediator;
  return std::make_unique<HostRunner>(
      mediator.empty() ? built_in_mediator() : load_mediator(mediator), options.run.explain);
}

}  // namespace sim::cli
