// SPDX-License-Identifier: BSD-3-Clause
// Steps that run a program from outside: in bursts of instructions, between which others go on, and
// from call to call.
#include <fmt/format.h>

#include "sim/engine/control.hpp"
#include "sim/scenario/wildcard.hpp"

namespace sim {

void Control::add_images() {
  for (const VmSpec& vm : simulation_.spec().vms) {
    if (!vm.image) continue;
    images_.emplace(vm.config.id.raw(), std::make_unique<ImageVm>(simulation_, vm));
  }
}

/// Why its step is over before the vCPU does anything more. `first`: the instructions it had then.
std::optional<ImageEnd> Control::image_end(const Vcpu& one, const scenario::ImageStep& step,
                                           uint64_t first) const {
  if (!step.until.empty()) {
    const auto& consoles = simulation_.consoles();
    const auto console = consoles.find(one.image->name());
    if (console != consoles.end() && scenario::contains(console->second, step.until)) {
      return ImageEnd::console;
    }
  }
  if (one.image->instructions(one.vcpu) - first >= step.instructions) return ImageEnd::instructions;
  return {};
}

/// False: the vCPU never goes on.
bool Control::run_image(Vcpu& one, const scenario::ImageStep& step, StepRecord& record) {
  ImageVm& image = *one.image;
  // Another vCPU may turn it on.
  if (!image.is_on(one.vcpu) && !image.is_over()) {
    simulation_.wait_until([&] { return image.is_on(one.vcpu) || image.is_over(); }, true);
  }
  const uint64_t first = image.instructions(one.vcpu);
  while (true) {
    record.image_end = image_end(one, step, first);
    if (record.image_end) return true;
    simulation_.perform({});  // it may get at anything
    const uint64_t left = first + step.instructions - image.instructions(one.vcpu);
    const ImageVm::Pause pause = image.run(one.vcpu, left);
    record.image_end = pause.end;
    if (pause.end == ImageEnd::broken) record.image_text = image.describe(one.vcpu);
    if (pause.end) return true;
    if (!pause.call) {
      simulation_.give_way();
      continue;
    }
    const guest::Exit exit{
        .kind = guest::ExitKind::call, .conduit = *pause.call, .regs = pause.regs};
    if (!call(one, exit, record)) return false;
    if (record.vm_ended) return true;
  }
}

std::vector<std::string> Control::notes() const {
  std::vector<std::string> notes;
  for (const auto& [id, image] : images_) {
    if (!image->drops_stage1()) continue;
    notes.push_back(
        fmt::format("{} turned stage 1 on; its tables map every address to itself, so it ran "
                    "without: its rights "
                    "have no effect, and what they leave out is there, too",
                    image->name()));
  }
  return notes;
}

}  // namespace sim
