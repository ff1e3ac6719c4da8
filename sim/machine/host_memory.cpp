// SPDX-License-Identifier: BSD-3-Clause
#include "sim/machine/host_memory.hpp"

#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "sim/machine/canary.hpp"

namespace sim {

void HostMemory::give(uint64_t page, uint64_t count, PageOwner owner) {
  pages_.erase(pages_.lower_bound(page), pages_.lower_bound(page + count));
  owners_.assign(page, page + count, owner);
}

void HostMemory::relabel(uint64_t page, uint64_t count, PageOwner owner) {
  // A page without bytes of its own would take the new owner's poison: give it its bytes first.
  if (owner != PageOwner::none) {
    for (uint64_t n = page; n < page + count; ++n) touch(n);
  }
  owners_.assign(page, page + count, owner);
}

std::optional<uint64_t> HostMemory::find_other(uint64_t page, uint64_t count,
                                               std::array<PageOwner, 2> owners) const {
  std::optional<uint64_t> found;
  owners_.for_each(page, page + count, [&](uint64_t begin, uint64_t, PageOwner owner) {
    if (!found && owner != owners[0] && owner != owners[1]) found = begin;
  });
  return found;
}

bool HostMemory::any_owned(uint64_t page, uint64_t count) const {
  return !owners_.all_of(page, page + count,
                         [](PageOwner owner) { return owner == PageOwner::none; });
}

bool HostMemory::reachable(uint64_t pa, size_t length) const {
  if (length == 0) return true;
  if (pa + (length - 1) < pa) return false;
  const uint64_t end = (pa + (length - 1)) / ffa::page_size + 1;
  return owners_.all_of(pa / ffa::page_size, end, [this](PageOwner owner) {
    if (owner == PageOwner::none) return everywhere_;
    return owner != PageOwner::device;
  });
}

void HostMemory::fill_poison(PageOwner owner, uint64_t page, std::span<std::byte, 4096> to) {
  for (uint64_t at = 0; at < ffa::page_size; at += 8) {
    const uint64_t word = canary_word(owner, page * ffa::page_size + at);
    std::memcpy(to.data() + at, &word, sizeof word);
  }
}

HostMemory::Page& HostMemory::touch(uint64_t page) {
  auto& slot = pages_[page];
  if (!slot) {
    slot = new_page();
    slot->owner = owner(page);
    fill_poison(slot->owner, page, slot->bytes);
  }
  return *slot;
}

std::unique_ptr<HostMemory::Page> HostMemory::new_page() {
  if (spare_.empty()) return std::make_unique<Page>();
  auto page = std::move(spare_.back());
  spare_.pop_back();
  page->hashed = false;
  page->changed = true;
  return page;
}

bool HostMemory::read(uint64_t pa, std::span<std::byte> to) const {
  if (!reachable(pa, to.size())) return false;
  while (!to.empty()) {
    const uint64_t page = pa / ffa::page_size;
    const size_t offset = pa % ffa::page_size;
    const size_t length = std::min<size_t>(to.size(), ffa::page_size - offset);
    const auto found = pages_.find(page);
    if (found != pages_.end()) {
      std::memcpy(to.data(), found->second->bytes.data() + offset, length);
    } else {
      std::array<std::byte, ffa::page_size> poison;
      fill_poison(owner(page), page, poison);
      std::memcpy(to.data(), poison.data() + offset, length);
    }
    to = to.subspan(length);
    pa += length;
  }
  return true;
}

bool HostMemory::write(uint64_t pa, std::span<const std::byte> from) {
  if (!reachable(pa, from.size())) return false;
  while (!from.empty()) {
    const size_t offset = pa % ffa::page_size;
    const size_t length = std::min<size_t>(from.size(), ffa::page_size - offset);
    Page& page = touch(pa / ffa::page_size);
    page.hashed = false;
    page.changed = true;
    std::memcpy(page.bytes.data() + offset, from.data(), length);
    from = from.subspan(length);
    pa += length;
  }
  return true;
}

std::byte* HostMemory::view(uint64_t page) {
  if (!reachable(page * ffa::page_size, ffa::page_size)) return nullptr;
  return touch(page).bytes.data();
}

void HostMemory::wrote(uint64_t number) {
  Page& page = touch(number);
  page.hashed = false;
  page.changed = true;
}

bool HostMemory::is_poison(uint64_t number, const Page& page) {
  for (uint64_t at = 0; at < ffa::page_size; at += 8) {
    uint64_t word = 0;
    std::memcpy(&word, page.bytes.data() + at, sizeof word);
    if (word != canary_word(page.owner, number * ffa::page_size + at)) return false;
  }
  return true;
}

uint64_t HostMemory::page_hash(uint64_t number, const Page& page) {
  if (!page.hashed) {
    page.hash = is_poison(number, page)
                    ? 0
                    : XXH3_64bits_withSeed(page.bytes.data(), ffa::page_size, number) | 1;
    page.hashed = true;
  }
  return page.hash;
}

uint64_t HostMemory::digest(PageOwner wanted) const {
  std::vector<uint64_t> hashes;
  for (const auto& [number, page] : pages_) {
    if (owner(number) != wanted) continue;
    if (const uint64_t hash = page_hash(number, *page); hash != 0) hashes.push_back(hash);
  }
  return XXH3_64bits(hashes.data(), hashes.size() * sizeof(uint64_t));
}

void HostMemory::keep() {
  kept_owners_ = owners_;
  kept_pages_.clear();
  for (const auto& [number, page] : pages_) {
    page->changed = false;
    kept_pages_.emplace(number, std::make_unique<Page>(*page));
  }
}

void HostMemory::restore() {
  owners_ = kept_owners_;
  for (auto page = pages_.begin(); page != pages_.end();) {
    const auto here = page++;
    if (kept_pages_.contains(here->first)) continue;
    spare_.push_back(std::move(here->second));
    pages_.erase(here);
  }
  for (const auto& [number, kept] : kept_pages_) {
    auto& page = pages_[number];
    if (!page) page = std::make_unique<Page>();
    if (page->changed) *page = *kept;
  }
}

}  // namespace sim
