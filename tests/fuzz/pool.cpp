// SPDX-License-Identifier: BSD-3-Clause
// operator new of the targets that run calls, with AddressSanitizer. An input makes hundreds of
// small allocations, all of them of the simulator: neither the mediator nor the SPMC model has a
// heap. ASan's allocator would be half of what an input costs. Here a block comes from a list of
// its size; what is free, and the head in front of each block, are poisoned, so that a wild access
// still shows. Leaks do not; the tree `asan` sees to them.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

#define FUZZ_UNWATCHED __attribute__((no_sanitize("address", "undefined", "coverage")))

namespace {

constexpr size_t unit = 16;         // sizes are multiples of it
constexpr size_t largest = 1024;    // what is larger comes from malloc
constexpr size_t slab = 16 * 1024;  // what is asked of malloc at a time

/// In front of each block.
struct Head {
  size_t size;  ///< of the block, rounded up
  Head* next;   ///< while it is free
};
static_assert(sizeof(Head) == unit);

/// Free blocks of a size. First in, first out: what was freed is left alone for long.
struct List {
  Head* first;
  Head* last;
};
thread_local List lists[largest / unit + 1];

FUZZ_UNWATCHED void put(Head* head) {
  List& list = lists[head->size / unit];
  head->next = nullptr;
  if (list.first == nullptr) {
    list.first = head;
  } else {
    list.last->next = head;
  }
  list.last = head;
}

FUZZ_UNWATCHED void fill(size_t size) {
  auto* const memory = static_cast<std::byte*>(std::malloc(slab));
  if (memory == nullptr) std::abort();
  for (size_t at = 0; at + unit + size <= slab; at += unit + size) {
    Head* const head = reinterpret_cast<Head*>(memory + at);
    head->size = size;
    put(head);
  }
  __asan_poison_memory_region(memory, slab);
  __lsan_ignore_object(memory);
}

FUZZ_UNWATCHED void* take(size_t bytes) {
  if (bytes > largest) {
    auto* const head = static_cast<Head*>(std::malloc(unit + bytes));
    if (head == nullptr) std::abort();
    head->size = bytes;
    return head + 1;
  }
  const size_t size = bytes == 0 ? unit : (bytes + unit - 1) / unit * unit;
  List& list = lists[size / unit];
  if (list.first == nullptr) fill(size);
  Head* const head = list.first;
  list.first = head->next;
  __asan_unpoison_memory_region(head + 1, bytes);
  return head + 1;
}

FUZZ_UNWATCHED void give_back(void* block) {
  if (block == nullptr) return;
  Head* const head = static_cast<Head*>(block) - 1;
  if (head->size > largest) {
    std::free(head);
    return;
  }
  __asan_poison_memory_region(block, head->size);
  put(head);
}

}  // namespace

void* operator new(size_t bytes) { return take(bytes); }
void* operator new[](size_t bytes) { return take(bytes); }
void* operator new(size_t bytes, const std::nothrow_t& /*tag*/) noexcept { return take(bytes); }
void* operator new[](size_t bytes, const std::nothrow_t& /*tag*/) noexcept { return take(bytes); }
void operator delete(void* block) noexcept { give_back(block); }
void operator delete[](void* block) noexcept { give_back(block); }
void operator delete(void* block, size_t /*bytes*/) noexcept { give_back(block); }
void operator delete[](void* block, size_t /*bytes*/) noexcept { give_back(block); }
void operator delete(void* block, const std::nothrow_t& /*tag*/) noexcept { give_back(block); }
void operator delete[](void* block, const std::nothrow_t& /*tag*/) noexcept { give_back(block); }

#endif
#endif
