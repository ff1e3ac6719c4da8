// SPDX-License-Identifier: BSD-3-Clause
// Undo on failure: `Rollback undo{[&] { … }}; … undo.commit();`. Several undo each other in reverse
// order.
#pragma once

#include <utility>

namespace mediator {

template <class Undo>
class [[nodiscard]] Rollback {
 public:
  explicit Rollback(Undo undo) : undo_(std::move(undo)) {}
  ~Rollback() {
    if (armed_) undo_();
  }
  Rollback(const Rollback&) = delete;
  Rollback& operator=(const Rollback&) = delete;
  void commit() { armed_ = false; }

 private:
  Undo undo_;
  bool armed_ = true;
};

}  // namespace mediator
