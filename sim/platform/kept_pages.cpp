// SPDX-License-Identifier: BSD-3-Clause
#include "sim/platform/kept_pages.hpp"

#include <signal.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <system_error>

#include "sim/sched/sanitizers.hpp"

#ifdef FFASIM_ASAN
#include <sanitizer/asan_interface.h>
#endif

namespace sim {

namespace {

constexpr size_t page_bytes = 4096;
constexpr std::align_val_t page_alignment{page_bytes};

// All that are alive on this thread.
std::vector<KeptPages*>& kept_here() {
  thread_local std::vector<KeptPages*> all;
  return all;
}

struct sigaction before_us;

// A fault that is none of ours happens again, under whatever handler there was.
void on_fault(int /*signal*/, siginfo_t* info, void* /*context*/) {
  for (KeptPages* const kept : kept_here()) {
    if (kept->written(info->si_addr)) return;
  }
  sigaction(SIGSEGV, &before_us, nullptr);
}

void install_handler() {
  static const bool installed = [] {
    struct sigaction ours{};
    ours.sa_sigaction = on_fault;
    ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
    return sigaction(SIGSEGV, &ours, &before_us) == 0;
  }();
  if (!installed) std::abort();
}

void protect(std::span<std::byte> memory, int rights) {
  if (mprotect(memory.data(), memory.size(), rights) == 0) return;
  throw std::system_error(errno, std::generic_category(), "mprotect");
}

#ifdef FFASIM_ASAN
// AddressSanitizer would map each block anew, with its shadow: a thousand page faults a world. Here
// the last few that were given back serve again; until then they are out of bounds. Elsewhere
// valgrind may see what was not written.
class Blocks {
 public:
  std::byte* take(size_t bytes) {
    const std::lock_guard lock{mutex_};
    const auto found = std::find_if(idle_.begin(), idle_.end(),
                                    [bytes](const Block& block) { return block.bytes == bytes; });
    if (found == idle_.end()) return fresh(bytes);
    std::byte* const memory = found->memory;
    idle_.erase(found);
    __asan_unpoison_memory_region(memory, bytes);
    return memory;
  }
  void give_back(std::byte* memory, size_t bytes) {
    const std::lock_guard lock{mutex_};
    __asan_poison_memory_region(memory, bytes);
    idle_.push_back({memory, bytes});
    if (idle_.size() <= most_idle) return;
    const Block oldest = idle_.front();
    __asan_unpoison_memory_region(oldest.memory, oldest.bytes);
    ::operator delete(oldest.memory, page_alignment);
    idle_.erase(idle_.begin());
  }

 private:
  struct Block {
    std::byte* memory;
    size_t bytes;
  };
  static constexpr size_t most_idle = 8;
  static std::byte* fresh(size_t bytes) {
    return static_cast<std::byte*>(::operator new(bytes, page_alignment));
  }
  std::mutex mutex_;
  std::vector<Block> idle_;
};
#else
struct Blocks {
  std::byte* take(size_t bytes) {
    return static_cast<std::byte*>(::operator new(bytes, page_alignment));
  }
  void give_back(std::byte* memory, size_t /*bytes*/) { ::operator delete(memory, page_alignment); }
};
#endif

// Never destroyed: worlds of static storage give their memory back, too.
Blocks& blocks() {
  static auto* const all = new Blocks;
  return *all;
}

}  // namespace

void PageMemory::Release::operator()(std::byte* memory) const { blocks().give_back(memory, bytes); }

PageMemory::PageMemory(size_t bytes)
    : bytes_((bytes + page_bytes - 1) / page_bytes * page_bytes),
      memory_(blocks().take(bytes_), Release{bytes_}) {}

KeptPages::KeptPages(const PageMemory& memory)
    : memory_(memory.span()),
      pages_(std::make_unique_for_overwrite<uint32_t[]>(memory_.size() / page_bytes)) {
  install_handler();
  void* const copy = mmap(nullptr, memory_.size(), PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (copy == MAP_FAILED) throw std::bad_alloc();
  copy_ = {static_cast<std::byte*>(copy), memory_.size()};
  kept_here().push_back(this);
  protect(memory_, PROT_READ);
}

KeptPages::~KeptPages() {
  protect(memory_, PROT_READ | PROT_WRITE);
  std::erase(kept_here(), this);
  munmap(copy_.data(), copy_.size());
}

bool KeptPages::written(const void* address) {
  const auto* const at = static_cast<const std::byte*>(address);
  const std::less<const std::byte*> before;
  if (before(at, memory_.data()) || !before(at, memory_.data() + memory_.size())) return false;
  const size_t page = static_cast<size_t>(at - memory_.data()) / page_bytes;
  const auto here = memory_.subspan(page * page_bytes, page_bytes);
  std::memcpy(copy_.data() + page * page_bytes, here.data(), page_bytes);
  pages_[count_++] = static_cast<uint32_t>(page);
  return mprotect(here.data(), page_bytes, PROT_READ | PROT_WRITE) == 0;
}

void KeptPages::restore() {
  for (size_t n = 0; n < count_; ++n) {
    const size_t at = size_t{pages_[n]} * page_bytes;
    std::memcpy(memory_.data() + at, copy_.data() + at, page_bytes);
  }
}

}  // namespace sim
