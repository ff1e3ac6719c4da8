// SPDX-License-Identifier: BSD-3-Clause
// What the mutated copy of the mediator calls instead of its own operators: one object code holds
// all mutants, and `ffasim_mutant` says which one lives. 0: none, and each function does what the
// operator in its place did. A site with two mutants has the numbers n and n + 1.
// Included first of all in each mutated file; made by make_mutants.py.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

extern "C" {
extern uint32_t ffasim_mutant;
/// By number: 1 once the run came past the place of the mutant.
extern uint8_t ffasim_mutants_reached[];
}

namespace mutant {

/// What a compiler evaluates has no mutants.
[[gnu::always_inline]] constexpr bool on(uint32_t n) {
  if (__builtin_is_constant_evaluated()) return false;
  ffasim_mutants_reached[n] = 1;
  return ffasim_mutant == n;
}

// Comparisons: n moves the bound by one, n + 1 negates. Equality only negates.
[[gnu::always_inline]] constexpr bool lt(uint32_t n, const auto& a, const auto& b) {
  if (on(n)) return a <= b;
  return on(n + 1) != (a < b);
}
[[gnu::always_inline]] constexpr bool le(uint32_t n, const auto& a, const auto& b) {
  if (on(n)) return a < b;
  return on(n + 1) != (a <= b);
}
[[gnu::always_inline]] constexpr bool gt(uint32_t n, const auto& a, const auto& b) {
  if (on(n)) return a >= b;
  return on(n + 1) != (a > b);
}
[[gnu::always_inline]] constexpr bool ge(uint32_t n, const auto& a, const auto& b) {
  if (on(n)) return a > b;
  return on(n + 1) != (a >= b);
}
[[gnu::always_inline]] constexpr bool eq(uint32_t n, const auto& a, const auto& b) {
  return on(n) != static_cast<bool>(a == b);
}
[[gnu::always_inline]] constexpr bool ne(uint32_t n, const auto& a, const auto& b) {
  return on(n) != static_cast<bool>(a != b);
}

/// Negates what counts as a condition.
[[gnu::always_inline]] constexpr bool negated(uint32_t n, const auto& condition) {
  return on(n) != static_cast<bool>(condition);
}

// Arithmetic: the operator's opposite.
[[gnu::always_inline]] constexpr auto add(uint32_t n, const auto& a, const auto& b) {
  return on(n) ? a - b : a + b;
}
[[gnu::always_inline]] constexpr auto sub(uint32_t n, const auto& a, const auto& b) {
  return on(n) ? a + b : a - b;
}
[[gnu::always_inline]] constexpr auto band(uint32_t n, const auto& a, const auto& b) {
  return on(n) ? a | b : a & b;
}
[[gnu::always_inline]] constexpr auto bor(uint32_t n, const auto& a, const auto& b) {
  return on(n) ? a & b : a | b;
}
[[gnu::always_inline]] constexpr auto shl(uint32_t n, const auto& a, const auto& b) {
  return on(n) ? a >> b : a << b;
}
[[gnu::always_inline]] constexpr auto shr(uint32_t n, const auto& a, const auto& b) {
  return on(n) ? a << b : a >> b;
}

/// A constant, one more.
template <class T>
[[gnu::always_inline]] constexpr T more(uint32_t n, T value) {
  return on(n) ? static_cast<T>(value + 1) : value;
}
/// A constant, one more (n) or one less (n + 1).
template <class T>
[[gnu::always_inline]] constexpr T beside(uint32_t n, T value) {
  if (on(n)) return static_cast<T>(value + 1);
  return on(n + 1) ? static_cast<T>(value - 1) : value;
}
/// The enumerator behind this one.
template <class E>
[[gnu::always_inline]] constexpr E next(uint32_t n, E value) {
  using Number = std::underlying_type_t<E>;
  return on(n) ? static_cast<E>(static_cast<Number>(value) + 1) : value;
}

/// A table that the compiler evaluates and the program reads: at run time it is made anew at each
/// look, so that a mutant of one of its values shows.
template <class Make>
class Table {
 public:
  explicit constexpr Table(Make) {}
  constexpr const auto& operator[](std::size_t n) const {
    if (__builtin_is_constant_evaluated()) return constant[n];
    return now()[n];
  }

 private:
  using Rows = decltype(Make{}());
  static const Rows& now() {
    static thread_local Rows rows;
    return rows = Make{}();
  }
  static constexpr Rows constant = Make{}();
};

}  // namespace mutant

/// FFA_CHECK with its error ignored.
#define FFASIM_MUTANT_CHECK(n, ...)                                                         \
  do {                                                                                      \
    if (auto ffa_check_ = (__VA_ARGS__); !ffa_check_.ok() && !::mutant::on(n)) [[unlikely]] \
      return ::ffa::Error{ffa_check_.error()};                                              \
  } while (false)
