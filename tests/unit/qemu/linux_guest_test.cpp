// SPDX-License-Identifier: BSD-3-Clause
#include "sim/qemu/linux_guest.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "sim/engine/input_error.hpp"
#include "sim/qemu/process.hpp"

namespace sim::qemu::test {
namespace {

/// The first bytes of an arm64 Image of one page; the rest is 0.
std::string image(uint64_t text_offset, uint64_t image_size, uint64_t flags) {
  std::string bytes(4096, '\0');
  const uint64_t words[] = {text_offset, image_size, flags};
  for (size_t n = 0; n < std::size(words) * 8; ++n) {
    bytes[8 + n] = static_cast<char>(words[n / 8] >> (8 * (n % 8)));
  }
  bytes.replace(0x38, 4, "ARM\x64");
  return bytes;
}

class LinuxGuest : public testing::Test {
 protected:
  LinuxGuest() {
    std::filesystem::create_directories(folder_);
    vm_.name = "vm1";
    vm_.config.id = ffa::EndpointId{3};
    RegionSpec ram;
    ram.ipa = 0x40000000;
    ram.size = 16 << 20;
    vm_.memory = {ram};
  }
  ~LinuxGuest() override { std::filesystem::remove_all(folder_); }

  std::string file(const char* name, const std::string& bytes) const {
    const std::string path = folder_ / name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  std::string refusal(const LinuxFiles& files) const {
    try {
      (void)linux_guest(vm_, files);
    } catch (const InputError& error) {
      return error.what();
    }
    return "none";
  }

  VmSpec vm_;

 private:
  std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) / ("linux_guest" + std::to_string(getpid()));
};

TEST_F(LinuxGuest, RefusesWhatIsNoImage) {
  EXPECT_NE(refusal({.kernel = file("a", "\x1f\x8b gzip")}).find("no arm64 Image"),
            std::string::npos);
  EXPECT_NE(refusal({.kernel = file("b", image(0, 4096, 1))}).find("big-endian"),
            std::string::npos);
  EXPECT_NE(refusal({.kernel = file("c", image(2 << 20, 4096, 0))}).find("no sense"),
            std::string::npos);
  EXPECT_NE(refusal({.kernel = file("d", image(0, 4095, 0))}).find("no sense"), std::string::npos);
  EXPECT_NE(refusal({.kernel = "/nowhere/Image"}).find("can't be read"), std::string::npos);
  EXPECT_NE(refusal({.kernel = testing::TempDir()}).find("is a directory"), std::string::npos);
}

TEST_F(LinuxGuest, NeedsRoomInItsFirstRam) {
  const LinuxFiles files{.kernel = file("e", image(0, 12 << 20, 0)),
                         .initrd = file("f", std::string(4 << 20, 'x'))};
  EXPECT_NE(refusal(files).find("no room"), std::string::npos);
  vm_.memory[0].ipa += 0x1000;
  EXPECT_NE(refusal(files).find("multiple of 2 MiB"), std::string::npos);
}

TEST_F(LinuxGuest, LiesAsTheBootProtocolSays) {
  if (!can_run("dtc")) GTEST_SKIP() << "no dtc";
  const Boot boot = linux_guest(vm_, {.kernel = file("g", image(0x80000, 3 << 20, 0)),
                                      .initrd = file("h", "initrd"),
                                      .arguments = "say=\"a\\b\""});
  EXPECT_EQ(boot.vm, 3);
  EXPECT_EQ(boot.entry, 0x40080000U);
  EXPECT_EQ(boot.x0, 0x40400000U);
  ASSERT_EQ(boot.files.size(), 3U);
  EXPECT_EQ(boot.files[0].ipa, boot.entry);
  EXPECT_EQ(boot.files[1].ipa, boot.x0);
  EXPECT_EQ(boot.files[2].ipa, 0x40600000U);
  EXPECT_EQ(boot.files[2].bytes.size(), 6U);
  const auto& tree = boot.files[1].bytes;
  const std::string text(reinterpret_cast<const char*>(tree.data()), tree.size());
  EXPECT_NE(text.find("panic=-1 say=\"a\\b\""), std::string::npos);
}

TEST_F(LinuxGuest, TreeSaysHowItCalls) {
  EXPECT_NE(device_tree_source(vm_, {""}, 0, 0).find("method = \"smc\""), std::string::npos);
  EXPECT_NE(device_tree_source(vm_, {.kernel = "", .hvc = true}, 0, 0).find("method = \"hvc\""),
            std::string::npos);
  EXPECT_EQ(device_tree_source(vm_, {""}, 0, 0).find("initrd"), std::string::npos);
}

}  // namespace
}  // namespace sim::qemu::test
