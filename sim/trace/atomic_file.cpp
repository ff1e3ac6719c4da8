// SPDX-License-Identifier: BSD-3-Clause
#include "sim/trace/atomic_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

#include "sim/engine/input_error.hpp"

namespace sim::trace {
namespace {

constexpr size_t buffer_bytes = size_t{1} << 16;

struct Free {
  void operator()(char* text) const { std::free(text); }
};

/// The file that a path names, symbolic links followed; the path itself where there is none.
std::string resolved(const std::string& file) {
  const std::unique_ptr<char, Free> real(::realpath(file.c_str(), nullptr));
  return real ? std::string(real.get()) : file;
}

}  // namespace

AtomicFile::AtomicFile(std::string file) : file_(std::move(file)) {
  struct stat status{};
  const bool exists = ::stat(file_.c_str(), &status) == 0;
  if (exists && !S_ISREG(status.st_mode)) {
    descriptor_ = ::open(file_.c_str(), O_WRONLY | O_CLOEXEC);
  } else {
    place_ = exists ? resolved(file_) : file_;
    temporary_ = fmt::format("{}.{}.tmp", place_, getpid());
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  }
  if (descriptor_ < 0) fail();
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  (void)::close(descriptor_);
  if (!temporary_.empty()) (void)::unlink(temporary_.c_str());
}

void AtomicFile::write(std::string_view content) {
  buffer_ += content;
  if (buffer_.size() >= buffer_bytes) flush();
}

void AtomicFile::commit(std::string_view content) {
  write(content);
  flush();
  if (!temporary_.empty() && std::rename(temporary_.c_str(), place_.c_str()) != 0) fail();
  temporary_.clear();
  if (::close(std::exchange(descriptor_, -1)) != 0) fail();
}

void AtomicFile::flush() {
  std::string_view rest = buffer_;
  while (!rest.empty()) {
    const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail();
    rest.remove_prefix(static_cast<size_t>(written));
  }
  buffer_.clear();
}

void AtomicFile::fail() const {
  throw InputError(file_, fmt::format("cannot write: {}", std::strerror(errno)));
}

}  // namespace sim::trace
