// SPDX-License-Identifier: BSD-3-Clause
// Bad input of any kind: what the user gave is wrong. Reported as "place: reason" with exit code 2.
// And what is not there to run with.
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

/// Something that this machine lacks: a tool, or what a tool would have built. Reported as
/// "what: what to do" with exit code 77.
class MissingTool : public std::runtime_error {
 public:
  MissingTool(const std::string& what, const std::string& remedy)
      : std::runtime_error(what + ": " + remedy) {}
};

}  // namespace sim
