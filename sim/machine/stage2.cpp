// SPDX-License-Identifier: BSD-3-Clause
#include "sim/machine/stage2.hpp"

#include <xxhash.h>

#include <algorithm>
#include <iterator>
#include <vector>

namespace sim {

namespace {
bool continues(const Stage2::Run& before, const Stage2::Run& after) {
  return before.ipa_page + before.pages == after.ipa_page &&
         before.pa_page + before.pages == after.pa_page && before.kind == after.kind;
}
}  // namespace

bool Stage2::map(const Run& run) {
  if (run.pages == 0) return true;
  auto next = runs_.lower_bound(run.ipa_page);
  if (next != runs_.end() && next->first < run.ipa_page + run.pages) return false;
  if (next != runs_.begin()) {
    Run& before = std::prev(next)->second;
    if (before.ipa_page + before.pages > run.ipa_page) return false;
  }
  digest_.reset();
  Run joined = run;
  if (next != runs_.end() && continues(joined, next->second)) {
    joined.pages += next->second.pages;
    next = runs_.erase(next);
  }
  if (next != runs_.begin() && continues(std::prev(next)->second, joined)) {
    std::prev(next)->second.pages += joined.pages;
  } else {
    runs_.emplace(joined.ipa_page, joined);
  }
  return true;
}

std::optional<Stage2::Run> Stage2::unmap(uint64_t ipa_page) {
  auto it = runs_.upper_bound(ipa_page);
  if (it == runs_.begin()) return std::nullopt;
  --it;
  const Run run = it->second;
  const uint64_t offset = ipa_page - run.ipa_page;
  if (offset >= run.pages) return std::nullopt;
  digest_.reset();
  runs_.erase(it);
  if (offset > 0) runs_.emplace(run.ipa_page, Run{run.ipa_page, run.pa_page, offset, run.kind});
  if (offset + 1 < run.pages) {
    runs_.emplace(ipa_page + 1,
                  Run{ipa_page + 1, run.pa_page + offset + 1, run.pages - offset - 1, run.kind});
  }
  return Run{ipa_page, run.pa_page + offset, 1, run.kind};
}

Stage2::Run Stage2::find(uint64_t ipa_page, uint64_t pages) const {
  Run none{ipa_page, 0, 0, mediator::MemoryKind::none};
  auto it = runs_.upper_bound(ipa_page);
  if (it == runs_.begin() || pages == 0) return none;
  const Run& run = std::prev(it)->second;
  const uint64_t offset = ipa_page - run.ipa_page;
  if (offset >= run.pages) return none;
  return {ipa_page, run.pa_page + offset, std::min(pages, run.pages - offset), run.kind};
}

uint64_t Stage2::digest() const {
  if (digest_) return *digest_;
  std::vector<uint64_t> words;
  words.reserve(runs_.size() * 4);
  for (const auto& [ipa_page, run] : runs_) {
    words.insert(words.end(), {ipa_page, run.pa_page, run.pages, static_cast<uint64_t>(run.kind)});
  }
  digest_ = XXH3_64bits(words.data(), words.size() * sizeof(uint64_t));
  return *digest_;
}

}  // namespace sim
