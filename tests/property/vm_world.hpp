// SPDX-License-Identifier: BSD-3-Clause
// Runs a program, with the intruder or as if it had never been, and writes down what the family
// sees.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/engine/mediator_under_test.hpp"
#include "vm_program.hpp"

namespace property {

/// A call of the mediator's to the SPMC on behalf of one of the family. Handles that the SPMC gives
/// are left out.
struct Relayed {
  std::string asked;
  std::string answered;
  uint32_t function = 0;
  std::optional<uint16_t> sp;  ///< whose answer it is, or on whom it depends
};

/// Something that one of the family saw.
struct Entry {
  size_t step = 0;  ///< the family's last one by then, in the program
  std::string text{};
  std::vector<Relayed> relayed{};
  /// An interrupt that it takes, or what is listed, tells once more of notifications that it knew
  /// of.
  bool told_again = false;
  bool interrupted = false;  ///< FFA_INTERRUPT
  bool lists_sps = false;    ///< an answer to FFA_PARTITION_INFO_GET or its register form
  std::optional<std::vector<uint16_t>> listed{};  ///< partitions, where it shows them
  std::set<uint16_t> crashed{};                   ///< SPs, while they served the intruder, by then
};

struct Run {
  std::vector<Entry> entries;
  std::vector<std::string> remains;    ///< what is left in the end: memory and state of the family
  std::set<uint16_t> sps_of_intruder;  ///< that served it
  std::set<uint16_t> crashed;          ///< of them, doing so
  std::map<std::string, uint64_t> served;  ///< calls of the family that were, by function
  std::map<std::string, uint64_t> errors;  ///< that the others got
  uint64_t intruder_calls = 0;
  std::string violations;
};

Run run_program(const Program& program, bool with_intruder, sim::MediatorFactory& factory);

}  // namespace property
