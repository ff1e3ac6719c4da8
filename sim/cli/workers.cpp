// SPDX-License-Identifier: BSD-3-Clause
#include "sim/cli/workers.hpp"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "sim/cli/last_words.hpp"
#include "sim/report/json_lines.hpp"

namespace sim::cli {
namespace {

using report::Outcome;

/// One process, the cases that it still has to do, and what it has written of the next line.
struct Worker {
  pid_t process = -1;
  int pipe = -1;
  std::vector<size_t> left;  ///< in the order in which it does them
  std::string text;
  std::unique_ptr<LastWords> last;
};

void write_line(int pipe, const std::string& line) {
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t count = write(pipe, rest.data(), rest.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) _exit(70);
    rest.remove_prefix(static_cast<size_t>(count));
  }
}

class Workers {
 public:
  Workers(const std::function<Outcome(size_t)>& run,
          const std::function<Outcome(size_t, const Death&)>& lost,
          const std::function<void(size_t, Outcome)>& done,
          const std::function<void(std::span<const size_t>)>& begin)
      : run_(run), lost_(lost), done_(done), begin_(begin) {}

  void work(size_t count, unsigned jobs) {
    results_.resize(count);
    workers_.resize(std::min<size_t>(jobs, count));
    for (size_t i = 0; i < count; ++i) workers_[i % workers_.size()].left.push_back(i);
    for (Worker& worker : workers_) start(worker);
    while (next_ < count) wait_for_text();
  }

 private:
  void start(Worker& worker) {
    int ends[2];
    if (pipe(ends) != 0) throw std::runtime_error(std::strerror(errno));
    worker.last = std::make_unique<LastWords>();
    (void)std::fflush(nullptr);
    worker.process = fork();
    if (worker.process < 0) throw std::runtime_error(std::strerror(errno));
    if (worker.process == 0) {
      worker.last->listen();
      (void)close(ends[0]);
      if (begin_) begin_(worker.left);
      for (const size_t i : worker.left) {
        write_line(ends[1], report::outcome_json(run_(i)) + "\n");
      }
      _exit(0);
    }
    (void)close(ends[1]);
    worker.pipe = ends[0];
    worker.text.clear();
  }

  void wait_for_text() {
    std::vector<pollfd> polled;
    for (const Worker& worker : workers_) polled.push_back({worker.pipe, POLLIN, 0});
    if (poll(polled.data(), polled.size(), -1) < 0) return;
    for (size_t i = 0; i < workers_.size(); ++i) {
      if (polled[i].revents != 0) read_some(workers_[i]);
    }
  }

  void read_some(Worker& worker) {
    char chunk[65536];
    const ssize_t count = read(worker.pipe, chunk, sizeof chunk);
    if (count < 0) return;
    if (count == 0) {
      ended(worker);
      return;
    }
    worker.text.append(chunk, static_cast<size_t>(count));
    size_t end = 0;
    while ((end = worker.text.find('\n')) != std::string::npos) {
      results_[worker.left.front()] = report::parse_outcome(worker.text.substr(0, end));
      worker.left.erase(worker.left.begin());
      worker.text.erase(0, end + 1);
    }
    hand_over();
  }

  /// The process is gone; if it was not done, the case that it was at has ended it, and another
  /// does the rest.
  void ended(Worker& worker) {
    int status = 0;
    (void)close(worker.pipe);
    worker.pipe = -1;
    (void)waitpid(worker.process, &status, 0);
    if (worker.left.empty()) return;
    results_[worker.left.front()] = lost_(worker.left.front(), worker.last->death(status));
    worker.left.erase(worker.left.begin());
    if (!worker.left.empty()) start(worker);
    hand_over();
  }

  void hand_over() {
    for (; next_ < results_.size() && results_[next_]; ++next_) {
      done_(next_, std::move(*results_[next_]));
    }
  }

  const std::function<Outcome(size_t)>& run_;
  const std::function<Outcome(size_t, const Death&)>& lost_;
  const std::function<void(size_t, Outcome)>& done_;
  const std::function<void(std::span<const size_t>)>& begin_;
  std::vector<Worker> workers_;
  std::vector<std::optional<Outcome>> results_;
  size_t next_ = 0;
};

}  // namespace

void run_in_workers(size_t count, unsigned jobs, const std::function<Outcome(size_t)>& run,
                    const std::function<Outcome(size_t, const Death&)>& lost,
                    const std::function<void(size_t, Outcome)>& done,
                    const std::function<void(std::span<const size_t>)>& begin) {
  Workers(run, lost, done, begin).work(count, jobs);
}

}  // namespace sim::cli
