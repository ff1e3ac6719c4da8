// SPDX-License-Identifier: BSD-3-Clause
// Keeps what a stretch of memory holds and brings it back, at the price of the pages that were
// written in between. A page is write-protected until it is written for the first time; from then
// on it is one of those that are copied back. For memory whose writer can't be asked what it wrote:
// a mediator's, the SPMC model's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <vector>

namespace sim {

/// Memory of whole pages, so that it can be kept.
class PageMemory {
 public:
  /// At least `bytes`; what they hold is anything.
  explicit PageMemory(size_t bytes);
  [[nodiscard]] std::span<std::byte> span() const { return {memory_.get(), bytes_}; }

 private:
  struct Release {
    size_t bytes;
    void operator()(std::byte* memory) const;
  };
  size_t bytes_;
  std::unique_ptr<std::byte[], Release> memory_;
};

class KeptPages {
 public:
  /// What the memory holds now is kept. It must outlive this, and be written by this thread only.
  explicit KeptPages(const PageMemory& memory);
  ~KeptPages();
  KeptPages(const KeptPages&) = delete;
  KeptPages& operator=(const KeptPages&) = delete;

  void restore();

  /// A write to a protected page: true if it was one of ours, which may go on now. Called by the
  /// handler of the signal.
  bool written(const void* address);
  [[nodiscard]] size_t written_pages() const { return count_; }

 private:
  std::span<std::byte> memory_;
  std::span<std::byte> copy_;  // as large; a page of it is used once that page was written
  std::unique_ptr<uint32_t[]> pages_;
  size_t count_ = 0;
};

}  // namespace sim
