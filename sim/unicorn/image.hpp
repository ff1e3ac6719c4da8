// SPDX-License-Identifier: BSD-3-Clause
// The mediator's AArch64 image as a file: what is to be loaded where, and what lies at an address.
// Read once, by the factory; changed by nobody.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace sim::unicorn {

constexpr uint64_t page_bytes = 4096;

/// Of a function's code.
struct Extent {
  uint64_t begin = 0;
  uint64_t bytes = 0;
};

/// A loadable segment: whole pages, zeros behind what the file has.
struct Segment {
  uint64_t address = 0;
  bool writable = false;
  bool executable = false;
  std::vector<std::byte> bytes;
};

class Image {
 public:
  /// Throws InputError (file, reason) where the file can't be read, is no AArch64 executable for
  /// the window above, or speaks another ABI version.
  explicit Image(const std::string& file);

  [[nodiscard]] const std::string& file() const { return file_; }
  [[nodiscard]] const std::vector<Segment>& segments() const { return segments_; }
  /// The address of a symbol. Throws InputError where there is none of that name.
  [[nodiscard]] uint64_t symbol(const std::string& name) const;
  /// Where a function lies; nowhere, of no bytes, if there is none of that name.
  [[nodiscard]] Extent function(const std::string& name) const;
  /// An address in words: "name+0x10", or the number alone.
  [[nodiscard]] std::string describe(uint64_t address) const;

 private:
  struct Function {
    uint64_t bytes = 0;
    std::string name;
  };
  void read(int descriptor);
  void check_abi_version() const;

  std::string file_;
  std::vector<Segment> segments_;
  std::map<std::string, uint64_t> symbols_;
  std::map<uint64_t, Function> functions_;
};

}  // namespace sim::unicorn
