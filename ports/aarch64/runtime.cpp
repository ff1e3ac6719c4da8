// SPDX-License-Identifier: BSD-3-Clause
// All that the freestanding parts may ask of their surroundings.
#include <cstddef>
#include <cstdint>

extern "C" {

// memcpy and memset are in memory.S. What follows is rare: plain loops, compiled so that they do
// not become calls of themselves (CMakeLists.txt).

void* memcpy(void* to, const void* from, size_t length);

void* memmove(void* to, const void* from, size_t length) {
  auto* out = static_cast<unsigned char*>(to);
  const auto* in = static_cast<const unsigned char*>(from);
  // memcpy goes upwards and loads what it stores next, a round or less, before it stores.
  if (reinterpret_cast<uintptr_t>(out) < reinterpret_cast<uintptr_t>(in))
    return memcpy(to, from, length);
  for (size_t i = length; i > 0; --i) out[i - 1] = in[i - 1];
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
