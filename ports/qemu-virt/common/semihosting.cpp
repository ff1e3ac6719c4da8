// SPDX-License-Identifier: BSD-3-Clause
#include "ports/qemu-virt/common/semihosting.hpp"

#include <cstring>

namespace ports::qemu {
namespace {

enum class Operation : uint32_t {
  open = 0x01,
  close = 0x02,
  write0 = 0x04,
  write = 0x05,
  read = 0x06,
  flen = 0x0c,
  get_command_line = 0x15,
  exit = 0x18,
};
constexpr uint64_t mode_read_binary = 1;
constexpr uint64_t mode_write_binary = 5;
constexpr uint64_t application_exit = 0x20026;
/// QEMU moves so many bytes at once without slowing down.
constexpr size_t chunk_bytes = 64 << 10;

int64_t semihost(Operation operation, const void* parameter) {
  register uint64_t x0 asm("x0") = static_cast<uint32_t>(operation);
  register uint64_t x1 asm("x1") = reinterpret_cast<uintptr_t>(parameter);
  asm volatile("hlt #0xf000" : "+r"(x0) : "r"(x1) : "memory");
  return static_cast<int64_t>(x0);
}

int64_t open_file(const char* name, uint64_t mode) {
  const uint64_t block[] = {reinterpret_cast<uintptr_t>(name), mode, std::strlen(name)};
  return semihost(Operation::open, block);
}

void close_file(int64_t file) {
  const uint64_t block[] = {static_cast<uint64_t>(file)};
  semihost(Operation::close, block);
}

/// Bytes that were not moved.
uint64_t transfer(Operation operation, int64_t file, uintptr_t at, size_t length) {
  const uint64_t block[] = {static_cast<uint64_t>(file), at, length};
  return static_cast<uint64_t>(semihost(operation, block));
}

/// True if every byte was moved.
bool transfer_all(Operation operation, int64_t file, uintptr_t at, size_t length) {
  for (size_t done = 0; done < length;) {
    const size_t part = length - done < chunk_bytes ? length - done : chunk_bytes;
    if (transfer(operation, file, at + done, part) != 0) return false;
    done += part;
  }
  return true;
}

}  // namespace

void print(const char* text) { semihost(Operation::write0, text); }

void exit_machine(uint32_t status) {
  const uint64_t block[] = {application_exit, status};
  while (true) semihost(Operation::exit, block);
}

std::optional<size_t> read_file(const char* name, std::span<std::byte> room) {
  const int64_t file = open_file(name, mode_read_binary);
  if (file < 0) return std::nullopt;
  const uint64_t block[] = {static_cast<uint64_t>(file)};
  const int64_t length = semihost(Operation::flen, block);
  const bool fits = length >= 0 && static_cast<uint64_t>(length) <= room.size();
  const auto at = reinterpret_cast<uintptr_t>(room.data());
  const bool done = fits && transfer_all(Operation::read, file, at, static_cast<size_t>(length));
  close_file(file);
  if (!done) return std::nullopt;
  return static_cast<size_t>(length);
}

std::string_view command_line(std::span<char> room) {
  uint64_t block[] = {reinterpret_cast<uintptr_t>(room.data()), room.size()};
  if (semihost(Operation::get_command_line, block) != 0 || block[1] > room.size()) return {};
  return {room.data(), block[1]};
}

bool write_file(const char* name, std::span<const std::byte> bytes) {
  const int64_t file = open_file(name, mode_write_binary);
  if (file < 0) return false;
  const auto at = reinterpret_cast<uintptr_t>(bytes.data());
  const bool done = transfer_all(Operation::write, file, at, bytes.size());
  close_file(file);
  return done;
}

}  // namespace ports::qemu
