// SPDX-License-Identifier: BSD-3-Clause
// Where a debugger is to look: the place that WorldSpec names stops the process.
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <string>

#include "sim/engine/simulation_impl.hpp"

namespace sim {
namespace {

bool is_traced() {
  std::ifstream status("/proc/self/status");
  const std::string key = "TracerPid:\t";
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(key)) return line.substr(key.size()) != "0";
  }
  return false;
}

}  // namespace

void Simulation::Impl::break_at(const SwitchPlace& here) const {
  Breakpoint* const wanted = spec.break_at.get();
  if (wanted == nullptr || wanted->event != here.event || wanted->point != here.point) return;
  wanted->reached = true;
  if (is_traced()) {
    (void)std::raise(SIGTRAP);
    return;
  }
  fmt::print(stderr, "{}.{} is reached, but no debugger is attached\n", here.event, here.point);
}

}  // namespace sim
