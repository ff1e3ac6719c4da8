// SPDX-License-Identifier: BSD-3-Clause
#include "ports/qemu-virt/bl33/device_tree.hpp"

#include <string_view>

namespace ports::qemu {
namespace {

constexpr size_t cell_bytes = 4;
constexpr uint32_t compatible_version = 17;
constexpr size_t max_depth = 16;
constexpr size_t max_uarts = 4;

/// Where the header (big-endian words) has what.
enum HeaderWord : size_t { magic, total, structure, strings, reservations, version, compatible };
constexpr size_t strings_size_word = 8;
constexpr size_t structure_size_word = 9;

enum class Token : uint32_t { begin_node = 1, end_node = 2, property = 3, nop = 4, end = 9 };

/// `at + cell_bytes` is inside `bytes`.
uint32_t cell_at(std::span<const std::byte> bytes, size_t at) {
  uint32_t value = 0;
  for (size_t n = 0; n < cell_bytes; ++n) {
    value = value << 8 | std::to_integer<uint32_t>(bytes[at + n]);
  }
  return value;
}

/// `cells` is 1 or 2 and `at` inside.
uint64_t number_at(std::span<const std::byte> bytes, size_t at, uint32_t cells) {
  const uint64_t first = cell_at(bytes, at);
  return cells == 1 ? first : first << 32 | cell_at(bytes, at + cell_bytes);
}

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// True if `list`, texts that end with '\0', has `text` among them.
bool lists(std::string_view list, std::string_view text) {
  while (!list.empty()) {
    const std::string_view one = list.substr(0, list.find('\0'));
    if (one == text) return true;
    list.remove_prefix(one.size() == list.size() ? one.size() : one.size() + 1);
  }
  return false;
}

/// A property's text without its end mark.
std::string_view first_text(std::string_view list) { return list.substr(0, list.find('\0')); }

/// A node while it is open. `address_cells` and `size_cells` are for its children.
struct Node {
  std::string_view name;
  uint32_t address_cells = 2;
  uint32_t size_cells = 1;
  bool examined = false;
  bool disabled = false;
  bool is_memory = false;
  std::string_view compatible{};
  std::span<const std::byte> reg{};
};

struct Uart {
  std::string_view name;
  uint64_t base = 0;
};

class Reader {
 public:
  explicit Reader(std::span<const std::byte> tree) : tree_(tree) {}

  ffa::Result<Board, TreeError> read() {
    FFA_CHECK(read_header());
    FFA_CHECK(read_reservations());
    FFA_CHECK(read_structure());
    if (board_.memory_count == 0) return ffa::Error{TreeError::no_memory};
    FFA_CHECK(choose_uart());
    if (board_.gic_redistributors.bytes == 0) return ffa::Error{TreeError::no_gic};
    if (initrd_end_ > initrd_begin_) board_.initrd = {initrd_begin_, initrd_end_ - initrd_begin_};
    return board_;
  }

 private:
  using Done = ffa::Result<void, TreeError>;

  Done read_header() {
    if (tree_.size() < device_tree_header_bytes) return ffa::Error{TreeError::truncated};
    const auto word = [this](size_t n) { return cell_at(tree_, n * cell_bytes); };
    if (word(magic) != device_tree_magic) return ffa::Error{TreeError::bad_magic};
    if (word(version) < compatible_version || word(compatible) > compatible_version) {
      return ffa::Error{TreeError::bad_version};
    }
    if (word(total) > tree_.size()) return ffa::Error{TreeError::truncated};
    tree_ = tree_.first(word(total));
    FFA_TRY(structure_, part(word(structure), word(structure_size_word)));
    FFA_TRY(strings_, part(word(strings), word(strings_size_word)));
    if (word(reservations) > tree_.size()) return ffa::Error{TreeError::truncated};
    reservations_ = tree_.subspan(word(reservations));
    return {};
  }

  ffa::Result<std::span<const std::byte>, TreeError> part(uint64_t offset, uint64_t bytes) const {
    if (offset > tree_.size() || bytes > tree_.size() - offset) {
      return ffa::Error{TreeError::truncated};
    }
    return tree_.subspan(offset, bytes);
  }

  /// Pairs of address and size, up to a pair of zeros.
  Done read_reservations() {
    constexpr size_t pair_bytes = 16;
    for (size_t at = 0;; at += pair_bytes) {
      if (reservations_.size() - at < pair_bytes) return ffa::Error{TreeError::truncated};
      const Range range{number_at(reservations_, at, 2), number_at(reservations_, at + 8, 2)};
      if (range == Range{}) return {};
      FFA_CHECK(add(range, board_.reserved, board_.reserved_count));
    }
  }

  template <size_t size>
  static Done add(const Range& range, std::array<Range, size>& to, size_t& count) {
    if (range.end() < range.base) return ffa::Error{TreeError::bad_property};
    if (range.bytes == 0) return {};
    if (count == size) return ffa::Error{TreeError::too_many};
    to[count++] = range;
    return {};
  }

  Done read_structure() {
    while (true) {
      FFA_TRY(const uint32_t token, next_cell());
      switch (static_cast<Token>(token)) {
        case Token::begin_node:
          FFA_CHECK(begin_node());
          break;
        case Token::end_node:
          if (depth_ == 0) return ffa::Error{TreeError::bad_token};
          FFA_CHECK(examine());
          --depth_;
          break;
        case Token::property:
          FFA_CHECK(read_property());
          break;
        case Token::nop:
          break;
        case Token::end:
          if (depth_ != 0) return ffa::Error{TreeError::bad_token};
          return {};
        default:
          return ffa::Error{TreeError::bad_token};
      }
    }
  }

  ffa::Result<uint32_t, TreeError> next_cell() {
    if (structure_.size() - at_ < cell_bytes) return ffa::Error{TreeError::truncated};
    at_ += cell_bytes;
    return cell_at(structure_, at_ - cell_bytes);
  }

  Done skip(uint64_t bytes) {
    const uint64_t whole = (bytes + cell_bytes - 1) / cell_bytes * cell_bytes;
    if (whole > structure_.size() - at_) return ffa::Error{TreeError::truncated};
    at_ += whole;
    return {};
  }

  Done begin_node() {
    if (depth_ != 0) FFA_CHECK(examine());
    const std::string_view rest = as_text(structure_.subspan(at_));
    const auto length = rest.find('\0');
    if (length == std::string_view::npos) return ffa::Error{TreeError::truncated};
    FFA_CHECK(skip(length + 1));
    if (depth_ == max_depth) return ffa::Error{TreeError::too_deep};
    nodes_[depth_++] = {.name = rest.substr(0, length)};
    return {};
  }

  Done read_property() {
    if (depth_ == 0) return ffa::Error{TreeError::bad_token};
    FFA_TRY(const uint32_t length, next_cell());
    FFA_TRY(const uint32_t name_offset, next_cell());
    const size_t start = at_;
    FFA_CHECK(skip(length));
    const auto value = structure_.subspan(start, length);
    if (name_offset >= strings_.size()) return ffa::Error{TreeError::truncated};
    const std::string_view rest = as_text(strings_.subspan(name_offset));
    const auto end = rest.find('\0');
    if (end == std::string_view::npos) return ffa::Error{TreeError::truncated};
    return take(nodes_[depth_ - 1], rest.substr(0, end), value);
  }

  Done take(Node& node, std::string_view name, std::span<const std::byte> value) {
    if (name == "#address-cells" || name == "#size-cells") {
      if (value.size() != cell_bytes) return ffa::Error{TreeError::bad_property};
      (name == "#size-cells" ? node.size_cells : node.address_cells) = cell_at(value, 0);
    } else if (name == "status") {
      const std::string_view text = first_text(as_text(value));
      node.disabled = text != "okay" && text != "ok";
    } else if (name == "device_type") {
      node.is_memory = first_text(as_text(value)) == "memory";
    } else if (name == "compatible") {
      node.compatible = as_text(value);
    } else if (name == "reg") {
      node.reg = value;
    } else if (depth_ == 2 && node.name == "chosen") {
      return take_chosen(name, value);
    }
    return {};
  }

  Done take_chosen(std::string_view name, std::span<const std::byte> value) {
    if (name == "stdout-path") stdout_ = first_text(as_text(value));
    const bool begin = name == "linux,initrd-start";
    if (!begin && name != "linux,initrd-end") return {};
    if (value.size() != cell_bytes && value.size() != 2 * cell_bytes) {
      return ffa::Error{TreeError::bad_property};
    }
    (begin ? initrd_begin_ : initrd_end_) =
        number_at(value, 0, static_cast<uint32_t>(value.size() / cell_bytes));
    return {};
  }

  /// A node whose properties are all read; once a node.
  Done examine() {
    Node& node = nodes_[depth_ - 1];
    if (node.examined) return {};
    node.examined = true;
    if (depth_ < 2 || node.disabled) return {};
    const Node& parent = nodes_[depth_ - 2];
    const bool below_root = depth_ == 2;
    if (below_root && node.is_memory) {
      return each_range(node, parent, board_.memory, board_.memory_count);
    }
    if (depth_ == 3 && parent.name == "reserved-memory") {
      return each_range(node, parent, board_.reserved, board_.reserved_count);
    }
    if (below_root && lists(node.compatible, "arm,pl011")) return add_uart(node, parent);
    if (below_root && lists(node.compatible, "arm,gic-v3")) return take_gic(node, parent);
    return {};
  }

  /// The n-th range of a node's reg; error: it has no n-th.
  ffa::Result<Range, TreeError> range_of(const Node& node, const Node& parent, size_t n) const {
    const auto usable = [](uint32_t cells) { return cells == 1 || cells == 2; };
    if (!usable(parent.address_cells) || !usable(parent.size_cells)) {
      return ffa::Error{TreeError::bad_cells};
    }
    const size_t size_at = parent.address_cells * cell_bytes;
    const size_t bytes = size_at + parent.size_cells * cell_bytes;
    if (node.reg.size() % bytes != 0 || node.reg.size() / bytes <= n) {
      return ffa::Error{TreeError::bad_property};
    }
    const Range range{number_at(node.reg, n * bytes, parent.address_cells),
                      number_at(node.reg, n * bytes + size_at, parent.size_cells)};
    if (range.end() < range.base) return ffa::Error{TreeError::bad_property};
    return range;
  }

  template <size_t size>
  Done each_range(const Node& node, const Node& parent, std::array<Range, size>& to,
                  size_t& count) const {
    if (node.reg.empty())
      return {};  // reserved without a place of its own: whoever serves it finds one
    for (size_t n = 0;; ++n) {
      FFA_TRY(const Range range, range_of(node, parent, n));
      FFA_CHECK(add(range, to, count));
      const size_t bytes = (parent.address_cells + parent.size_cells) * cell_bytes;
      if ((n + 1) * bytes == node.reg.size()) return {};
    }
  }

  Done add_uart(const Node& node, const Node& parent) {
    FFA_TRY(const Range range, range_of(node, parent, 0));
    if (uart_count_ == uarts_.size()) return ffa::Error{TreeError::too_many};
    uarts_[uart_count_++] = {node.name, range.base};
    return {};
  }

  Done take_gic(const Node& node, const Node& parent) {
    FFA_TRY(const Range distributor, range_of(node, parent, 0));
    FFA_TRY(const Range redistributors, range_of(node, parent, 1));
    board_.gic_distributor = distributor.base;
    board_.gic_redistributors = redistributors;
    return {};
  }

  /// "/pl011@9000000:115200" names a node below the root; an alias means the first UART.
  Done choose_uart() {
    if (uart_count_ == 0) return ffa::Error{TreeError::no_uart};
    board_.uart = uarts_[0].base;
    if (!stdout_.starts_with('/')) return {};
    std::string_view name = stdout_.substr(0, stdout_.find(':'));
    name.remove_prefix(1);
    for (size_t n = 0; n < uart_count_; ++n) {
      if (name == uarts_[n].name) board_.uart = uarts_[n].base;
    }
    return {};
  }

  std::span<const std::byte> tree_;
  std::span<const std::byte> structure_;
  std::span<const std::byte> strings_;
  std::span<const std::byte> reservations_;
  size_t at_ = 0;
  std::array<Node, max_depth> nodes_{};
  size_t depth_ = 0;
  Board board_{};
  std::array<Uart, max_uarts> uarts_{};
  size_t uart_count_ = 0;
  std::string_view stdout_;
  uint64_t initrd_begin_ = 0;
  uint64_t initrd_end_ = 0;
};

}  // namespace

uint32_t device_tree_bytes(std::span<const std::byte, device_tree_header_bytes> header) {
  return cell_at(header, magic) == device_tree_magic ? cell_at(header, total * cell_bytes) : 0;
}

ffa::Result<Board, TreeError> read_board(std::span<const std::byte> tree) {
  return Reader{tree}.read();
}

}  // namespace ports::qemu
