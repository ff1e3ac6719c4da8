// SPDX-License-Identifier: BSD-3-Clause
// Bad input of any kind: what the user gave is wrong. Reported as "place: reason" with exit code 2.
#pragma once

#include <stdexcept>
#include <string>

namespace sim {

/// `place` names the file and, where there is one, the JSON pointer or line: "a.json:/steps/2/do",
/// "t.jsonl:17".
class InputError : public std::runtime_error {
 public:
  InputError(const std::string& place, const std::string& reason)
      : std::runtime_error(place + ": " + reason) {}
};

}  // namespace sim
