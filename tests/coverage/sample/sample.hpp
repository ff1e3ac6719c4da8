// SPDX-License-Identifier: BSD-3-Clause
// Something of each kind that the report tells apart.
#pragma once

#include "core/assert.hpp"
#include "ffa/result.hpp"

namespace sample {

enum class Kind { share, lend };

inline int number_of(Kind kind) {
  switch (kind) {
    case Kind::share:
      return 1;
    case Kind::lend:
      return 2;
  }
  return 0;
}

inline ffa::Result<void> require(bool condition) {
  if (!condition) return ffa::Error{ffa::Status::denied};
  return {};
}

template <class T>
ffa::Result<T> checked(T size, T limit) {
  FFA_ASSERT(limit < 1000);
  FFA_CHECK(require(size > 0 && size <= limit));
  return size;
}

inline int seldom(int value) {
  // uncovered: nobody calls it with
  // so many
  if (value > 1000000) return 0;
  return value;
}

#ifdef SAMPLE_CONSTANT
template <Kind kind>
bool is_large_loan(int value) {
  return kind == Kind::lend && value > 10;
}
#endif

}  // namespace sample
