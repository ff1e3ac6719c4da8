// SPDX-License-Identifier: BSD-3-Clause
// Stage 2 of one VM: runs of pages that are contiguous in IPA and PA and of one kind. Page numbers
// throughout.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "mediator/platform.hpp"

namespace sim {

class Stage2 {
 public:
  struct Run {
    uint64_t ipa_page = 0;
    uint64_t pa_page = 0;
    uint64_t pages = 0;
    mediator::MemoryKind kind = mediator::MemoryKind::none;
  };

  /// The pages must not be mapped yet; false: some are.
  bool map(const Run& run);
  /// Takes pages out, splitting runs; what was mapped there, in order.
  std::vector<Run> unmap(uint64_t ipa_page, uint64_t pages);
  /// The run that begins at `ipa_page`, at most `pages` long; kind `none` where nothing is mapped.
  [[nodiscard]] Run find(uint64_t ipa_page, uint64_t pages) const;
  /// True if any of the pages is mapped.
  [[nodiscard]] bool overlaps(uint64_t ipa_page, uint64_t pages) const;
  [[nodiscard]] uint64_t digest() const;
  /// In order of IPA; neighbours that continue each other are one run.
  [[nodiscard]] const std::map<uint64_t, Run>& runs() const { return runs_; }

 private:
  std::map<uint64_t, Run> runs_;            // by first IPA page
  mutable std::optional<uint64_t> digest_;  // of the runs, if they are as they were
};

}  // namespace sim
