// SPDX-License-Identifier: BSD-3-Clause
// Files, messages and the end of the machine, through Arm semihosting: the debugger (QEMU) does
// them. [Semihosting for AArch32 and AArch64, 2.0] Works at every exception level but EL0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "ports/qemu-virt/common/console.hpp"

namespace ports::qemu {

/// The words of the machine's command line (`arg=…`), separated by spaces, ended by '\0', in
/// `room`; empty if there is none, or it does not fit.
std::string_view command_line(std::span<char> room);
enum class FrameKind : uint8_t { whole, end, malformed };
struct Frame {
  FrameKind kind = FrameKind::end;
  std::span<const std::byte> bytes{};
};

/// A file or a pipe of frames: a length of 8 bytes, little-endian, and so many bytes.
class FrameReader {
 public:
  explicit FrameReader(const char* name);
  [[nodiscard]] bool opened() const { return file_ >= 0; }
  /// Waits for the next frame and puts it at the start of `room`. Malformed: it does not fit, or
  /// ends too early.
  Frame next(std::span<std::byte> room);

 private:
  int64_t file_;
};

class FrameWriter {
 public:
  explicit FrameWriter(const char* name);
  [[nodiscard]] bool opened() const { return file_ >= 0; }
  /// False: not all bytes were written.
  bool write(std::span<const std::byte> bytes);

 private:
  int64_t file_;
};

}  // namespace ports::qemu
