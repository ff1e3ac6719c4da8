// SPDX-License-Identifier: BSD-3-Clause
// `ffa-sim debug`: one case on the machine of the back end `qemu`, stopped at its first
// instruction, for a debugger that knows the symbols of all four exception levels.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include "sim/cli/commands.hpp"
#include "sim/cli/suite.hpp"
#include "sim/cli/values.hpp"
#include "sim/engine/input_error.hpp"
#include "sim/engine/mediator_under_test.hpp"
#include "sim/engine/run.hpp"
#include "sim/qemu/bl33.hpp"
#include "sim/qemu/board.hpp"
#include "sim/qemu/package.hpp"
#include "sim/qemu/word_writer.hpp"
#include "sim/trace/atomic_file.hpp"

namespace sim::cli {
namespace {

namespace fs = std::filesystem;

void write_text(const fs::path& file, const std::string& text) {
  trace::AtomicFile out(file);
  out.commit(text);
}

/// The package of the case's first run, behind its length as the machine reads it.
std::string framed_package(const ReadyCase& ready) {
  std::optional<std::string> framed;
  const auto mediator = built_in_mediator();
  const RunOnce once = [&](const scenario::CompiledCase& compiled, Choices& choices) {
    RunRecord record = run(compiled, *mediator, choices);
    if (framed) return record;
    const auto package = qemu::make_package(
        compiled, qemu::plan_layouts(compiled, qemu::results_of(compiled, record)));
    qemu::WordWriter file;
    file.blob(package);
    const std::vector<std::byte> bytes = file.take();
    framed.emplace(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return record;
  };
  (void)run_case(ready.compiled, once, [] { return seeded_choices(0); });
  return *framed;
}

/// EL2 first, whose `main` a debugger looks for; then the others, each where it is linked to run.
std::string debugger_commands() {
  std::string text = fmt::format("set confirm off\nset pagination off\nfile {}\n",
                                 qemu::find_image("ffa-qemu-el2.elf"));
  for (const char* image : {"ffa-qemu-el3.elf", "ffa-qemu-sel1.elf", "ffa-qemu-el1.elf"}) {
    text += fmt::format("add-symbol-file {}\n", qemu::find_image(image));
  }
  return text + "target remote :1234\n";
}

std::string machine_script(const qemu::Tools& tools) {
  std::string text = "#!/bin/sh\ncd \"$(dirname \"$0\")\" && exec";
  for (const std::string& word : qemu::arguments(tools)) text += " " + shell_quoted(word);
  return text + " -S -s\n";
}

}  // namespace

int debug_command(const Options& options) {
  const auto suite = load_suite(options.selection);
  if (!suite) return 2;
  if (suite->cases.size() != 1) {
    throw InputError("--filter",
                     fmt::format("takes {} cases; debug takes one, as '{}'", suite->cases.size(),
                                 suite->cases.empty() ? "mem/send/share_one_page*"
                                                      : suite->cases.front().loaded.data.name));
  }
  const ReadyCase& ready = suite->cases.front();
  std::string why = ready.loaded.skip;
  if (why.empty()) why = qemu::why_not(ready.compiled);
  if (!why.empty()) {
    fmt::print("skipped {}: {}\n", ready.loaded.data.name, why);
    return 77;
  }
  const fs::path folder = fs::absolute(options.debug_folder);
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw InputError(folder.string(), error.message());
  write_text(folder / "case.package", framed_package(ready));
  write_text(folder / "levels.gdb", debugger_commands());
  const fs::path machine = folder / "machine";
  write_text(machine, machine_script(qemu::find_tools()));
  fs::permissions(machine, fs::perms::owner_all, error);
  if (error) throw InputError(machine.string(), error.message());
  fmt::print("{} waits at its first instruction:\n  {} &\n  gdb-multiarch -x {}\n",
             ready.loaded.data.name, shell_quoted(machine.string()),
             shell_quoted((folder / "levels.gdb").string()));
  return 0;
}

}  // namespace sim::cli
