// SPDX-License-Identifier: BSD-3-Clause
#include "sim/qemu/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <stdexcept>

namespace sim::qemu {

Process::Process(const std::vector<std::string>& words, const std::string& folder, int output,
                 int error) {
  // In this program's process group, so that Ctrl-C ends both.
  std::vector<std::string> all = {"setpriv", "--pdeathsig", "KILL", "--"};
  all.insert(all.end(), words.begin(), words.end());
  std::vector<char*> argv;
  for (std::string& word : all) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, 1);
  posix_spawn_file_actions_adddup2(&actions, error, 2);
  posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  const int failed = posix_spawnp(&process_, argv.front(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) {
    throw std::runtime_error(fmt::format("{}: {}", all.front(), std::strerror(failed)));
  }
  // The C library of Debian 12 declares pidfd_open() for C only.
  handle_ = static_cast<int>(syscall(SYS_pidfd_open, process_, 0));
  if (handle_ < 0) {
    const int reason = errno;
    (void)wait(true);
    throw std::runtime_error(fmt::format("pidfd_open: {}", std::strerror(reason)));
  }
}

Process::~Process() {
  if (!waited()) (void)wait(true);
  if (handle_ >= 0) close(handle_);
}

int Process::wait(bool kill) {
  if (kill) ::kill(process_, SIGKILL);
  int status = 0;
  while (waitpid(process_, &status, 0) < 0) {
    if (errno != EINTR) throw std::runtime_error(std::strerror(errno));
  }
  process_ = -1;
  return status;
}

bool can_run(const std::string& program) {
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere < 0) return false;
  int status = -1;
  try {
    status = Process({program, "--version"}, "/", nowhere).wait(false);
  } catch (const std::runtime_error&) {
  }
  close(nowhere);
  return status >= 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace sim::qemu
