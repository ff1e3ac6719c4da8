// SPDX-License-Identifier: BSD-3-Clause
// What steps of the host come to, in the words that expectations name, the same on every back end.
#pragma once

#include <cstdint>

namespace guest {

/// Of a stage of a VM's creation or end, by the numbers of mediator::Progress.
constexpr const char* progress_word(uint32_t progress) {
  constexpr const char* words[] = {"done", "restart", "quarantined", "later"};
  return progress < sizeof words / sizeof *words ? words[progress] : "unknown";
}

}  // namespace guest
