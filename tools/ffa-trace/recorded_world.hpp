// SPDX-License-Identifier: BSD-3-Clause
// The secure world of a replay: it answers the mediator's requests from the capture, first in first
// out per request. A request that the capture never saw goes to the SPMC model. docs/replay.md,
// "What the SPMC answers".
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/engine/simulation.hpp"
#include "sim/machine/machine.hpp"
#include "sim/trace/event.hpp"
#include "tools/ffa-trace/descriptor.hpp"
#include "tools/ffa-trace/survey.hpp"

namespace ffa_trace {

/// A request that the mediator made, what it got, and which recorded call of the window that was;
/// none: the model's.
struct Asked {
  ffa::Regs in;
  ffa::Regs out;
  std::vector<uint8_t> tx;  ///< the mediator's own TX up to the fragment length, for memory sends
  std::optional<size_t> answer;
};

/// What makes two requests the same: all registers; of a memory send the descriptor's meaning
/// instead of its lengths.
std::string request_key(const ffa::Regs& in, const std::vector<uint8_t>& tx, HeaderLayout layout);

/// True for FFA_MEM_DONATE, LEND and SHARE.
bool is_memory_send(const ffa::Regs& in);

class RecordedWorld : public sim::SecureWorld {
 public:
  /// `layout`: of descriptors towards the SPMC.
  explicit RecordedWorld(HeaderLayout layout);
  ~RecordedWorld() override;

  /// Before the first request: the machine that the mediator's own buffers lie in, and the world to
  /// model.
  void attach(const sim::WorldSpec& spec, sim::Machine& machine);

  /// From here on requests are answered from `answers`, and collected. The model follows every
  /// request while `boot`.
  void open_window(std::vector<sim::trace::Event> answers, bool boot);
  [[nodiscard]] const std::vector<sim::trace::Event>& answers() const;
  [[nodiscard]] const std::vector<Asked>& asked() const;

  ffa::Regs smc(uint16_t vm, const ffa::Regs& in) override;
  /// Nothing: checkers must not judge by a model that has seen half of what happened.
  spmc_model::Spmc* model() override { return nullptr; }

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ffa_trace
