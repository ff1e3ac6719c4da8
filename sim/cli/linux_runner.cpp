// SPDX-License-Identifier: BSD-3-Clause
#include "sim/cli/linux_runner.hpp"

#include <fmt/format.h>

#include "sim/engine/input_error.hpp"
#include "sim/qemu/linux_guest.hpp"
#include "sim/qemu/package.hpp"
#include "sim/qemu/run.hpp"

namespace sim::cli {
namespace {

class LinuxRunner final : public CaseRunner {
 public:
  explicit LinuxRunner(const RunOptions& options)
      : files_{options.kernel, options.initrd, options.append, options.conduit == "hvc"},
        board_(tools()) {}
  std::string why_not(const scenario::CompiledCase& compiled) const override {
    if (compiled.world.vms.empty()) return "it has no VM to boot a kernel";
    const VmSpec& vm = compiled.world.vms.front();
    if (qemu::has_steps(compiled, vm.config.id.raw())) {
      return fmt::format("{} has steps, but is to boot a kernel", vm.name);
    }
    return qemu::why_not(compiled);
  }
  RunRecord run_once(const scenario::CompiledCase& compiled, Choices& /*choices*/) override {
    return qemu::run(compiled, board_, qemu::linux_guest(compiled.world.vms.front(), files_));
  }

 private:
  static qemu::Tools tools() {
    qemu::Tools tools = qemu::find_tools();
    tools.boots = true;
    return tools;
  }

  qemu::LinuxFiles files_;
  qemu::Board board_;
};

}  // namespace

std::unique_ptr<CaseRunner> linux_runner(const RunOptions& options) {
  return std::make_unique<LinuxRunner>(options);
}

}  // namespace sim::cli
