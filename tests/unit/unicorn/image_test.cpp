// SPDX-License-Identifier: BSD-3-Clause
// Images as files: what is loaded, and what is refused, with the reason.
#include "sim/unicorn/image.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "sim/engine/input_error.hpp"
#include "sim/unicorn/memory.hpp"

namespace {

using sim::unicorn::Image;
using sim::unicorn::Memory;
using testing::HasSubstr;

const std::string images = IMAGE_DIR;
const std::string good = images + "/ffa-mediator-unicorn.elf";

std::string bytes_of(const std::string& file) {
  const std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

/// A file that is gone with the test.
class Scratch {
 public:
  explicit Scratch(const std::string& bytes) { std::ofstream(path_, std::ios::binary) << bytes; }
  ~Scratch() { std::filesystem::remove(path_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_ =
      (std::filesystem::temp_directory_path() / ("ffa-sim-image-" + std::to_string(getpid())))
          .string();
};

std::string refusal(const std::string& file) {
  try {
    const Image image(file);
  } catch (const sim::InputError& error) {
    return error.what();
  }
  return "not refused";
}

std::string refusal_of_bytes(const std::string& bytes) {
  const Scratch file(bytes);
  const std::string text = refusal(file.path());
  return text.starts_with(file.path()) ? text.substr(file.path().size()) : text;
}

TEST(Image, TheMediatorsIsLoaded) {
  const Image image(good);
  ASSERT_GE(image.segments().size(), 2U);
  EXPECT_EQ(image.segments()[0].address, 0x40000000U);
  EXPECT_TRUE(image.segments()[0].executable);
  EXPECT_FALSE(image.segments()[0].writable);
  EXPECT_FALSE(image.segments()[1].executable);
  EXPECT_EQ(image.symbol("image_return"), 0x40000000U);
  const uint64_t probe = image.symbol("image_probe");
  EXPECT_EQ(image.describe(probe + 4), "image_probe+0x4");
  EXPECT_EQ(image.describe(0x10), "0x10");
  EXPECT_EQ(image.describe(~uint64_t{0}), "0xffffffffffffffff");
}

TEST(Image, AMissingSymbolIsNamed) {
  try {
    (void)Image(good).symbol("image_dance");
    FAIL();
  } catch (const sim::InputError& error) {
    EXPECT_EQ(error.what(), good + ": has no symbol image_dance");
  }
}

TEST(Image, WhatIsNoImageIsRefused) {
  EXPECT_THAT(refusal("/no/such/file"), HasSubstr("/no/such/file: No such file or directory"));
  EXPECT_THAT(refusal("/"), HasSubstr("not an ELF file"));
  EXPECT_THAT(refusal("/dev/null"), HasSubstr("not an ELF file"));
  EXPECT_EQ(refusal_of_bytes("#!/bin/sh\n"), ": not an ELF file");
  EXPECT_THAT(refusal("/proc/self/exe"), HasSubstr("not for AArch64"));
  EXPECT_THAT(refusal(images + "/test-elsewhere.elf"),
              HasSubstr("the segment at 0x90000000 does not lie in 0x40000000..0x50000000"));
  EXPECT_THAT(refusal(images + "/test-other-version.elf"),
              HasSubstr("speaks version 1000 of the image's ABI, not 7"));
}

// Offsets of the ELF header: e_type 16, e_phoff 32, e_phnum 56; of a program header: p_flags 4,
// p_offset 8, p_vaddr 16, p_filesz 32, p_memsz 40.
TEST(Image, ADamagedFileIsRefused) {
  const std::string whole = bytes_of(good);
  ASSERT_GT(whole.size(), 100000U);
  for (const size_t length : {1, 16, 63, 64, 100, 4096, 20000})
    EXPECT_NE(refusal_of_bytes(whole.substr(0, length)), "not refused") << length;
  const auto with = [&whole](size_t place, std::initializer_list<int> bytes) {
    std::string changed = whole;
    for (const int byte : bytes) changed.at(place++) = static_cast<char>(byte);
    return refusal_of_bytes(changed);
  };
  constexpr size_t header = 64;
  EXPECT_EQ(with(16, {3}), ": not linked to run at a fixed address");
  EXPECT_EQ(with(56, {0}), ": nothing to load in it");
  EXPECT_THAT(with(header + 8, {0, 0, 0, 0x70}), HasSubstr("leaves the file"));
  EXPECT_THAT(with(header + 32, {0, 0, 0, 0, 0, 0, 0, 0x80}), HasSubstr("leaves the file"));
  EXPECT_THAT(with(header + 16, {8}), HasSubstr("does not begin with a page"));
  EXPECT_THAT(with(header + 40, {0, 0, 0, 0, 0, 1}), HasSubstr("does not lie in"));
  EXPECT_THAT(with(header + 4, {7}), HasSubstr("is both code and data"));
  EXPECT_THAT(with(header + 16, {0, 0xf0}), HasSubstr("two segments share the page at 0x400"));
}

TEST(Image, NoByteOfTheHeadersCrashesTheReader) {
  const std::string whole = bytes_of(good);
  for (size_t place = 4; place < 64 + 3 * 56; ++place) {
    std::string changed = whole;
    changed[place] = static_cast<char>(changed[place] ^ 0xff);
    (void)refusal_of_bytes(changed);
  }
}

TEST(EmulatorMemory, OnlyWhatIsMappedIsFound) {
  const Image image(good);
  Memory memory(image);
  EXPECT_NE(memory.find(0x40000000, 4, false), nullptr);
  EXPECT_EQ(memory.find(0x40000000, 4, true), nullptr);
  EXPECT_EQ(memory.find(0x3fffffff, 4, false), nullptr);
  const uint64_t heap_end = sim::unicorn::heap_begin + sim::unicorn::heap_bytes;
  EXPECT_NE(memory.find(heap_end - 4, 4, true), nullptr);
  EXPECT_EQ(memory.find(heap_end - 4, 5, true), nullptr);
  EXPECT_EQ(memory.find(heap_end - 4, ~uint64_t{0}, true), nullptr);
  EXPECT_EQ(memory.find(~uint64_t{0}, 1, false), nullptr);
}

TEST(EmulatorMemory, BlocksFillTheFirstHole) {
  const Image image(good);
  Memory memory(image);
  const uint64_t a = memory.allocate(100);
  const uint64_t b = memory.allocate(1000);
  const uint64_t c = memory.allocate(64);
  EXPECT_EQ(a % 64, 0U);
  EXPECT_LT(a + 100, b);
  EXPECT_LT(b + 1000, c);
  memory.release(b);
  EXPECT_EQ(memory.allocate(1001), b);
  memory.release(b);
  EXPECT_GT(memory.allocate(2000), c);
  EXPECT_EQ(memory.allocate(64), b);
  EXPECT_EQ(memory.allocate(sim::unicorn::heap_bytes), 0U);
  EXPECT_EQ(memory.allocate(~uint64_t{0}), 0U);
}

TEST(EmulatorMemory, AStrayWriteShows) {
  const Image image(good);
  Memory memory(image);
  const uint64_t block = memory.allocate(100);
  EXPECT_EQ(*memory.find(block, 1, true), std::byte{0xa5});
  EXPECT_TRUE(memory.border_intact(block));
  *memory.find(block + 99, 1, true) = std::byte{0};
  EXPECT_TRUE(memory.border_intact(block));
  *memory.find(block + 100, 1, true) = std::byte{0};
  EXPECT_FALSE(memory.border_intact(block));
}

}  // namespace
