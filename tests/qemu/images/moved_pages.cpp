// SPDX-License-Identifier: BSD-3-Clause
// An EL2 that backs every VM one page higher than the world says.
#include <cstddef>

#include "guest/package.hpp"

extern "C" guest::PackedRun __real__ZNK5guest12PackedLayout3runEm(const guest::PackedLayout* self,
                                                                  size_t index);
extern "C" guest::PackedRun __wrap__ZNK5guest12PackedLayout3runEm(const guest::PackedLayout* self,
                                                                  size_t index);

guest::PackedRun __wrap__ZNK5guest12PackedLayout3runEm(const guest::PackedLayout* self,
                                                       size_t index) {
  guest::PackedRun run = __real__ZNK5guest12PackedLayout3runEm(self, index);
  run.pa += 4096;
  return run;
}
