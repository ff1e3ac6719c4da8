// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/import/format.hpp"

#include <array>

namespace ffa_trace {
namespace {

constexpr std::array formats = {
    FormatInfo{"trace-cmd", Pairs::by_task, make_trace_cmd},
    FormatInfo{"ftrace", Pairs::by_task, make_ftrace},
    FormatInfo{"spmd-verbose", Pairs::undirected, make_spmd_verbose},
    FormatInfo{"spmd-rows", Pairs::at_monitor, make_spmd_rows},
    FormatInfo{"named-rows", Pairs::as_named, make_named_rows},
    FormatInfo{"optee-rows", Pairs::by_task, make_optee_rows},
    FormatInfo{"qemu", Pairs::by_task, make_qemu},
    FormatInfo{"hex-rows", Pairs::as_they_come, make_hex_rows},
};

}  // namespace

std::span<const FormatInfo> all_formats() { return formats; }

const FormatInfo* find_format(std::string_view name) {
  for (const FormatInfo& format : formats) {
    if (name == format.name) return &format;
  }
  return nullptr;
}

std::string format_names() {
  std::string names;
  for (const FormatInfo& format : formats) {
    if (!names.empty()) names += ", ";
    names += format.name;
  }
  return names;
}

}  // namespace ffa_trace
