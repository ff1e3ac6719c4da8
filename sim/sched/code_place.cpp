// SPDX-License-Identifier: BSD-3-Clause
#include "sim/sched/code_place.hpp"

#include <cxxabi.h>
#include <fmt/format.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>

#ifdef FFASIM_BACKTRACE
#include <backtrace.h>
#endif

namespace sim {
namespace {

#ifdef FFASIM_BACKTRACE

struct Found {
  std::string place;
};

std::string demangled(const char* name) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> text(
      abi::__cxa_demangle(name, nullptr, nullptr, &status), std::free);
  return text == nullptr ? name : text.get();
}

/// Called for each function that is inlined there, innermost first; not 0: enough.
int take_frame(void* data, uintptr_t /*pc*/, const char* file, int line, const char* function) {
  if (file == nullptr) return 0;
  std::string& place = static_cast<Found*>(data)->place;
  place = fmt::format("{}:{}", file, line);
  if (function != nullptr) place += fmt::format(" ({})", short_function(demangled(function)));
  return std::string_view(file).starts_with("/usr/") ? 0 : 1;
}

void no_lines(void* /*data*/, const char* /*why*/, int /*error*/) {}

#endif

}  // namespace

std::string code_place(const void* code) {
#ifdef FFASIM_BACKTRACE
  // Made at the first race, when the mediator is loaded: libraries that come later are not known.
  static backtrace_state* const state = backtrace_create_state(nullptr, 1, no_lines, nullptr);
  Found found;
  if (state != nullptr && code != nullptr) {
    (void)backtrace_pcinfo(state, reinterpret_cast<uintptr_t>(code) - 1, take_frame, no_lines,
                           &found);
  }
  if (!found.place.empty()) return found.place;
#else
  (void)code;
#endif
  return "an unknown place";
}

std::string short_function(const std::string& name) {
  std::string text;  // the last component so far
  int depth = 0;     // of template arguments
  for (size_t n = 0; n < name.size(); ++n) {
    const char c = name[n];
    if (c == '<') ++depth;
    if (depth == 0) {
      if (c == '(') break;
      if (c == ':' || c == ' ') {
        text.clear();
      } else {
        text += c;
      }
    }
    if (c == '>') --depth;
  }
  return text.empty() ? name : text;
}

}  // namespace sim
