// SPDX-License-Identifier: BSD-3-Clause
// How libFuzzer asks for changes of an input of `calls`. Every other one it makes itself, which
// reaches what operations have no words for.
#include <algorithm>

#include "tests/fuzz/call_mutator.hpp"

/// libFuzzer's own changes; other engines have none.
extern "C" __attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t most);

namespace {

size_t put(const fuzz::CallBytes& parts, uint8_t* data, size_t most) {
  const std::vector<uint8_t> bytes = fuzz::put_together(parts);
  const size_t size = std::min(bytes.size(), most);
  std::copy_n(bytes.begin(), size, data);
  return size;
}

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t most, unsigned seed) {
  fuzz::Random random{seed};
  if (LLVMFuzzerMutate != nullptr && random.below(2) == 0) {
    return LLVMFuzzerMutate(data, size, most);
  }
  fuzz::CallBytes parts = fuzz::take_apart({data, size});
  for (size_t changes = 1 + random.below(3); changes != 0; --changes) fuzz::mutate(parts, random);
  return put(parts, data, most);
}

extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t* one, size_t one_size,
                                            const uint8_t* other, size_t other_size, uint8_t* out,
                                            size_t most, unsigned seed) {
  fuzz::Random random{seed};
  return put(
      fuzz::cross(fuzz::take_apart({one, one_size}), fuzz::take_apart({other, other_size}), random),
      out, most);
}
