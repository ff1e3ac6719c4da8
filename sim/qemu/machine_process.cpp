// SPDX-License-Identifier: BSD-3-Clause
#include "sim/qemu/machine_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <tuple>
#include <utility>
#include <vector>

#include "sim/engine/built_images.hpp"
#include "sim/engine/input_error.hpp"

namespace sim::qemu {
namespace {

namespace fs = std::filesystem;

/// Seconds: longer than any case takes on a busy machine. What hangs is ended by timeout(1).
constexpr const char* time_limit = "120";
constexpr int timeout_status = 124;
constexpr int killed_status = 128 + 9;  ///< QEMU did not heed the first signal either
constexpr int not_found_status = 127;
constexpr const char* log_file = "machine.log";
constexpr const char* folder_prefix = "ffa-sim-qemu-";

std::string from_environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

std::string find_image(const char* name) {
  const std::string set = from_environment("FFASIM_QEMU_IMAGES");
  std::error_code error;
  const std::string chosen = set.empty() ? name : (fs::absolute(set) / name).string();
  if (set.empty()) {
    if (const auto built = built_image(name)) return *built;
  } else if (fs::is_regular_file(chosen, error)) {
    return chosen;
  }
  throw MissingTool(chosen,
                    "not there; do 'cmake --preset aarch64 && cmake --build build/aarch64' (needs "
                    "g++-aarch64-linux-gnu), or name the folder in FFASIM_QEMU_IMAGES");
}

namespace {

std::string read_text(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  std::string all = text.str();
  while (!all.empty() && (all.back() == '\n' || all.back() == '\r')) all.pop_back();
  return all;
}

std::vector<std::string> options(const Tools& tools) {
  return {// The board of ports/qemu-virt/memory_map.h; one CPU, so that every run is the same.
          "-M", "virt,secure=on,virtualization=on,gic-version=3", "-cpu", "max", "-m", "1G",
          "-icount", "shift=0,sleep=off", "-rtc", "base=2024-01-01,clock=vm",
          // Nothing but semihosting talks to the outside.
          "-display", "none", "-serial", "none", "-monitor", "none", "-parallel", "none", "-nic",
          "none", "-semihosting-config", "enable=on,target=native", "-bios", tools.firmware,
          "-device", "loader,file=" + tools.el2};
}

/// Runs the program with no input and both outputs in `log`; its wait status.
int run_in(const std::string& folder, const std::vector<std::string>& words,
           const std::string& log) {
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  pid_t process = -1;
  const int error = posix_spawnp(&process, argv.front(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    throw std::runtime_error(fmt::format("{}: {}", words.front(), std::strerror(error)));
  }
  int status = 0;
  while (waitpid(process, &status, 0) < 0) {
    if (errno != EINTR) throw std::runtime_error(std::strerror(errno));
  }
  return status;
}

/// True if the program is there and runs.
bool can_run(const std::string& qemu) {
  try {
    const int status = run_in("/", {qemu, "--version"}, "/dev/null");
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  } catch (const std::runtime_error&) {
    return false;
  }
}

/// An open folder, locked for as long as this process lives; -1 if another has the lock. No child
/// inherits it.
int lock_folder(const fs::path& path) {
  const int opened = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (opened >= 0 && flock(opened, LOCK_EX | LOCK_NB) == 0) return opened;
  if (opened >= 0) close(opened);
  return -1;
}

/// Removes the folders of programs that were killed: those that nobody holds.
void remove_left_behind(const fs::path& where) {
  std::error_code error;
  for (fs::directory_iterator entry(where, error), end; !error && entry != end;
       entry.increment(error)) {
    if (!entry->path().filename().string().starts_with(folder_prefix)) continue;
    const int held = lock_folder(entry->path());
    if (held < 0) continue;
    std::error_code ignored;
    fs::remove_all(entry->path(), ignored);
    close(held);
  }
}

/// A new folder and its lock.
std::pair<std::string, int> make_folder(const fs::path& where) {
  while (true) {
    std::string path = where / (std::string(folder_prefix) + "XXXXXX");
    if (mkdtemp(path.data()) == nullptr) throw InputError(path, std::strerror(errno));
    const int held = lock_folder(path);
    struct stat status{};
    // Before it was locked, another program may have taken it for one left behind.
    if (held >= 0 && stat(path.c_str(), &status) == 0) return {path, held};
    if (held >= 0) close(held);
  }
}

}  // namespace

Tools find_tools() {
  Tools tools;
  tools.qemu = from_environment("FFASIM_QEMU");
  if (tools.qemu.empty()) tools.qemu = "qemu-system-aarch64";
  if (!can_run(tools.qemu)) {
    throw MissingTool(tools.qemu,
                      "can't be run; on Debian: apt-get install --no-install-recommends "
                      "qemu-system-arm");
  }
  tools.time_limit = from_environment("FFASIM_QEMU_TIMEOUT");
  if (tools.time_limit.empty()) tools.time_limit = time_limit;
  const bool number = tools.time_limit.size() <= 6 &&
                      tools.time_limit.find_first_not_of("0123456789") == std::string::npos &&
                      tools.time_limit.find_first_not_of('0') != std::string::npos;
  if (!number) throw InputError("FFASIM_QEMU_TIMEOUT", "not a number of seconds from 1 to 999999");
  tools.firmware = find_image("ffa-qemu-firmware.bin");
  tools.el2 = find_image("ffa-qemu-el2.elf");
  char magic[4] = {};
  std::ifstream(tools.el2, std::ios::binary).read(magic, sizeof magic);
  if (std::memcmp(magic, "\177ELF", sizeof magic) != 0) {
    throw InputError(tools.el2, "not an ELF file");
  }
  return tools;
}

RunFolder::RunFolder(const std::string& name) {
  const std::string keep = from_environment("FFASIM_QEMU_KEEP");
  std::error_code error;
  if (!keep.empty()) {
    kept_ = true;
    path_ = fs::absolute(keep) / name;
    fs::create_directories(path_, error);
    if (error) throw InputError(path_, error.message());
    return;
  }
  const fs::path where = fs::temp_directory_path(error);
  if (error) throw InputError("TMPDIR", error.message());
  remove_left_behind(where);
  std::tie(path_, lock_) = make_folder(where);
}

RunFolder::~RunFolder() {
  std::error_code ignored;
  if (kept_) return;
  fs::remove_all(path_, ignored);
  close(lock_);
}

MachineEnd boot(const Tools& tools, const RunFolder& folder) {
  return boot(tools, folder, options(tools));
}

MachineEnd boot(const Tools& tools, const RunFolder& folder,
                const std::vector<std::string>& options) {
  const std::string log = folder.file(log_file);
  // In the foreground: QEMU stays in this program's process group and ends with it.
  std::vector<std::string> words = {"timeout", "--foreground", "--kill-after=10", tools.time_limit,
                                    tools.qemu};
  words.insert(words.end(), options.begin(), options.end());
  const int status = run_in(folder.path(), words, log);
  MachineEnd end;
  end.message = read_text(log);
  if (WIFSIGNALED(status)) {
    end.status = 128 + WTERMSIG(status);
    end.message += fmt::format("{}QEMU was ended by signal {}", end.message.empty() ? "" : "\n",
                               WTERMSIG(status));
    return end;
  }
  end.status = WEXITSTATUS(status);
  end.hung = end.status == timeout_status || end.status == killed_status;
  if (end.status == not_found_status && end.message.empty()) end.message = "not found";
  return end;
}

}  // namespace sim::qemu
