// SPDX-License-Identifier: BSD-3-Clause
// An EL2 that backs every VM one page higher than the world says.
#include <cstddef>

#include "guest/package.hpp"

guest::PackedRun real_run(const guest::PackedLayout* self,
                          size_t index) asm("__real__ZNK5guest12PackedLayout3runEm");
guest::PackedRun moved_run(const guest::PackedLayout* self,
                           size_t index) asm("__wrap__ZNK5guest12PackedLayout3runEm");

guest::PackedRun moved_run(const guest::PackedLayout* self, size_t index) {
  guest::PackedRun run = real_run(self, index);
  run.pa += 4096;
  return run;
}
