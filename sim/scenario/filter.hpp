// SPDX-License-Identifier: BSD-3-Clause
// --filter as in GoogleTest, on whole case names: patterns separated by `:`, exclusions behind `-`,
// `*` for any text
// (`/` too), `?` for one character.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sim::scenario {

/// True if the whole of `text` fits `pattern`.
bool glob_matches(std::string_view pattern, std::string_view text);

class Filter {
 public:
  /// "a:b*-c:d". A `-` between two letters or digits belongs to a name ("op-tee"); any other begins
  /// the exclusions. Throws InputError("--filter", reason) for a filter without a pattern.
  explicit Filter(std::string_view text);
  [[nodiscard]] bool matches(std::string_view name) const;

 private:
  std::vector<std::string> wanted_;
  std::vector<std::string> unwanted_;
};

}  // namespace sim::scenario
