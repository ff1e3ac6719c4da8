// SPDX-License-Identifier: BSD-3-Clause
// The trace hash of a stream of events, in constant memory. The serialisation is
// docs/trace-format.md, "Trace hash".
#pragma once

#include <memory>
#include <string>

#include "sim/trace/event.hpp"

namespace sim::trace {

class Hasher {
 public:
  Hasher();
  ~Hasher();
  /// Goes on from where the other one is.
  Hasher(const Hasher& other);
  Hasher& operator=(const Hasher&) = delete;

  /// Events come in increasing `seq`.
  void add(const Event& event);
  /// 32 hex digits. No event may be added afterwards.
  std::string finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sim::trace
