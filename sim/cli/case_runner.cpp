// SPDX-License-Identifier: BSD-3-Clause
#include "sim/cli/case_runner.hpp"

#include <utility>

#include "sim/cli/values.hpp"
#include "sim/engine/case_world.hpp"
#include "sim/engine/mediator_under_test.hpp"
#include "sim/qemu/package.hpp"
#include "sim/qemu/run.hpp"
#include "sim/unicorn/unicorn_mediator.hpp"

namespace sim::cli {
namespace {

/// The simulator with a mediator of its own choice.
class HostRunner final : public CaseRunner {
 public:
  explicit HostRunner(std::unique_ptr<MediatorFactory> factory) : factory_(std::move(factory)) {}
  std::string why_not(const scenario::CompiledCase& /*compiled*/) const override { return {}; }
  RunRecord run_once(const scenario::CompiledCase& compiled, Choices& choices) override {
    return sim::run(compiled, *factory_, choices);
  }
  CaseResult run_again(const scenario::CompiledCase& compiled,
                       const ChoiceMaker& choices) override {
    const RunOnce in_used_world = [this](const scenario::CompiledCase& one, Choices& asked) {
      return run_in_used_world(one, *factory_, asked);
    };
    return run_case(compiled, in_used_world, choices);
  }
  explore::RunSchedule many_runs(const scenario::CompiledCase& compiled) override {
    const auto world = std::make_shared<CaseWorld>(compiled, *factory_);
    return [world](Choices& choices) -> const RunRecord& { return world->run(choices); };
  }

 private:
  std::unique_ptr<MediatorFactory> factory_;
};

/// One boot a run. Nothing is left to choose: what runs there runs in order.
class QemuRunner final : public CaseRunner {
 public:
  explicit QemuRunner(qemu::Tools tools) : tools_(std::move(tools)) {}
  std::string why_not(const scenario::CompiledCase& compiled) const override {
    return qemu::why_not(compiled);
  }
  RunRecord run_once(const scenario::CompiledCase& compiled, Choices& /*choices*/) override {
    return qemu::run(compiled, tools_);
  }

 private:
  qemu::Tools tools_;
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

std::unique_ptr<CaseRunner> chosen_runner(const Options& options) {
  const std::string& backend = options.selection.backend;
  if (backend == "qemu") return std::make_unique<QemuRunner>(qemu::find_tools());
  if (backend == "unicorn") {
    return std::make_unique<HostRunner>(
        unicorn_mediator(find_unicorn_image(), parse_monitoring(options.run.monitors)));
  }
  return std::make_unique<HostRunner>(
      options.run.mediator.empty() ? built_in_mediator() : load_mediator(options.run.mediator));
}

}  // namespace sim::cli
