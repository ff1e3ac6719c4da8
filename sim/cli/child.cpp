// SPDX-License-Identifier: BSD-3-Clause
#include "sim/cli/child.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string_view>

namespace sim::cli {
namespace {

/// Behind the text, so that half a text is none.
constexpr char at_the_end = '\n';

[[noreturn]] void say(int pipe, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = write(pipe, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) _exit(70);
    text.remove_prefix(static_cast<size_t>(count));
  }
  _exit(0);
}

std::string read_all(int pipe) {
  std::string text;
  char chunk[4096];
  for (;;) {
    const ssize_t count = read(pipe, chunk, sizeof chunk);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(chunk, static_cast<size_t>(count));
  }
}

}  // namespace

FromChild ask_child(const std::function<std::string()>& body) {
  LastWords last;
  int ends[2];
  if (pipe(ends) != 0) throw std::runtime_error(std::strerror(errno));
  (void)std::fflush(nullptr);
  const pid_t process = fork();
  if (process < 0) throw std::runtime_error(std::strerror(errno));
  if (process == 0) {
    last.listen();
    say(ends[1], body() + at_the_end);
  }
  (void)close(ends[1]);
  std::string text = read_all(ends[0]);
  (void)close(ends[0]);
  int status = 0;
  while (waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  if (text.empty() || text.back() != at_the_end) return {{}, last.death(status)};
  text.pop_back();
  return {std::move(text), {}};
}

}  // namespace sim::cli
