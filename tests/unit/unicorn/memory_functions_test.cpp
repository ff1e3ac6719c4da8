// SPDX-License-Identifier: BSD-3-Clause
// memcpy, memset, memmove, memcmp, memchr and strlen as images have them, run by the emulator.
#include <gmock/gmock.h>

#include <string>

#include "sim/unicorn/unicorn_mediator.hpp"
#include "tests/unicorn/images/misdeeds.hpp"
#include "unit/unicorn/fake_world.hpp"

namespace {

using sim::unicorn::Monitoring;

struct ImageWithFunctions {
  explicit ImageWithFunctions(Monitoring monitoring)
      : factory(sim::unicorn_mediator(std::string(IMAGE_DIR) + "/test-broken.elf", monitoring, {})),
        mediator(factory->create(world.ops(), &world, {})) {}
  /// What is wrong with one length, at every so many alignments of eight: 0, nothing.
  uint64_t wrong(uint64_t length, uint64_t step) {
    ffa::Regs regs;
    regs.x[0] = static_cast<uint64_t>(broken::Misdeed::memory_functions);
    regs.x[2] = length;
    regs.x[3] = step;
    EXPECT_TRUE(mediator->handle_call(5, 1, FFA_SIM_HVC, regs));
    return regs.x[1];
  }
  FakeWorld world;
  std::unique_ptr<sim::MediatorFactory> factory;
  std::unique_ptr<sim::MediatorUnderTest> mediator;
};

constexpr uint64_t longest = 100;  // several rounds of 32 bytes, and all that can be left

TEST(MemoryFunctions, DoTheirWorkAtEveryLengthAlignmentAndOverlap) {
  ImageWithFunctions image{Monitoring::none};
  for (uint64_t length = 0; length <= longest; ++length)
    ASSERT_EQ(image.wrong(length, 1), 0U) << length;
}

TEST(MemoryFunctions, NeitherLeanNorLookAtWhatIsNotTheirs) {
  ImageWithFunctions image{Monitoring::all};
  for (uint64_t length = 0; length <= longest; length += 9) {
    ASSERT_EQ(image.wrong(length, 4), 0U) << length;
    for (const auto& [invariant, text] : image.mediator->take_findings())
      EXPECT_EQ(invariant, "U04") << text;  // the whole check is longer than a call may be
  }
}

}  // namespace
