// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include "sim/engine/input_error.hpp"
#include "sim/scenario/pack.hpp"

namespace sim::scenario {
namespace {

/// A case with something in every list and another value in every field.
CompiledCase full_case() {
  CompiledCase compiled;
  compiled.name = "mem/a[guest=1.1]";
  compiled.file = "scenarios/mem/a.json";
  WorldSpec& world = compiled.world;
  world.mediator.max_vms = 3;
  world.mediator.vm_message_handle = ffa::Handle{0xfedcba9876543210};
  world.mediator.allow_hvc = false;
  world.spmc = {"op-tee", ffa::v1_1, true, {0x84000077, 0x84000078}, 9, 5, true};
  world.sps = {{"sp1", 0x8004, SpKind::memory_user, ffa::Uuid::from_words(1, 2, 3, 4), 5, 0x106}};
  VmSpec vm;
  vm.name = "vm1";
  vm.config.id = ffa::EndpointId{7};
  vm.config.tee = mediator::TeeType::none;
  vm.config.max_share_pages = 1000000;
  vm.memory = {{0x40000000, 0x200000, RegionKind::ram_ro, Backing::reversed, 0x50000000, 4096},
               {0x80000000, 0x1000, RegionKind::device, Backing::contiguous, {}, 8192}};
  vm.create_at_boot = false;
  world.vms = {vm};
  world.faults = {
      {"smc", 0x84000073, 11, true, -5, {}, true, false},
      {"pin", {}, 12, false, {}, std::vector<uint64_t>{~uint64_t{0}, 0, 128}, false, true}};
  world.sparse_ram = true;
  compiled.programs = {{7, 1, {std::byte{1}, std::byte{0xff}}}};
  compiled.control = {std::byte{0x40}};
  CompiledStep step;
  step.pointer = "/steps/0";
  step.what = "share";
  step.actor = {false, 7, 1, "vm1.1"};
  step.repetition = 2;
  step.success = SuccessForm::direct;
  compiled.steps = {step};
  compiled.choices = "1:schedule=1";
  compiled.sweeps = {0};
  compiled.each_status = {1};
  return compiled;
}

std::vector<std::byte> packed() { return pack_cases({full_case(), full_case()}); }

TEST(Pack, cases_come_back_as_they_were) {
  const auto bytes = packed();
  const auto cases = unpack_cases(bytes, "p");
  ASSERT_EQ(cases.size(), 2U);
  EXPECT_EQ(pack_cases(cases), bytes);
  const CompiledCase& back = cases[1];
  EXPECT_EQ(back.name, "mem/a[guest=1.1]");
  EXPECT_EQ(back.world.mediator.vm_message_handle.raw(), 0xfedcba9876543210);
  EXPECT_EQ(back.world.spmc.missing, (std::vector<uint32_t>{0x84000077, 0x84000078}));
  EXPECT_EQ(back.world.sps.at(0).uuid, ffa::Uuid::from_words(1, 2, 3, 4));
  EXPECT_EQ(back.world.vms.at(0).memory.at(0).pa, 0x50000000U);
  EXPECT_EQ(back.world.vms.at(0).memory.at(1).pa, std::nullopt);
  EXPECT_EQ(back.world.faults.at(0).status, -5);
  EXPECT_EQ(back.world.faults.at(1).regs->at(0), ~uint64_t{0});
  EXPECT_EQ(back.programs.at(0).code, full_case().programs.at(0).code);
  EXPECT_EQ(back.steps.at(0).actor.name, "vm1.1");
  EXPECT_FALSE(back.steps.at(0).judged_by_default) << "nothing is judged when hashes are made";
  EXPECT_EQ(back.each_status, std::vector<size_t>{1});
}

TEST(Pack, every_cut_is_bad_input) {
  const auto bytes = packed();
  for (size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_THROW(unpack_cases(std::span(bytes).first(length), "p"), InputError) << length;
  }
}

TEST(Pack, bytes_behind_the_end_are_bad_input) {
  auto bytes = packed();
  bytes.push_back(std::byte{0});
  EXPECT_THROW(unpack_cases(bytes, "p"), InputError);
}

TEST(Pack, changed_bytes_give_an_error_or_other_cases_but_no_accident) {
  const auto bytes = packed();
  size_t refused = 0;
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (const unsigned bit : {0U, 3U, 6U, 7U}) {
      auto changed = bytes;
      changed[at] ^= static_cast<std::byte>(1U << bit);
      try {
        EXPECT_NE(pack_cases(unpack_cases(changed, "p")), bytes) << at;
      } catch (const InputError&) {
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, bytes.size() / 2);
}

TEST(Pack, another_kind_of_file_is_told_with_its_place) {
  const std::vector<std::byte> text(100, std::byte{'x'});
  try {
    (void)unpack_cases(text, "p");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "p:1: no pack of cases");
  }
}

}  // namespace
}  // namespace sim::scenario
