// SPDX-License-Identifier: BSD-3-Clause
// All that the freestanding parts may ask of their surroundings.
#include <cstddef>
#include <cstdint>

// A word that may lie over objects of any type.
using Word __attribute__((may_alias)) = uint64_t;

extern "C" {

// Plain loops, compiled so that they do not become calls of themselves (CMakeLists.txt).

void* memcpy(void* to, const void* from, size_t length) {
  auto* out = static_cast<unsigned char*>(to);
  const auto* in = static_cast<const unsigned char*>(from);
  size_t i = 0;
  if ((reinterpret_cast<uintptr_t>(to) | reinterpret_cast<uintptr_t>(from)) % sizeof(Word) == 0) {
    for (; length - i >= sizeof(Word); i += sizeof(Word)) {
      *reinterpret_cast<Word*>(out + i) = *reinterpret_cast<const Word*>(in + i);
    }
  }
  for (; i < length; ++i) out[i] = in[i];
  return to;
}

void* memmove(void* to, const void* from, size_t length) {
  auto* out = static_cast<unsigned char*>(to);
  const auto* in = static_cast<const unsigned char*>(from);
  if (reinterpret_cast<uintptr_t>(out) < reinterpret_cast<uintptr_t>(in))
    return memcpy(to, from, length);
  for (size_t i = length; i > 0; --i) out[i - 1] = in[i - 1];
  return to;
}

void* memset(void* to, int value, size_t length) {
  auto* out = static_cast<unsigned char*>(to);
  const auto byte = static_cast<unsigned char>(value);
  size_t i = 0;
  for (; i < length && reinterpret_cast<uintptr_t>(out + i) % sizeof(Word) != 0; ++i) out[i] = byte;
  const Word word = byte * 0x0101010101010101ULL;
  for (; length - i >= sizeof(Word); i += sizeof(Word)) *reinterpret_cast<Word*>(out + i) = word;
  for (; i < length; ++i) out[i] = byte;
  return to;
}

int memcmp(const void* left, const void* right, size_t length) {
  const auto* a = static_cast<const unsigned char*>(left);
  const auto* b = static_cast<const unsigned char*>(right);
  for (size_t i = 0; i < length; ++i) {
    if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
  }
  return 0;
}

const void* memchr(const void* bytes, int value, size_t length) {
  const auto* in = static_cast<const unsigned char*>(bytes);
  for (size_t i = 0; i < length; ++i) {
    if (in[i] == static_cast<unsigned char>(value)) return in + i;
  }
  return nullptr;
}

size_t strlen(const char* text) {
  size_t length = 0;
  while (text[length] != '\0') ++length;
  return length;
}

// An exception that whoever runs the image sees at once.
[[noreturn]] void abort() {
  while (true) asm volatile("brk #0xaa");
}

[[noreturn]] void __cxa_pure_virtual() { abort(); }
}
