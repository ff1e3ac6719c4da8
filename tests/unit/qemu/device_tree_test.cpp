// SPDX-License-Identifier: BSD-3-Clause
// The board of a BL33 payload: whole, cut, changed.
#include "ports/qemu-virt/bl33/device_tree.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace ports::qemu {
namespace {

using Bytes = std::vector<std::byte>;

/// Writes a flattened device tree, version 17.
class Tree {
 public:
  void cell(uint32_t value) { put(structure_, value); }
  void begin(const std::string& name) {
    cell(1);
    text(structure_, name);
  }
  void end() { cell(2); }
  void property(const std::string& name, const Bytes& value) {
    cell(3);
    cell(static_cast<uint32_t>(value.size()));
    cell(offset_of(name));
    structure_.insert(structure_.end(), value.begin(), value.end());
    pad(structure_, 4);
  }
  void cells(const std::string& name, std::initializer_list<uint32_t> values) {
    Bytes value;
    for (const uint32_t one : values) put(value, one);
    property(name, value);
  }
  void string(const std::string& name, const std::string& value) {
    Bytes bytes;
    for (const char c : value) bytes.push_back(static_cast<std::byte>(c));
    bytes.push_back(std::byte{0});
    property(name, bytes);
  }
  void reserve(uint64_t base, uint64_t bytes) {
    for (const uint64_t one : {base, bytes}) {
      put(reservations_, static_cast<uint32_t>(one >> 32));
      put(reservations_, static_cast<uint32_t>(one));
    }
  }
  Bytes finish() {
    cell(9);
    reserve(0, 0);
    constexpr uint32_t header = device_tree_header_bytes;
    const auto size = [](const Bytes& bytes) { return static_cast<uint32_t>(bytes.size()); };
    const uint32_t structure = header + size(reservations_);
    const uint32_t strings = structure + size(structure_);
    Bytes all;
    for (const uint32_t word : {device_tree_magic, strings + size(strings_), structure, strings,
                                header, 17U, 16U, 0U, size(strings_), size(structure_)}) {
      put(all, word);
    }
    for (const Bytes* part : {&reservations_, &structure_, &strings_}) {
      all.insert(all.end(), part->begin(), part->end());
    }
    return all;
  }

 private:
  static void put(Bytes& to, uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8)
      to.push_back(static_cast<std::byte>(value >> shift));
  }
  static void pad(Bytes& to, size_t unit) { to.resize((to.size() + unit - 1) / unit * unit); }
  static void text(Bytes& to, const std::string& value) {
    for (const char c : value) to.push_back(static_cast<std::byte>(c));
    to.push_back(std::byte{0});
    pad(to, 4);
  }
  uint32_t offset_of(const std::string& name) {
    const auto known = names_.find(name);
    if (known != names_.end()) return known->second;
    const auto offset = static_cast<uint32_t>(strings_.size());
    for (const char c : name) strings_.push_back(static_cast<std::byte>(c));
    strings_.push_back(std::byte{0});
    return names_[name] = offset;
  }

  Bytes structure_, strings_, reservations_;
  std::map<std::string, uint32_t> names_;
};

/// What of the board a test wants otherwise.
struct Wishes {
  std::string stdout_path = "/pl011@9040000:115200n8";
  std::string second_uart = "okay";
  bool memory = true, uarts = true, gic = true;
  uint32_t address_cells = 2;
  uint32_t memory_size_low = 0x30000000;
};

/// The shape of QEMU's: memory for the secure world is another memory node, and disabled.
Bytes board_tree(const Wishes& wishes = {}) {
  Tree tree;
  tree.reserve(0x41000000, 0x2000);
  tree.begin("");
  tree.cells("#address-cells", {wishes.address_cells});
  tree.cells("#size-cells", {2});
  tree.begin("reserved-memory");
  tree.cells("#address-cells", {1});
  tree.cells("#size-cells", {1});
  tree.property("ranges", {});
  tree.begin("shm@42000000");
  tree.cells("reg", {0x42000000, 0x200000});
  tree.end();
  tree.begin("anywhere");
  tree.cells("size", {0x1000});
  tree.end();
  tree.end();
  tree.cell(4);  // no operation
  if (wishes.memory) {
    tree.begin("memory@40000000");
    tree.cells("reg", {0, 0x40000000, 0, wishes.memory_size_low, 0x80, 0, 1, 0});
    tree.string("device_type", "memory");
    tree.end();
  }
  tree.begin("secram@e000000");
  tree.string("device_type", "memory");
  tree.string("status", "disabled");
  tree.cells("reg", {0, 0xe000000, 0, 0x1000000});
  tree.end();
  if (wishes.gic) {
    tree.begin("intc@8000000");
    tree.string("compatible", "arm,gic-v3");
    tree.cells("reg", {0, 0x8000000, 0, 0x10000, 0, 0x80a0000, 0, 0xf60000});
    tree.begin("its@8080000");
    tree.string("compatible", "arm,gic-v3-its");
    tree.cells("reg", {0, 0x8080000, 0, 0x20000});
    tree.end();
    tree.end();
  }
  if (wishes.uarts) {
    for (const uint32_t base : {0x9000000U, 0x9040000U}) {
      tree.begin(base == 0x9000000U ? "pl011@9000000" : "pl011@9040000");
      tree.property("compatible", {std::byte{'a'}, std::byte{'r'}, std::byte{'m'}, std::byte{','},
                                   std::byte{'p'}, std::byte{'l'}, std::byte{'0'}, std::byte{'1'},
                                   std::byte{'1'}, std::byte{0}, std::byte{'x'}, std::byte{0}});
      tree.cells("reg", {0, base, 0, 0x1000});
      if (base == 0x9040000U) tree.string("status", wishes.second_uart);
      tree.end();
    }
  }
  tree.begin("chosen");
  tree.string("stdout-path", wishes.stdout_path);
  tree.cells("linux,initrd-start", {0x44000000});
  tree.cells("linux,initrd-end", {0, 0x44000100});
  tree.end();
  tree.end();
  return tree.finish();
}

TEST(DeviceTree, TellsTheBoard) {
  const auto board = read_board(board_tree());
  ASSERT_TRUE(board.ok()) << static_cast<int>(board.error());
  ASSERT_EQ(board->memory_count, 2U);
  EXPECT_EQ(board->memory[0], (Range{0x40000000, 0x30000000}));
  EXPECT_EQ(board->memory[1], (Range{0x8000000000, 0x100000000}));
  ASSERT_EQ(board->reserved_count, 2U);
  EXPECT_EQ(board->reserved[0], (Range{0x41000000, 0x2000}));
  EXPECT_EQ(board->reserved[1], (Range{0x42000000, 0x200000}));
  EXPECT_EQ(board->uart, 0x9040000U);
  EXPECT_EQ(board->gic_distributor, 0x8000000U);
  EXPECT_EQ(board->gic_redistributors, (Range{0x80a0000, 0xf60000}));
  EXPECT_EQ(board->initrd, (Range{0x44000000, 0x100}));
}

TEST(DeviceTree, TakesTheFirstUartThatIsEnabledWhereNoPathNamesOne) {
  EXPECT_EQ(read_board(board_tree({.stdout_path = "serial1"}))->uart, 0x9000000U);
  EXPECT_EQ(read_board(board_tree({.second_uart = "disabled"}))->uart, 0x9000000U);
}

TEST(DeviceTree, SaysWhatIsMissing) {
  EXPECT_EQ(read_board(board_tree({.memory = false})).error(), TreeError::no_memory);
  EXPECT_EQ(read_board(board_tree({.uarts = false})).error(), TreeError::no_uart);
  EXPECT_EQ(read_board(board_tree({.gic = false})).error(), TreeError::no_gic);
  EXPECT_EQ(read_board(board_tree({.address_cells = 3})).error(), TreeError::bad_cells);
}

TEST(DeviceTree, TakesATreeWithBytesBehindIt) {
  Bytes tree = board_tree();
  tree.resize(tree.size() + 100, std::byte{0xff});
  EXPECT_TRUE(read_board(tree).ok());
}

TEST(DeviceTree, RefusesATreeThatIsCutAnywhere) {
  const Bytes tree = board_tree();
  for (size_t length = 0; length < tree.size(); ++length) {
    const Bytes cut(tree.begin(), tree.begin() + static_cast<std::ptrdiff_t>(length));
    EXPECT_FALSE(read_board(cut).ok()) << length;
  }
}

/// Whatever a byte is changed to, nothing outside is read (AddressSanitizer sees it), and what is
/// returned is a board or an error.
TEST(DeviceTree, SurvivesAnyChangedByte) {
  const Bytes tree = board_tree();
  size_t refused = 0;
  for (size_t at = 0; at < tree.size(); ++at) {
    for (const unsigned value : {0x00U, 0x01U, 0x7fU, 0x80U, 0xffU}) {
      Bytes changed = tree;
      changed[at] = static_cast<std::byte>(value);
      const auto board = read_board(changed);
      if (board.ok()) {
        EXPECT_LE(board->memory_count, Board::max_memory);
        EXPECT_LE(board->reserved_count, Board::max_reserved);
      } else {
        EXPECT_NE(board.error(), TreeError::none);
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, tree.size() / 4);
}

TEST(FreeRanges, TakesOutWholePagesAndAllocatesTheLowest) {
  FreeRanges free;
  ASSERT_TRUE(free.add({0x40000800, 0x10000}));  // whole pages only: 0x40001000 to 0x40010000
  ASSERT_EQ(free.pieces().size(), 1U);
  EXPECT_EQ(free.pieces()[0], (Range{0x40001000, 0xf000}));
  ASSERT_TRUE(free.take_out({0x40003fff, 2}));  // both pages that it touches
  ASSERT_EQ(free.pieces().size(), 2U);
  EXPECT_EQ(free.pieces()[0], (Range{0x40001000, 0x2000}));
  EXPECT_EQ(free.pieces()[1], (Range{0x40005000, 0xb000}));
  EXPECT_TRUE(free.is_free({0x40005000, 0xb000}));
  EXPECT_FALSE(free.is_free({0x40004fff, 1}));
  EXPECT_EQ(free.allocate(0x2001)->base, 0x40005000U);
  EXPECT_EQ(free.allocate(1)->base, 0x40001000U);
  EXPECT_EQ(free.largest(), 0x8000U);
  EXPECT_FALSE(free.allocate(0x8001));
}

TEST(FreeRanges, JoinsNeighboursAndCountsOverlapsOnce) {
  FreeRanges free;
  ASSERT_TRUE(free.add({0x3000, 0x1000}));
  ASSERT_TRUE(free.add({0x1000, 0x1000}));
  ASSERT_TRUE(free.add({0x1000, 0x3000}));
  ASSERT_EQ(free.pieces().size(), 1U);
  EXPECT_EQ(free.pieces()[0], (Range{0x1000, 0x3000}));
}

TEST(FreeRanges, SaysWhenThereAreTooManyPieces) {
  FreeRanges free;
  ASSERT_TRUE(free.add({0, 0x1000000}));
  bool done = true;
  for (uint64_t n = 0; done && n < FreeRanges::max_ranges; ++n) {
    done = free.take_out({(2 * n + 1) * 0x1000, 0x1000});
  }
  EXPECT_FALSE(done);
}

}  // namespace
}  // namespace ports::qemu
