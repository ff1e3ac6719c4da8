// SPDX-License-Identifier: BSD-3-Clause
// A list of names in two stretches of memory, however many there are: each call of a trace has some
// twenty, and most traces are never written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace sim::trace {

class NameList {
 public:
  NameList() = default;
  NameList(std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) add(name);
  }
  void add(std::string_view name) {
    text_ += name;
    ends_.push_back(text_.size());
  }
  /// Before so many more are added, of usual length.
  void reserve(size_t more) {
    ends_.reserve(ends_.size() + more);
    text_.reserve(text_.size() + more * usual_length);
  }
  [[nodiscard]] bool empty() const { return ends_.empty(); }
  [[nodiscard]] size_t size() const { return ends_.size(); }
  [[nodiscard]] std::string_view operator[](size_t n) const {
    const size_t begin = n == 0 ? 0 : ends_[n - 1];
    return std::string_view{text_}.substr(begin, ends_[n] - begin);
  }
  friend bool operator==(const NameList&, const NameList&) = default;

 private:
  static constexpr size_t usual_length = 24;

  std::string text_;          // one name behind the other
  std::vector<size_t> ends_;  // of each in it
};

}  // namespace sim::trace
