// SPDX-License-Identifier: BSD-3-Clause
// One case as the loader hands it to the compiler: a scenario with one choice of its matrix,
// comments and variables gone. Written by the loader (sim/scenario/load*), read by the compiler
// (sim/scenario/compile*). docs/scenario-format.md.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

namespace sim {

struct Case {
  std::string name;  ///< with its matrix suffix: "mem/share/one_page[guest=1.1]"
  std::string file;  ///< as the user would type it; first part of every error
  /// Matrix, --vary and environment variables after expansion; `when` conditions ask for them. A
  /// value that is not a string stands here as JSON text.
  std::map<std::string, std::string> variables;
  nlohmann::json doc;  ///< the whole scenario, valid by scenarios/schema, every ${v} replaced
};

}  // namespace sim
