// SPDX-License-Identifier: BSD-3-Clause
#include "ports/qemu-virt/common/semihosting.hpp"

#include <cstring>

namespace ports::qemu {
namespace {

enum class Operation : uint32_t {
  open = 0x01,
  write0 = 0x04,
  write = 0x05,
  read = 0x06,
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

/// Bytes that were not moved.
uint64_t transfer(Operation operation, int64_t file, uintptr_t at, size_t length) {
  const uint64_t block[] = {static_cast<uint64_t>(file), at, length};
  return static_cast<uint64_t>(semihost(operation, block));
}

/// True if every byte was moved. A pipe moves as many at once as it has, at the end none.
bool transfer_all(Operation operation, int64_t file, uintptr_t at, size_t length) {
  for (size_t done = 0; done < length;) {
    const size_t part = length - done < chunk_bytes ? length - done : chunk_bytes;
    const uint64_t left = transfer(operation, file, at + done, part);
    if (left >= part) return false;
    done += part - left;
  }
  return true;
}

}  // namespace

void print(const char* text) { semihost(Operation::write0, text); }

void exit_machine(uint32_t status) {
  const uint64_t block[] = {application_exit, status};
  while (true) semihost(Operation::exit, block);
}

std::string_view command_line(std::span<char> room) {
  uint64_t block[] = {reinterpret_cast<uintptr_t>(room.data()), room.size()};
  if (semihost(Operation::get_command_line, block) != 0 || block[1] > room.size()) return {};
  return {room.data(), block[1]};
}

FrameReader::FrameReader(const char* name) : file_(open_file(name, mode_read_binary)) {}

Frame FrameReader::next(std::span<std::byte> room) {
  uint64_t length = 0;
  if (!transfer_all(Operation::read, file_, reinterpret_cast<uintptr_t>(&length), sizeof length)) {
    return {.kind = FrameKind::end};
  }
  const auto at = reinterpret_cast<uintptr_t>(room.data());
  const bool whole = length <= room.size() &&
                     transfer_all(Operation::read, file_, at, static_cast<size_t>(length));
  if (!whole) return {.kind = FrameKind::malformed};
  return {.kind = FrameKind::whole, .bytes = room.first(static_cast<size_t>(length))};
}

FrameWriter::FrameWriter(const char* name) : file_(open_file(name, mode_write_binary)) {}

bool FrameWriter::write(std::span<const std::byte> bytes) {
  const uint64_t length = bytes.size();
  return transfer_all(Operation::write, file_, reinterpret_cast<uintptr_t>(&length),
                      sizeof length) &&
         transfer_all(Operation::write, file_, reinterpret_cast<uintptr_t>(bytes.data()), length);
}

}  // namespace ports::qemu
