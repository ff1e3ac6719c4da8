// SPDX-License-Identifier: BSD-3-Clause
#include "sim/qemu/run_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <tuple>
#include <utility>

#include "sim/engine/input_error.hpp"

namespace sim::qemu {
namespace {

namespace fs = std::filesystem;

constexpr const char* folder_prefix = "ffa-sim-qemu-";

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

RunFolder::RunFolder() {
  std::error_code error;
  const fs::path where = fs::temp_directory_path(error);
  if (error) throw InputError("TMPDIR", error.message());
  remove_left_behind(where);
  std::tie(path_, lock_) = make_folder(where);
}

RunFolder::~RunFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
  close(lock_);
}

}  // namespace sim::qemu
