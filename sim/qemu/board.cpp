// SPDX-License-Identifier: BSD-3-Clause
#include "sim/qemu/board.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <utility>

#include "sim/engine/input_error.hpp"
#include "sim/qemu/backtrace.hpp"
#include "sim/qemu/process.hpp"
#include "sim/qemu/run_folder.hpp"

namespace sim::qemu {
namespace {

constexpr const char* package_pipe = "case.package";
constexpr const char* record_pipe = "case.record";
constexpr int not_found_status = 127;
/// The board has less memory for a record than this.
constexpr uint64_t max_record_bytes = uint64_t{1} << 30;

}  // namespace

std::vector<std::string> arguments(const Tools& tools, const Inserted& inserted) {
  return {tools.qemu,
          // The board of ports/qemu-virt/memory_map.h; one CPU, so that every run is the same.
          "-M", "virt,secure=on,virtualization=on,gic-version=3", "-cpu", inserted.cpu, "-m", "1G",
          "-icount", "shift=0,sleep=off", "-rtc", "base=2024-01-01,clock=vm",
          // Nothing but semihosting, and a UART where there is one, talks to the outside.
          "-display", "none", "-serial", inserted.serial, "-monitor", "none", "-parallel", "none",
          "-nic", "none", "-semihosting-config", "enable=on,target=native" + inserted.words,
          "-bios", tools.firmware, "-device", "loader," + inserted.loaded};
}

std::vector<std::string> arguments(const Tools& tools) {
  Inserted inserted{.loaded = "file=" + tools.el2};
  // A guest of its own gets a processor without what EL3 or EL2 would have to let it use. Its UART
  // is QEMU's standard output; what our images say by semihosting, its standard error.
  if (tools.boots) inserted.cpu = "neoverse-n1";
  if (tools.boots) inserted.serial = "stdio";
  return arguments(tools, inserted);
}

namespace {

/// A file descriptor of this process alone.
class File {
 public:
  File(int opened, const std::string& name) : file_(opened) {
    if (opened < 0) throw InputError(name, std::strerror(errno));
  }
  ~File() { close(file_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] int get() const { return file_; }

 private:
  int file_;
};

/// Open for both directions: neither end waits for the other, and QEMU sees the end of the packages
/// when this process is gone.
int open_pipe(const std::string& name) {
  if (mkfifo(name.c_str(), 0600) != 0) return -1;
  return open(name.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
}

}  // namespace

class Board::Booted {
 public:
  explicit Booted(const Tools& tools)
      : time_limit_s_(tools.time_limit_s),
        alarm_(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC), "timerfd"),
        folder_(std::in_place),
        log_(memfd_create("machine.log", MFD_CLOEXEC), "machine.log"),
        packages_(open_pipe(folder_->file(package_pipe)), folder_->file(package_pipe)),
        records_(open_pipe(folder_->file(record_pipe)), folder_->file(record_pipe)),
        qemu_(arguments(tools), folder_->path(), tools.boots ? STDERR_FILENO : log_.get(),
              log_.get()) {}

  /// After an end without a record the machine is gone.
  CaseEnd run(std::span<const std::byte> package) {
    const itimerspec limit{{}, {time_limit_s_, 0}};
    (void)timerfd_settime(alarm_.get(), 0, &limit, nullptr);
    const uint64_t length = package.size();
    CaseEnd end;
    const bool done =
        send(std::as_bytes(std::span{&length, 1})) && send(package) && receive_record(end.record);
    if (done) {
      folder_.reset();  // QEMU has both pipes open: they need no names any more
    } else {
      end.record.clear();
      finish(end);
    }
    return end;
  }

 private:
  /// Waits until the pipe is ready. False: the machine has ended, or the time is over.
  bool wait_for(int pipe, short event) {
    while (true) {
      std::array<pollfd, 3> polled{
          {{pipe, event, 0}, {qemu_.handle(), POLLIN, 0}, {alarm_.get(), POLLIN, 0}}};
      const int ready = poll(polled.data(), polled.size(), -1);
      if (ready < 0 && errno != EINTR) throw std::runtime_error(std::strerror(errno));
      if (ready <= 0) continue;
      // A machine that has ended may have written before.
      if ((polled[0].revents & event) != 0) return event == POLLIN || polled[1].revents == 0;
      if (polled[1].revents != 0) return false;
      if (polled[2].revents != 0) {
        timed_out_ = true;
        return false;
      }
    }
  }

  bool send(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const ssize_t count = write(packages_.get(), bytes.data(), bytes.size());
      if (count > 0) bytes = bytes.subspan(static_cast<size_t>(count));
      if (count >= 0 || errno == EINTR) continue;
      if (errno != EAGAIN) throw std::runtime_error(std::strerror(errno));
      if (!wait_for(packages_.get(), POLLOUT)) return false;
    }
    return true;
  }

  bool receive(std::span<std::byte> to) {
    while (!to.empty()) {
      const ssize_t count = read(records_.get(), to.data(), to.size());
      if (count > 0) to = to.subspan(static_cast<size_t>(count));
      if (count >= 0 || errno == EINTR) continue;
      if (errno != EAGAIN) throw std::runtime_error(std::strerror(errno));
      if (!wait_for(records_.get(), POLLIN)) return false;
    }
    return true;
  }

  bool receive_record(std::vector<std::byte>& record) {
    uint64_t length = 0;
    if (!receive(std::as_writable_bytes(std::span{&length, 1}))) return false;
    if (length == 0 || length > max_record_bytes) {
      throw InputError(record_pipe, fmt::format("a record of {} bytes", length));
    }
    record.resize(length);
    return receive(record);
  }

  void finish(CaseEnd& end) {
    end.hung = timed_out_;
    const int status = qemu_.wait(end.hung);
    end.message = log_text();
    if (WIFSIGNALED(status)) {
      end.status = 128 + WTERMSIG(status);
      if (end.hung) return;
      end.message += fmt::format("{}QEMU was ended by signal {}", end.message.empty() ? "" : "\n",
                                 WTERMSIG(status));
      return;
    }
    end.status = WEXITSTATUS(status);
    if (end.status == not_found_status && end.message.empty()) end.message = "not found";
  }

  /// What the machine has said about this case: earlier ones ended well and left nothing to say.
  [[nodiscard]] std::string log_text() const {
    std::string all(static_cast<size_t>(std::max<off_t>(lseek(log_.get(), 0, SEEK_END), 0)), '\0');
    const ssize_t count = pread(log_.get(), all.data(), all.size(), 0);
    all.resize(count < 0 ? 0 : static_cast<size_t>(count));
    while (!all.empty() && (all.back() == '\n' || all.back() == '\r')) all.pop_back();
    return all;
  }

  int time_limit_s_;
  bool timed_out_ = false;
  File alarm_;  ///< readable when the time of the case is over: nobody here looks at a clock
  std::optional<RunFolder> folder_;
  File log_;
  File packages_;
  File records_;
  Process qemu_;
};

Board::Board(Tools tools) : tools_(std::move(tools)) {}

Board::~Board() {
  if (owner_ != getpid()) (void)booted_.release();
}

CaseEnd Board::run(std::span<const std::byte> package) {
  if (booted_ && owner_ != getpid()) (void)booted_.release();
  if (!booted_) {
    owner_ = getpid();
    booted_ = std::make_unique<Booted>(tools_);
  }
  CaseEnd end;
  try {
    end = booted_->run(package);
  } catch (...) {
    booted_.reset();
    throw;
  }
  if (end.record.empty()) {
    booted_.reset();
    end.message = with_names(end.message, tools_);
  }
  return end;
}

}  // namespace sim::qemu
