// SPDX-License-Identifier: BSD-3-Clause
#include "sim/report/atomic_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "sim/engine/input_error.hpp"

namespace sim::report {

AtomicFile::AtomicFile(std::string file) : file_(std::move(file)) {
  struct stat status{};
  if (stat(file_.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
    throw InputError(file_, std::strerror(EISDIR));
  }
  temporary_ = fmt::format("{}.{}.tmp", file_, getpid());
  descriptor_ = open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor_ < 0) throw InputError(file_, std::strerror(errno));
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  (void)close(descriptor_);
  (void)unlink(temporary_.c_str());
}

void AtomicFile::commit(std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = write(descriptor_, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw InputError(file_, std::strerror(errno));
    content.remove_prefix(static_cast<size_t>(written));
  }
  if (std::rename(temporary_.c_str(), file_.c_str()) != 0) {
    throw InputError(file_, std::strerror(errno));
  }
  (void)close(descriptor_);
  descriptor_ = -1;
}

}  // namespace sim::report
