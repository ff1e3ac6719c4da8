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
  if (overlaps(run.ipa_page, run.pages)) return false;
  digest_.reset();
  auto next = runs_.lower_bound(run.ipa_page);
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

std::vector<Stage2::Run> Stage2::unmap(uint64_t ipa_page, uint64_t pages) {
  std::vector<Run> taken;
  digest_.reset();
  const uint64_t end = ipa_page + pages;
  auto it = runs_.upper_bound(ipa_page);
  if (it != runs_.begin()) --it;
  while (it != runs_.end() && it->first < end) {
    const Run run = it->second;
    const uint64_t run_end = run.ipa_page + run.pages;
    if (run_end <= ipa_page) {
      ++it;
      continue;
    }
    it = runs_.erase(it);
    const uint64_t from = std::max(run.ipa_page, ipa_page);
    const uint64_t to = std::min(run_end, end);
    const auto part = [&run](uint64_t first, uint64_t last) {
      return Run{first, run.pa_page + (first - run.ipa_page), last - first, run.kind};
    };
    if (run.ipa_page < from) runs_.emplace(run.ipa_page, part(run.ipa_page, from));
    if (to < run_end) runs_.emplace(to, part(to, run_end));
    taken.push_back(part(from, to));
  }
  return taken;
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

bool Stage2::overlaps(uint64_t ipa_page, uint64_t pages) const {
  const auto next = runs_.lower_bound(ipa_page);
  if (next != runs_.end() && next->first < ipa_page + pages) return true;
  if (next == runs_.begin()) return false;
  const Run& before = std::prev(next)->second;
  return before.ipa_page + before.pages > ipa_page;
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
