// SPDX-License-Identifier: BSD-3-Clause
// What the sweeps over the beginning and over the end of a VM take from a run.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>

#include "sim/engine/run.hpp"
#include "sim/trace/event.hpp"

namespace property {

/// Every error status, as an SMC answers it.
constexpr int32_t statuses[] = {-1, -2, -3, -4, -5, -6, -7, -8, -9};

/// Adds a step of the host: what became of it, its SMCs, and how often the hypervisor was called.
template <class Seen>
void add_step(Seen& seen, const sim::RunRecord& record, const sim::StepRecord& step) {
  seen.result = step.result.value_or("");
  for (size_t n = step.first_event; n < step.end_event; ++n) {
    const sim::trace::Event& event = record.events[n];
    if (event.side == sim::trace::Side::spmc) seen.smcs.push_back(event);
    if (event.side == sim::trace::Side::lifecycle) ++seen.stages;
  }
}

/// Adds expectations that failed, and violations.
template <class Seen>
void add_failures(Seen& seen, const sim::scenario::CompiledCase& compiled,
                  const sim::RunRecord& record) {
  for (const auto& failure : judge(compiled, record)) {
    seen.wrong += fmt::format("{}: {}\n", failure.pointer, failure.text);
  }
}

}  // namespace property
