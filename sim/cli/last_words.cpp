// SPDX-License-Identifier: BSD-3-Clause
#include "sim/cli/last_words.hpp"

#include <dlfcn.h>
#include <execinfo.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "sim/sched/choices.hpp"

namespace sim::cli {

struct LastWords::Shared {
  LastChoices choices;
  uint64_t offset;  ///< of the call of abort() in the file
  char file[256];   ///< its name without folders
};

namespace {

void* shared_memory = nullptr;

std::string_view base_name(const char* file) {
  const std::string_view path = file;
  return path.substr(path.rfind('/') + 1);
}

}  // namespace

LastWords::LastWords() : shared_(nullptr) {
  void* const memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::runtime_error(std::strerror(errno));
  shared_ = static_cast<Shared*>(memory);
}

LastWords::~LastWords() { (void)munmap(shared_, sizeof(Shared)); }

void LastWords::listen() {
  shared_memory = shared_;
  keep_last_choices(shared_->choices);
  // The first call loads a library, which a handler must not.
  void* first = nullptr;
  (void)backtrace(&first, 1);
  const auto handler = [](int) {
    // abort() is called by the first frame outside the C library that comes after it.
    void* frames[64];
    const auto count = static_cast<size_t>(backtrace(frames, 64));
    Dl_info library{};
    if (dladdr(reinterpret_cast<const void*>(&std::raise), &library) == 0) return;
    bool in_library = false;
    for (void* const frame : std::span(frames).first(count)) {
      Dl_info here{};
      if (dladdr(frame, &here) == 0 || here.dli_fname == nullptr) continue;
      const bool was_in_library = std::exchange(in_library, here.dli_fbase == library.dli_fbase);
      if (in_library || !was_in_library) continue;
      auto* const shared = static_cast<Shared*>(shared_memory);
      shared->offset = static_cast<uint64_t>(static_cast<const char*>(frame) -
                                             static_cast<const char*>(here.dli_fbase));
      const std::string_view name = base_name(here.dli_fname).substr(0, sizeof shared->file - 1);
      name.copy(shared->file, name.size());
      return;
    }
  };
  (void)std::signal(SIGABRT, handler);
}

Death LastWords::death(int status) const {
  Death death;
  if (WIFSIGNALED(status)) {
    death.how = fmt::format("signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)));
  } else {
    death.how = fmt::format("exit code {}", WEXITSTATUS(status));
  }
  if (shared_->offset != 0) {
    death.place = fmt::format("abort() at {:#x} of {}", shared_->offset, shared_->file);
  }
  death.where = shared_->choices.run;
  death.decisions = shared_->choices.decisions;
  if (!shared_->choices.cut) {
    death.choices = std::string(shared_->choices.text, shared_->choices.length);
    death.preemptions = shared_->choices.preemptions;
  }
  return death;
}

}  // namespace sim::cli
