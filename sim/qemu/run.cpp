// SPDX-License-Identifier: BSD-3-Clause
#include "sim/qemu/run.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <span>
#include <vector>

#include "sim/engine/input_error.hpp"
#include "sim/qemu/record.hpp"
#include "sim/qemu/settle.hpp"

namespace sim::qemu {
namespace {

/// Where FFASIM_QEMU_KEEP wants the files of a case; nothing if it is not set. Packages and records
/// stand there as in the pipes, behind their lengths: the machine takes such files, too.
class KeptFiles {
 public:
  explicit KeptFiles(const std::string& name) {
    const std::string keep = from_environment("FFASIM_QEMU_KEEP");
    if (keep.empty()) return;
    folder_ = std::filesystem::absolute(keep) / name;
    std::error_code error;
    std::filesystem::create_directories(*folder_, error);
    if (error) throw InputError(folder_->string(), error.message());
  }
  void write(const char* name, std::span<const std::byte> bytes) const {
    const uint64_t length = bytes.size();
    write_parts(name, std::as_bytes(std::span{&length, 1}), bytes);
  }
  void write_text(const char* name, const std::string& text) const {
    write_parts(name, std::as_bytes(std::span{text}), {});
  }

 private:
  void write_parts(const char* name, std::span<const std::byte> first,
                   std::span<const std::byte> second) const {
    if (!folder_) return;
    const std::string file = *folder_ / name;
    std::ofstream out(file, std::ios::binary);
    for (const auto part : {first, second}) {
      out.write(reinterpret_cast<const char*>(part.data()),
                static_cast<std::streamsize>(part.size()));
    }
    out.close();
    if (!out) throw InputError(file, "can't be written");
  }

  std::optional<std::filesystem::path> folder_;
};

/// How a machine that did not end well did end.
std::string in_words(const CaseEnd& end) {
  const std::string how = end.hung ? "did not end within the time limit"
                                   : fmt::format("ended with exit status {}", end.status);
  return fmt::format("the machine {}{}{}", how, end.message.empty() ? "" : ": ", end.message);
}

}  // namespace

RunRecord run(const scenario::CompiledCase& compiled, Board& board, const Boot& boot) {
  const KeptFiles kept(compiled.name);
  return run_until_settled(compiled, [&](const Plan& plan) {
    const std::vector<std::byte> package = make_package(compiled, plan, boot);
    kept.write("case.package", package);
    const CaseEnd end = board.run(package);
    kept.write("case.record", end.record);
    kept.write_text("machine.log", end.message);
    if (end.record.empty()) return stopped(compiled, in_words(end), end.hung);
    return read_record(end.record, "case.record", compiled);
  });
}

}  // namespace sim::qemu
