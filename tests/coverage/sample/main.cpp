// SPDX-License-Identifier: BSD-3-Clause
// Calls what is in sample.hpp, more of it the more arguments there are.
#include "tests/coverage/sample/sample.hpp"

int main(int argc, char**) {
  int sum = sample::number_of(sample::Kind::lend);
  sum += sample::checked(1, 2).ok() ? 1 : 0;
  if (argc > 1) {
    sum += sample::number_of(sample::Kind::share) + sample::seldom(1);
    // Three ways through one decision, by two instantiations.
    sum += sample::checked(0, 2).ok() ? 1 : 0;
    sum += sample::checked(1L, 2L).ok() && sample::checked(3L, 2L).ok() ? 1 : 0;
  }
  if (argc > 2) sum += sample::seldom(2000000);
#ifdef SAMPLE_CONSTANT
  for (const int value : {5, 15}) sum += sample::is_large_loan<sample::Kind::lend>(value) ? 1 : 0;
#endif
  return sum == 0 ? 1 : 0;
}
