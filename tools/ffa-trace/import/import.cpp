// SPDX-License-Identifier: BSD-3-Clause
// ffa-trace import: a log in, a trace out.
#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "sim/engine/input_error.hpp"
#include "sim/trace/writer.hpp"
#include "tools/ffa-trace/commands.hpp"
#include "tools/ffa-trace/import/importer.hpp"

namespace ffa_trace {
namespace {

/// The trace that is being written: standard output, or a file that appears whole or not at all.
class Output {
 public:
  explicit Output(const std::string& file) : file_(file), partial_(file + ".partial") {
    if (file.empty()) return;
    stream_ = std::fopen(partial_.c_str(), "wb");
    if (stream_ == nullptr) fail();
  }
  ~Output() {
    if (file_.empty() || stream_ == nullptr) return;
    (void)std::fclose(stream_);
    (void)std::remove(partial_.c_str());
  }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  void put(const std::string& line) {
    if (std::fwrite(line.data(), 1, line.size(), stream_) != line.size() ||
        std::fputc('\n', stream_) == EOF) {
      fail();
    }
  }

  void finish() {
    if (std::fflush(stream_) != 0) fail();
    if (file_.empty()) return;
    std::FILE* const stream = std::exchange(stream_, nullptr);
    if (std::fclose(stream) != 0 || std::rename(partial_.c_str(), file_.c_str()) != 0) {
      const int error = errno;
      (void)std::remove(partial_.c_str());
      errno = error;
      fail();
    }
  }

 private:
  [[noreturn]] void fail() const {
    throw sim::InputError(file_.empty() ? "standard output" : file_,
                          fmt::format("cannot write: {}", strerror(errno)));
  }

  std::string file_;
  std::string partial_;
  std::FILE* stream_ = stdout;
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
