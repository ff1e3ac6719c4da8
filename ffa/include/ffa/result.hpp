// SPDX-License-Identifier: BSD-3-Clause
// Result<T, E>: a value or an error, without exceptions or heap. FFA_TRY and FFA_CHECK return early
// with the error. They call that unlikely: after a dozen of checks the compiler otherwise takes the
// way of a good call for a cold one, and optimises it for size.
#pragma once

#include <type_traits>
#include <utility>

#include "ffa/status.hpp"

namespace ffa {

/// An error on its way out: `return Error{Status::denied};` converts to any Result with that error
/// type.
template <class E>
struct Error {
  E value;
};
template <class E>
Error(E) -> Error<E>;

/// Either a value or an error, both trivially copyable; only one is ever written, so a large
/// value costs nothing on the way of an error. Asking for the value where there is none is our bug;
/// the error of a value is E{}.
template <class T, class E = Status>
class [[nodiscard]] Result {
 public:
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_copyable_v<E>);
  constexpr Result(const T& value) : value_(value), ok_(true) {}  // NOLINT: implicit by design
  constexpr Result(Error<E> error)
      : error_(error.value), ok_(false) {}  // NOLINT: implicit by design
  [[nodiscard]] constexpr bool ok() const { return ok_; }
  constexpr explicit operator bool() const { return ok_; }
  constexpr T& value() { return value_; }
  constexpr const T& value() const { return value_; }
  constexpr T& operator*() { return value_; }
  constexpr const T& operator*() const { return value_; }
  constexpr T* operator->() { return &value_; }
  constexpr const T* operator->() const { return &value_; }
  [[nodiscard]] constexpr E error() const { return ok_ ? E{} : error_; }

 private:
  union {
    T value_;
    E error_;
  };
  bool ok_;
};

/// A status alone, so that it travels in one register: success is no error.
template <>
class [[nodiscard]] Result<void, Status> {
 public:
  constexpr Result() = default;
  constexpr Result(Error<Status> error) : error_(error.value) {}  // NOLINT: implicit by design
  [[nodiscard]] constexpr bool ok() const { return error_ == Status::success; }
  constexpr explicit operator bool() const { return ok(); }
  [[nodiscard]] constexpr Status error() const { return error_; }

 private:
  Status error_ = Status::success;
};

template <class E>
class [[nodiscard]] Result<void, E> {
 public:
  constexpr Result() = default;
  constexpr Result(Error<E> error)
      : error_(error.value), ok_(false) {}  // NOLINT: implicit by design
  [[nodiscard]] constexpr bool ok() const { return ok_; }
  constexpr explicit operator bool() const { return ok_; }
  [[nodiscard]] constexpr E error() const { return error_; }

 private:
  E error_{};
  bool ok_ = true;
};

}  // namespace ffa

#define FFA_CONCAT_(a, b) a##b
#define FFA_CONCAT(a, b) FFA_CONCAT_(a, b)
#define FFA_TRY_(tmp, decl, expr)     \
  auto tmp = (expr);                  \
  if (!tmp.ok()) [[unlikely]]         \
    return ::ffa::Error{tmp.error()}; \
  decl = static_cast<decltype(tmp)&&>(tmp).value()

/// FFA_TRY(const auto t, parse(s)); returns the error, or declares `t` with the value.
#define FFA_TRY(decl, expr) FFA_TRY_(FFA_CONCAT(ffa_try_, __LINE__), decl, expr)

/// FFA_CHECK(rule(...)); returns the error of a Result<void>, or goes on.
#define FFA_CHECK(expr)                                          \
  do {                                                           \
    if (auto ffa_check_ = (expr); !ffa_check_.ok()) [[unlikely]] \
      return ::ffa::Error{ffa_check_.error()};                   \
  } while (false)
