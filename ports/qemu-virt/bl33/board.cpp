// SPDX-License-Identifier: BSD-3-Clause
#include "ports/qemu-virt/bl33/board.hpp"

#include <optional>

#include "guest/bundle.hpp"
#include "ports/qemu-virt/bl33/console.hpp"
#include "ports/qemu-virt/common/console.hpp"
#include "ports/qemu-virt/common/gic.hpp"
#include "ports/qemu-virt/el2/places.hpp"

#ifndef BL33_DEVICE_TREE
#error "BL33_DEVICE_TREE: where a device tree is that is nowhere else"
#endif

extern "C" {
extern std::byte image_base[], image_end[];
uint64_t probe_words(uint64_t address);
}

namespace ports::qemu {
namespace {

constexpr uint64_t stage2_bytes = 64 << 20;

/// In a range, so that no optimizer takes address 0 for a null pointer.
std::span<const std::byte> memory_at(uint64_t address, uint64_t bytes) {
  return {reinterpret_cast<const std::byte*>(address), bytes};
}

/// The tree at `address`, which may be anything: nothing if none is there.
std::optional<std::span<const std::byte>> tree_at(uint64_t address) {
  if (address == 0 || address % 8 != 0) return std::nullopt;
  const uint64_t words = probe_words(address);
  if (__builtin_bswap32(static_cast<uint32_t>(words)) != device_tree_magic) return std::nullopt;
  return memory_at(address, __builtin_bswap32(static_cast<uint32_t>(words >> 32)));
}

const char* text_of(TreeError error) {
  switch (error) {
    case TreeError::none:
      return "no error";
    case TreeError::bad_magic:
      return "no device tree";
    case TreeError::truncated:
      return "something reaches past its end";
    case TreeError::bad_version:
      return "not compatible with version 17";
    case TreeError::bad_token:
      return "an unknown token, or nodes that do not close";
    case TreeError::too_deep:
      return "nodes are nested too deep";
    case TreeError::bad_cells:
      return "#address-cells or #size-cells are neither 1 nor 2";
    case TreeError::bad_property:
      return "a property has another length than its kind";
    case TreeError::too_many:
      return "too many memory ranges, reservations or UARTs";
    case TreeError::no_memory:
      return "no memory node";
    case TreeError::no_uart:
      return "no PL011";
    case TreeError::no_gic:
      return "no GICv3";
  }
  return "unknown error";
}

[[noreturn]] void no_room(const char* what) {
  print("EL2: no room in RAM for ");
  print(what);
  print("\n");
  exit_machine(exit_too_large);
}

void require(bool done) {
  if (!done) no_room("the list of free memory");
}

Places::Room place(FreeRanges& free, uint64_t bytes, const char* what) {
  const auto range = free.allocate(bytes);
  if (!range) no_room(what);
  return {range->base, range->bytes};
}

/// Bytes of a bundle at `address`; 0: none is there. The header is in RAM.
uint64_t bundle_bytes(uint64_t address) {
  return guest::Bundle::length(
      memory_at(address, guest::bundle_header_bytes).first<guest::bundle_header_bytes>());
}

bool in_memory(const Board& board, const Range& range) {
  for (size_t n = 0; n < board.memory_count; ++n) {
    if (board.memory[n].holds(range.base, range.bytes)) return true;
  }
  return false;
}

std::optional<Range> find_bundle(const Board& board) {
  const uint64_t behind = reinterpret_cast<uintptr_t>(image_end);
  for (const uint64_t base : {board.initrd.base, behind}) {
    if (base == 0 || base % 8 != 0) continue;
    if (!in_memory(board, {base, guest::bundle_header_bytes})) continue;
    const Range bundle{base, bundle_bytes(base)};
    if (bundle.bytes != 0 && bundle.end() > base && in_memory(board, bundle)) return bundle;
  }
  return std::nullopt;
}

}  // namespace

FoundBoard find_board(uint64_t x0) {
  FoundBoard found;
  const struct {
    uint64_t address;
    const char* where;
  } candidates[] = {{x0, "x0"},
                    {DEVICE_TREE, "the beginning of RAM"},
                    {BL33_DEVICE_TREE, "the place of last resort"}};
  for (const auto& candidate : candidates) {
    const auto tree = tree_at(candidate.address);
    if (!tree) continue;
    const auto board = read_board(*tree);
    if (!board.ok()) {
      print("EL2: device tree at ");
      print_hex(candidate.address);
      print(": ");
      give_up(exit_bad_input, text_of(board.error()));
    }
    set_uart(board->uart);
    gic::distributor = board->gic_distributor;
    gic::redistributors = board->gic_redistributors.base;
    return {candidate.address, candidate.where, *board};
  }
  give_up(exit_bad_input, "no device tree: neither at x0, nor at 0x40000000, nor at BL33_DTB");
}

std::span<const std::byte> settle(const FoundBoard& found) {
  const Board& board = found.board;
  const auto bundle = find_bundle(board);
  if (!bundle) {
    give_up(exit_bad_input, "no cases: the initrd is no bundle, nor is what follows the image");
  }
  const auto bytes = memory_at(bundle->base, bundle->bytes);
  const auto opened = guest::Bundle::open(bytes);
  if (!opened) give_up(exit_bad_input, "the bundle of cases is not well-formed");

  FreeRanges free;
  for (size_t n = 0; n < board.memory_count; ++n) require(free.add(board.memory[n]));
  for (size_t n = 0; n < board.reserved_count; ++n) require(free.take_out(board.reserved[n]));
  const auto image = reinterpret_cast<uintptr_t>(image_base);
  const auto tree = memory_at(found.device_tree, device_tree_header_bytes);
  require(free.take_out({image, reinterpret_cast<uintptr_t>(image_end) - image}));
  require(free.take_out(
      {found.device_tree, device_tree_bytes(tree.first<device_tree_header_bytes>())}));
  require(free.take_out(*bundle));
  if (!free.is_free({WORLD_RAM, WORLD_RAM_BYTES})) {
    give_up(exit_bad_input, "the cases' RAM, 256 MiB from 0x48000000, is not all free");
  }
  require(free.take_out({WORLD_RAM, WORLD_RAM_BYTES}));

  places.package = place(free, opened->largest_package(), "a package");
  places.guest_slots = place(free, GUEST_SLOTS_BYTES, "the values of guest programs");
  places.guest_stacks =
      place(free, uint64_t{GUEST_STACKS_COUNT} * GUEST_STACK_BYTES, "the stacks of guest programs");
  places.stage2_tables = place(free, stage2_bytes, "stage-2 tables");
  // What one case writes down and what the mediator is handed grow with the case: half each.
  const uint64_t half = free.largest() / 2;
  places.mediator = place(free, half, "the mediator");
  places.record = place(free, half / FreeRanges::page * FreeRanges::page, "the record");
  return bytes;
}

void print_board(const FoundBoard& found) {
  const auto field = [](const char* name, uint64_t value) {
    print(name);
    print_hex(value);
  };
  const Board& board = found.board;
  field("device tree at ", found.device_tree);
  print(", from ");
  print(found.where);
  for (size_t n = 0; n < board.memory_count; ++n) {
    field("\nRAM ", board.memory[n].base);
    field(", bytes ", board.memory[n].bytes);
  }
  for (size_t n = 0; n < board.reserved_count; ++n) {
    field("\nreserved ", board.reserved[n].base);
    field(", bytes ", board.reserved[n].bytes);
  }
  field("\nUART ", board.uart);
  field("\nGIC distributor ", board.gic_distributor);
  field(", redistributors ", board.gic_redistributors.base);
  print("\n");
}

}  // namespace ports::qemu
