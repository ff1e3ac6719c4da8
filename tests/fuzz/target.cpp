// SPDX-License-Identifier: BSD-3-Clause
#include "tests/fuzz/target.hpp"

#include <cstdio>
#include <cstdlib>

namespace fuzz {

void fail(std::string_view what) {
  std::fprintf(stderr, "oracle: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

}  // namespace fuzz
