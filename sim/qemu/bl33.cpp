// SPDX-License-Identifier: BSD-3-Clause
#include "sim/qemu/bl33.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <span>

#include "sim/engine/input_error.hpp"
#include "sim/qemu/backtrace.hpp"
#include "sim/qemu/board.hpp"
#include "sim/qemu/bundle.hpp"
#include "sim/qemu/process.hpp"
#include "sim/qemu/record.hpp"
#include "sim/qemu/run_folder.hpp"
#include "sim/qemu/settle.hpp"

namespace sim::qemu {
namespace {

/// What the UART, QEMU and our firmware say.
constexpr const char* log_name = "uart.log";

void write_bytes(const std::string& file, std::span<const std::byte> bytes) {
  std::ofstream out(file, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()),
            static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (!out) throw InputError(file, "can't be written");
}

/// The entry of an ELF file.
uint64_t entry_of(const std::string& elf) {
  constexpr std::streamoff entry_offset = 24;
  unsigned char bytes[entry_offset + 8] = {};
  std::ifstream in(elf, std::ios::binary);
  in.read(reinterpret_cast<char*>(bytes), sizeof bytes);
  if (!in || bytes[0] != 0x7f || bytes[1] != 'E') throw InputError(elf, "not an ELF file");
  uint64_t entry = 0;
  for (unsigned n = 0; n < 8; ++n) entry |= uint64_t{bytes[entry_offset + n]} << (8 * n);
  return entry;
}

/// docs/firmware.md has the same line for people.
std::vector<std::string> command(const Tools& tools, const Bl33Image& image) {
  return arguments(tools,
                   {.loaded = fmt::format("file=payload.bin,addr={:#x},force-raw=on", image.base),
                    .serial = "stdio",
                    .words = fmt::format(",arg=bl33={:#x}", image.base)});
}

/// What the payload said last, or from its crash on, for people.
std::string last_words(const std::string& log, const Tools& tools) {
  constexpr size_t shown = 400;
  const size_t crash = log.rfind("crash at ");
  if (crash != std::string::npos) return with_names(log.substr(crash), tools);
  return log.size() <= shown ? log : "… " + log.substr(log.size() - shown);
}

/// The payload has hashed its record itself.
RunRecord checked_record(const LoggedCase& logged, const std::string& file,
                         const scenario::CompiledCase& compiled) {
  RunRecord record = read_record(logged.record, file, compiled);
  if (logged.verdict != "failed" && logged.text != record.hash) {
    throw InputError(file, fmt::format("the payload's trace hash is {}, that of its record {}",
                                       logged.text, record.hash));
  }
  return record;
}

/// How a boot went.
struct Booted {
  std::optional<int>
      status;       ///< of QEMU, as wait() gives it; nothing: stopped after the time limit
  std::string log;  ///< what the UART, QEMU and our firmware said
  [[nodiscard]] bool ended_well() const {
    return status && WIFEXITED(*status) && WEXITSTATUS(*status) == 0;
  }
};

/// Boots with these cases and waits for the end, at most as long as one case may take without a
/// word.
Booted boot(const Tools& tools, const Bl33Image& image, const RunFolder& folder,
            std::span<const BundleEntry> entries) {
  write_bytes(folder.file("payload.bin"),
              make_payload(read_bytes(image.file), make_bundle(entries, {.records = true})));
  const std::string log = folder.file(log_name);
  const int output = open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  if (output < 0) throw InputError(log, std::strerror(errno));
  Process qemu(command(tools, image), folder.path(), output);
  close(output);
  pollfd ended{qemu.handle(), POLLIN, 0};
  constexpr int ms = 1000;
  int ready = 0;
  uintmax_t before = 0;
  for (uintmax_t said = 1; ready == 0 && said != before;) {
    before = said;
    do ready = poll(&ended, 1, tools.time_limit_s * ms);
    while (ready < 0 && errno == EINTR);
    said = std::filesystem::file_size(log) + 1;
  }
  if (ready < 0) throw std::runtime_error(std::strerror(errno));
  Booted booted;
  const int status = qemu.wait(ready <= 0);
  if (ready > 0) booted.status = status;
  const auto bytes = read_bytes(log);
  booted.log.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return booted;
}

/// One boot for one run.
RunRecord boot_once(const scenario::CompiledCase& compiled, const Plan& plan, const Tools& tools,
                    const Bl33Image& image, const RunFolder& folder) {
  const BundleEntry entry{compiled.name, {}, make_package(compiled, plan)};
  const Booted booted = boot(tools, image, folder, std::span{&entry, 1});
  const std::string last = last_words(booted.log, tools);
  if (!booted.status) {
    return stopped(compiled, "the machine did not end within the time limit: " + last, true);
  }
  if (!booted.ended_well()) {
    return stopped(compiled, fmt::format("the machine ended with wait status {:#x}: {}",
                                         *booted.status, last));
  }
  const std::string file = folder.file(log_name);
  auto cases = read_uart_log(booted.log, file);
  if (cases.size() != 1 || cases[0].record.empty()) {
    return stopped(compiled, "no record on the UART: " + last);
  }
  return checked_record(cases[0], file, compiled);
}

}  // namespace

std::vector<std::byte> read_bytes(const std::string& file) {
  std::error_code error;
  if (std::filesystem::is_directory(file, error)) throw InputError(file, "is a directory");
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  const std::streamoff size = in ? static_cast<std::streamoff>(in.tellg()) : -1;
  if (size < 0) throw InputError(file, "can't be read");
  std::vector<std::byte> bytes(static_cast<size_t>(size));
  in.seekg(0);
  in.read(reinterpret_cast<char*>(bytes.data()), size);
  if (!in) throw InputError(file, "can't be read");
  return bytes;
}

Bl33Image find_bl33() {
  return {find_image("ffa-qemu-bl33.bin"), entry_of(find_image("ffa-qemu-bl33.elf"))};
}

RunRecord record_of(const LoggedCase& logged, const std::string& file,
                    const scenario::CompiledCase& compiled) {
  if (!logged.record.empty()) return checked_record(logged, file, compiled);
  return stopped(compiled, fmt::format("no record: {} {}", logged.verdict, logged.text));
}

std::vector<LoggedCase> run_bundle(std::span<const BundleEntry> entries, const Tools& tools,
                                   const Bl33Image& image) {
  const RunFolder folder;
  Booted booted = boot(tools, image, folder, entries);
  if (!booted.ended_well()) {
    // Whatever stands behind the last record may be cut off, and so may be that.
    const size_t last = booted.log.rfind("\nrecord  ");
    booted.log.resize(last == std::string::npos ? 0 : last + 1);
  }
  return read_uart_log(booted.log, folder.file(log_name));
}

RunRecord run_as_bl33(const scenario::CompiledCase& compiled, const Tools& tools,
                      const Bl33Image& image) {
  const RunFolder folder;
  return run_until_settled(
      compiled, [&](const Plan& plan) { return boot_once(compiled, plan, tools, image, folder); });
}

}  // namespace sim::qemu
