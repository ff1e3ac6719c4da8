// SPDX-License-Identifier: BSD-3-Clause
#include "vm_program.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "ffa/fid.hpp"
#include "ffa/names.hpp"
#include "vm_stories.hpp"

namespace property {

namespace {

Household random_household(Numbers& numbers) {
  Household household;
  household.setting = random_setting(numbers);
  household.setting.rxtx_pages = numbers.pick<uint16_t>({1, 1, 2});
  for (ffa::Version& version : household.spoken) {
    version = numbers.pick({ffa::v1_0, ffa::v1_1, ffa::v1_1, ffa::v1_2, ffa::v1_2});
  }
  household.sp_contexts = numbers.pick<uint16_t>({1, 1, 2, 3});
  household.shared_sps = numbers.one_in(2);
  household.intruder_knocks = numbers.one_in(2);
  household.schedule = numbers.next();
  return household;
}

/// Both lists, each in its order, one step after the other or at the same time.
std::vector<Step> merge(Numbers& numbers, std::vector<Step> ours, std::vector<Step> theirs) {
  std::vector<Step> all;
  size_t our = 0;
  size_t their = 0;
  while (our < ours.size() || their < theirs.size()) {
    const uint64_t left = ours.size() - our + theirs.size() - their;
    if (numbers.below(left) < ours.size() - our) {
      all.push_back(std::move(ours[our++]));
      continue;
    }
    theirs[their].together = our < ours.size() && numbers.one_in(3);
    all.push_back(std::move(theirs[their++]));
  }
  return all;
}

}  // namespace

Program random_program(uint64_t seed) {
  Numbers numbers(seed);
  Program program;
  program.household = random_household(numbers);
  Stories ours(numbers, program.household, false);
  Stories theirs(numbers, program.household, true);
  program.steps = merge(numbers, ours.write(60), theirs.write(60));
  return program;
}

std::string describe(const Household& household) {
  const auto text = [](ffa::Version version) {
    return fmt::format("{}.{}", version.major(), version.minor());
  };
  return fmt::format("{}; they speak {}, {} and {}; SPs {}, {} contexts; the intruder {}",
                     describe(household.setting), text(household.spoken[0]),
                     text(household.spoken[1]), text(household.spoken[2]),
                     household.shared_sps ? "shared" : "apart", household.sp_contexts,
                     household.intruder_knocks ? "knocks" : "keeps to itself");
}

namespace {
std::string describe(const HandleRef& ref) {
  if (ref.whose == HandleRef::Whose::nobody) return "nobody's handle";
  const bool own = ref.whose == HandleRef::Whose::own;
  return fmt::format("{} handle {}", own ? "own" : "the others'", ref.age);
}
}  // namespace

std::string describe(const Step& step) {
  std::string text = fmt::format("{:#x}.{} ", step.vm, step.vcpu);
  switch (step.action) {
    case Action::call:
      break;
    case Action::write_memory:
      return text + fmt::format("writes {:#x} to {:#x}", step.value, step.address);
    case Action::read_memory:
      return text + fmt::format("reads {:#x}", step.address);
    case Action::destroy:
      return text + fmt::format("is destroyed, budget {}", step.value);
    case Action::create:
      return text + "is created";
    case Action::notify:
      return text + fmt::format("is notified of {:#x} by {:#x}", step.value, step.sp);
    case Action::interrupt:
      return text + "gets an interrupt";
    case Action::preempt:
      return text + fmt::format("may see {:#x} preempted {} times", step.sp, step.value);
  }
  const auto function = static_cast<uint32_t>(step.in.x[0]);
  const char* const name = ffa::fid_name(function);
  text += name == nullptr ? fmt::format("{:#x}", function) : name;
  size_t used = step.in.x.size();
  while (used > 1 && step.in.x[used - 1] == 0) --used;
  for (size_t n = 1; n < used; ++n) text += fmt::format(" {:#x}", step.in.x[n]);
  if (step.handle_register != 0) {
    text += fmt::format(", x{}: {}", step.handle_register, describe(step.handle));
  }
  if (!step.tx.empty()) text += ", TX";
  for (size_t n = 0; n < std::min<size_t>(step.tx.size(), 112); ++n) {
    text += fmt::format("{}{:02x}", n % 8 == 0 ? " " : "", step.tx[n]);
  }
  if (step.tx_handle_at) text += fmt::format(", in it {}", describe(step.tx_handle));
  if (step.hvc) text += ", by HVC";
  return text + (step.together ? ", together with the next" : "");
}

}  // namespace property
