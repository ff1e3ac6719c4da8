// SPDX-License-Identifier: BSD-3-Clause
#include "sim/qemu/bl33.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <span>

#include "sim/engine/input_error.hpp"
#include "sim/qemu/bundle.hpp"
#include "sim/qemu/process.hpp"
#include "sim/qemu/record.hpp"
#include "sim/qemu/run_folder.hpp"

namespace sim::qemu {
namespace {

constexpr unsigned max_boots = 4;
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
  return {tools.qemu,
          "-M",
          "virt,secure=on,virtualization=on,gic-version=3",
          "-cpu",
          "max",
          "-m",
          "1G",
          "-icount",
          "shift=0,sleep=off",
          "-rtc",
          "base=2024-01-01,clock=vm",
          "-display",
          "none",
          "-serial",
          "stdio",
          "-monitor",
          "none",
          "-parallel",
          "none",
          "-nic",
          "none",
          "-semihosting-config",
          fmt::format("enable=on,target=native,arg=bl33={:#x}", image.base),
          "-bios",
          tools.firmware,
          "-device",
          fmt::format("loader,file=payload.bin,addr={:#x},force-raw=on", image.base)};
}

RunRecord stopped(const scenario::CompiledCase& compiled, const std::string& how, bool hung) {
  RunRecord record;
  record.steps.resize(compiled.steps.size());
  record.fault_fired.resize(compiled.world.faults.size());
  record.no_progress = hung;
  record.stopped = how;
  return record;
}

/// What the payload said last, for people.
std::string last_words(const std::string& log) {
  constexpr size_t shown = 400;
  return log.size() <= shown ? log : "… " + log.substr(log.size() - shown);
}

/// The payload has hashed its record itself.
Recorded recorded_of(const LoggedCase& logged, const std::string& file,
                     const scenario::CompiledCase& compiled) {
  Recorded recorded = read_record(logged.record, file, compiled);
  if (logged.verdict != "failed" && logged.text != recorded.run.hash) {
    throw InputError(file, fmt::format("the payload's trace hash is {}, that of its record {}",
                                       logged.text, recorded.run.hash));
  }
  return recorded;
}

/// Boots and waits for the end, at most as long as a case may take: the wait status, nothing if the
/// machine was stopped then.
std::optional<int> boot(const Tools& tools, const Bl33Image& image, const RunFolder& folder) {
  const std::string log = folder.file(log_name);
  const int output = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (output < 0) throw InputError(log, std::strerror(errno));
  Process qemu(command(tools, image), folder.path(), output);
  close(output);
  pollfd ended{qemu.handle(), POLLIN, 0};
  constexpr int ms = 1000;
  const int ready = poll(&ended, 1, tools.time_limit_s * ms);
  if (ready < 0 && errno != EINTR) throw std::runtime_error(std::strerror(errno));
  const int status = qemu.wait(ready <= 0);
  if (ready <= 0) return std::nullopt;
  return status;
}

/// One boot: what it recorded, or how it ended.
struct Attempt {
  std::optional<Recorded> recorded;
  std::string how{};
  bool hung = false;
};

Attempt attempt(const scenario::CompiledCase& compiled, const Plan& plan, const Tools& tools,
                const Bl33Image& image, const RunFolder& folder) {
  const BundleEntry entry{compiled.name, {}, make_package(compiled, plan)};
  write_bytes(
      folder.file("payload.bin"),
      make_payload(read_bytes(image.file), make_bundle(std::span{&entry, 1}, {.records = true})));
  const auto status = boot(tools, image, folder);
  const std::string file = folder.file(log_name);
  const auto bytes = read_bytes(file);
  const std::string log{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  if (!status)
    return {{}, "the machine did not end within the time limit: " + last_words(log), true};
  if (!WIFEXITED(*status) || WEXITSTATUS(*status) != 0) {
    return {{},
            fmt::format("the machine ended with wait status {:#x}: {}", *status, last_words(log))};
  }
  auto cases = read_uart_log(log, file);
  if (cases.size() != 1 || cases[0].record.empty()) {
    return {{}, "no record on the UART: " + last_words(log)};
  }
  return {recorded_of(cases[0], file, compiled)};
}

}  // namespace

std::vector<std::byte> read_bytes(const std::string& file) {
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
  if (!logged.record.empty()) return recorded_of(logged, file, compiled).run;
  return stopped(compiled, fmt::format("no record: {} {}", logged.verdict, logged.text), false);
}

Results results_of(const scenario::CompiledCase& compiled, const RunRecord& run) {
  Results results;
  for (const StepRecord& step : run.steps) {
    if (!compiled.steps.at(step.step).actor.host || !step.result) continue;
    results[step.step].word = *step.result;
  }
  return results;
}

RunRecord run_as_bl33(const scenario::CompiledCase& compiled, const Tools& tools,
                      const Bl33Image& image) {
  const RunFolder folder;
  Plan plan = plan_layouts(compiled, {});
  for (unsigned boots = 0; boots < max_boots; ++boots) {
    Attempt one = attempt(compiled, plan, tools, image, folder);
    if (!one.recorded) return stopped(compiled, one.how, one.hung);
    Results results = results_of(compiled, one.recorded->run);
    for (const auto& [step, pages] : one.recorded->quarantined) results[step].quarantined = pages;
    Plan better = plan_layouts(compiled, results);
    if (better == plan) return std::move(one.recorded->run);
    plan = std::move(better);
  }
  return stopped(compiled, "the places of the VMs' pages do not settle", false);
}

}  // namespace sim::qemu
