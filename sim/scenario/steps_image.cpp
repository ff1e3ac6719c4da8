// SPDX-License-Identifier: BSD-3-Clause
// The step that runs a program from outside.
#include "sim/scenario/steps.hpp"

namespace sim::scenario {

void compile_run_image(const GuestStep& step) {
  constexpr uint64_t default_instructions = 10'000'000;
  step.step.success = SuccessForm::none;
  ImageStep image;
  image.instructions = step.node.number_or("instructions", default_instructions);
  image.until = step.node.text_or("until", "");
  if (image.instructions == 0) step.node.fail_at("instructions", "is 0");
  step.step.image = image;
}

}  // namespace sim::scenario
