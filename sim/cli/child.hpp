// SPDX-License-Identifier: BSD-3-Clause
// Something that may end its process, done in a process of its own.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "sim/cli/last_words.hpp"

namespace sim::cli {

struct FromChild {
  std::optional<std::string> said;  ///< nothing: it died before it had come to its end
  Death death;                      ///< then
};

/// What `body` gives in a child process. It must not throw. Throws std::runtime_error where there
/// can't be one.
FromChild ask_child(const std::function<std::string()>& body);

}  // namespace sim::cli
