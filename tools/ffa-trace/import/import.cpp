// SPDX-License-Identifier: BSD-3-Clause
// ffa-trace import: a log in, a trace out.
#include <fmt/format.h>

#include <optional>
#include <utility>

#include "sim/engine/input_error.hpp"
#include "sim/engine/program_end.hpp"
#include "sim/trace/atomic_file.hpp"
#include "sim/trace/writer.hpp"
#include "tools/ffa-trace/commands.hpp"
#include "tools/ffa-trace/import/importer.hpp"

namespace ffa_trace {
namespace {

/// The trace that is being written: a file that appears whole or not at all, or standard output.
class Output {
 public:
  explicit Output(const std::string& file) {
    if (!file.empty()) file_.emplace(file);
  }

  void put(const std::string& line) {
    if (file_) {
      file_->write(line + '\n');
    } else {
      fmt::print("{}\n", line);
    }
  }

  void finish() {
    if (file_) {
      file_->commit();
    } else {
      sim::flush_standard_output();
    }
  }

 private:
  std::optional<sim::trace::AtomicFile> file_;
};

LogLines open_log(const std::string& file) {
  if (file != "-") return LogLines(file);
  (void)std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  return {"standard input", stdin};
}

}  // namespace

int import(const ImportOptions& options) {
  if (!options.format.empty() && !options.pattern.empty()) {
    throw sim::InputError("--format", "--pattern describes the rows already");
  }
  LogLines log = open_log(options.file);
  Output output(options.output);
  bool first = true;
  const auto put = [&](const sim::trace::Event& event) {
    if (std::exchange(first, false)) {
      sim::trace::Header header;
      header.source = "ffa-trace import";
      header.name = log.name();
      output.put(to_line(header));
    }
    output.put(to_line(event));
  };
  const ImportSettings settings{.format = options.format, .pattern = options.pattern};
  const ImportCounts counts = import_log(log, settings, put);
  output.finish();
  fmt::print(stderr, "{}", summary(counts, log.name()));
  return 0;
}

}  // namespace ffa_trace
