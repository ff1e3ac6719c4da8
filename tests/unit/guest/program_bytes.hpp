// SPDX-License-Identifier: BSD-3-Clause
// Writes byte code by hand, field by field, so that the reader is not tested by the builder of the
// compiler.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "guest/program.hpp"

namespace guest::test {

class Bytes {
 public:
  Bytes& n(uint64_t value, unsigned width) {
    for (unsigned i = 0; i < width; ++i) bytes_.push_back(static_cast<std::byte>(value >> (8 * i)));
    return *this;
  }
  Bytes& add(const std::vector<std::byte>& more) {
    bytes_.insert(bytes_.end(), more.begin(), more.end());
    return *this;
  }
  [[nodiscard]] const std::vector<std::byte>& get() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

inline Bytes op(uint16_t code, const Bytes& payload) {
  return Bytes{}.n(code, 2).n(0, 2).n(payload.get().size(), 4).add(payload.get());
}

inline Bytes operand(unsigned part, unsigned combine, unsigned shift, unsigned slot,
                     uint64_t constant) {
  return Bytes{}.n(part, 1).n(combine, 1).n(shift, 1).n(0, 1).n(slot, 2).n(0, 2).n(constant, 8);
}

inline Bytes constant(uint64_t value) { return operand(0, 0, 0, 0, value); }

/// A whole program of these operations; `end` is appended.
inline std::vector<std::byte> program(uint16_t slots, const std::vector<Bytes>& ops,
                                      uint16_t kind = 1) {
  Bytes code;
  for (const Bytes& one : ops) code.add(one.get());
  code.add(op(1, Bytes{}).get());
  Bytes whole;
  whole.n(0x47414646, 4)
      .n(1, 2)
      .n(kind, 2)
      .n(slots, 2)
      .n(0, 2)
      .n(code.get().size(), 4)
      .n(ops.size() + 1, 4);
  return whole.add(code.get()).get();
}

}  // namespace guest::test
