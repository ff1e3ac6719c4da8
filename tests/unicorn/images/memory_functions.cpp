// SPDX-License-Identifier: BSD-3-Clause
// memcpy and its kin of ports/aarch64, of one length, against byte by byte.
#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "tests/unicorn/images/misdeeds.hpp"

extern "C" {
void* memcpy(void* to, const void* from, size_t length);
void* memmove(void* to, const void* from, size_t length);
void* memset(void* to, int value, size_t length);
int memcmp(const void* left, const void* right, size_t length);
const void* memchr(const void* bytes, int value, size_t length);
size_t strlen(const char* text);
}

namespace {

constexpr size_t room = 208;
constexpr size_t begin = 48;  // a multiple of 16, with room in front for what must not be touched
constexpr unsigned char untouched = 0xee;
alignas(64) unsigned char left[room];
alignas(64) unsigned char right[room];

// Volatile, or the compiler would make calls of the functions that are tested.
void put(unsigned char* bytes, size_t at, unsigned value) {
  *static_cast<volatile unsigned char*>(bytes + at) = static_cast<unsigned char>(value);
}
unsigned get(const unsigned char* bytes, size_t at) {
  return *static_cast<const volatile unsigned char*>(bytes + at);
}
void number(unsigned char* bytes) {
  for (size_t i = 0; i < room; ++i) put(bytes, i, static_cast<unsigned>(i) + 1);
}

/// `length` bytes of `bytes` from `to` on are those that number() puts from `from` on; the others
/// are `fill`, or where they were numbered.
bool holds(const unsigned char* bytes, size_t to, size_t from, size_t length, bool numbered) {
  for (size_t i = 0; i < room; ++i) {
    const bool inside = i - to < length;
    const size_t place = inside ? from + (i - to) : i;
    const unsigned expected =
        inside || numbered ? static_cast<unsigned>(place) + 1 : unsigned{untouched};
    if (get(bytes, i) != expected) return false;
  }
  return true;
}

bool copies(size_t to, size_t from, size_t length) {
  number(right);
  for (size_t i = 0; i < room; ++i) put(left, i, untouched);
  return memcpy(left + to, right + from, length) == left + to &&
         holds(left, to, from, length, false) && holds(right, 0, 0, 0, true);
}

bool moves(size_t to, size_t from, size_t length) {
  number(left);
  return memmove(left + to, left + from, length) == left + to &&
         holds(left, to, from, length, true);
}

bool sets(size_t to, size_t length) {
  constexpr unsigned value = 0xa5;
  for (const unsigned fill : {0U, value}) {
    number(left);
    // Of the value only the lowest byte counts.
    if (memset(left + to, static_cast<int>(0x300 + fill), length) != left + to) return false;
    for (size_t i = 0; i < room; ++i) {
      if (get(left, i) != (i - to < length ? fill : i + 1)) return false;
    }
  }
  return true;
}

bool compares(size_t one, size_t other, size_t length) {
  number(left);
  for (size_t i = 0; i < length; ++i) put(right, other + i, get(left, one + i));
  put(right, other + length, get(left, one + length) ^ 0xff);
  if (memcmp(left + one, right + other, length) != 0) return false;
  for (const size_t at : {size_t{0}, length / 2, length - 1}) {
    if (at >= length) continue;
    const unsigned same = get(left, one + at);
    put(left, one + at, 0x7f);
    put(right, other + at, 0x80);  // greater, though not as a signed byte
    if (memcmp(left + one, right + other, length) >= 0) return false;
    if (memcmp(right + other, left + one, length) <= 0) return false;
    put(left, one + at, same);
    put(right, other + at, same);
  }
  return true;
}

bool finds(size_t at, size_t length) {
  number(left);
  const auto value = static_cast<int>(at + length + 1);  // of the byte behind
  if (memchr(left + at, 0x100 + value, length) != nullptr) return false;
  if (memchr(left + at, value, length + 1) != left + at + length) return false;
  put(left, at + length, 0);
  return strlen(reinterpret_cast<const char*>(left + at)) == length;
}

}  // namespace

namespace broken {

/// 0: all is right; else what is not, and where.
uint64_t check_memory_functions(size_t length, size_t step) {
  constexpr size_t distances[] = {0, 1, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 40};
  for (size_t to = begin; to < begin + 8; to += step) {
    const uint64_t place = length << 8 | to;
    if (!sets(to, length)) return uint64_t{1} << 32 | place;
    if (!finds(to, length)) return uint64_t{2} << 32 | place;
    for (size_t from = begin; from < begin + 8; from += step) {
      if (!copies(to, from, length)) return uint64_t{3} << 32 | from << 16 | place;
      if (!compares(to, from, length)) return uint64_t{4} << 32 | from << 16 | place;
    }
    for (const size_t distance : distances) {
      if (!moves(to, to - distance, length)) return uint64_t{5} << 32 | distance << 16 | place;
      if (!moves(to, to + distance, length)) return uint64_t{6} << 32 | distance << 16 | place;
    }
  }
  return 0;
}

}  // namespace broken
