// SPDX-License-Identifier: BSD-3-Clause
// VMs from guest configurations as xl has them: what `"config": "guest.cfg"` of a VM in a scenario
// stands for. Keys of xl and our own (`ffa_…`) become the JSON fields of the VM; what the JSON says
// itself stays. Called by the loader, before the schema is checked. docs/scenario-format.md.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/scenario/loader_xl_syntax.hpp"

namespace sim::scenario {

/// Largest guest configuration, in bytes.
inline constexpr size_t max_xl_bytes = size_t{1} << 20;

/// A field of a VM: its JSON pointer within the VM, its value, and the line that gave it.
struct XlField {
  std::string pointer;
  nlohmann::json value;
  size_t line = 0;
};

struct XlVm {
  std::vector<XlField> fields;
  std::vector<XlSetting> unused;  ///< what is xl's alone
};

/// What the settings of a file say of a VM. Throws InputError("file:line", reason).
XlVm vm_of_xl(const std::vector<XlSetting>& settings, const std::string& file);

/// JSON pointer of a value that a guest configuration gave, and "file:line" of it.
using Origins = std::map<std::string, std::string>;

/// Replaces `config` of every VM of the world in `document` by the fields of its file, and gives a
/// world that is silent about its RAM enough for them. `file` is the scenario. Gives the origins of
/// what it added; a note for each file with unused settings goes to `notes`. Throws InputError for
/// a file that can't be read or is wrong.
Origins add_xl_files(nlohmann::json& document, const std::string& file,
                     std::vector<std::string>& notes);

/// The place of a pointer into the scenario `file`: the line of the guest configuration where the
/// value stands, else "file:/pointer".
std::string origin_of(const Origins& origins, const std::string& file, const std::string& pointer);

/// The same for a whole message "file:/pointer: reason".
std::string with_origin(const Origins& origins, const std::string& file, std::string message);

}  // namespace sim::scenario
